/*
 * sasl_plugins: what libsasl2 reads, loads and would choose. The only file that knows libsasl2's
 * client interface. It loads every plugin of the machine: for a child process (tool/aside.h).
 */
#ifndef SE_TOOL_SASL_PLUGINS_H
#define SE_TOOL_SASL_PLUGINS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { SE_SASL_FILES_MAX = 128, SE_SASL_NAME_MAX = 64 };

struct se_sasl_offer {
	char mechanism[SE_SASL_NAME_MAX];
	char plugin[SE_SASL_NAME_MAX]; /* as libsasl2 calls it, after its file: "sasl-entra" */
};

struct se_sasl_plugins {
	char *files[SE_SASL_FILES_MAX]; /* that libsasl2 was about to open, in its order */
	size_t file_count;
	struct se_sasl_offer offers[SE_SASL_FILES_MAX]; /* of XOAUTH2 and OAUTHBEARER */
	size_t offer_count;
	char chosen[SE_SASL_NAME_MAX]; /* where Exchange's servers offer what they do; "": none */
	char winner[PATH_MAX];         /* the file whose XOAUTH2 is used; "": not known */
};

/* Starts libsasl2 as a mail program does. False when it cannot start; `plugins` then has what was
 * seen before. What it allocates lives as long as the process. */
bool se_sasl_plugins_look(struct se_sasl_plugins *plugins);

#endif

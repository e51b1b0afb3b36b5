/*
 * send: what `sasl-entra send` is told, one message on its way, and what is reported of it.
 */
#ifndef SE_TOOL_SEND_H
#define SE_TOOL_SEND_H

#include "core/source.h"
#include "engine/config.h"

#include "tool/identity.h"
#include "tool/mail_verdict.h"
#include "tool/test_message.h"

struct se_send_wish {
	const char *name;
	const char *to, *from, *subject, *server;
	bool json;
};

struct se_sending {
	const struct se_identity *identity;
	const struct se_send_wish *wish;
	struct se_config *config;
	struct se_mail_server server;
	struct se_mail_case about;
	struct se_answer answer;
	struct se_test_message message;
	struct se_mail *mail;
	enum se_code code;
	struct se_error error;
};

/* Prints what was said and what it means, once there was a conversation. Returns an exit code. */
int se_send_report(const struct se_sending *sending);

#endif

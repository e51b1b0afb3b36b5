/*
 * doctor_login: an account's logins at one mail server, in two ways: its token by libcurl, and what a
 * mail program on this machine would send. Where they differ, that is the finding.
 */
#ifndef SE_TOOL_DOCTOR_LOGIN_H
#define SE_TOOL_DOCTOR_LOGIN_H

#include "tool/doctor.h"
#include "tool/mail_verdict.h"

/* One account at one server. */
struct se_doctor_visit {
	struct se_doctor *doctor;
	const struct se_mail_server *server;
	struct se_mail_case about;
};

/* The checks of a server; each has another name for IMAP. */
enum se_doctor_mail_check {
	SE_CHECK_CONNECT,
	SE_CHECK_TLS,
	SE_CHECK_OFFERS,
	SE_CHECK_LOGIN,
	SE_CHECK_PLUGIN
};

const char *se_doctor_mail_id(enum se_doctor_mail_check check, enum se_mail_protocol protocol);

/* Whether the server accepts the token. */
bool se_doctor_logins(const struct se_doctor_visit *visit);

#endif

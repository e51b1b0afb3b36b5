/*
 * login_say: what a sign-in tells: people on stderr, scripts on stdout, one JSON object a line.
 */
#ifndef SE_TOOL_LOGIN_SAY_H
#define SE_TOOL_LOGIN_SAY_H

#include "engine/sign_in_device.h"

#include "tool/login.h"

/* How the person gets to the address. */
enum se_login_where {
	SE_WHERE_OPENED, /* a browser has been started */
	SE_WHERE_HERE,   /* a browser of this machine must go there */
	SE_WHERE_ANY     /* a browser of any machine, and what it ends at is pasted */
};

/* `port`: where the browser is waited for, 0: nowhere. */
void se_login_say_address(
	const struct se_login *login, const char *url, enum se_login_where where, unsigned port);

void se_login_say_device(const struct se_login *login, const struct se_device *device);

/* An answer that was none: the sign-in goes on. */
void se_login_say_stray(const struct se_login *login, const struct se_error *error);

/* How it ended; returns an exit code. */
int se_login_say_done(const struct se_login *login);
int se_login_say_error(const struct se_login_options *options, const struct se_error *error);

#endif

/*
 * login: one sign-in of a person, from the account to the tokens that are kept, and the three ways
 * in which the person is led to the tenant's page.
 */
#ifndef SE_TOOL_LOGIN_H
#define SE_TOOL_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/sign_in.h"
#include "engine/sign_in_post.h"
#include "engine/sign_in_token.h"

#include "tool/place.h"

struct se_login_options {
	enum { SE_LOGIN_BROWSER, SE_LOGIN_PASTE, SE_LOGIN_DEVICE } way;
	unsigned port;    /* 0: any */
	unsigned timeout; /* seconds; 0: the way's own */
	bool no_browser;  /* only print the address */
	bool json;
};

struct se_login {
	const struct se_login_options *options;
	const char *name; /* as given: a login name or a label */
	struct se_place place;
	struct se_sign_in sign_in;
	struct se_poster poster;
	struct se_watch watch; /* the way's own */
	struct se_signed_in signed_in;
};

/* Finds the account and the place for its tokens, and sees that they could be kept. */
enum se_code se_login_begin(struct se_login *login, const struct se_identity *identity,
	const char *name, const struct se_login_options *options, struct se_error *error);
void se_login_end(struct se_login *login);

/* Each leads the person through, and keeps the tokens. Control-C ends each with an error and
 * nothing kept. */
enum se_code se_login_by_browser(struct se_login *login, struct se_error *error);
enum se_code se_login_by_paste(struct se_login *login, struct se_error *error);
enum se_code se_login_by_device(struct se_login *login, struct se_error *error);

/* For the ways: begins to post, with login->watch. */
enum se_code se_login_watch(struct se_login *login, struct se_error *error);

/* A watch that looks for Control-C only; `context` is not looked at. */
size_t se_login_prepare_interrupt(void *context, struct pollfd *fds, int *wait);
bool se_login_turn_interrupt(void *context);

/* Now, and the monotonic time in so many seconds: milliseconds. */
int64_t se_login_now(void);

/* Writes login->signed_in to the store. */
enum se_code se_login_keep(struct se_login *login, struct se_error *error);

#endif

/*
 * status_put: the line of one token key, or of an account that has none. For status_walk alone.
 */
#ifndef SE_ENGINE_STATUS_PUT_H
#define SE_ENGINE_STATUS_PUT_H

#include "engine/status_walk.h"

enum se_put {
	SE_PUT_NEXT,  /* done */
	SE_PUT_FULL,  /* there is no room for the line */
	SE_PUT_FAILED /* `error` says why */
};

/* The account's token key; `login` decides whose it is, where people sign in. */
enum se_put
se_status_put_key(const struct se_status_source *source, const struct se_account *account,
	const char *login, struct se_buffer *lines, struct se_error *error);

/* One without a token key: the token is somebody's password, nobody has signed in, or it cannot
 * be used. */
enum se_put
se_status_put_plain(const struct se_status_source *source, const struct se_account *account,
	enum se_code code, const char *text, struct se_buffer *lines, struct se_error *error);

#endif

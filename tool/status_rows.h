/*
 * status_rows: how the accounts are, from the agent where it serves the configuration, else from
 * the state files.
 */
#ifndef SE_TOOL_STATUS_ROWS_H
#define SE_TOOL_STATUS_ROWS_H

#include "core/error.h"
#include "engine/json.h"

#include "tool/identity.h"

struct se_status_row {
	char *line; /* the JSON object as it came, without line end */
	struct se_json *json;
	/* from the JSON object, NULL where it is null */
	const char *account, *name, *sign_in, *credential, *identity, *token_key, *state, *needs,
		*text, *fingerprint;
};

struct se_status_rows {
	struct se_status_row *list;
	size_t count;
};

/* All of them, or those of NAME (a label or a login name; NULL: all). On error `rows` is empty.
 * Without an agent root becomes the owner of the tokens for good; with `only_agent` that is SE_AGAIN. */
enum se_code se_status_gather(const struct se_identity *identity, const char *name, bool only_agent,
	struct se_status_rows *rows, struct se_error *error);

void se_status_rows_free(struct se_status_rows *rows);

/* A number of the row's JSON object, or `none` where it is null. */
int64_t se_status_number(const struct se_status_row *row, const char *member, int64_t none);

/* How many of them need a person. */
size_t se_status_needing(const struct se_status_rows *rows);

#endif

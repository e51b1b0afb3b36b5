#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/account.h"
#include "engine/names.h"
#include "engine/state_dir.h"
#include "engine/status_walk.h"

#include "tool/ask.h"
#include "tool/status_rows.h"

enum { PAGES_MAX = 100000 }; /* an agent that never came to an end would be no agent of ours */

/* Nothing that is counted comes near it, and sums and seconds of days stay in range. */
#define NUMBER_MAX INT64_C(1000000000000)

/* --- rows ------------------------------------------------------------------------------------- */

int64_t
se_status_number(const struct se_status_row *row, const char *member, int64_t none)
{
	int64_t value;

	if (!se_json_integer(row->json, member, &value))
		return none;
	return value < -NUMBER_MAX ? -NUMBER_MAX : value < NUMBER_MAX ? value : NUMBER_MAX;
}

size_t
se_status_needing(const struct se_status_rows *rows)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++)
		count += rows->list[i].needs != NULL;
	return count;
}

static void
free_row(struct se_status_row *row)
{
	free(row->line);
	se_json_free(row->json);
}

void
se_status_rows_free(struct se_status_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free_row(&rows->list[i]);
	free(rows->list);
	memset(rows, 0, sizeof(*rows));
}

static enum se_code
read_row(const char *line, size_t len, struct se_status_row *row, struct se_error *error)
{
	memset(row, 0, sizeof(*row));
	row->line = strndup(line, len);
	if (row->line == NULL)
		return se_error_memory(error);
	row->json = se_json_parse(line, len);
	row->account = se_json_string(row->json, "account");
	row->name = se_json_string(row->json, "name");
	row->sign_in = se_json_string(row->json, "sign_in");
	row->credential = se_json_string(row->json, "credential");
	row->identity = se_json_string(row->json, "identity");
	row->token_key = se_json_string(row->json, "token_key");
	row->state = se_json_string(row->json, "state");
	row->needs = se_json_string(row->json, "needs");
	row->text = se_json_string(row->json, "text");
	row->fingerprint = se_json_string(row->json, "fingerprint");
	if (row->account != NULL && row->name != NULL && row->sign_in != NULL && row->state != NULL)
		return SE_OK;
	free_row(row);
	return se_error_set(error, SE_INTERNAL,
		"a line of the status is not what it has to be; are tool and agent of the same "
		"version?");
}

static enum se_code
add_line(struct se_status_rows *rows, const char *line, size_t len, struct se_error *error)
{
	struct se_status_row *list = realloc(rows->list, (rows->count + 1) * sizeof(*list));
	enum se_code code;

	if (list == NULL)
		return se_error_memory(error);
	rows->list = list;
	code = read_row(line, len, &list[rows->count], error);
	if (code == SE_OK)
		rows->count++;
	return code;
}

static enum se_code
add_lines(struct se_status_rows *rows, const char *lines, struct se_error *error)
{
	enum se_code code = SE_OK;
	size_t len;

	for (; code == SE_OK && lines != NULL && *lines != '\0'; lines += len) {
		len = strcspn(lines, "\n");
		code = add_line(rows, lines, len, error);
		len += lines[len] == '\n';
	}
	return code;
}

/* --- where they come from --------------------------------------------------------------------- */

/* One page after the other: from the agent (`source` is NULL) or from the files. */
static enum se_code
turn_pages(const struct se_identity *identity, const struct se_status_source *source,
	struct se_status_rows *rows, struct se_error *error)
{
	struct se_request request = {.operation = SE_OPERATION_STATUS};
	struct se_answer answer;
	enum se_code code;

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		request.time_left = SE_BUDGET_MS;
		code = source == NULL ? se_ask_agent(identity, &request, &answer, error)
				      : se_status_walk(source, request.login, &answer, error);
		if (code != SE_OK)
			return code;
		code = add_lines(rows, answer.status, error);
		(void)se_copy(request.login, sizeof(request.login), answer.more);
		se_answer_free(&answer);
		if (code != SE_OK || request.login[0] == '\0')
			return code;
	}
	return se_error_set(error, SE_INTERNAL, "the agent's status does not end");
}

/* Not there yet; one that we may not look into is another matter. */
static bool
is_missing(const char *path)
{
	struct stat found;

	return lstat(path, &found) != 0 && errno == ENOENT;
}

static enum se_code
from_files(const struct se_identity *identity, const struct se_config *config,
	struct se_status_rows *rows, struct se_error *error)
{
	const struct se_world *world = &se_world_system;
	struct se_status_source source = {.config = config, .now = world->wall(world->context)};
	char *path = se_state_dir(config, SE_ROLE_TOOL, identity->users_own);
	enum se_code code = SE_OK;

	source.memory_only = path == NULL;
	if (path != NULL)
		source.store = se_store_open(path, false, error);
	if (path != NULL && source.store == NULL && !is_missing(path))
		code = error->code == SE_ABSENT ? se_error_set(error, SE_CONFIG,
							  "the tokens in %s cannot be looked at: "
							  "run this as root, or as their owner",
							  path)
						: error->code;
	if (code == SE_OK && source.store != NULL)
		code = se_store_seal_with(source.store, &config->state_key, error);
	if (code == SE_OK)
		code = turn_pages(identity, &source, rows, error);
	se_store_close(source.store);
	free(path);
	return code;
}

/* --- which of them ---------------------------------------------------------------------------- */

static enum se_code
keep_those_of(const char *name, const struct se_config *config, struct se_status_rows *rows,
	struct se_error *error)
{
	const struct se_account *account = se_account_named(config, name, error);
	bool by_login;
	size_t kept = 0;

	if (account == NULL)
		return error->code;
	by_login = !account->app_only && account->value[SE_KEY_IDENTITY].text == NULL &&
		   !se_name_equal(account->label, name);
	for (size_t i = 0; i < rows->count; i++) {
		struct se_status_row *row = &rows->list[i];

		if (strcmp(row->account, account->label) == 0 &&
			(!by_login ||
				(row->identity != NULL && se_name_equal(row->identity, name))))
			rows->list[kept++] = *row;
		else
			free_row(row);
	}
	rows->count = kept;
	if (kept > 0)
		return SE_OK;
	return se_error_set(error, SE_SIGN_IN,
		"%s: nobody has signed in as %s yet; sign in with: sasl-entra login %s", name, name,
		name);
}

enum se_code
se_status_gather(const struct se_identity *identity, const char *name, bool only_agent,
	struct se_status_rows *rows, struct se_error *error)
{
	struct se_config *config = NULL;
	enum se_code code;

	memset(rows, 0, sizeof(*rows));
	code = turn_pages(identity, NULL, rows, error);
	if (code == SE_ABSENT && only_agent) {
		/* The same command works when there is one. */
		error->code = code = SE_AGAIN;
	} else if (code == SE_ABSENT) {
		se_status_rows_free(rows); /* of an agent that ended meanwhile */
		code = se_identity_become_owner(identity, true, error);
		if (code == SE_OK)
			code = se_config_load(identity->configuration, &config, NULL, error);
		if (code == SE_OK)
			code = from_files(identity, config, rows, error);
	} else if (code == SE_OK && name != NULL) {
		code = se_config_load(identity->configuration, &config, NULL, error);
	}
	if (code == SE_OK && name != NULL)
		code = keep_those_of(name, config, rows, error);
	if (code != SE_OK)
		se_status_rows_free(rows);
	se_config_free(config);
	return code;
}

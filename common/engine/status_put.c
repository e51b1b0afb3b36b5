#include <string.h>

#include "engine/status.h"
#include "engine/status_certificate.h"
#include "engine/status_put.h"
#include "engine/token_key.h"

static enum se_put
put(const struct se_status_source *source, struct se_status *status, struct se_buffer *lines,
	struct se_error *error)
{
	enum se_put done = SE_PUT_NEXT;
	struct se_buffer line;
	int64_t ends;

	if (se_status_certificate_ends(status->account, &ends))
		se_status_certificate(status, ends, source->now);
	se_status_judge(status);
	se_buffer_init(&line, SE_STATUS_MAX);
	if (!se_status_line(status, &line))
		done = SE_PUT_FAILED;
	else if (lines->len + line.len > lines->max)
		done = SE_PUT_FULL;
	else if (!se_buffer_add(lines, line.data, line.len))
		done = SE_PUT_FAILED;
	se_buffer_free(&line);
	if (done == SE_PUT_FAILED)
		(void)se_error_memory(error);
	return done;
}

static const char *
how_kept(const struct se_acquisition *acquisition)
{
	if (acquisition->unsaved)
		return "unsaved";
	return acquisition->file.inode != 0 ? "file" : NULL;
}

static void
take_file(const struct se_status_source *source, const struct se_token_key *key,
	struct se_status *status, struct se_error *error)
{
	struct se_state state;
	enum se_code code;

	memset(&state, 0, sizeof(state));
	if (source->store != NULL) {
		code = se_store_read(source->store, key, &state, error);
		if (code == SE_OK)
			status->kept = "file";
		else if (code == SE_ABSENT)
			se_error_clear(error);
	}
	se_status_take(status, &state, source->now);
	se_state_free(&state);
}

/* From memory, where this process has the key, else from its state file. */
static void
take_state(const struct se_status_source *source, const struct se_token_key *key,
	struct se_status *status)
{
	const struct se_acquisition *acquisition = NULL;
	struct se_error error = {0};

	if (source->find != NULL)
		acquisition = source->find(source->context, key->name, &error);
	if (acquisition != NULL) {
		se_status_take(status, &acquisition->state, source->now);
		status->kept = how_kept(acquisition);
	} else {
		take_file(source, key, status, &error);
	}
	if (source->memory_only)
		status->kept = "memory";
	if (error.code != SE_OK)
		se_status_wrong(status, error.code, error.text);
	else if (source->memory_only && !key->app_only)
		se_status_wrong(status, SE_CONFIG,
			"a sign-in needs a state directory, and there is none that can be used; "
			"sasl-entra check says why");
}

enum se_put
se_status_put_key(const struct se_status_source *source, const struct se_account *account,
	const char *login, struct se_buffer *lines, struct se_error *error)
{
	struct se_status status;
	struct se_token_key key;
	enum se_put done;

	se_status_begin(&status, account);
	if (se_token_key_make(account, login, &key, error) != SE_OK)
		return SE_PUT_FAILED;
	status.token_key = key.name;
	if (source->store != NULL)
		status.directory = se_store_path(source->store);
	if (!account->app_only)
		status.identity = key.holder;
	take_state(source, &key, &status);
	done = put(source, &status, lines, error);
	se_token_key_free(&key);
	return done;
}

enum se_put
se_status_put_plain(const struct se_status_source *source, const struct se_account *account,
	enum se_code code, const char *text, struct se_buffer *lines, struct se_error *error)
{
	struct se_status status;

	se_status_begin(&status, account);
	if (text[0] != '\0')
		se_status_wrong(&status, code, text);
	status.code = code;
	return put(source, &status, lines, error);
}

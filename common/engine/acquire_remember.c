#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "engine/acquire_parts.h"
#include "engine/crypto_digest.h"

static void
add_value(struct se_buffer *text, const struct se_value *value)
{
	se_buffer_addf(text, "%s\n", value->text != NULL ? value->text : "");
}

static void
add_file(struct se_buffer *text, const char *path)
{
	struct se_file_id id;

	if (path == NULL || !se_file_identify(path, &id))
		return;
	se_buffer_addf(text, "%llu %llu %lld %lld\n", (unsigned long long)id.device,
		(unsigned long long)id.inode, (long long)id.size, (long long)id.changed_ns);
}

static void
add_command(struct se_buffer *text, const char *words)
{
	char *path = words != NULL ? se_secret_command_find(words) : NULL;

	add_file(text, path);
	free(path);
}

/* What a permanent failure comes from: when any of it changes, the next request asks again. */
static void
digest_cause(const struct se_account *account, char cause[17])
{
	static const enum se_key asked_with[] = {SE_KEY_TENANT, SE_KEY_CLIENT_ID, SE_KEY_CREDENTIAL,
		SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CLIENT_SECRET_COMMAND, SE_KEY_CERTIFICATE,
		SE_KEY_PRIVATE_KEY, SE_KEY_PRIVATE_KEY_PASSWORD_FILE, SE_KEY_FEDERATED_TOKEN_FILE,
		SE_KEY_MANAGED_IDENTITY_ID, SE_KEY_PROXY, SE_KEY_CA_FILE, SE_KEY_TIMEOUT};
	static const enum se_key files[] = {SE_KEY_CLIENT_SECRET_FILE, SE_KEY_CERTIFICATE,
		SE_KEY_PRIVATE_KEY, SE_KEY_PRIVATE_KEY_PASSWORD_FILE, SE_KEY_CA_FILE};
	struct se_buffer text;
	size_t i;

	se_buffer_init(&text, 65536);
	for (i = 0; i < sizeof(asked_with) / sizeof(asked_with[0]); i++)
		add_value(&text, &account->value[asked_with[i]]);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		add_file(&text, account->value[files[i]].text);
	add_file(&text, account->federated_token_file);
	add_command(&text, account->value[SE_KEY_CLIENT_SECRET_COMMAND].text);
	(void)se_digest_hex(se_buffer_text(&text), text.len, cause, 16);
	se_buffer_free(&text);
}

bool
se_acquire_remembers(struct se_acquisition *acquisition, const struct se_account *account,
	struct se_error *error)
{
	struct se_failure *failure = &acquisition->state.failure;
	int64_t now = se_acquire_wall(acquisition), left = failure->until - now;
	char cause[17];

	if (failure->code == SE_OK)
		return false;
	digest_cause(account, cause);
	/* A clock that jumped must not make a failure last. */
	if (left <= 0 || left > SE_REMEMBER_MAX || now < failure->since ||
		strcmp(cause, failure->cause) != 0)
		return false;
	se_error_set(error, failure->code,
		"%s [remembered; asked again in %lld s, or at once after "
		"a change or \"sasl-entra refresh\"]",
		failure->text, (long long)left);
	error->retry_after = (unsigned)left;
	return true;
}

/* Its until and count stay the caller's. */
static void
note(struct se_acquisition *acquisition, const struct se_error *error)
{
	struct se_failure *failure = &acquisition->state.failure;
	char cause[17];

	digest_cause(acquisition->account, cause);
	failure->since = se_acquire_wall(acquisition);
	if (failure->code == SE_OK || strcmp(failure->cause, cause) != 0) {
		failure->count = 0;
		failure->first = failure->since;
	}
	failure->code = error->code;
	memcpy(failure->cause, cause, sizeof(failure->cause));
	(void)se_copy(failure->text, sizeof(failure->text), error->text);
}

void
se_acquire_remember(struct se_acquisition *acquisition, const struct se_error *error)
{
	struct se_failure *failure = &acquisition->state.failure;

	note(acquisition, error);
	failure->count++;
	failure->until =
		failure->since + (int64_t)se_policy_backoff(error->code, error->retry_after,
					 failure->count, se_acquire_chance(acquisition));
	se_acquire_save(acquisition);
}

void
se_acquire_note(struct se_acquisition *acquisition, const struct se_error *error)
{
	note(acquisition, error);
	acquisition->state.failure.until = acquisition->state.failure.since;
}

void
se_acquire_forget(struct se_acquisition *acquisition)
{
	memset(&acquisition->state.failure, 0, sizeof(acquisition->state.failure));
	acquisition->rejected[0] = '\0';
}

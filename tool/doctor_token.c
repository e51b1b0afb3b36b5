#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/account.h"
#include "engine/audience.h"
#include "engine/token_key.h"

#include "tool/ask.h"
#include "tool/aside.h"
#include "tool/doctor.h"
#include "tool/doctor_explain.h"

enum { FETCH_MS = 2 * SE_BUDGET_MS + 5000 };

/* What the child hands back; the token's bytes follow. */
struct fetched {
	enum se_code code;
	bool renewed;
	uint32_t seconds_left;
	char user[SE_NAME_MAX + 1];
	char text[SE_ERROR_TEXT_MAX]; /* of the error, or the note that warns */
	size_t token_len;
};

struct fetch {
	const struct se_identity *identity;
	const char *login;
};

/* Who may only use the account, and not administer the agent, gets what is there. */
static enum se_code
ask_twice(
	const struct fetch *fetch, struct se_answer *answer, bool *renewed, struct se_error *error)
{
	struct se_request request;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_REFRESH, fetch->login, error);

	if (code == SE_OK)
		code = se_ask_silently(fetch->identity, &request, answer, error);
	se_answer_free(answer);
	*renewed = code == SE_OK;
	request.operation = SE_OPERATION_TOKEN;
	if (code == SE_OK || code == SE_DENIED)
		code = se_ask_silently(fetch->identity, &request, answer, error);
	return code;
}

/* In the child: without an agent it becomes the owner of the tokens for good. */
static void
fetch_token(void *context, struct se_aside *aside)
{
	struct se_answer answer = {.token = NULL};
	struct fetched fetched;
	struct se_error error;

	memset(&fetched, 0, sizeof(fetched));
	fetched.code = ask_twice(context, &answer, &fetched.renewed, &error);
	fetched.seconds_left = answer.seconds_left;
	(void)se_copy(fetched.user, sizeof(fetched.user), answer.user);
	if (fetched.code != SE_OK)
		(void)se_copy(fetched.text, sizeof(fetched.text), error.text);
	else if (answer.warning)
		(void)se_copy(fetched.text, sizeof(fetched.text), answer.note);
	fetched.token_len = se_secret_len(answer.token);
	se_aside_tell(aside, &fetched, sizeof(fetched));
	se_aside_tell(aside, se_secret_reveal(answer.token), fetched.token_len);
	se_answer_free(&answer);
}

/* Takes apart what was heard. */
static enum se_code
take(const struct se_buffer *heard, struct fetched *fetched, struct se_secret **token,
	struct se_error *error)
{
	if (heard->failed || heard->len < sizeof(*fetched))
		return se_error_set(error, SE_INTERNAL, "no answer came");
	memcpy(fetched, heard->data, sizeof(*fetched));
	fetched->user[sizeof(fetched->user) - 1] = '\0';
	fetched->text[sizeof(fetched->text) - 1] = '\0';
	if (fetched->code != SE_OK)
		return se_error_set(error, fetched->code, "%s", fetched->text);
	if (fetched->token_len == 0 || heard->len != sizeof(*fetched) + fetched->token_len)
		return SE_OK;
	*token = se_secret_new(heard->data + sizeof(*fetched), fetched->token_len);
	return *token != NULL ? SE_OK : se_error_memory(error);
}

static enum se_code
get(const struct se_doctor *doctor, const char *login, struct fetched *fetched,
	struct se_secret **token, struct se_error *error)
{
	struct fetch fetch = {doctor->identity, login};
	const struct se_aside_work work = {
		.act = fetch_token,
		.context = &fetch,
		.timeout = FETCH_MS,
		.what = "waiting for a token",
	};
	struct se_buffer heard;
	enum se_code code;

	memset(fetched, 0, sizeof(*fetched));
	*token = NULL;
	se_buffer_init(&heard, sizeof(*fetched) + SE_TOKEN_MAX);
	code = se_aside(&work, &heard, error);
	if (code == SE_OK)
		code = take(&heard, fetched, token, error);
	se_buffer_free(&heard);
	return code;
}

/* What the tenant's administrator changes nobody here notices: whoever remembers that it was refused is
 * told to ask again. What is changed here is noticed when it has been read. */
static void
then_refresh(struct se_doctor *doctor, const char *login)
{
	static char lines[SE_NAME_MAX + 256];
	const char *before = doctor->checkup.then;

	(void)snprintf(lines, sizeof(lines),
		"%s%sand have it tried again at once: sasl-entra refresh %s",
		before != NULL ? before : "", before != NULL ? "\n" : "", login);
	doctor->checkup.then = lines;
}

/* Most sentences begin with whose token it is. */
static void
say_refused(struct se_doctor *doctor, const char *login, enum se_code code, const char *text)
{
	const size_t len = strlen(login);

	if (strstr(text, "[account ") != NULL)
		se_doctor_then_reload(doctor);
	if ((code == SE_ADMIN || code == SE_CONFIG) && se_identity_is_usual(doctor->identity))
		then_refresh(doctor, login);
	if (strncmp(text, login, len) == 0 && text[len] == ':')
		se_checkup_add(&doctor->checkup, "token", SE_PROBLEM, NULL, "%s", text);
	else
		se_checkup_add(&doctor->checkup, "token", SE_PROBLEM, NULL, "%s: %s", login, text);
}

/* Then that is said where the token is explained. */
static bool
is_foreign(const struct se_doctor_token *entry)
{
	char audience[SE_NAME_MAX];

	return se_audience_is_foreign(entry->account, entry->token, audience, sizeof(audience));
}

/* The token of one login name; what is wrong with it is said. */
static void
examine(struct se_doctor *doctor, struct se_doctor_token *entry)
{
	struct fetched fetched;
	struct se_error error;

	if (get(doctor, entry->login, &fetched, &entry->token, &error) != SE_OK) {
		entry->refused = true;
		say_refused(doctor, entry->login, error.code, error.text);
		return;
	}
	(void)se_copy(entry->user, sizeof(entry->user),
		fetched.user[0] != '\0'             ? fetched.user
		: strchr(entry->login, '@') != NULL ? entry->login
						    : "");
	if (entry->token == NULL) {
		se_checkup_left_out(&doctor->checkup, "token",
			"%s: token_from = password: the token is the mail program's password",
			entry->login);
		return;
	}
	if (fetched.text[0] != '\0' && !is_foreign(entry))
		se_checkup_add(&doctor->checkup, "token", SE_WARNING, NULL, "%s: %s", entry->login,
			fetched.text);
	else
		se_checkup_fine(&doctor->checkup, "token", "%s: %s, good for %lu seconds",
			entry->login, fetched.renewed ? "a new token" : "the agent's token",
			(unsigned long)fetched.seconds_left);
	se_doctor_explain(doctor, entry, fetched.seconds_left);
}

static bool
seen_before(const struct se_doctor *doctor, const char *key, char keys[][SE_TOKEN_KEY_DIGITS + 1])
{
	for (size_t i = 0; i < doctor->token_count; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

/* An app's token is the same for all. */
static bool
find_login(const struct se_doctor *doctor, const struct se_account *account,
	char login[SE_NAME_MAX + 1])
{
	return se_doctor_login(doctor, account, login) ||
	       (account->app_only && se_copy(login, SE_NAME_MAX + 1, account->label));
}

/* What was told of before that keeps us from asking for a token; NULL: nothing. */
static const char *
find_obstacle(const struct se_doctor *doctor, const struct se_account *account)
{
	static const char *const of_account[] = {"credential", "certificate-end",
		"agent-configuration", "network-tls", "network-proxy", "network-tenant", NULL};

	if (se_checkup_has_problem(&doctor->checkup, "agent-socket"))
		return "agent-socket";
	if (doctor->agent_silent)
		return "agent";
	if (se_doctor_said(doctor, account, "network-tls", SE_LEFT_OUT))
		return "network-names";
	for (size_t i = 0; of_account[i] != NULL; i++)
		if (se_doctor_said(doctor, account, of_account[i], SE_PROBLEM))
			return of_account[i];
	/* What a person's sign-in brings could not be kept. */
	if (!account->app_only && se_checkup_has_problem(&doctor->checkup, "state-directory"))
		return "state-directory";
	return NULL;
}

bool
se_doctor_has_no_token(
	const struct se_doctor *doctor, const struct se_account *account, const char *login)
{
	for (size_t i = 0; i < doctor->token_count; i++)
		if (doctor->tokens[i].refused && doctor->tokens[i].account == account &&
			(account->app_only || strcasecmp(doctor->tokens[i].login, login) == 0))
			return true;
	return find_obstacle(doctor, account) != NULL;
}

static bool
is_hopeless(struct se_doctor *doctor, const struct se_account *account)
{
	const char *obstacle = find_obstacle(doctor, account);

	if (obstacle != NULL)
		se_checkup_left_out(&doctor->checkup, "token",
			"account %s: no token is asked for, because of %s", account->label,
			obstacle);
	return obstacle != NULL;
}

static void
look_at_account(struct se_doctor *doctor, const struct se_account *account,
	char keys[][SE_TOKEN_KEY_DIGITS + 1])
{
	struct se_doctor_token *entry = &doctor->tokens[doctor->token_count];
	struct se_token_key key;
	struct se_error error;
	bool before;

	if (is_hopeless(doctor, account))
		return;
	if (!find_login(doctor, account, entry->login)) {
		se_checkup_left_out(&doctor->checkup, "token",
			"account %s serves no login name that is written out; sasl-entra doctor "
			"ADDRESS looks at one",
			account->label);
		return;
	}
	if (se_token_key_make(account, entry->login, &key, &error) != SE_OK) {
		se_checkup_left_out(
			&doctor->checkup, "token", "account %s: %s", account->label, error.text);
		return;
	}
	before = seen_before(doctor, key.name, keys);
	(void)se_copy(keys[doctor->token_count], SE_TOKEN_KEY_DIGITS + 1, key.name);
	se_token_key_free(&key);
	if (before)
		return;
	entry->account = account;
	doctor->token_count++;
	examine(doctor, entry);
}

void
se_doctor_token(struct se_doctor *doctor)
{
	char keys[SE_DOCTOR_TOKENS_MAX + 1][SE_TOKEN_KEY_DIGITS + 1];

	if (doctor->config == NULL) {
		se_checkup_left_out(&doctor->checkup, "token",
			"no token is asked for without a usable configuration");
		return;
	}
	if (doctor->name != NULL && doctor->account == NULL)
		se_checkup_left_out(&doctor->checkup, "token", "no account, no token");
	for (size_t i = 0; i < doctor->config->account_count; i++) {
		const struct se_account *account = &doctor->config->accounts[i];

		if (doctor->name != NULL && account != doctor->account)
			continue;
		if (doctor->token_count == SE_DOCTOR_TOKENS_MAX)
			break;
		look_at_account(doctor, account, keys);
	}
}

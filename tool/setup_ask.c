#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/names.h"

#include "tool/question.h"
#include "tool/setup.h"
#include "tool/terminal.h"
#include "tool/wrap.h"

enum { TRIES = 3, ANSWER_MAX = 4096 };

/* One question: what is wanted and where it is found, what it is called, what an empty answer means. */
struct question {
	enum se_key key;
	const char *explain; /* lines of at most 78 columns */
	const char *prompt;
	const char *otherwise; /* where nothing was written before; NULL: an answer is needed */
	bool optional;         /* an empty answer is none */
	/* Judges a right value further; NULL: nothing. */
	enum se_code (*then)(struct se_setup *setup, struct se_error *error);
};

/* What is wrong with an answer. */
static void
complain(const char *text)
{
	struct se_buffer out;

	se_buffer_init(&out, (size_t)2 * SE_ERROR_TEXT_MAX);
	se_wrap(text, strlen(text), 2, se_terminal_columns(), &out);
	fprintf(stderr, "  %s\n", se_buffer_text(&out));
	se_buffer_free(&out);
}

static bool
keep(struct se_setup *setup, enum se_key key, const char *answer)
{
	free(setup->value[key]);
	setup->value[key] = strdup(answer);
	return setup->value[key] != NULL;
}

static void
forget(struct se_setup *setup, enum se_key key)
{
	free(setup->value[key]);
	setup->value[key] = NULL;
}

/* SE_ABSENT: the answer was wrong, which has been said. */
static enum se_code
ask_once(struct se_setup *setup, const struct question *question, struct se_error *error)
{
	const char *before = setup->before[question->key];
	char answer[ANSWER_MAX], why[400];
	const char *wrong;
	enum se_code code = SE_OK;

	if (!se_question_line(question->prompt, before != NULL ? before : question->otherwise,
		    answer, sizeof(answer)))
		return se_error_set(error, SE_CONFIG, "no answer; nothing was changed");
	if (answer[0] == '\0' && question->optional)
		return SE_OK;
	wrong = se_setup_judge(question->key, answer, why);
	if (wrong != NULL) {
		complain(wrong);
		return SE_ABSENT;
	}
	if (!keep(setup, question->key, answer))
		return se_error_memory(error);
	if (question->then != NULL)
		code = question->then(setup, error);
	if (code != SE_CONFIG)
		return code;
	forget(setup, question->key);
	complain(error->text);
	return SE_ABSENT;
}

static enum se_code
ask(struct se_setup *setup, const struct question *question, struct se_error *error)
{
	enum se_code code = SE_ABSENT;

	if (setup->value[question->key] != NULL)
		return question->then != NULL ? question->then(setup, error) : SE_OK;
	fprintf(stderr, "\n%s\n", question->explain);
	for (int i = 0; code == SE_ABSENT && i < TRIES; i++)
		code = ask_once(setup, question, error);
	if (code == SE_ABSENT)
		code = se_error_set(error, SE_CONFIG,
			"%d answers that cannot be right; nothing was changed", TRIES);
	return code;
}

/* --- the questions -------------------------------------------------------------------------------- */

static enum se_code
ask_tenant(struct se_setup *setup, struct se_error *error)
{
	const struct question question = {.key = SE_KEY_TENANT,
		.explain =
			"Your tenant: a domain name of it, as contoso.onmicrosoft.com, or its ID\n"
			"(Entra admin center, Overview: Tenant ID, Primary domain).",
		.prompt = "Tenant",
		.then = se_setup_look_up};

	return ask(setup, &question, error);
}

static enum se_code
ask_sign_in(struct se_setup *setup, struct se_error *error)
{
	const struct question question = {.key = SE_KEY_SIGN_IN,
		.explain = "Who signs in?\n"
			   "  app   the app itself, with a credential of its own: for relays and "
			   "servers\n"
			   "  user  a person, once, with a browser: for one's own mail on a laptop",
		.prompt = "Sign-in",
		.otherwise = se_setup_is_app(setup) ? "app" : "user"};

	/* Another credential would be meant for an app. */
	if (setup->value[SE_KEY_CREDENTIAL] != NULL)
		return SE_OK;
	return ask(setup, &question, error);
}

static enum se_code
ask_credential(struct se_setup *setup, struct se_error *error)
{
	const struct question question = {.key = SE_KEY_CREDENTIAL,
		.explain = "How does the app prove who it is?\n"
			   "  certificate       made here; its key never leaves this machine\n"
			   "  secret            a client secret; many tenants allow none\n"
			   "  managed-identity  this machine is in Azure, or known to Azure Arc\n"
			   "  federated         a token of another issuer, as in Kubernetes",
		.prompt = "Credential",
		.otherwise = "certificate"};

	return se_setup_is_app(setup) ? ask(setup, &question, error) : SE_OK;
}

static enum se_code
ask_client_id(struct se_setup *setup, struct se_error *error)
{
	const struct question question = {.key = SE_KEY_CLIENT_ID,
		.explain =
			"The app registration (Entra admin center, App registrations, your app,\n"
			"Overview: Application (client) ID). There is none yet? New registration:\n"
			"a name, single tenant, no redirect URI.",
		.prompt = "Application (client) ID"};
	const struct question machine = {.key = SE_KEY_MANAGED_IDENTITY_ID,
		.explain =
			"Which identity? system is the machine's own; one of several is named as\n"
			"client_id:GUID, object_id:GUID or resource_id:/subscriptions/...",
		.prompt = "Managed identity",
		.otherwise = "system"};
	const struct question federated = {.key = SE_KEY_FEDERATED_TOKEN_FILE,
		.explain =
			"Where is the issuer's token? The path of a file, or env: the environment\n"
			"names it, as in a pod with workload identity.",
		.prompt = "Token file",
		.otherwise = "env"};
	const char *credential = se_setup_credential(setup);
	enum se_code code;

	if (se_name_equal(credential, "managed-identity"))
		return ask(setup, &machine, error);
	code = ask(setup, &question, error);
	if (code == SE_OK && se_name_equal(credential, "federated"))
		code = ask(setup, &federated, error);
	return code;
}

static enum se_code
ask_match(struct se_setup *setup, struct se_error *error)
{
	const struct question question = {.key = SE_KEY_MATCH,
		.explain = se_setup_is_app(setup)
				   ? "Which login names are served with it? The mailboxes to send "
				     "from:\n"
				     "addresses, *@DOMAIN for all of a domain; several with commas."
				   : "Which login names are served with it? Your address; or that "
				     "of a shared\n"
				     "mailbox; several with commas.",
		.prompt = "Login names"};
	const struct question identity = {.key = SE_KEY_IDENTITY,
		.explain = "Who signs in? An address; nothing where each login name signs in for "
			   "itself\n"
			   "(a shared mailbox cannot: name a person who may use it).",
		.prompt = "Person who signs in",
		.optional = true};
	enum se_code code = ask(setup, &question, error);

	if (code == SE_OK && !se_setup_is_app(setup))
		code = ask(setup, &identity, error);
	return code;
}

enum se_code
se_setup_ask(struct se_setup *setup, struct se_error *error)
{
	static enum se_code (*const questions[])(struct se_setup *, struct se_error *) = {
		ask_tenant, ask_sign_in, ask_credential, ask_client_id, ask_match};
	enum se_code code = SE_OK;

	fprintf(stderr,
		"This sets up [account %s] in %s.\n"
		"Nothing is written before you have seen it and said yes. Control-C ends it.\n",
		setup->label, setup->command->identity.configuration);
	for (size_t i = 0; code == SE_OK && i < sizeof(questions) / sizeof(questions[0]); i++)
		code = questions[i](setup, error);
	return code;
}

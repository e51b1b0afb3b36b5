#include <stdio.h>
#include <time.h>

#include "tool/ask.h"
#include "tool/import_apply.h"

enum { RELOAD_MS = 5000, RELOAD_PAUSE_MS = 50 };

/* An agent reads its configuration a moment after it was told to. */
static enum se_code
ask(const struct se_import_plan *plan, const char *login, struct se_answer *answer,
	struct se_error *error)
{
	const struct timespec pause = {0, RELOAD_PAUSE_MS * 1000000L};
	struct se_request request;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_TOKEN, login, error);

	if (code != SE_OK)
		return code;
	code = se_ask(plan->identity, &request, answer, error);
	for (int waited = 0; code == SE_NO_ACCOUNT && waited < RELOAD_MS;
		waited += RELOAD_PAUSE_MS) {
		(void)nanosleep(&pause, NULL);
		code = se_ask(plan->identity, &request, answer, error);
	}
	return code;
}

size_t
se_import_try(const struct se_import_plan *plan)
{
	size_t failed = 0;

	for (size_t i = 0; i < plan->accounts.count; i++) {
		const char *login = plan->accounts.list[i].login;
		struct se_answer answer = {.token = NULL};
		struct se_error error;

		if (ask(plan, login, &answer, &error) == SE_OK) {
			fprintf(stderr, "%s: works, a token was fetched\n", login);
		} else {
			se_error_about(&error, login);
			fprintf(stderr, "no token: %s\n", error.text);
			failed++;
		}
		se_answer_free(&answer);
	}
	return failed;
}

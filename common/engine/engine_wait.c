/* engine_wait: an ask for those who can wait. */
#include <errno.h>
#include <string.h>

#include "engine/engine.h"

struct waiting {
	bool over;
	enum se_code code;
	struct se_answer *answer;
	struct se_error *error;
};

static void
waited(void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	struct waiting *waiting = context;

	waiting->over = true;
	waiting->code = code;
	if (code == SE_OK) {
		*waiting->answer = *answer;
		waiting->answer->token = se_secret_copy(answer->token);
		if (answer->token != NULL && waiting->answer->token == NULL)
			waiting->code = se_error_memory(waiting->error);
	} else {
		*waiting->error = *error;
	}
}

enum se_code
se_engine_ask_wait(struct se_engine *engine, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	struct waiting waiting = {false, SE_INTERNAL, answer, error};
	struct se_ask *ask;
	int cause;

	memset(answer, 0, sizeof(*answer));
	ask = se_engine_ask(engine, request, NULL, waited, &waiting);
	while (!waiting.over) {
		if (!se_engine_turn(engine, NULL, 0, 1000)) {
			cause = errno;
			se_engine_cancel(engine, ask);
			return se_error_set(error, SE_AGAIN,
				"%s: waiting for the network failed: %s; try again when the system "
				"has memory for it",
				request->login, strerror(cause));
		}
	}
	return waiting.code;
}

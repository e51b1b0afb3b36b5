#include <string.h>

#include "agent/again.h"

bool
se_again_keep(struct se_again *again, struct se_engine *engine, const struct se_request *request,
	struct se_buffer *frame)
{
	const uint64_t number = se_engine_answered(engine);
	const size_t max = frame->max;

	if (number == 0)
		return false;
	se_again_free(again);
	again->number = number;
	again->request = *request;
	again->frame = *frame;
	se_buffer_init(frame, max);
	return true;
}

/* What he has of time makes no difference to an answer at once. */
static bool
is_same(const struct se_request *a, const struct se_request *b)
{
	return a->operation == b->operation && strcmp(a->login, b->login) == 0 &&
	       strcmp(a->server, b->server) == 0 && strcmp(a->service, b->service) == 0 &&
	       strcmp(a->rejected, b->rejected) == 0;
}

const struct se_buffer *
se_again_find(
	const struct se_again *again, struct se_engine *engine, const struct se_request *request)
{
	if (again->number == 0 || !is_same(&again->request, request) ||
		se_engine_answered(engine) != again->number)
		return NULL;
	return &again->frame;
}

void
se_again_tidy(struct se_again *again, struct se_engine *engine)
{
	if (again->number != 0 && se_engine_answered(engine) != again->number)
		se_again_free(again);
}

void
se_again_free(struct se_again *again)
{
	se_buffer_free(&again->frame);
	again->number = 0;
}

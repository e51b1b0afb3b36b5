#include <stdlib.h>
#include <string.h>

#include "core/source.h"

bool
se_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);
	bool fits = len < size;

	if (size == 0)
		return false;
	if (!fits)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
	return fits;
}

void
se_request_init(struct se_request *request)
{
	request->operation = 0;
	request->time_left = 0;
	request->login[0] = request->service[0] = request->server[0] = request->rejected[0] = '\0';
}

void
se_answer_init(struct se_answer *answer)
{
	answer->user[0] = '\0';
	answer->token = NULL;
	answer->seconds_left = 0;
	answer->keep = 0;
	answer->fingerprint[0] = '\0';
	answer->warning = false;
	answer->note[0] = '\0';
	answer->status = NULL;
	answer->more[0] = '\0';
}

void
se_answer_free(struct se_answer *answer)
{
	if (answer != NULL) {
		se_secret_free(answer->token);
		free(answer->status);
		se_answer_init(answer);
	}
}

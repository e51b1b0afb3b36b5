#include <string.h>

#include "core/secret.h"
#include "core/source.h"

#include "prompt.h"

/* What the host filled in for `id`, or NULL when we did not ask for it. */
static const sasl_interact_t *
find_answer(const struct se_prompts *prompts, unsigned long id)
{
	const sasl_interact_t *prompt = prompts->asked;

	if (prompt == NULL)
		return NULL;
	for (; prompt->id != SASL_CB_LIST_END; prompt++)
		if (prompt->id == id)
			return prompt;
	return NULL;
}

/* SASL_OK with a function in `proc`, SASL_INTERACT, or another code. */
static int
find_callback(
	const struct se_prompts *prompts, unsigned long id, void (**proc)(void), void **context)
{
	const sasl_utils_t *utils = prompts->utils;
	sasl_callback_ft found = NULL;
	int result;

	*context = NULL;
	result = utils->getcallback(utils->conn, id, &found, context);
	if (result == SASL_OK && found == NULL)
		return SASL_INTERACT;
	*proc = (void (*)(void))found;
	return result;
}

static enum se_given
take_name(const char *text, size_t len, char *name, size_t size)
{
	if (len >= size)
		return SE_GIVEN_TOO_LONG;
	memcpy(name, text, len);
	name[len] = '\0';
	return len > 0 ? SE_GIVEN : SE_GIVEN_NONE;
}

enum se_given
se_prompt_name(const struct se_prompts *prompts, unsigned long id, char *name, size_t size)
{
	const sasl_interact_t *answer = find_answer(prompts, id);
	const char *text = NULL;
	void (*proc)(void) = NULL;
	void *context;

	name[0] = '\0';
	if (answer != NULL) {
		/* Some hosts leave the result out, some count its NUL, some do not count at all. */
		text = answer->result;
		if (text == NULL)
			return SE_GIVEN_NONE;
		return take_name(text, answer->len > 0 ? strnlen(text, answer->len) : strlen(text),
			name, size);
	}
	switch (find_callback(prompts, id, &proc, &context)) {
	case SASL_OK:
		break;
	case SASL_INTERACT:
		return SE_GIVEN_ASK;
	default:
		return SE_GIVEN_NONE;
	}
	if (((sasl_getsimple_t *)proc)(context, (int)id, &text, NULL) != SASL_OK || text == NULL)
		return SE_GIVEN_NONE;
	return take_name(text, strlen(text), name, size);
}

static enum se_given
take_password(const void *data, size_t len, struct se_secret **password)
{
	const unsigned char *bytes = data;

	while (len > 0 && bytes[len - 1] == '\0')
		len--;
	if (len == 0)
		return SE_GIVEN_NONE;
	if (len > SE_TOKEN_MAX)
		return SE_GIVEN_TOO_LONG;
	*password = se_secret_new(data, len);
	return *password != NULL ? SE_GIVEN : SE_GIVEN_MEMORY;
}

enum se_given
se_prompt_password(const struct se_prompts *prompts, struct se_secret **password)
{
	const sasl_interact_t *answer = find_answer(prompts, SASL_CB_PASS);
	sasl_secret_t *secret = NULL; /* stays the host's */
	void (*proc)(void) = NULL;
	void *context;

	*password = NULL;
	if (answer != NULL) {
		return answer->result == NULL
			       ? SE_GIVEN_NONE
			       : take_password(answer->result, answer->len, password);
	}
	switch (find_callback(prompts, SASL_CB_PASS, &proc, &context)) {
	case SASL_OK:
		break;
	case SASL_INTERACT:
		return SE_GIVEN_ASK;
	default:
		return SE_GIVEN_NONE;
	}
	if (((sasl_getsecret_t *)proc)(prompts->utils->conn, context, SASL_CB_PASS, &secret) !=
			SASL_OK ||
		secret == NULL)
		return SE_GIVEN_NONE;
	return take_password(secret->data, secret->len, password);
}

bool
se_prompt_ask(struct se_prompts *prompts, sasl_interact_t **need, unsigned long id)
{
	sasl_interact_t *list;

	if (need == NULL)
		return false;
	se_prompt_forget(prompts, need);
	list = prompts->utils->malloc(2 * sizeof(*list));
	if (list == NULL)
		return false;
	memset(list, 0, 2 * sizeof(*list));
	list[0].id = id;
	list[0].challenge = id == SASL_CB_PASS ? "Password" : "Authentication Name";
	list[0].prompt = id == SASL_CB_PASS ? "Access token" : "Login name";
	list[1].id = SASL_CB_LIST_END;
	prompts->asked = list;
	*need = list;
	return true;
}

void
se_prompt_forget(struct se_prompts *prompts, sasl_interact_t **need)
{
	if (prompts->asked == NULL)
		return;
	if (need != NULL && *need == prompts->asked)
		*need = NULL;
	prompts->utils->free(prompts->asked);
	prompts->asked = NULL;
}

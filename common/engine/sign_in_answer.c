#include <string.h>

#include "core/source.h"
#include "engine/answer.h"
#include "engine/sign_in.h"

/* What may be in an answer. Each is held in a buffer, because a code is a secret. */
enum { CODE, STATE, REASON, DESCRIPTION, PART_COUNT };

static const char *const names[PART_COUNT] = {"code", "state", "error", "error_description"};

struct parts {
	struct se_buffer part[PART_COUNT];
	bool seen[PART_COUNT];
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes percent-encoding, as forms have it. False for half an escape and for a NUL. */
static bool
decode(const char *text, size_t len, struct se_buffer *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? hex_value(text[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if (c == '\0' || !se_buffer_add(out, &c, 1))
			return false;
	}
	return true;
}

/* Takes one NAME=VALUE; names that are not known are let pass. */
static bool
take(struct parts *parts, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	int i;

	for (i = 0; i < PART_COUNT; i++) {
		if (strlen(names[i]) != name_len || strncmp(names[i], text, name_len) != 0)
			continue;
		if (parts->seen[i] || equals == NULL)
			return false;
		parts->seen[i] = true;
		return decode(equals + 1, len - name_len - 1, &parts->part[i]);
	}
	return true;
}

static bool
take_all(struct parts *parts, const char *text, size_t len)
{
	const char *query = memchr(text, '?', len), *end, *stop;

	if (query != NULL) {
		len -= (size_t)(query + 1 - text);
		text = query + 1;
	}
	stop = memchr(text, '#', len);
	if (stop == NULL)
		stop = text + len;
	for (; text < stop; text = end + 1) {
		end = memchr(text, '&', (size_t)(stop - text));
		if (end == NULL)
			end = stop;
		if (!take(parts, text, (size_t)(end - text)))
			return false;
	}
	return true;
}

/* Every byte is looked at, wherever the first difference is. */
static bool
is_ours(const struct se_sign_in *sign_in, const struct se_buffer *state)
{
	size_t len = strlen(sign_in->state), i;
	unsigned char difference = 0;

	if (len == 0 || state->len != len)
		return false;
	for (i = 0; i < len; i++)
		difference |= (unsigned char)(state->data[i] ^ sign_in->state[i]);
	return difference == 0;
}

static enum se_code
foreign(const char *what, struct se_error *error)
{
	return se_error_set(error, SE_ABSENT, "this is no answer to the sign-in: %s", what);
}

static enum se_code
judge(const struct se_sign_in *sign_in, const struct parts *parts, struct se_secret **code,
	struct se_error *error)
{
	const struct se_buffer *text = &parts->part[CODE];

	if (!parts->seen[CODE] && !parts->seen[REASON])
		return foreign("it has neither a code nor an error in it", error);
	if (!parts->seen[STATE])
		return foreign("it has no state in it", error);
	if (!is_ours(sign_in, &parts->part[STATE]))
		return foreign("it belongs to another sign-in, as its state says; go to the "
			       "address shown last",
			error);
	if (parts->seen[REASON])
		return se_answer_explain(sign_in->account, sign_in->login,
			se_buffer_text(&parts->part[REASON]),
			se_buffer_text(&parts->part[DESCRIPTION]), error);
	if (text->len == 0)
		return foreign("its code is empty", error);
	*code = se_secret_new(text->data, text->len);
	return *code != NULL ? SE_OK : se_error_memory(error);
}

enum se_code
se_sign_in_answer(const struct se_sign_in *sign_in, const char *text, size_t len,
	struct se_secret **code, struct se_error *error)
{
	struct parts parts = {.seen = {false}};
	enum se_code result;
	int i;

	*code = NULL;
	for (i = 0; i < PART_COUNT; i++)
		se_buffer_init(&parts.part[i], SE_SIGN_IN_ANSWER_MAX);
	if (len > SE_SIGN_IN_ANSWER_MAX)
		result = foreign("it is too long", error);
	else if (!take_all(&parts, text, len))
		result = foreign("it is not well formed", error);
	else
		result = judge(sign_in, &parts, code, error);
	for (i = 0; i < PART_COUNT; i++)
		se_buffer_free(&parts.part[i]);
	return result;
}

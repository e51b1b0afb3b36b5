#include <stdbool.h>
#include <string.h>

#include "core/error.h"

#include "sasl_error.h"

enum {
	CHALLENGE_MAX = 4096, /* bytes of a challenge that are looked at */
	VALUE_MAX = 96,       /* bytes of one of its values that are shown, with the NUL */
	WORD_MAX = 63         /* of one of the value's words */
};

int
se_sasl_code(enum se_code code)
{
	switch (code) {
	case SE_OK:
		return SASL_OK;
	case SE_AGAIN:
	case SE_ABSENT:
		return SASL_UNAVAIL;
	case SE_SIGN_IN:
		return SASL_EXPIRED;
	case SE_ADMIN:
		return SASL_BADAUTH;
	case SE_CONFIG:
	case SE_INTERNAL:
		return SASL_FAIL;
	case SE_NO_ACCOUNT:
		return SASL_NOUSER;
	case SE_DENIED:
		return SASL_NOAUTHZ;
	case SE_MEMORY:
		return SASL_NOMEM;
	}
	return SASL_FAIL;
}

int
se_sasl_refuse(const sasl_utils_t *utils, int code, const char *text)
{
	utils->seterror(utils->conn, 0, "%s", text);
	return code;
}

int
se_sasl_fail(const sasl_utils_t *utils, const struct se_error *error)
{
	const char *text = error->text;

	if (text[0] == '\0')
		text = error->code == SE_MEMORY ? "out of memory" : se_code_name(error->code);
	return se_sasl_refuse(utils, se_sasl_code(error->code), text);
}

/* A position in a challenge. The server wrote it, so everything is looked at with care, but
 * nothing depends on it: what cannot be read is not shown. */
struct scan {
	const char *at;
	const char *end;
};

static void
skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4) != NULL)
		scan->at++;
}

/* Copies a string (`at` is behind its opening quote) or a bare word; what does not fit is left
 * out, and what is not plain ASCII becomes '?'. Nothing is shown of one with a word as long as a
 * token has: a server may repeat what it was sent. */
static void
read_value(struct scan *scan, const char *stop, char *out, size_t size)
{
	size_t used = 0, word = 0;
	bool long_word = false;

	while (scan->at < scan->end && strchr(stop, *scan->at) == NULL) {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			scan->at++;
		word = *scan->at == ' ' ? 0 : word + 1;
		long_word = long_word || word > WORD_MAX;
		if (used + 1 < size)
			out[used++] = *scan->at >= ' ' && *scan->at <= '~' ? *scan->at : '?';
		scan->at++;
	}
	out[used] = '\0';
	if (long_word)
		memcpy(out, "...", sizeof("..."));
	if (scan->at < scan->end && *scan->at == '"')
		scan->at++;
}

/* The value of a key of the outermost object, or "". */
static void
find_value(const char *json, size_t len, const char *key, char value[VALUE_MAX])
{
	struct scan scan = {json, json + (len < CHALLENGE_MAX ? len : CHALLENGE_MAX)};
	char name[VALUE_MAX];
	int depth = 0;

	while (scan.at < scan.end) {
		char c = *scan.at++;

		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if (c != '"')
			continue;
		read_value(&scan, "\"", name, sizeof(name));
		skip_blanks(&scan);
		if (depth != 1 || scan.at == scan.end || *scan.at != ':' || strcmp(name, key) != 0)
			continue;
		scan.at++;
		skip_blanks(&scan);
		if (scan.at < scan.end && *scan.at == '"') {
			scan.at++;
			read_value(&scan, "\"", value, VALUE_MAX);
		} else {
			read_value(&scan, ",}] \t\r\n", value, VALUE_MAX);
		}
		return;
	}
	value[0] = '\0';
}

void
se_sasl_log_challenge(const sasl_utils_t *utils, const char *login, const char *fingerprint,
	const char *challenge, size_t len)
{
	char status[VALUE_MAX], scope[VALUE_MAX];
	struct se_error line; /* what the host or the server wrote becomes printable in it */

	find_value(challenge, len, "status", status);
	find_value(challenge, len, "scope", scope);
	(void)se_error_set(&line, SE_OK,
		"%s: the server refused the access token %s (status \"%s\", scope \"%s\")%s", login,
		fingerprint[0] != '\0' ? fingerprint : "that came as password", status, scope,
		fingerprint[0] != '\0' ? "; the next login asks for a new one" : "");
	utils->log(utils->conn, SASL_LOG_FAIL, "%s", line.text);
}

/*
 * Whether a password is an access token, told by its shape alone: nothing here trusts or checks
 * a token.
 */
#include <string.h>

#include "core/message.h"

enum {
	SHORTEST = 100,   /* bytes; no access token is shorter, hardly a password is longer */
	HEADER_MAX = 4096 /* decoded bytes of a JWS header; real ones have some 100 */
};

/* The value of a base64url digit, -1 for any other byte. No ctype: it obeys the locale. */
static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Decodes unpadded base64url that is known to hold its digits only. Returns the bytes written,
 * 0 when they do not fit or the length is impossible. */
static size_t
decode(const char *text, size_t len, char *out, size_t size)
{
	unsigned bits = 0;
	unsigned held = 0;
	size_t done = 0;

	if (len % 4 == 1 || len / 4 * 3 + 2 > size)
		return 0;
	for (size_t i = 0; i < len; i++) {
		bits = (bits << 6 | (unsigned)digit(text[i])) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[done++] = (char)(unsigned char)(bits >> held & 0xff);
		}
	}
	return done;
}

/* --- just enough JSON to find a key of an object; `at` moves on over what was read -------- */

struct scan {
	const char *at;
	const char *end;
};

static void
skip_space(struct scan *scan)
{
	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4) != NULL)
		scan->at++;
}

static bool
take(struct scan *scan, char wanted)
{
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != wanted)
		return false;
	scan->at++;
	return true;
}

/* Reads a string and tells where its content lies, escapes as they are. */
static bool
take_string(struct scan *scan, const char **content, size_t *len)
{
	if (!take(scan, '"'))
		return false;
	*content = scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		if ((unsigned char)*scan->at < 0x20)
			return false;
		if (*scan->at == '\\' && ++scan->at == scan->end)
			return false;
		scan->at++;
	}
	*len = (size_t)(scan->at - *content);
	return take(scan, '"');
}

/* An array or object, by counting: deep nesting costs no stack. */
static bool
skip_nested(struct scan *scan)
{
	size_t depth = 0;
	const char *content;
	size_t len;

	while (scan->at < scan->end) {
		char c = *scan->at;

		if (c == '"') {
			if (!take_string(scan, &content, &len))
				return false;
			continue;
		}
		scan->at++;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && --depth == 0)
			return true;
	}
	return false;
}

static bool
skip_value(struct scan *scan)
{
	const char *begin;
	size_t len;

	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	if (*scan->at == '"')
		return take_string(scan, &begin, &len);
	if (*scan->at == '{' || *scan->at == '[')
		return skip_nested(scan);
	begin = scan->at;
	while (scan->at < scan->end &&
		(digit(*scan->at) >= 0 || *scan->at == '+' || *scan->at == '.'))
		scan->at++;
	return scan->at > begin;
}

/* Whether the whole text is one JSON object with a string under the key "alg". */
static bool
names_algorithm(const char *text, size_t len)
{
	struct scan scan = {text, text + len};
	bool found = false;

	if (!take(&scan, '{'))
		return false;
	do {
		const char *key;
		size_t key_len;

		if (!take_string(&scan, &key, &key_len) || !take(&scan, ':'))
			return false;
		skip_space(&scan);
		if (key_len == 3 && memcmp(key, "alg", 3) == 0)
			found = scan.at < scan.end && *scan.at == '"';
		if (!skip_value(&scan))
			return false;
	} while (take(&scan, ','));
	if (!take(&scan, '}'))
		return false;
	skip_space(&scan);
	return found && scan.at == scan.end;
}

/* Three base64url parts, none empty; the first is a header that names its algorithm. */
static bool
is_jws(const char *text, size_t len)
{
	char header[HEADER_MAX];
	size_t dots = 0;
	size_t first = 0;
	size_t part = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '.') {
			if (digit(text[i]) < 0)
				return false;
			part++;
			continue;
		}
		if (part == 0 || ++dots > 2)
			return false;
		if (dots == 1)
			first = part;
		part = 0;
	}
	if (dots != 2 || part == 0)
		return false;
	return names_algorithm(header, decode(text, first, header, sizeof(header)));
}

bool
se_message_can_be_token(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
		if (digit(text[i]) < 0 && memchr(".~+/", text[i], 4) == NULL)
			return false;
	return len > 0;
}

/* A b64token that begins as Google's or Microsoft's opaque ones do. */
static bool
is_opaque(const char *text, size_t len)
{
	return (memcmp(text, "ya29.", 5) == 0 || memcmp(text, "EwA", 3) == 0 ||
		       memcmp(text, "EwB", 3) == 0) &&
	       se_message_can_be_token(text, len);
}

bool
se_message_is_jwt(const char *text, size_t len)
{
	return text != NULL && is_jws(text, len);
}

bool
se_message_is_token(const char *text, size_t len)
{
	return text != NULL && len >= SHORTEST && (is_jws(text, len) || is_opaque(text, len));
}

#include <string.h>

#include "engine/replies_match.h"

enum { BETWEEN_MAX = 300 /* bytes that a '*' stands for */ };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_blank(char c)
{
	return (unsigned char)c <= ' ';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t
digits(struct se_span span)
{
	size_t n = 0;

	while (span.at + n < span.end && is_digit(span.at[n]))
		n++;
	return n;
}

/* --- codes ----------------------------------------------------------------------------------- */

/* Nothing that would make a longer word or number of it. */
static bool
ends(const char *at, const char *end)
{
	if (at == end)
		return true;
	if (*at == '.')
		return at + 1 == end || !is_digit(at[1]);
	return !is_digit(*at) && lower(*at) == *at && !(*at >= 'a' && *at <= 'z') && *at != '_';
}

/* "5.7.139"; its length, or 0. */
static size_t
enhanced_len(struct se_span span)
{
	const char *at = span.at;

	for (int i = 0; i < 3; i++) {
		const size_t n = digits((struct se_span){at, span.end});

		if (n == 0 || n > (i == 0 ? 1 : 3))
			return 0;
		at += n;
		if (i < 2 && (at == span.end || *at++ != '.'))
			return 0;
	}
	return ends(at, span.end) && strchr("245", span.at[0]) != NULL ? (size_t)(at - span.at) : 0;
}

static bool
take_enhanced(struct se_span *span, struct se_reply_code *code)
{
	const size_t len = enhanced_len(*span);

	if (len == 0 || len >= sizeof(code->enhanced))
		return false;
	memcpy(code->enhanced, span->at, len);
	code->enhanced[len] = '\0';
	span->at += len;
	return true;
}

bool
se_reply_code_take(struct se_span *span, struct se_reply_code *code)
{
	struct se_span rest = *span;

	memset(code, 0, sizeof(*code));
	if (take_enhanced(span, code))
		return true;
	if (digits(*span) != 3 || strchr("245", span->at[0]) == NULL ||
		!ends(span->at + 3, span->end))
		return false;
	memcpy(code->basic, span->at, 3);
	span->at += 3;
	rest.at = span->at;
	while (rest.at < rest.end && (is_blank(*rest.at) || *rest.at == '-' || *rest.at == '#'))
		rest.at++;
	if (rest.at > span->at && take_enhanced(&rest, code))
		*span = rest;
	return true;
}

/* Those that RFC 3463 gives to everybody say too little without the first number. */
static bool
is_specific(const char *enhanced)
{
	const char *last = strrchr(enhanced, '.');

	return last != NULL && strlen(last) > 2;
}

static enum se_reply_fit
fit(const struct se_reply_code *code, const struct se_reply_code *known)
{
	const bool basic = strcmp(code->basic, known->basic) == 0;
	const bool enhanced =
		code->enhanced[0] != '\0' && strcmp(code->enhanced, known->enhanced) == 0;

	if (basic && strcmp(code->enhanced, known->enhanced) == 0)
		return SE_FIT_BOTH;
	if (enhanced &&
		(code->basic[0] == '\0' || known->basic[0] == '\0' || is_specific(code->enhanced)))
		return SE_FIT_ENHANCED;
	return basic && code->enhanced[0] == '\0' ? SE_FIT_BASIC : SE_FIT_NONE;
}

enum se_reply_fit
se_reply_code_fits(const struct se_reply_code *code, const char *codes)
{
	enum se_reply_fit best = SE_FIT_NONE;

	while (codes != NULL && *codes != '\0') {
		const size_t len = strcspn(codes, "|");
		struct se_span span = {codes, codes + len};
		struct se_reply_code known;
		enum se_reply_fit this = SE_FIT_NONE;

		if (se_reply_code_take(&span, &known))
			this = fit(code, &known);
		if (this > best)
			best = this;
		codes += len + (codes[len] == '|');
	}
	return best;
}

/* --- words ----------------------------------------------------------------------------------- */

/* Where the piece ends when the text begins with it, or NULL. */
static const char *
begins(struct se_span text, struct se_span piece)
{
	for (; piece.at < piece.end; piece.at++) {
		if (*piece.at == ' ') {
			if (text.at == text.end || !is_blank(*text.at))
				return NULL;
			while (text.at < text.end && is_blank(*text.at))
				text.at++;
		} else if (text.at == text.end || lower(*text.at) != *piece.at) {
			return NULL;
		} else {
			text.at++;
		}
	}
	return text.at;
}

static struct se_span
find_piece(struct se_span text, struct se_span piece)
{
	for (; text.at < text.end; text.at++) {
		const char *end = lower(*text.at) == *piece.at ? begins(text, piece) : NULL;

		if (end != NULL)
			return (struct se_span){text.at, end};
	}
	return (struct se_span){NULL, NULL};
}

/* The piece of words that begins at `at`, up to a '*' or their end. */
static struct se_span
piece_of(const char *at, const char *end)
{
	const char *star = memchr(at, '*', (size_t)(end - at));

	return (struct se_span){at, star != NULL ? star : end};
}

/* The pieces behind the first one, each at most BETWEEN_MAX behind the one before. */
static const char *
find_rest(const char *from, const char *text_end, struct se_span piece, const char *end)
{
	while (piece.end < end) {
		struct se_span room = {from, text_end}, found;

		piece = piece_of(piece.end + 1, end);
		if (room.end - room.at > BETWEEN_MAX)
			room.end = room.at + BETWEEN_MAX;
		found = find_piece(room, piece);
		if (found.at == NULL)
			return NULL;
		from = found.end;
	}
	return from;
}

static struct se_span
find_alternative(struct se_span text, const char *at, const char *end)
{
	const struct se_span first = piece_of(at, end);

	while (text.at < text.end) {
		const struct se_span found = find_piece(text, first);
		const char *found_end;

		if (found.at == NULL)
			break;
		found_end = find_rest(found.end, text.end, first, end);
		if (found_end != NULL)
			return (struct se_span){found.at, found_end};
		text.at = found.at + 1;
	}
	return (struct se_span){NULL, NULL};
}

struct se_span
se_reply_words_find(struct se_span text, const char *words)
{
	struct se_span best = {NULL, NULL};

	while (words != NULL && *words != '\0') {
		const size_t len = strcspn(words, "|");
		const struct se_span found = find_alternative(text, words, words + len);

		if (found.at != NULL && (best.at == NULL || found.at < best.at ||
						(found.at == best.at && found.end > best.end)))
			best = found;
		words += len + (words[len] == '|');
	}
	return best;
}

/*
 * replies_match: whether a code or words of the table of replies stand at a place of a text.
 */
#ifndef SE_ENGINE_REPLIES_MATCH_H
#define SE_ENGINE_REPLIES_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text. */
struct se_span {
	const char *at, *end;
};

/* "535 5.7.139": either may be empty. */
struct se_reply_code {
	char basic[4];
	char enhanced[12];
};

/* Reads the code that begins the span: the rest of it is left there. False when there is none. */
bool se_reply_code_take(struct se_span *span, struct se_reply_code *code);

enum se_reply_fit { SE_FIT_NONE, SE_FIT_BASIC, SE_FIT_ENHANCED, SE_FIT_BOTH };

/* How well the code that was read fits one of the entry's ("535 5.7.3|..."). */
enum se_reply_fit se_reply_code_fits(const struct se_reply_code *code, const char *codes);

/* The first place where one of the alternatives stands; several at one place: the longest. An
 * `at` of NULL: nowhere. */
struct se_span se_reply_words_find(struct se_span text, const char *words);

#endif

/*
 * explain: what a text from a log or a screen is about, of what the tables of the engine know. The
 * text may hold anything, tokens and passwords too: nothing of it is kept or shown but numbers.
 */
#ifndef SE_TOOL_EXPLAIN_H
#define SE_TOOL_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "engine/aadsts.h"
#include "engine/places.h"
#include "engine/reasons.h"
#include "engine/replies.h"

enum { SE_EXPLAINED_MAX = 64, SE_EXPLAIN_TEXT_MAX = 1 << 20 };

/* The words, with blanks between them, or what comes on standard input where there are none or "-"
 * alone: up to SE_EXPLAIN_TEXT_MAX bytes, NULs as blanks. Returns an exit code, after a sentence. */
int se_explain_read(int count, char **words, struct se_buffer *text);

/* One finding: exactly one of the three is there, or none: then the number is an AADSTS number that
 * the table has not got. */
struct se_explained {
	const struct se_aadsts *aadsts;
	const struct se_reason *reason;
	const struct se_reply *reply;
	unsigned number;
	size_t at; /* where in the text */
};

struct se_explanation {
	struct se_explained list[SE_EXPLAINED_MAX];
	size_t count;
	size_t known; /* of them */
};

/* In the order of the text, each once; at most SE_EXPLAINED_MAX. */
void se_explain_find(const char *text, struct se_explanation *explanation);

/* What is said of a finding, whatever it is. Strings are of the tables, or of `buffer`. */
struct se_explained_words {
	char id[40];       /* "AADSTS7000222", "invalid_grant", "smtp-auth-disabled-tenant" */
	const char *shown; /* as it looks; NULL: the id says it */
	enum se_code class;
	char *meaning;     /* a sentence */
	const char *cause; /* or NULL */
	char *todo;        /* as of se_reply */
	const char *waiting;
	const char *who; /* has to act */
};

/* False when memory ran out. Ends with se_explain_words_free(). */
bool se_explain_words(const struct se_explained *explained, const struct se_places *places,
	struct se_explained_words *words);
void se_explain_words_free(struct se_explained_words *words);

/* For a person; at `width` columns (0: lines are not broken). */
void se_explain_text(
	const struct se_explained_words *words, unsigned width, bool colour, struct se_buffer *out);

/* A section of a page, and a JSON object. */
void se_explain_markdown(const struct se_explained_words *words, struct se_buffer *out);
void se_explain_json(const struct se_explained_words *words, struct se_buffer *out);

/* All that the tables hold, as doc/guide/troubleshooting.md and for a person. */
void se_explain_page(struct se_buffer *out);
void se_explain_all_text(unsigned width, bool colour, struct se_buffer *out);
void se_explain_all_json(struct se_buffer *out);

#endif

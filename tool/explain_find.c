#include <stdlib.h>
#include <string.h>

#include "tool/explain.h"

#define DIGITS "0123456789"
#define BETWEEN " \t\r\n,"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

enum { NUMBER_MIN = 5, NUMBER_MAX = 8 /* digits of an AADSTS number */ };

static bool
is_same(const struct se_explained *one, const struct se_explained *other)
{
	return one->aadsts == other->aadsts && one->reason == other->reason &&
	       one->reply == other->reply && one->number == other->number;
}

static void
keep(struct se_explanation *explanation, const struct se_explained *found)
{
	for (size_t i = 0; i < explanation->count; i++)
		if (is_same(&explanation->list[i], found))
			return;
	if (explanation->count == SE_EXPLAINED_MAX)
		return;
	explanation->list[explanation->count++] = *found;
	explanation->known +=
		found->aadsts != NULL || found->reason != NULL || found->reply != NULL;
}

/* --- numbers --------------------------------------------------------------------------------- */

/* Keeps the number that begins at `digits`. Returns how long it is, 0: it is none. */
static size_t
keep_number(struct se_explanation *explanation, const char *text, const char *digits)
{
	const size_t len = strspn(digits, DIGITS);
	struct se_explained found = {.at = (size_t)(digits - text)};

	if (len < NUMBER_MIN || len > NUMBER_MAX || digits[0] == '0')
		return 0;
	found.number = (unsigned)strtoul(digits, NULL, 10);
	found.aadsts = se_aadsts_find(found.number);
	keep(explanation, &found);
	return len;
}

/* "AADSTS7000222" anywhere, and the lookup page's "error?code=7000222". */
static void
find_marked(struct se_explanation *explanation, const char *text, const char *mark)
{
	for (const char *at = text; (at = strcasestr(at, mark)) != NULL;) {
		at += strlen(mark);
		at += keep_number(explanation, text, at);
	}
}

/* "error_codes":[7000222,50020] */
static void
find_listed(struct se_explanation *explanation, const char *text)
{
	static const char name[] = "\"error_codes\"";

	for (const char *at = text; (at = strstr(at, name)) != NULL;) {
		at += strlen(name);
		at += strspn(at, ": \t\r\n[");
		for (size_t len = 1; len > 0; at += strspn(at, ", \t\r\n")) {
			len = keep_number(explanation, text, at);
			at += len;
		}
	}
}

/* A text of nothing but numbers and codes: AADSTS numbers are what they are for. */
static void
find_bare(struct se_explanation *explanation, const char *text)
{
	if (text[strspn(text, DIGITS BETWEEN ".")] != '\0')
		return;
	for (const char *at = text; *at != '\0'; at += strcspn(at, BETWEEN)) {
		at += strspn(at, BETWEEN);
		if (strcspn(at, BETWEEN) == strspn(at, DIGITS))
			(void)keep_number(explanation, text, at);
	}
}

/* --- words ----------------------------------------------------------------------------------- */

static bool
is_of_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The words of OAuth all have a '_'. */
static void
find_reasons(struct se_explanation *explanation, const char *text)
{
	for (const char *at = text; *at != '\0';) {
		const size_t len = strspn(at, LOWER "_");
		struct se_explained found = {.at = (size_t)(at - text)};
		char word[40];

		if (len > 0 && len < sizeof(word) && !is_of_word(at[len]) &&
			(at == text || !is_of_word(at[-1]))) {
			memcpy(word, at, len);
			word[len] = '\0';
			found.reason = se_reason_error(word);
			if (found.reason == NULL)
				found.reason = se_reason_suberror(word);
			if (found.reason != NULL)
				keep(explanation, &found);
		}
		at += len > 0 ? len : 1;
	}
}

static void
find_replies(struct se_explanation *explanation, const char *text)
{
	const bool said = explanation->known > 0;
	struct se_reply_hit hits[SE_EXPLAINED_MAX];
	const size_t count = se_reply_find_all(text, hits, SE_EXPLAINED_MAX);

	for (size_t i = 0; i < count; i++)
		if (!said || !hits[i].reply->elsewhere)
			keep(explanation,
				&(struct se_explained){.reply = hits[i].reply, .at = hits[i].at});
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
by_place(const void *a, const void *b)
{
	const struct se_explained *one = a, *other = b;

	if (one->at != other->at)
		return one->at < other->at ? -1 : 1;
	return 0;
}

void
se_explain_find(const char *text, struct se_explanation *explanation)
{
	memset(explanation, 0, sizeof(*explanation));
	find_marked(explanation, text, "AADSTS");
	find_marked(explanation, text, "error?code=");
	find_listed(explanation, text);
	find_bare(explanation, text);
	/* A number says more than the word that comes with it. */
	if (explanation->known == 0)
		find_reasons(explanation, text);
	find_replies(explanation, text);
	qsort(explanation->list, explanation->count, sizeof(explanation->list[0]), by_place);
}

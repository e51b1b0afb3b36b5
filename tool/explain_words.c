/* explain_words: the same words for a number, a word of OAuth and a reply. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/explain.h"

enum { TEXT_MAX = 16384 };

#define LOOKUP_PAGE "https://login.microsoftonline.com/error?code="

static char *
filled(const char *before, const char *text, const char *after, const struct se_places *places)
{
	struct se_buffer out;
	char *copy;

	se_buffer_init(&out, TEXT_MAX);
	se_buffer_add_text(&out, before);
	se_places_fill(text, places, &out);
	se_buffer_add_text(&out, after);
	copy = out.failed ? NULL : strdup(se_buffer_text(&out));
	se_buffer_free(&out);
	return copy;
}

static const char *waiting_for(enum se_code class)
{
	switch (class) {
	case SE_AGAIN:
		return "Waiting helps: it is tried again by itself.";
	case SE_SIGN_IN:
		return "Waiting does not help: a person has to act.";
	default:
		return "Waiting does not help: somebody has to change something.";
	}
}

static const char *who_acts(enum se_code class)
{
	switch (class) {
	case SE_OK:
	case SE_AGAIN:
		return "nobody, at first";
	case SE_SIGN_IN:
		return "the person whose sign-in it is";
	case SE_ADMIN:
		return "the tenant's administrator";
	default:
		return "whoever runs this machine";
	}
}

static void
of_number(const struct se_explained *explained, const struct se_places *places,
	struct se_explained_words *words)
{
	const struct se_aadsts *aadsts = explained->aadsts;
	char page[100];

	(void)snprintf(words->id, sizeof(words->id), "AADSTS%u", explained->number);
	if (aadsts != NULL) {
		words->class = aadsts->code;
		words->meaning = filled("Entra ", aadsts->what, ".", places);
		words->todo = filled("", aadsts->todo, "", places);
		words->waiting = waiting_for(aadsts->code);
		return;
	}
	(void)snprintf(page, sizeof(page), "Microsoft's own words are at:\n  %s%u", LOOKUP_PAGE,
		explained->number);
	words->class = SE_INTERNAL;
	words->meaning = filled("", "sasl-entra does not know this number.", "", places);
	words->todo = filled("", page, "", places);
	words->waiting = "Whether waiting helps is not known.";
	words->who = "not known";
}

bool
se_explain_words(const struct se_explained *explained, const struct se_places *places,
	struct se_explained_words *words)
{
	const struct se_reason *reason = explained->reason;
	const struct se_reply *reply = explained->reply;

	memset(words, 0, sizeof(*words));
	if (reply != NULL) {
		(void)snprintf(words->id, sizeof(words->id), "%s", reply->id);
		words->shown = reply->shown;
		words->class = reply->class;
		words->meaning = filled("", reply->meaning, "", places);
		words->cause = reply->cause;
		words->todo = filled("", reply->todo, "", places);
		words->waiting = reply->waiting;
	} else if (reason != NULL) {
		(void)snprintf(words->id, sizeof(words->id), "%s", reason->word);
		words->class = reason->code;
		words->meaning = filled("The token endpoint ", reason->what, ".", places);
		words->todo = filled("", reason->todo, "", places);
		words->waiting = waiting_for(reason->code);
	} else {
		of_number(explained, places, words);
	}
	if (words->who == NULL)
		words->who = who_acts(words->class);
	return words->meaning != NULL && words->todo != NULL;
}

void
se_explain_words_free(struct se_explained_words *words)
{
	free(words->meaning);
	free(words->todo);
	memset(words, 0, sizeof(*words));
}

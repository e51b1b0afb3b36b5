/* replies_find: the entries of the table of replies that a text is about. */
#include <stdlib.h>
#include <string.h>

#include "engine/replies.h"
#include "engine/replies_match.h"

enum {
	FOUND_MAX = 256, /* more than there are entries */
	REACH = 600,     /* bytes behind a code that belong to its reply */
	ONLY_CODE_MAX = 24
};

/* A code goes before words, and words beside the code before the code alone. */
enum rank { WORDS_OF_CODE, WORDS, CODE_LOOSE, CODE, CODE_LOOSE_AND_WORDS, CODE_AND_WORDS };

struct found {
	const struct se_reply *reply;
	enum rank rank;
	struct se_span span; /* a code: with what belongs to it */
	size_t words;        /* bytes of them that fit */
};

struct search {
	struct se_span text;
	enum se_reply_from from;
	bool any; /* never mind `from` */
	struct found found[FOUND_MAX];
	size_t count;
};

static const struct se_reply *
next(const struct search *search, size_t *part, size_t *entry)
{
	const struct se_reply_part *list;

	for (; (list = se_reply_part(*part)) != NULL; ++*part, *entry = 0)
		while (*entry < list->count) {
			const struct se_reply *reply = &list->list[(*entry)++];

			if (search->any || reply->from == search->from ||
				reply->from == SE_REPLY_CHALLENGE)
				return reply;
		}
	return NULL;
}

static void
keep(struct search *search, const struct found *found)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->found[i].reply == found->reply)
			return;
	if (search->count < FOUND_MAX)
		search->found[search->count++] = *found;
}

/* --- by code --------------------------------------------------------------------------------- */

/* A code begins here: at no middle of a word, a number, an address or a "dsn=". */
static bool
may_begin(const struct search *search, const char *at)
{
	const char before = at > search->text.at ? at[-1] : ' ';

	return *at >= '2' && *at <= '5' && !(before >= '0' && before <= '9') &&
	       !((before | 0x20) >= 'a' && (before | 0x20) <= 'z') && strchr(".=_", before) == NULL;
}

/* Up to the next reply, at most. */
static const char *
reach_of(const struct search *search, const char *at)
{
	const char *end = search->text.end - at > REACH ? at + REACH : search->text.end;

	for (; at < end; at++) {
		struct se_span span = {at, search->text.end};
		struct se_reply_code code;

		if (may_begin(search, at) && se_reply_code_take(&span, &code) &&
			code.basic[0] != '\0' && code.enhanced[0] != '\0')
			return at;
	}
	return end;
}

static bool
judge(const struct se_reply *reply, const struct se_reply_code *code, struct se_span rest,
	struct found *found)
{
	const enum se_reply_fit fit = se_reply_code_fits(code, reply->code);
	const bool exact = fit == SE_FIT_BOTH;
	struct se_span words;

	if (fit < SE_FIT_ENHANCED)
		return false;
	*found = (struct found){.reply = reply, .rank = exact ? CODE : CODE_LOOSE};
	if (reply->words == NULL)
		return true;
	words = se_reply_words_find(rest, reply->words);
	found->rank = exact ? CODE_AND_WORDS : CODE_LOOSE_AND_WORDS;
	found->words = (size_t)(words.end - words.at);
	return words.at != NULL;
}

/* The best entry for the code at `at`. Returns where to go on. */
static const char *
find_at(struct search *search, const char *at)
{
	struct se_span rest = {at, search->text.end};
	struct found best = {.reply = NULL}, this;
	struct se_reply_code code;
	size_t part = 0, entry = 0;
	const struct se_reply *reply;

	if (!se_reply_code_take(&rest, &code))
		return at + 1;
	rest.end = reach_of(search, rest.at);
	while ((reply = next(search, &part, &entry)) != NULL)
		if (judge(reply, &code, rest, &this) &&
			(best.reply == NULL || this.rank > best.rank ||
				(this.rank == best.rank && this.words > best.words)))
			best = this;
	best.span = (struct se_span){at, rest.end};
	if (best.reply != NULL)
		keep(search, &best);
	return rest.at;
}

static void
find_codes(struct search *search)
{
	const char *at = search->text.at;

	while (at < search->text.end)
		at = may_begin(search, at) ? find_at(search, at) : at + 1;
}

/* --- by words -------------------------------------------------------------------------------- */

static bool
is_in_reply(const struct search *search, const char *at)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->found[i].rank >= CODE_LOOSE && at >= search->found[i].span.at &&
			at < search->found[i].span.end)
			return true;
	return false;
}

static void
find_words(struct search *search)
{
	size_t part = 0, entry = 0;
	const struct se_reply *reply;

	while ((reply = next(search, &part, &entry)) != NULL) {
		struct found this = {.reply = reply};

		this.rank = reply->code != NULL ? WORDS_OF_CODE : WORDS;
		this.span = se_reply_words_find(search->text, reply->words);
		if (this.span.at == NULL ||
			(reply->code != NULL && is_in_reply(search, this.span.at)))
			continue;
		this.words = (size_t)(this.span.end - this.span.at);
		keep(search, &this);
	}
}

/* The words of one entry may be a part of another's. */
static bool
is_part_of_another(const struct search *search, const struct found *found)
{
	if (found->rank > WORDS)
		return false;
	for (size_t i = 0; i < search->count; i++) {
		const struct found *other = &search->found[i];

		if (other != found && other->rank <= WORDS && found->span.at < other->span.end &&
			other->span.at < found->span.end && other->words > found->words &&
			(found->reply->elsewhere || !other->reply->elsewhere))
			return true;
	}
	return false;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* Takes away what another one says better. */
static void
sift(struct search *search)
{
	size_t count = 0;
	bool said = false;
	struct found kept[FOUND_MAX];

	for (size_t i = 0; i < search->count; i++)
		if (!is_part_of_another(search, &search->found[i])) {
			kept[count++] = search->found[i];
			said = said || !search->found[i].reply->elsewhere;
		}
	search->count = 0;
	for (size_t i = 0; i < count; i++)
		if (!said || !kept[i].reply->elsewhere)
			search->found[search->count++] = kept[i];
}

/* Nothing but a code: all entries with it. */
static bool
find_only_code(struct search *search)
{
	struct se_span rest = search->text;
	struct se_reply_code code;
	size_t part = 0, entry = 0;
	const struct se_reply *reply;

	if (rest.end - rest.at > ONLY_CODE_MAX || !se_reply_code_take(&rest, &code) ||
		rest.at != rest.end)
		return false;
	while ((reply = next(search, &part, &entry)) != NULL)
		if (reply->code != NULL && se_reply_code_fits(&code, reply->code) != SE_FIT_NONE)
			keep(search, &(struct found){.reply = reply, .span = search->text});
	return true;
}

static void
begin(struct search *search, const char *text)
{
	search->text = (struct se_span){text, text + strlen(text)};
	search->count = 0;
	while (search->text.at < search->text.end && (unsigned char)*search->text.at <= ' ')
		search->text.at++;
	while (search->text.at < search->text.end && (unsigned char)search->text.end[-1] <= ' ')
		search->text.end--;
}

static int
by_place(const void *a, const void *b)
{
	const struct found *one = a, *other = b;

	return one->span.at < other->span.at ? -1 : one->span.at > other->span.at;
}

size_t
se_reply_find_all(const char *text, struct se_reply_hit *hits, size_t max)
{
	struct search search = {.any = true};
	size_t count;

	begin(&search, text);
	if (!find_only_code(&search)) {
		find_codes(&search);
		find_words(&search);
		sift(&search);
		qsort(search.found, search.count, sizeof(search.found[0]), by_place);
	}
	count = search.count < max ? search.count : max;
	for (size_t i = 0; i < count; i++) {
		hits[i].reply = search.found[i].reply;
		hits[i].at = (size_t)(search.found[i].span.at - text);
	}
	return count;
}

/* A server knows more than a program that makes something of its reply. */
static bool
is_better(const struct found *one, const struct found *other)
{
	const bool program = one->reply->from == SE_REPLY_PROGRAM;

	if (program != (other->reply->from == SE_REPLY_PROGRAM))
		return !program;
	return one->rank > other->rank || (one->rank == other->rank && one->words > other->words);
}

static const struct se_reply *
best_of(struct search *search, const char *line)
{
	const struct found *best = NULL;

	begin(search, line);
	find_codes(search);
	find_words(search);
	sift(search);
	for (size_t i = 0; i < search->count; i++)
		if (best == NULL || is_better(&search->found[i], best))
			best = &search->found[i];
	return best != NULL ? best->reply : NULL;
}

const struct se_reply *
se_reply_find(enum se_reply_from from, const char *line)
{
	struct search search = {.from = from};

	return best_of(&search, line);
}

const struct se_reply *
se_reply_find_any(const char *line)
{
	struct search search = {.any = true};

	return best_of(&search, line);
}

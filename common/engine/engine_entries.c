/* engine_entries: token keys by name, and by when something is to be done for them. Neither takes
 * longer with many of them. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"

enum { BUCKETS_FIRST = 64, RECHECK_MS = 600000 };

/* --- by name ------------------------------------------------------------------------------------ */

/* The name is a digest in hex: any part of it is as good as a hash. */
static size_t
bucket_of(const struct se_engine *engine, const char *name)
{
	size_t value = 0;
	int i;

	for (i = 0; i < 8 && name[i] != '\0'; i++)
		value = value * 31 + (unsigned char)name[i];
	return value & (engine->bucket_count - 1);
}

struct se_entry *
se_entry_find(const struct se_engine *engine, const char *name)
{
	struct se_entry *entry =
		engine->bucket_count > 0 ? engine->buckets[bucket_of(engine, name)] : NULL;

	while (entry != NULL && strcmp(entry->acquisition.key.name, name) != 0)
		entry = entry->chain;
	return entry;
}

static void
chain(struct se_engine *engine, struct se_entry *entry)
{
	struct se_entry **bucket = &engine->buckets[bucket_of(engine, entry->acquisition.key.name)];

	entry->chain = *bucket;
	*bucket = entry;
}

static void
unchain(struct se_engine *engine, struct se_entry *entry)
{
	struct se_entry **at = &engine->buckets[bucket_of(engine, entry->acquisition.key.name)];

	while (*at != entry)
		at = &(*at)->chain;
	*at = entry->chain;
}

/* Room for one more in buckets and heap, so that nothing can fail later. */
static bool
make_room(struct se_engine *engine)
{
	size_t buckets = engine->bucket_count > 0 ? engine->bucket_count : BUCKETS_FIRST;
	struct se_entry **table, *entry;

	if (engine->entry_count + 2 > engine->heap_size) {
		table = realloc(engine->heap,
			(engine->heap_size * 2 + BUCKETS_FIRST) * sizeof(struct se_entry *));
		if (table == NULL)
			return false;
		engine->heap = table;
		engine->heap_size = engine->heap_size * 2 + BUCKETS_FIRST;
	}
	while (buckets < engine->entry_count + 1)
		buckets *= 2;
	if (buckets == engine->bucket_count)
		return true;
	table = calloc(buckets, sizeof(struct se_entry *));
	if (table == NULL)
		return false;
	free(engine->buckets);
	engine->buckets = table;
	engine->bucket_count = buckets;
	for (entry = engine->entries; entry != NULL; entry = entry->next)
		chain(engine, entry);
	return true;
}

struct se_entry *
se_entry_add(struct se_engine *engine, struct se_token_key *key)
{
	struct se_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL || !make_room(engine)) {
		free(entry);
		return NULL;
	}
	se_acquire_init(&entry->acquisition, &engine->shared, key);
	entry->engine = engine;
	entry->due = INT64_MAX;
	entry->used = se_engine_monotonic(engine);
	entry->next = engine->entries;
	entry->from = &engine->entries;
	if (entry->next != NULL)
		entry->next->from = &entry->next;
	engine->entries = entry;
	engine->entry_count++;
	chain(engine, entry);
	return entry;
}

/* --- by time ------------------------------------------------------------------------------------ */

static void
put(struct se_engine *engine, size_t place, struct se_entry *entry)
{
	engine->heap[place] = entry;
	entry->place = place;
}

static void
sift(struct se_engine *engine, struct se_entry *entry)
{
	struct se_entry **heap = engine->heap;
	size_t place = entry->place, child;

	while (place > 1 && heap[place / 2]->due > entry->due) {
		put(engine, place, heap[place / 2]);
		place /= 2;
	}
	while ((child = place * 2) <= engine->heap_count) {
		if (child < engine->heap_count && heap[child + 1]->due < heap[child]->due)
			child++;
		if (heap[child]->due >= entry->due)
			break;
		put(engine, place, heap[child]);
		place = child;
	}
	put(engine, place, entry);
}

static void
take_out(struct se_engine *engine, struct se_entry *entry)
{
	struct se_entry *last = engine->heap[engine->heap_count];
	size_t place = entry->place;

	if (place == 0)
		return;
	entry->place = 0;
	engine->heap_count--;
	if (last == entry)
		return;
	put(engine, place, last);
	sift(engine, last);
}

static int64_t
due_of(const struct se_entry *entry)
{
	const struct se_ask *ask;
	int64_t due = se_acquire_due(&entry->acquisition), ahead, latest;

	if (entry->acquisition.phase == SE_PHASE_IDLE) {
		/* Looked at now and then all the same: the wall clock may have been set. */
		ahead = se_ahead_due(entry);
		latest = se_engine_monotonic(entry->engine) + RECHECK_MS;
		if (ahead != INT64_MAX && ahead > latest)
			ahead = latest;
		due = ahead < due ? ahead : due;
	}
	for (ask = entry->asks; ask != NULL; ask = ask->next)
		if (ask->deadline < due)
			due = ask->deadline;
	return due;
}

void
se_entry_touch(struct se_entry *entry)
{
	struct se_engine *engine = entry->engine;

	entry->due = due_of(entry);
	if (entry->due == INT64_MAX) {
		take_out(engine, entry);
		return;
	}
	if (entry->place == 0)
		entry->place = ++engine->heap_count;
	sift(engine, entry);
}

void
se_entry_due_changed(struct se_acquisition *acquisition)
{
	se_entry_touch((struct se_entry *)acquisition);
}

struct se_entry *
se_entry_first(const struct se_engine *engine)
{
	return engine->heap_count > 0 ? engine->heap[1] : NULL;
}

void
se_entry_drop(struct se_entry *entry)
{
	struct se_engine *engine = entry->engine;

	take_out(engine, entry);
	unchain(engine, entry);
	*entry->from = entry->next;
	if (entry->next != NULL)
		entry->next->from = entry->from;
	engine->entry_count--;
	if (entry->ahead)
		engine->ahead--;
	se_acquire_end(&entry->acquisition);
	free(entry);
}

/*
 * journal: files that are about to change are kept first, so that all of it can be undone: also
 * after a crash between any two steps. It is a directory, mode 0700, with a copy of each file (its
 * owner, mode, ACL and time kept) and journal.json, which says whose copies they are.
 */
#ifndef SE_TOOL_JOURNAL_H
#define SE_TOOL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct se_journal;

enum se_journal_state {
	SE_JOURNAL_NONE,
	SE_JOURNAL_BEGUN, /* and not finished: what it was about, or an undo, was interrupted */
	SE_JOURNAL_FINISHED
};

/* Opens the journal there, or NULL with `error`; *state is what has been found. */
struct se_journal *
se_journal_open(const char *directory, enum se_journal_state *state, struct se_error *error);
void se_journal_close(struct se_journal *journal);

/* From here on it is this time's: of a second time, what the first one has changed is kept again. That is
 * on the disk before anything is kept. */
enum se_code se_journal_begin(struct se_journal *journal, struct se_error *error);

/* Keeps what is at `path` now, if only that nothing is. To be called before it is changed. `loose`:
 * others change it, too, and that shall not stop an undo. */
enum se_code
se_journal_keep(struct se_journal *journal, const char *path, bool loose, struct se_error *error);

/* The same for the state file of a sign-in, under its lock. *signed_in, of the one that is about to be
 * written, tells it later from what others write there; where this time has kept it already it becomes
 * that one's. */
enum se_code se_journal_keep_sign_in(
	struct se_journal *journal, const char *path, int64_t *signed_in, struct se_error *error);

/* A word for whoever undoes it. */
enum se_code se_journal_note(
	struct se_journal *journal, const char *name, const char *text, struct se_error *error);
const char *se_journal_noted(const struct se_journal *journal, const char *name);

/* All is done; and how the files look now that this time has changed. */
enum se_code se_journal_finish(struct se_journal *journal, struct se_error *error);

size_t se_journal_count(const struct se_journal *journal);
/* Where this time's begin: all of them are undone together. */
size_t se_journal_start(const struct se_journal *journal);
/* The path of the i-th, from 0 on. */
const char *se_journal_path(const struct se_journal *journal, size_t i);

/* SE_CONFIG when a file is not what it was when the time that changed it was finished: today, or when a
 * later time kept it. */
enum se_code se_journal_check(const struct se_journal *journal, struct se_error *error);

/* From here on it is all this time's, so that an undo of several times that is interrupted goes on where
 * it was: se_journal_check() would take what has been put back already for changed. */
enum se_code se_journal_begin_undo(struct se_journal *journal, struct se_error *error);

/* What was at a sign-in's state file before `signed_in` was written there. */
struct se_journal_sign_in {
	const char *path;
	int64_t signed_in;
	bool exists;   /* else nothing was there */
	int directory; /* of the copy */
	char copy[24];
	bool last; /* of those of this path, where it was kept several times */
};

typedef enum se_code se_journal_put_sign_in(
	void *context, const struct se_journal_sign_in *kept, struct se_error *error);

/* Puts back what this time has changed, the last first; a sign-in by `put`, which may leave it. Then the
 * journal is as it was before this time: finished, or gone where nothing is left. May be called again after an
 * error. */
enum se_code se_journal_undo(struct se_journal *journal, se_journal_put_sign_in *put, void *context,
	struct se_error *error);

#endif

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
	SE_JOURNAL_BEGUN, /* and not finished: what it was about was interrupted */
	SE_JOURNAL_FINISHED
};

/* Opens the journal there, or NULL with `error`; *state is what has been found. */
struct se_journal *
se_journal_open(const char *directory, enum se_journal_state *state, struct se_error *error);
void se_journal_close(struct se_journal *journal);

/* From here on it is this time's: of a second time, what the first one has changed is kept again. */
enum se_code se_journal_begin(struct se_journal *journal, struct se_error *error);

/* Keeps what is at `path` now, if only that nothing is. To be called before it is changed. `loose`:
 * others change it, too, and that shall not stop an undo. */
enum se_code
se_journal_keep(struct se_journal *journal, const char *path, bool loose, struct se_error *error);

/* A word for whoever undoes it. */
enum se_code se_journal_note(
	struct se_journal *journal, const char *name, const char *text, struct se_error *error);
const char *se_journal_noted(const struct se_journal *journal, const char *name);

/* All is done; and how the files look now. */
enum se_code se_journal_finish(struct se_journal *journal, struct se_error *error);

size_t se_journal_count(const struct se_journal *journal);
/* The path of the i-th, from 0 on. */
const char *se_journal_path(const struct se_journal *journal, size_t i);

/* SE_CONFIG when a file is not what it was when the journal was finished. */
enum se_code se_journal_check(const struct se_journal *journal, struct se_error *error);

/* Puts everything back, the last first, and removes the journal; or only what this time has changed.
 * May be called again after an error. */
enum se_code se_journal_undo(struct se_journal *journal, bool all, struct se_error *error);

#endif

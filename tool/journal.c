#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "engine/json.h"

#include "tool/import_file.h"
#include "tool/install_file.h"
#include "tool/journal.h"
#include "tool/journal_copy.h"

#define FILE_NAME "journal.json"

enum { ENTRIES_MAX = 2000, TEXT_MAX = 4 << 20 };

struct se_journal {
	char path[PATH_MAX];
	int directory;
	int64_t start; /* the first of this time's; on the disk, too: an undo after a crash begins there */
	int64_t count;
	int64_t left; /* to be put back; the rest up to `count` has been */
	struct se_json *json;
};

void
se_journal_close(struct se_journal *journal)
{
	if (journal == NULL)
		return;
	if (journal->directory >= 0)
		(void)close(journal->directory);
	if (journal->count == 0)
		(void)rmdir(journal->path); /* unless somebody keeps something there */
	se_json_free(journal->json);
	free(journal);
}

static enum se_code
write_json(struct se_journal *journal, struct se_error *error)
{
	const struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0600};
	struct se_buffer text;
	enum se_code code;

	se_buffer_init(&text, TEXT_MAX);
	if (!se_json_set_integer(journal->json, "count", journal->count) ||
		!se_json_set_integer(journal->json, "start", journal->start) ||
		!se_json_set_integer(journal->json, "left", journal->left) ||
		!se_json_write(journal->json, &text))
		code = se_error_memory(error);
	else
		code = se_install_file(
			journal->directory, FILE_NAME, &look, text.data, text.len, error);
	se_buffer_free(&text);
	return code;
}

/* Mode 0700, ours, no link: whoever else could write there could have anything put anywhere. */
static enum se_code
open_directory(struct se_journal *journal, struct se_error *error)
{
	struct stat found;

	if (mkdir(journal->path, 0700) != 0 && errno != EEXIST)
		return se_error_set(error, se_code_of_errno(errno), "%s cannot be made: %s",
			journal->path, strerror(errno));
	journal->directory = open(journal->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (journal->directory < 0)
		return se_error_set(error, se_code_of_errno(errno), "%s cannot be opened: %s",
			journal->path, strerror(errno));
	if (fstat(journal->directory, &found) != 0 || found.st_uid != geteuid() ||
		(found.st_mode & 077) != 0)
		return se_error_set(error, SE_CONFIG,
			"%s is not a directory of ours alone (mode 0700); remove it",
			journal->path);
	return SE_OK;
}

/* Whether a file there is a copy that the list does not name, or what a crash left of a write. */
static bool
is_nobodys(const char *name, const void *context)
{
	const struct se_journal *journal = context;

	if (strcmp(name, SE_INSTALL_TEMPORARY) == 0)
		return true;
	return name[0] != '\0' && strspn(name, "0123456789") == strlen(name) &&
	       strtoll(name, NULL, 10) >= journal->count;
}

/* There are secrets in them. All that is there is looked at: where there was no file, there is no copy. */
static void
remove_copies(const struct se_journal *journal)
{
	se_copy_remove_those(journal->directory, is_nobodys, journal);
}

static bool
read_counts(struct se_journal *journal)
{
	if (!se_json_integer(journal->json, "count", &journal->count) || journal->count < 0 ||
		journal->count > ENTRIES_MAX)
		return false;
	journal->left = journal->count;
	(void)se_json_integer(journal->json, "start", &journal->start);
	(void)se_json_integer(journal->json, "left", &journal->left);
	return journal->start >= 0 && journal->start <= journal->left &&
	       journal->left <= journal->count;
}

static enum se_code
read_json(struct se_journal *journal, enum se_journal_state *state, struct se_error *error)
{
	struct se_buffer text;
	struct stat found;
	char path[PATH_MAX + sizeof(FILE_NAME)];
	int64_t finished = 0;
	enum se_code code;

	(void)snprintf(path, sizeof(path), "%s/" FILE_NAME, journal->path);
	se_buffer_init(&text, TEXT_MAX);
	code = se_import_bytes(path, &text, &found, error);
	if (code == SE_ABSENT) {
		journal->json = se_json_new();
		*state = SE_JOURNAL_NONE;
		remove_copies(journal);
		code = journal->json != NULL ? SE_OK : se_error_memory(error);
	} else if (code == SE_OK) {
		code = se_import_json(path, &text, &journal->json, NULL, error);
		if (code == SE_OK && !read_counts(journal)) {
			journal->count = ENTRIES_MAX; /* what is there stays */
			code = se_error_set(error, SE_CONFIG, "%s is damaged", path);
		}
		(void)se_json_integer(journal->json, "finished", &finished);
		*state = finished != 0 ? SE_JOURNAL_FINISHED : SE_JOURNAL_BEGUN;
	}
	se_buffer_free(&text);
	return code;
}

struct se_journal *
se_journal_open(const char *directory, enum se_journal_state *state, struct se_error *error)
{
	struct se_journal *journal = calloc(1, sizeof(*journal));

	*state = SE_JOURNAL_NONE;
	if (journal == NULL) {
		(void)se_error_memory(error);
		return NULL;
	}
	journal->directory = -1;
	(void)snprintf(journal->path, sizeof(journal->path), "%s", directory);
	if (open_directory(journal, error) == SE_OK && read_json(journal, state, error) == SE_OK)
		return journal;
	se_journal_close(journal);
	return NULL;
}

enum se_code
se_journal_begin(struct se_journal *journal, struct se_error *error)
{
	journal->start = journal->count;
	if (!se_json_set_integer(journal->json, "finished", 0))
		return se_error_memory(error);
	return write_json(journal, error);
}

static const struct se_json *
entry(const struct se_journal *journal, int64_t i)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "%ld", (long)i);
	return se_json_object(journal->json, name);
}

/* An entry that is not in the list yet; NULL when memory ran out. */
static struct se_json *
new_entry(const char *path, bool exists, bool loose)
{
	struct se_json *made = se_json_new();

	if (made != NULL && se_json_set_string(made, "path", path) &&
		se_json_set_integer(made, "exists", exists) &&
		se_json_set_integer(made, "loose", loose))
		return made;
	se_json_free(made);
	return NULL;
}

/* Takes `made`. */
static enum se_code
add(struct se_journal *journal, struct se_json *made, struct se_error *error)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "%ld", (long)journal->count);
	if (made == NULL || !se_json_set_object(journal->json, name, made))
		return se_error_memory(error);
	journal->count++;
	journal->left = journal->count;
	return write_json(journal, error);
}

/* Where it is kept this time; -1: it is not. */
static int64_t
find(const struct se_journal *journal, const char *path)
{
	for (int64_t i = journal->start; i < journal->count; i++)
		if (strcmp(se_journal_path(journal, (size_t)i), path) == 0)
			return i;
	return -1;
}

/* Its copy; *exists: there is something to be copied. */
static enum se_code
copy_out(struct se_journal *journal, const char *path, bool *exists, struct se_error *error)
{
	char name[24];
	enum se_code code;

	*exists = false;
	if (journal->count >= ENTRIES_MAX)
		return se_error_set(error, SE_CONFIG, "%s: too many files", journal->path);
	(void)snprintf(name, sizeof(name), "%ld", (long)journal->count);
	code = se_copy_out(path, journal->directory, name, error);
	*exists = code == SE_OK;
	return code == SE_ABSENT ? SE_OK : code;
}

enum se_code
se_journal_keep(struct se_journal *journal, const char *path, bool loose, struct se_error *error)
{
	bool exists;
	enum se_code code;

	if (find(journal, path) >= 0)
		return SE_OK;
	code = copy_out(journal, path, &exists, error);
	return code == SE_OK ? add(journal, new_entry(path, exists, loose), error) : code;
}

enum se_code
se_journal_keep_sign_in(
	struct se_journal *journal, const char *path, int64_t *signed_in, struct se_error *error)
{
	const int64_t i = find(journal, path);
	struct se_json *made;
	bool exists;
	enum se_code code;

	if (i >= 0) {
		(void)se_json_integer(entry(journal, i), "signed_in", signed_in);
		return SE_OK;
	}
	code = copy_out(journal, path, &exists, error);
	if (code != SE_OK)
		return code;
	made = new_entry(path, exists, true);
	if (made != NULL && !se_json_set_integer(made, "signed_in", *signed_in)) {
		se_json_free(made);
		made = NULL;
	}
	return add(journal, made, error);
}

enum se_code
se_journal_note(
	struct se_journal *journal, const char *name, const char *text, struct se_error *error)
{
	if (!se_json_set_string(journal->json, name, text))
		return se_error_memory(error);
	return write_json(journal, error);
}

const char *
se_journal_noted(const struct se_journal *journal, const char *name)
{
	return se_json_string(journal->json, name);
}

size_t
se_journal_count(const struct se_journal *journal)
{
	return (size_t)journal->count;
}

const char *
se_journal_path(const struct se_journal *journal, size_t i)
{
	const struct se_json *here = entry(journal, (int64_t)i);
	const char *path = here != NULL ? se_json_string(here, "path") : NULL;

	return path != NULL ? path : "";
}

/* Of what has been put back it is the same as before. "" where there is nothing. */
static void
describe(int directory, const char *name, char text[64])
{
	struct stat found;

	text[0] = '\0';
	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0)
		(void)snprintf(text, 64, "%lld.%lld", (long long)found.st_size,
			(long long)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec);
}

static enum se_code
write_finished(struct se_journal *journal, struct se_error *error)
{
	if (!se_json_set_integer(journal->json, "finished", 1))
		return se_error_memory(error);
	return write_json(journal, error);
}

/* Only what this time has changed: what was changed by somebody else since an earlier time stays that. */
enum se_code
se_journal_finish(struct se_journal *journal, struct se_error *error)
{
	char name[40], text[64];

	for (int64_t i = journal->start; i < journal->count; i++) {
		describe(AT_FDCWD, se_journal_path(journal, (size_t)i), text);
		(void)snprintf(name, sizeof(name), "after %ld", (long)i);
		if (!se_json_set_string(journal->json, name, text))
			return se_error_memory(error);
	}
	return write_finished(journal, error);
}

/* How the file was when a later time kept it: its copy has the size and the time. False: none did. */
static bool
describe_next(const struct se_journal *journal, int64_t i, char text[64])
{
	const char *path = se_journal_path(journal, (size_t)i);
	char name[24];

	for (int64_t next = i + 1; next < journal->count; next++) {
		if (strcmp(se_journal_path(journal, (size_t)next), path) != 0)
			continue;
		(void)snprintf(name, sizeof(name), "%ld", (long)next);
		describe(journal->directory, name, text);
		return true;
	}
	return false;
}

static enum se_code
check_entry(const struct se_journal *journal, int64_t i, struct se_error *error)
{
	const char *path = se_journal_path(journal, (size_t)i), *then;
	char name[40], text[64];
	int64_t loose = 0;
	bool between;

	(void)snprintf(name, sizeof(name), "after %ld", (long)i);
	then = se_json_string(journal->json, name);
	(void)se_json_integer(entry(journal, i), "loose", &loose);
	if (then == NULL || loose != 0)
		return SE_OK;
	between = describe_next(journal, i, text);
	if (!between)
		describe(AT_FDCWD, path, text);
	if (strcmp(then, text) == 0)
		return SE_OK;
	return se_error_set(error, SE_CONFIG,
		"%s has been changed %s; nothing is put back. Keep a copy of it, and add --replace "
		"to put back what was there before",
		path, between ? "between two imports" : "since the import");
}

enum se_code
se_journal_check(const struct se_journal *journal, struct se_error *error)
{
	enum se_code code = SE_OK;

	for (int64_t i = 0; code == SE_OK && i < journal->count; i++)
		code = check_entry(journal, i, error);
	return code;
}

struct putting {
	se_journal_put_sign_in *sign_in;
	void *context;
};

static enum se_code
put_back(struct se_journal *journal, int64_t i, const struct putting *putting,
	struct se_error *error)
{
	struct se_journal_sign_in kept = {.path = se_journal_path(journal, (size_t)i)};
	int64_t exists = 0;

	if (kept.path[0] != '/' || !se_json_integer(entry(journal, i), "exists", &exists))
		return se_error_set(error, SE_CONFIG, "%s/" FILE_NAME " is damaged", journal->path);
	(void)snprintf(kept.copy, sizeof(kept.copy), "%ld", (long)i);
	kept.directory = journal->directory;
	kept.exists = exists != 0;
	kept.last = find(journal, kept.path) == i;
	if (se_json_integer(entry(journal, i), "signed_in", &kept.signed_in))
		return putting->sign_in(putting->context, &kept, error);
	return kept.exists ? se_copy_back(journal->directory, kept.copy, kept.path, error)
			   : se_copy_remove(kept.path, error);
}

/* The list goes first: without it the copies are nobody's, and the next one to look removes them. */
static void
remove_all(struct se_journal *journal)
{
	(void)unlinkat(journal->directory, FILE_NAME, 0);
	(void)se_directory_sync(journal->directory);
	remove_copies(journal);
}

size_t
se_journal_start(const struct se_journal *journal)
{
	return (size_t)journal->start;
}

enum se_code
se_journal_begin_undo(struct se_journal *journal, struct se_error *error)
{
	journal->start = 0;
	if (!se_json_set_integer(journal->json, "finished", 0))
		return se_error_memory(error);
	return write_json(journal, error);
}

enum se_code
se_journal_undo(struct se_journal *journal, se_journal_put_sign_in *put, void *context,
	struct se_error *error)
{
	const struct putting putting = {put, context};
	enum se_code code;

	while (journal->left > journal->start) {
		code = put_back(journal, journal->left - 1, &putting, error);
		if (code != SE_OK)
			return code;
		journal->left--;
		/* Where that does not work it is done once more, at worst. */
		(void)write_json(journal, NULL);
	}
	journal->count = journal->start;
	if (journal->count == 0) {
		remove_all(journal);
		return SE_OK;
	}
	code = write_finished(journal, error);
	if (code == SE_OK)
		remove_copies(journal);
	return code;
}

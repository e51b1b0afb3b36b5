#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"
#include "engine/json.h"
#include "engine/store_names.h"
#include "engine/store_parts.h"

#define ENDING ".json"

struct list {
	se_token_key_name *names;
	size_t count, room;
};

static bool
is_state_file(const char *name)
{
	return strlen(name) == SE_TOKEN_KEY_DIGITS + sizeof(ENDING) - 1 &&
	       strspn(name, "0123456789abcdef") == SE_TOKEN_KEY_DIGITS &&
	       strcmp(name + SE_TOKEN_KEY_DIGITS, ENDING) == 0;
}

/* False when memory ran out. */
static bool
add(struct list *list, const char *name)
{
	se_token_key_name *more;

	if (list->count == list->room) {
		list->room = list->room > 0 ? 2 * list->room : 64;
		more = realloc(list->names, list->room * sizeof(*more));
		if (more == NULL)
			return false;
		list->names = more;
	}
	memcpy(list->names[list->count], name, SE_TOKEN_KEY_DIGITS);
	list->names[list->count++][SE_TOKEN_KEY_DIGITS] = '\0';
	return true;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum se_code
cannot_list(const struct se_store *store, int cause, struct se_error *error)
{
	return se_error_set(error, se_code_of_errno(cause), "the directory %s cannot be read: %s",
		store->path, strerror(cause));
}

enum se_code
se_store_names(
	struct se_store *store, se_token_key_name **names, size_t *count, struct se_error *error)
{
	DIR *directory = se_store_entries(store);
	struct list list = {NULL, 0, 0};
	const struct dirent *entry = NULL;
	bool ok = true;
	int cause;

	if (directory == NULL)
		return cannot_list(store, errno, error);
	while (ok && list.count < SE_STORE_NAMES_MAX &&
		(errno = 0, entry = readdir(directory)) != NULL)
		if (is_state_file(entry->d_name))
			ok = add(&list, entry->d_name);
	cause = ok && entry == NULL ? errno : 0;
	(void)closedir(directory);
	if (!ok || cause != 0) {
		free(list.names);
		return ok ? cannot_list(store, cause, error) : se_error_memory(error);
	}
	if (list.count > 0)
		qsort(list.names, list.count, sizeof(*list.names), compare);
	*names = list.names;
	*count = list.count;
	return SE_OK;
}

bool
se_store_identity(struct se_store *store, const char *name, char identity[SE_NAME_MAX + 1])
{
	char file[SE_TOKEN_KEY_DIGITS + sizeof(ENDING)];
	const char *found = NULL;
	struct se_json *json = NULL;
	struct se_buffer text;
	bool fits;

	(void)se_copy(file, sizeof(file), name);
	strcat(file, ENDING);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	if (se_file_read_at(store->directory, file, &text, NULL) == SE_OK)
		json = se_json_parse(se_buffer_text(&text), text.len);
	se_buffer_free(&text);
	if (json != NULL)
		found = se_json_string(se_json_object(json, "key"), "identity");
	fits = found != NULL && se_copy(identity, SE_NAME_MAX + 1, found);
	se_json_free(json);
	return fits;
}

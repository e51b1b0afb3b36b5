#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/store_names.h"
#include "engine/store_parts.h"

#define ENDING ".json"

struct list {
	se_token_key_name *names;
	size_t count, room;
};

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
		if (se_store_is_state_file(entry->d_name))
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
	struct se_json *json;
	const char *found;
	bool fits;

	(void)se_copy(file, sizeof(file), name);
	strcat(file, ENDING); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): it has room */
	if (se_store_get_file(store, file, &json, NULL) != SE_OK)
		return false;
	found = se_json_string(se_json_object(json, "key"), "identity");
	fits = found != NULL && se_copy(identity, SE_NAME_MAX + 1, found);
	se_json_free(json);
	return fits;
}

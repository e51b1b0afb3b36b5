#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "engine/state_json.h"
#include "engine/state_seal.h"
#include "engine/store_parts.h"
#include "engine/store_reseal.h"

static void
file_name(const char *key_name, char name[SE_STATE_FILE_NAME_MAX])
{
	struct se_token_key key = {.app_only = false};

	(void)se_copy(key.name, sizeof(key.name), key_name);
	se_store_file_name(&key, "json", name);
}

enum se_code
se_store_key_of(
	struct se_store *store, const char *name, struct se_token_key *key, struct se_error *error)
{
	char file_of_key[SE_STATE_FILE_NAME_MAX];
	struct se_json *file;
	enum se_code code;

	memset(key, 0, sizeof(*key));
	file_name(name, file_of_key);
	code = se_store_get_file(store, file_of_key, &file, error);
	if (code != SE_OK)
		return code;
	code = se_state_get_key(file, key);
	se_json_free(file);
	if (code == SE_OK && strcmp(key->name, name) == 0)
		return SE_OK;
	se_token_key_free(key);
	return code == SE_MEMORY ? se_error_memory(error)
				 : se_store_damaged(store, file_of_key, error);
}

const char *
se_store_key_id(const struct se_store *store)
{
	const struct se_seal_key *first =
		store->keys != NULL ? se_seal_keys_first(store->keys) : NULL;

	return first != NULL ? first->id : NULL;
}

/* Whether a file sealed with key `id` (NULL: a plain one) is as it would be written now. */
static bool
is_up_to_date(const struct se_store *store, const char *id)
{
	const char *wanted = se_store_key_id(store);

	return id == NULL || wanted == NULL ? id == wanted : strcmp(id, wanted) == 0;
}

static enum se_code
look(struct se_store *store, const char *name, bool *up_to_date, struct se_error *error)
{
	struct se_json *file;
	enum se_code code = se_store_get_file(store, name, &file, error);

	if (code == SE_OK)
		*up_to_date = is_up_to_date(store, se_state_sealed_with(file));
	se_json_free(file);
	return code;
}

enum se_code
se_store_reseal(struct se_store *store, const struct se_token_key *key, bool *changed,
	struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	struct se_state state = {.access_token = NULL};
	struct se_json *json = NULL;
	bool up_to_date = false;
	enum se_code code;

	*changed = false;
	se_store_file_name(key, "json", name);
	code = se_store_check_key(store, error);
	if (code == SE_OK)
		code = look(store, name, &up_to_date, error);
	if (code == SE_OK)
		code = se_store_get(store, key, &json, error);
	if (code != SE_OK)
		return code;
	/* What it cannot make sense of it does not touch. */
	code = se_state_from_json(json, key, &state);
	if (code == SE_MEMORY)
		(void)se_error_memory(error);
	else if (code != SE_OK)
		code = se_store_damaged(store, name, error);
	else if (!up_to_date)
		code = se_store_put(store, key, json, true, error);
	*changed = code == SE_OK && !up_to_date;
	se_state_free(&state);
	se_json_free(json);
	return code;
}

/* Whether it is ".DIGITS.json.DIGITS", and of which key. */
static bool
is_left_over(const char *name, struct se_token_key *key)
{
	char file[SE_STATE_FILE_NAME_MAX];
	const size_t len = SE_TOKEN_KEY_DIGITS + sizeof(".json") - 1;

	if (name[0] != '.' || strlen(name) < len + 2 || name[len + 1] != '.')
		return false;
	memcpy(file, name + 1, len);
	file[len] = '\0';
	if (!se_store_is_state_file(file))
		return false;
	memcpy(key->name, file, SE_TOKEN_KEY_DIGITS);
	key->name[SE_TOKEN_KEY_DIGITS] = '\0';
	return true;
}

void
se_store_sweep_all(struct se_store *store)
{
	DIR *directory = se_store_entries(store);
	struct se_token_key key = {.app_only = false};
	char name[SE_STATE_FILE_NAME_MAX];
	const struct dirent *entry;
	int lock;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL) {
		if (!is_left_over(entry->d_name, &key) ||
			se_store_lock(store, &key, &lock, NULL) != SE_OK)
			continue;
		file_name(key.name, name);
		se_store_sweep(store, name);
		se_store_unlock(lock);
	}
	(void)closedir(directory);
}

static void
count(struct se_store *store, const char *name, struct se_store_survey *survey)
{
	char file_of_key[SE_STATE_FILE_NAME_MAX];
	struct se_json *file;
	const char *id;

	file_name(name, file_of_key);
	if (se_store_get_file(store, file_of_key, &file, NULL) != SE_OK)
		return;
	id = se_state_sealed_with(file);
	if (id == NULL) {
		survey->plain++;
	} else if (is_up_to_date(store, id)) {
		survey->sealed++;
	} else if (store->keys != NULL && se_seal_keys_find(store->keys, id) != NULL) {
		survey->older++;
	} else if (survey->foreign++ == 0) {
		(void)se_copy(survey->foreign_key, sizeof(survey->foreign_key), id);
		(void)se_copy(survey->foreign_name, sizeof(survey->foreign_name), name);
	}
	se_json_free(file);
}

enum se_code
se_store_survey(struct se_store *store, struct se_store_survey *survey, struct se_error *error)
{
	se_token_key_name *names = NULL;
	size_t named = 0;
	enum se_code code;

	memset(survey, 0, sizeof(*survey));
	code = se_store_check_key(store, error);
	if (code == SE_OK)
		code = se_store_names(store, &names, &named, error);
	for (size_t i = 0; code == SE_OK && i < named; i++)
		count(store, names[i], survey);
	free(names);
	return code;
}

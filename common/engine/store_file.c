/* store_file: what a state file holds, plain or sealed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/world.h"
#include "engine/state_seal.h"
#include "engine/store_parts.h"

enum {
	WHO_BYTES = 1200,
	TRY_BYTES = 16 * 1024 /* more than what most state files have */
};

#define LEFT "The state file is left as it is"

/* --- the keys --------------------------------------------------------------------------------- */

enum se_code
se_store_seal_with(struct se_store *store, const struct se_state_key *key, struct se_error *error)
{
	struct se_seal_keys *keys = key->file != NULL ? se_seal_keys_new(key) : NULL;

	if (key->file != NULL && keys == NULL)
		return se_error_memory(error);
	se_seal_keys_free(store->keys);
	store->keys = keys;
	return SE_OK;
}

enum se_code
se_store_open_with(struct se_store *store, const char *file, struct se_error *error)
{
	const struct se_state_key key = {.file = file};

	se_seal_keys_free(store->old_keys);
	store->old_keys = se_seal_keys_new(&key);
	return store->old_keys != NULL ? SE_OK : se_error_memory(error);
}

static enum se_code
load_keys(struct se_store *store, struct se_error *error)
{
	enum se_code code = se_seal_keys_load(store->keys, error);

	if (code != SE_OK && code != SE_MEMORY)
		se_error_about(error, "state_key_file");
	return code;
}

enum se_code
se_store_check_key(struct se_store *store, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (store->keys != NULL)
		code = load_keys(store, error);
	if (code == SE_OK && store->old_keys != NULL)
		code = se_seal_keys_load(store->old_keys, error);
	return code;
}

/* What is about a file of the directory names it by its whole path already, where that can be known. */
static void
about_store(const struct se_store *store, struct se_error *error)
{
	if (error != NULL && strstr(error->text, store->path) == NULL)
		se_error_about(error, store->path);
}

static enum se_code
not_configured(
	const struct se_store *store, const char *name, const char *id, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"the state file %s/%s is sealed with key %s, and [defaults] names no "
		"state_key_file; name the file with that key there, and have the agent read that: "
		"systemctl reload sasl-entrad. " LEFT,
		store->path, name, id);
}

static enum se_code
not_at_hand(const struct se_store *store, const char *name, const char *id, struct se_error *error)
{
	const struct se_seal_keys *keys = store->keys != NULL ? store->keys : store->old_keys;

	return se_error_set(error, SE_CONFIG,
		"the state file %s/%s is sealed with key %s, which is not in %s (key %s is); put "
		"that key back, on a line below the others. " LEFT "; if the key is lost, move "
		"it away and sign in again (app-only accounts need nothing more)",
		store->path, name, id, se_seal_keys_file(keys), se_seal_keys_first(keys)->id);
}

/* The key of that id, which lives until the next load. */
static enum se_code
find_key(struct se_store *store, const char *name, const char *id, const struct se_seal_key **key,
	struct se_error *error)
{
	enum se_code code;
	char who[WHO_BYTES];

	if (store->keys == NULL && store->old_keys == NULL)
		return not_configured(store, name, id, error);
	code = se_store_check_key(store, error);
	if (code == SE_OK) {
		*key = store->keys != NULL ? se_seal_keys_find(store->keys, id) : NULL;
		if (*key == NULL && store->old_keys != NULL)
			*key = se_seal_keys_find(store->old_keys, id);
		return *key != NULL ? SE_OK : not_at_hand(store, name, id, error);
	}
	if (code != SE_MEMORY) {
		(void)snprintf(
			who, sizeof(who), "%s/%s is sealed, and left as it is", store->path, name);
		se_error_about(error, who);
	}
	return code;
}

/* --- reading ---------------------------------------------------------------------------------- */

enum se_code
se_store_damaged(const struct se_store *store, const char *name, struct se_error *error)
{
	return se_error_set(error, SE_CONFIG,
		"the state file %s/%s is damaged, of another version, or another account's; it is "
		"left as it is. Move it away and sign in again (app-only accounts need nothing "
		"more)",
		store->path, name);
}

enum se_code
se_store_get_file(
	struct se_store *store, const char *name, struct se_json **file, struct se_error *error)
{
	struct se_buffer text;
	enum se_code code;

	*file = NULL;
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	code = se_file_read_at(store->directory, name, &text, error);
	if (code == SE_OK)
		*file = se_json_parse(se_buffer_text(&text), text.len);
	else if (code != SE_ABSENT)
		about_store(store, error);
	if (code == SE_OK && *file == NULL)
		code = errno == ENOMEM ? se_error_memory(error)
				       : se_store_damaged(store, name, error);
	se_buffer_free(&text);
	return code;
}

/* The object that is sealed in a file. */
static enum se_code
unseal(struct se_store *store, const struct se_token_key *key, const struct se_json *file,
	struct se_json **json, struct se_error *error)
{
	const char *id = se_state_sealed_with(file);
	const struct se_seal_key *with = NULL;
	char name[SE_STATE_FILE_NAME_MAX];
	struct se_buffer text;
	enum se_code code;

	se_store_file_name(key, "json", name);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	code = find_key(store, name, id, &with, error);
	if (code == SE_OK)
		code = se_state_unseal(with, key, file, &text, error);
	if (code == SE_OK)
		*json = se_json_parse(se_buffer_text(&text), text.len);
	if (code == SE_OK && *json == NULL && errno == ENOMEM)
		code = se_error_memory(error);
	else if (code == SE_ABSENT || (code == SE_OK && *json == NULL))
		code = se_store_damaged(store, name, error);
	se_buffer_free(&text);
	return code;
}

enum se_code
se_store_get(struct se_store *store, const struct se_token_key *key, struct se_json **json,
	struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	struct se_json *file;
	enum se_code code;

	*json = NULL;
	se_store_file_name(key, "json", name);
	code = se_store_get_file(store, name, &file, error);
	if (code == SE_OK && se_state_sealed_with(file) == NULL) {
		*json = file;
		return SE_OK;
	}
	if (code == SE_OK)
		code = unseal(store, key, file, json, error);
	se_json_free(file);
	return code;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The text becomes that of a sealed file. */
static enum se_code
seal(struct se_store *store, const struct se_token_key *key, struct se_buffer *text,
	struct se_error *error)
{
	struct se_json *file = NULL;
	enum se_code code = load_keys(store, error);

	if (code == SE_OK)
		code = se_seal_keys_settle(store->keys, error);
	if (code != SE_OK)
		return code;
	file = se_json_new();
	if (file == NULL)
		return se_error_memory(error);
	code = se_state_seal(
		se_seal_keys_first(store->keys), &se_world_system, key, text, file, error);
	se_buffer_reset(text);
	if (code == SE_OK && !se_json_write(file, text))
		code = se_error_memory(error);
	se_json_free(file);
	return code;
}

/* A line that got lost in the configuration must not bring to the disk in clear what was sealed. */
static enum se_code
refuse_sealed(struct se_store *store, const char *name, struct se_error *error)
{
	struct se_json *file;
	const char *id;
	enum se_code code = se_store_get_file(store, name, &file, error);

	if (code !=
		SE_OK) /* what is damaged is replaced, as ever; what cannot be seen now is not */
		return code == SE_ABSENT || code == SE_CONFIG ? SE_OK : code;
	id = se_state_sealed_with(file);
	if (id != NULL)
		code = not_configured(store, name, id, error);
	se_json_free(file);
	return code;
}

enum se_code
se_store_put(struct se_store *store, const struct se_token_key *key, struct se_json *json,
	bool meant, struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	struct se_buffer text;
	enum se_code code = SE_OK;

	se_store_file_name(key, "json", name);
	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	if (!se_json_write(json, &text))
		code = se_error_memory(error);
	else if (store->keys != NULL)
		code = seal(store, key, &text, error);
	else if (!meant)
		code = refuse_sealed(store, name, error);
	if (code == SE_OK)
		code = se_file_replace(store->directory, name, text.data, text.len, error);
	if (code == SE_OK)
		se_store_sweep(store, name);
	else
		about_store(store, error);
	se_buffer_free(&text);
	return code;
}

enum se_code
se_store_try(struct se_store *store, const struct se_token_key *key, struct se_error *error)
{
	char name[SE_STATE_FILE_NAME_MAX];
	char *blank;
	enum se_code code = se_store_check_key(store, error);

	if (code != SE_OK)
		return code;
	blank = calloc(1, TRY_BYTES);
	if (blank == NULL)
		return se_error_memory(error);
	se_store_file_name(key, "json", name);
	code = se_file_try_replace(store->directory, name, blank, TRY_BYTES, error);
	if (code != SE_OK)
		about_store(store, error);
	free(blank);
	return code;
}

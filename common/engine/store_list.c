/* store_list: which sign-ins are kept. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"
#include "engine/json.h"
#include "engine/store_parts.h"

bool
se_store_has(struct se_store *store, const struct se_token_key *key)
{
	struct se_file_id id = {0, 0, 0, 0};

	if (store != NULL)
		id = se_store_identify(store, key);
	return id.inode != 0;
}

/* DIGITS.json, as store.c names them. */
static bool
is_state_file(const char *name)
{
	size_t len = strspn(name, "0123456789abcdef");

	return len == SE_TOKEN_KEY_DIGITS && strcmp(name + len, ".json") == 0;
}

static void
tell(const struct se_store *store, const char *name,
	void (*each)(void *context, const char *holder), void *context)
{
	const struct se_json *key;
	struct se_json *json = NULL;
	struct se_buffer text;
	const char *holder;

	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	if (se_file_read_at(store->directory, name, &text, NULL) == SE_OK)
		json = se_json_parse(se_buffer_text(&text), text.len);
	se_buffer_free(&text);
	key = json != NULL ? se_json_object(json, "key") : NULL;
	holder = key != NULL ? se_json_string(key, "identity") : NULL;
	if (holder != NULL && strlen(holder) <= SE_NAME_MAX)
		each(context, holder);
	se_json_free(json);
}

void
se_store_each_sign_in(
	struct se_store *store, void (*each)(void *context, const char *holder), void *context)
{
	DIR *directory = se_store_entries(store);
	const struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (is_state_file(entry->d_name))
			tell(store, entry->d_name, each, context);
	(void)closedir(directory);
}

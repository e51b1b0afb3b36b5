/* store_list: which sign-ins are kept. */
#include <dirent.h>
#include <string.h>

#include "engine/store_parts.h"

bool
se_store_has(struct se_store *store, const struct se_token_key *key)
{
	struct se_file_id id = {0, 0, 0, 0};

	if (store != NULL)
		id = se_store_identify(store, key);
	return id.inode != 0;
}

bool
se_store_is_state_file(const char *name)
{
	size_t len = strspn(name, "0123456789abcdef");

	return len == SE_TOKEN_KEY_DIGITS && strcmp(name + len, ".json") == 0;
}

/* The key stands in clear in sealed files, too. */
static void
tell(struct se_store *store, const char *name, void (*each)(void *context, const char *holder),
	void *context)
{
	struct se_json *json;
	const char *holder;

	if (se_store_get_file(store, name, &json, NULL) != SE_OK)
		return;
	holder = se_json_string(se_json_object(json, "key"), "identity");
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
		if (se_store_is_state_file(entry->d_name))
			tell(store, entry->d_name, each, context);
	(void)closedir(directory);
}

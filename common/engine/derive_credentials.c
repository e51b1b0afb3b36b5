#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/derive_credentials.h"
#include "engine/environment.h"
#include "engine/values.h"

enum { SENTENCE_MAX = 800 };

static bool
resolve(struct se_value *value, const char *name, const char *directory, struct se_arena *arena)
{
	const size_t size = strlen(directory) + 1 + strlen(name) + 1;
	char *path = se_arena_alloc(arena, size, 1);

	if (path == NULL)
		return false;
	(void)snprintf(path, size, "%s/%s", directory, name);
	value->text = path;
	value->credential = true;
	return true;
}

static bool
refuse(enum se_key key, const char *name, struct se_arena *arena, const char **unusable)
{
	char text[SENTENCE_MAX];

	(void)snprintf(text, sizeof(text),
		"has %s = " SE_VALUE_CREDENTIAL "%s, which systemd gives to the service that its "
		"unit names, and this process was given none; add LoadCredential=%s:PATH, or "
		"LoadCredentialEncrypted=, to that unit: systemctl edit sasl-entrad.service",
		se_keys[key].name, name, name);
	*unusable = se_arena_text(arena, text, strlen(text));
	return *unusable != NULL;
}

bool
se_derive_credential(
	enum se_key key, struct se_value *value, struct se_arena *arena, const char **unusable)
{
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
	const char *name = se_value_credential(key, value->text);

	if (name == NULL)
		return true;
	if (directory != NULL && directory[0] == '/')
		return resolve(value, name, directory, arena);
	return refuse(key, name, arena, unusable);
}

bool
se_derive_credentials(struct se_account *account, struct se_arena *arena)
{
	for (int i = 0; i < SE_KEY_COUNT; i++)
		if (!se_derive_credential(
			    (enum se_key)i, &account->value[i], arena, &account->unusable))
			return false;
	return true;
}

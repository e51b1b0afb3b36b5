#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/derive_credentials.h"
#include "engine/environment.h"
#include "engine/values.h"

enum { SENTENCE_MAX = 800 };

static bool
resolve(struct se_account *account, enum se_key key, const char *name, const char *directory,
	struct se_arena *arena)
{
	const size_t size = strlen(directory) + 1 + strlen(name) + 1;
	char *path = se_arena_alloc(arena, size, 1);

	if (path == NULL)
		return false;
	(void)snprintf(path, size, "%s/%s", directory, name);
	account->value[key].text = path;
	account->value[key].credential = true;
	return true;
}

static bool
refuse(struct se_account *account, enum se_key key, const char *name, struct se_arena *arena)
{
	char text[SENTENCE_MAX];

	(void)snprintf(text, sizeof(text),
		"has %s = " SE_VALUE_CREDENTIAL "%s, which systemd gives to the service that its "
		"unit names, and this process was given none; add LoadCredential=%s:PATH, or "
		"LoadCredentialEncrypted=, to that unit: systemctl edit sasl-entrad.service",
		se_keys[key].name, name, name);
	account->unusable = se_arena_text(arena, text, strlen(text));
	return account->unusable != NULL;
}

bool
se_derive_credentials(struct se_account *account, struct se_arena *arena)
{
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
	const bool given = directory != NULL && directory[0] == '/';

	for (int i = 0; i < SE_KEY_COUNT; i++) {
		const enum se_key key = (enum se_key)i;
		const char *name = se_value_credential(key, account->value[key].text);

		if (name == NULL)
			continue;
		if (given ? !resolve(account, key, name, directory, arena)
			  : !refuse(account, key, name, arena))
			return false;
	}
	return true;
}

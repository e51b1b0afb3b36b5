#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/source.h"
#include "core/world.h"
#include "engine/account.h"
#include "engine/credential_certificate.h"
#include "engine/credential_pair.h"
#include "engine/names.h"
#include "engine/values.h"

#include "tool/certificate_place.h"
#include "tool/directory_lock.h"

/* --- names -------------------------------------------------------------------------------------- */

static bool
name_one(struct se_place_file *file, enum se_which which, const char *path, const char *suffix)
{
	const char *name = strrchr(path, '/') + 1;
	bool hidden = which == SE_SWAP;
	int n = snprintf(file->name[which], sizeof(file->name[which]), "%s%s%s", hidden ? "." : "",
		name, suffix);
	int p = snprintf(file->path[which], sizeof(file->path[which]), "%.*s%s", (int)(name - path),
		path, file->name[which]);

	return name[0] != '\0' && n > 0 && (size_t)n < sizeof(file->name[which]) && p > 0 &&
	       (size_t)p < sizeof(file->path[which]);
}

/* `path` is absolute: the configuration's check saw to it. */
static enum se_code
name_all(struct se_place_file *file, const char *path, struct se_error *error)
{
	static const char *const suffixes[SE_WHICH_COUNT] = {
		[SE_ACTIVE] = "",
		[SE_NEW] = ".new",
		[SE_OLD] = ".old",
		[SE_SWAP] = ".swap",
		[SE_UPLOAD] = ".new.cer",
	};
	size_t len = (size_t)(strrchr(path, '/') - path);

	for (enum se_which which = 0; which < SE_WHICH_COUNT; which++)
		if (!name_one(file, which, path, suffixes[which]))
			return se_error_set(
				error, SE_CONFIG, "the path %s names no file or is too long", path);
	(void)snprintf(file->directory_path, sizeof(file->directory_path), "%.*s",
		len > 0 ? (int)len : 1, path);
	return SE_OK;
}

/* --- what can be handled ------------------------------------------------------------------------ */

static enum se_code
judge_account(const struct se_account *account, const char *name, struct se_error *error)
{
	const char *key = account->value[SE_KEY_PRIVATE_KEY].text;

	if (!se_name_equal(account->value[SE_KEY_CREDENTIAL].text, "certificate"))
		return se_error_set(error, SE_CONFIG,
			"%s: [account %s] has credential = %s; write credential = certificate and "
			"certificate = PATH into it first, where PATH need not exist yet",
			name, account->label, account->value[SE_KEY_CREDENTIAL].text);
	if (key != NULL && se_value_is_uri(key))
		return se_error_set(error, SE_CONFIG,
			"%s: the private key of [account %s] is in a token (%s); make the new key "
			"there, with the token's own tools, and a certificate for it, upload that, "
			"and then change certificate and private_key",
			name, account->label, key);
	return SE_OK;
}

/* A missing file is none to refuse: it is made. */
static enum se_code
judge_file(const char *path, const char *label, struct se_error *error)
{
	struct se_buffer content;
	struct stat found;
	bool pkcs12;

	if (lstat(path, &found) == 0 && S_ISLNK(found.st_mode))
		return se_error_set(error, SE_CONFIG,
			"%s is a symbolic link; what it leads to has to be replaced by whoever "
			"made it, or [account %s] has to name the file itself",
			path, label);
	se_buffer_init(&content, SE_CERTIFICATE_FILE_MAX);
	pkcs12 = se_pair_read_file(path, &content, NULL, NULL) == SE_OK &&
		 strstr(se_buffer_text(&content), "-----BEGIN ") == NULL &&
		 se_private_key_in(&content);
	se_buffer_free(&content);
	if (pkcs12)
		return se_error_set(error, SE_CONFIG,
			"%s is no PEM file but PKCS#12 or DER, which is not written here; name a "
			"new file in [account %s], or turn this one into PEM: openssl pkcs12 -in "
			"%s -nodes -out NEW.pem",
			path, label, path);
	return SE_OK;
}

static enum se_code
find_files(struct se_certificate_place *place, struct se_error *error)
{
	const struct se_value *value = place->account->value;
	const char *certificate = value[SE_KEY_CERTIFICATE].text;
	const char *key = value[SE_KEY_PRIVATE_KEY].text, *label = place->account->label;
	enum se_code code = name_all(&place->certificate, certificate, error);

	place->separate = key != NULL && strcmp(key, certificate) != 0;
	if (code == SE_OK && place->separate)
		code = name_all(&place->key, key, error);
	if (code == SE_OK)
		code = judge_file(certificate, label, error);
	if (code == SE_OK && place->separate)
		code = judge_file(key, label, error);
	return code;
}

enum se_code
se_certificate_place_find(const struct se_command *command, const char *name,
	struct se_certificate_place *place, struct se_error *error)
{
	enum se_code code;

	memset(place, 0, sizeof(*place));
	place->identity = &command->identity;
	place->certificate.directory = place->key.directory = -1;
	code = se_config_load(command->identity.configuration, &place->config, NULL, error);
	if (code != SE_OK)
		return code;
	place->account = se_account_named(place->config, name, error);
	if (place->account == NULL)
		return error->code;
	code = judge_account(place->account, name, error);
	if (code == SE_OK)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = find_files(place, error);
	se_identity_return();
	return code;
}

void
se_certificate_place_free(struct se_certificate_place *place)
{
	if (place->certificate.directory >= 0)
		(void)close(place->certificate.directory);
	if (place->key.directory >= 0)
		(void)close(place->key.directory);
	if (place->became)
		se_identity_return();
	se_config_free(place->config);
}

/* --- writing ------------------------------------------------------------------------------------ */

/* In a directory that is not root's, root would be led by whoever owns it. */
static enum se_code
become_writer(struct se_certificate_place *place, struct se_error *error)
{
	struct stat found;
	enum se_code code;

	if (geteuid() != 0 || stat(place->certificate.directory_path, &found) != 0 ||
		found.st_uid == 0)
		return SE_OK;
	code = se_identity_become_owner(place->identity, false, error);
	place->became = code == SE_OK && geteuid() != 0;
	return code;
}

static enum se_code
open_one(struct se_place_file *file, struct se_error *error)
{
	file->directory = se_directory_open(file->directory_path, error);
	if (file->directory >= 0)
		return SE_OK;
	error->code = SE_CONFIG; /* it was named, so that it should be there */
	return SE_CONFIG;
}

enum se_code
se_certificate_place_open(struct se_certificate_place *place, struct se_error *error)
{
	enum se_code code = become_writer(place, error);

	if (code == SE_OK)
		code = open_one(&place->certificate, error);
	if (code == SE_OK && place->separate)
		code = open_one(&place->key, error);
	if (code == SE_OK)
		code = se_directory_lock(
			place->certificate.directory, place->certificate.path[SE_ACTIVE], error);
	return code;
}

/* --- the account with other files --------------------------------------------------------------- */

struct se_account
se_certificate_place_account(
	const struct se_certificate_place *place, enum se_which certificate, enum se_which key)
{
	struct se_account account = *place->account;

	account.value[SE_KEY_CERTIFICATE].text = place->certificate.path[certificate];
	account.value[SE_KEY_PRIVATE_KEY].text = place->separate ? place->key.path[key] : NULL;
	return account;
}

enum se_code
se_certificate_place_look(const struct se_certificate_place *place, enum se_which certificate,
	enum se_which key, struct se_certificate_facts *facts, struct se_error *error)
{
	const struct se_account account = se_certificate_place_account(place, certificate, key);
	struct se_certificate_facts unused;
	enum se_code code = SE_OK;

	if (!place->became)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = se_credential_certificate_look(
			&account, &se_world_system, facts != NULL ? facts : &unused, NULL, error);
	if (!place->became)
		se_identity_return();
	return code;
}

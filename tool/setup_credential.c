#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"
#include "engine/credential_pair.h"
#include "engine/names.h"
#include "engine/values.h"

#include "tool/certificate.h"
#include "tool/install_file.h"
#include "tool/question.h"
#include "tool/read_secret.h"
#include "tool/setup.h"

enum { SECRET_MAX = 4096 };

static bool
is(const struct se_setup *setup, const char *credential)
{
	return se_name_equal(setup->account->value[SE_KEY_CREDENTIAL].text, credential);
}

const char *
se_setup_credential_file(const struct se_setup *setup)
{
	const struct se_value *value = setup->account->value;
	const char *key = value[SE_KEY_PRIVATE_KEY].text;

	if (is(setup, "secret") && !value[SE_KEY_CLIENT_SECRET_FILE].credential)
		return value[SE_KEY_CLIENT_SECRET_FILE].text;
	if (is(setup, "certificate") && !value[SE_KEY_CERTIFICATE].credential &&
		(key == NULL || !(value[SE_KEY_PRIVATE_KEY].credential || se_value_is_uri(key))))
		return value[SE_KEY_CERTIFICATE].text;
	return NULL;
}

static bool
is_there(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0 || errno != ENOENT;
}

/* --- a secret ------------------------------------------------------------------------------------- */

enum se_code
se_setup_read_secret(struct se_setup *setup, struct se_error *error)
{
	const char *path = se_setup_credential_file(setup);

	if (setup->secret_stdin && (!is(setup, "secret") || path == NULL))
		return se_error_set(error, SE_CONFIG,
			"--secret-stdin belongs to --credential secret with a file");
	if (!is(setup, "secret") || path == NULL || (is_there(path) && !setup->secret_stdin))
		return SE_OK;
	if (setup->dry_run && !setup->secret_stdin) {
		setup->changed = true;
		return SE_OK;
	}
	if (!setup->secret_stdin && !setup->interactive)
		return se_error_set(error, SE_CONFIG,
			"%s does not exist; give the secret's Value on standard input with "
			"--secret-stdin",
			path);
	if (setup->interactive)
		fprintf(stderr,
			"\nThe client secret's Value, not its Secret ID (Certificates & secrets,\n"
			"Client secrets); it is shown there once, when it is made.\n");
	return se_read_secret("client secret", SECRET_MAX, &setup->secret, error);
}

/* Whoever owns the tokens reads it. */
static struct se_file_look
choose_look(const struct se_setup *setup, int directory, const char *name)
{
	struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0600};
	struct stat found;
	uid_t owner = geteuid();
	gid_t group = getegid();

	(void)se_identity_owner(&setup->command->identity, &owner, &group);
	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
		(found.st_uid == 0 || found.st_uid == owner)) {
		look.uid = geteuid() == 0 ? found.st_uid : look.uid;
		look.gid = found.st_gid;
		look.mode = (found.st_mode & 0640) | 0600;
		look.list_len = se_acl_save(directory, name, look.list, sizeof(look.list));
	} else {
		look.uid = owner;
		look.gid = group;
	}
	return look;
}

static bool
is_same(const char *path, const struct se_secret *secret)
{
	struct se_buffer old;
	struct se_secret *copy = NULL;
	bool same = false;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	se_buffer_init(&old, SECRET_MAX + 2);
	if (fd >= 0) {
		char *room = se_buffer_room(&old, SECRET_MAX + 2);
		ssize_t n = room != NULL ? read(fd, room, SECRET_MAX + 2) : -1;

		if (n > 0) {
			se_buffer_grown(&old, (size_t)n);
			se_buffer_drop_line_end(&old);
			copy = se_secret_new(old.data, old.len);
			same = copy != NULL && se_secret_equal(copy, secret);
		}
		(void)close(fd);
	}
	se_secret_free(copy);
	se_buffer_free(&old);
	return same;
}

static enum se_code
write_secret(struct se_setup *setup, const char *path, struct se_error *error)
{
	const char *name;
	struct se_file_look look;
	struct se_buffer line;
	enum se_code code;
	int directory = se_install_open_parent(path, &name, error);

	if (directory < 0)
		return error->code;
	look = choose_look(setup, directory, name);
	se_buffer_init(&line, SECRET_MAX + 1);
	if (se_buffer_add(&line, se_secret_reveal(setup->secret), se_secret_len(setup->secret)) &&
		se_buffer_add_text(&line, "\n"))
		code = se_install_file(directory, name, &look, line.data, line.len, error);
	else
		code = se_error_memory(error);
	se_buffer_free(&line);
	(void)close(directory);
	return code;
}

enum se_code
se_setup_write_secret(struct se_setup *setup, struct se_error *error)
{
	const char *path = se_setup_credential_file(setup);
	enum se_code code = SE_OK;

	if (setup->secret != NULL && path != NULL && !is_same(path, setup->secret)) {
		setup->changed = true;
		code = setup->dry_run ? SE_OK : write_secret(setup, path, error);
	}
	se_secret_free(setup->secret);
	setup->secret = NULL;
	return code;
}

/* --- a certificate ---------------------------------------------------------------------------------- */

/* The certificate alone, where it is uploaded from: PATH.cer. */
static enum se_code
write_upload(
	const struct se_certificate_place *place, struct se_setup *setup, struct se_error *error)
{
	const struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0644};
	char name[NAME_MAX + 1];
	struct se_buffer public;
	enum se_code code;

	if (snprintf(name, sizeof(name), "%s.cer", place->certificate.name[SE_ACTIVE]) >=
			(int)sizeof(name) ||
		snprintf(setup->upload, sizeof(setup->upload), "%s.cer",
			place->certificate.path[SE_ACTIVE]) >= (int)sizeof(setup->upload))
		return se_error_set(error, SE_CONFIG, "the path %s is too long",
			place->certificate.path[SE_ACTIVE]);
	if (!setup->certificate_made && se_install_exists(place->certificate.directory, name))
		return SE_OK;
	se_buffer_init(&public, SE_CERTIFICATE_FILE_MAX);
	code = se_certificate_public(place, &public, error);
	if (code == SE_OK)
		code = se_install_file(
			place->certificate.directory, name, &look, public.data, public.len, error);
	if (code == SE_OK)
		setup->changed = true;
	se_buffer_free(&public);
	return code;
}

/* One that is there is never replaced: that is what the verb `certificate` is for. */
static enum se_code
make(struct se_certificate_place *place, struct se_setup *setup, struct se_error *error)
{
	const struct se_place_file *file = &place->certificate;
	bool changed;
	enum se_code code = se_certificate_place_open(place, error);

	if (code == SE_OK && !se_install_exists(file->directory, file->name[SE_ACTIVE])) {
		code = se_certificate_make_new(
			place, SE_CERTIFICATE_DAYS, &changed, &setup->certificate, error);
		if (code == SE_OK)
			code = se_certificate_put_new(place, error);
		setup->certificate_made = code == SE_OK;
		setup->changed = true;
	}
	if (code == SE_OK)
		code = se_certificate_place_look(
			place, SE_ACTIVE, SE_ACTIVE, &setup->certificate, error);
	return code == SE_OK ? write_upload(place, setup, error) : code;
}

enum se_code
se_setup_make_certificate(struct se_setup *setup, struct se_error *error)
{
	const char *path = se_setup_credential_file(setup);
	struct se_certificate_place place;
	enum se_code code;

	if (!is(setup, "certificate") || path == NULL)
		return SE_OK;
	if (setup->dry_run) {
		setup->changed = setup->changed || !is_there(path);
		(void)snprintf(
			setup->upload, sizeof(setup->upload), "%.*s.cer", PATH_MAX - 5, path);
		return SE_OK;
	}
	code = se_certificate_place_find(setup->command, setup->label, &place, error);
	if (code == SE_OK)
		code = make(&place, setup, error);
	se_certificate_place_free(&place);
	return code;
}

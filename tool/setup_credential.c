#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "engine/credential_pair.h"
#include "engine/names.h"
#include "engine/values.h"

#include "tool/certificate.h"
#include "tool/install_file.h"
#include "tool/setup.h"

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

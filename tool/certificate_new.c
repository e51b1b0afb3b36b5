/*
 * sasl-entra certificate new: a key and a certificate beside the active ones, and how to go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/world.h"
#include "engine/credential_pair.h"
#include "engine/crypto_make.h"

#include "tool/certificate.h"
#include "tool/exit_code.h"

enum { SECRET_MODE = 0600, SECRET_MODE_MAX = 0640, PUBLIC_MODE = 0644 };

/* Like the active file; where there is none, like the user who will read it needs it. */
static struct se_file_look
choose_look(const struct se_certificate_place *place, const struct se_place_file *file, bool secret)
{
	struct se_file_look look = {.uid = geteuid(), .gid = getegid()};
	struct stat found;

	look.mode = secret ? SECRET_MODE : PUBLIC_MODE;
	uid_t owner = geteuid();
	gid_t group = getegid();

	(void)se_identity_owner(place->identity, &owner, &group);
	/* Whoever else may have put something there is not to own the key. */
	if (fstatat(file->directory, file->name[SE_ACTIVE], &found, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(found.st_mode) && (found.st_uid == 0 || found.st_uid == owner)) {
		look.uid = geteuid() == 0 ? found.st_uid : look.uid;
		look.gid = found.st_gid;
		if (secret)
			look.mode = (found.st_mode & SECRET_MODE_MAX) | SECRET_MODE;
		look.list_len = se_acl_save(
			file->directory, file->name[SE_ACTIVE], look.list, sizeof(look.list));
	} else if (secret) {
		look.uid = owner;
		look.gid = group;
	}
	return look;
}

static enum se_code
install(const struct se_certificate_place *place, const struct se_certificate_made *made,
	struct se_error *error)
{
	const struct se_place_file *file = &place->certificate, *key = &place->key;
	struct se_file_look look = choose_look(place, file, !place->separate);
	struct se_file_look public = {.uid = geteuid(), .gid = getegid(), .mode = PUBLIC_MODE};
	struct se_buffer both;
	enum se_code code = SE_OK;

	se_buffer_init(&both, SE_CERTIFICATE_FILE_MAX);
	se_buffer_add(&both, made->certificate.data, made->certificate.len);
	if (place->separate) {
		struct se_file_look secret = choose_look(place, key, true);

		code = se_install_file(key->directory, key->name[SE_NEW], &secret, made->key.data,
			made->key.len, error);
	} else if (!se_buffer_add(&both, made->key.data, made->key.len)) {
		code = se_error_memory(error);
	}
	if (code == SE_OK)
		code = se_install_file(file->directory, file->name[SE_UPLOAD], &public,
			made->certificate.data, made->certificate.len, error);
	if (code == SE_OK)
		code = se_install_file(
			file->directory, file->name[SE_NEW], &look, both.data, both.len, error);
	se_buffer_free(&both);
	return code;
}

static enum se_code
read_password(const struct se_certificate_place *place, struct se_secret **password,
	struct se_error *error)
{
	enum se_code code = SE_OK;

	*password = NULL;
	if (!place->became)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = se_pair_read_password(place->account, password, error);
	if (!place->became)
		se_identity_return();
	return code;
}

static enum se_code
make(const struct se_certificate_place *place, unsigned days, const struct se_secret *password,
	struct se_error *error)
{
	char host[256] = "", name[512];
	struct se_certificate_wish wish = {
		.name = name,
		.now = se_world_system.wall(se_world_system.context),
		.days = days,
		.password = password,
	};
	struct se_certificate_made made;
	enum se_code code;

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		(void)snprintf(host, sizeof(host), "localhost");
	(void)snprintf(name, sizeof(name), "sasl-entra %s on %s", place->account->label, host);
	code = se_certificate_make(&wish, &made, error);
	if (code == SE_OK)
		code = install(place, &made, error);
	se_certificate_made_free(&made);
	return code;
}

static void
print_steps(const struct se_certificate_place *place, bool changed,
	const struct se_certificate_facts *facts)
{
	const char *id = place->account->value[SE_KEY_CLIENT_ID].text;
	const char *label = place->account->label;
	const char *upload = place->certificate.path[SE_UPLOAD];
	char day[40];

	se_certificate_day(facts->not_after, day);
	fprintf(stderr,
		"%s for account %s: %s\n"
		"  %s, thumbprint %s, good until %s\n"
		"Next:\n"
		"  1. Upload %s to app %s:\n"
		"     entra.microsoft.com > App registrations > Certificates & secrets > "
		"Certificates\n"
		"     or: az ad app credential reset --id %s --append --cert @%s\n"
		"     or Microsoft Graph: PATCH keyCredentials of the application; that replaces "
		"the\n"
		"     whole list, so that the certificates in use have to be in it\n"
		"  2. sasl-entra certificate try %s\n"
		"  3. sasl-entra certificate activate %s\n",
		changed ? "A new certificate" : "There is a new certificate already", label,
		place->certificate.path[SE_NEW], facts->subject, facts->sha1_hex, day, upload, id,
		id, upload, label, label);
}

/* --- the one that is there ------------------------------------------------------------------------ */

/* What cannot be used now may be as good as ever once a file's mode or the clock is right, or there is
 * memory again: only a person knows that it is of no use. */
static enum se_code
refuse_to_replace(
	const char *path, const struct se_certificate_facts *facts, struct se_error *error)
{
	const int64_t now = se_world_system.wall(se_world_system.context);
	const struct se_error cause = *error;
	char day[40];

	if (cause.code != SE_CONFIG || (facts->sha256[0] != '\0' && now < facts->not_before))
		return cause.code;
	if (facts->sha256[0] == '\0')
		return se_error_set(error, SE_CONFIG,
			"%s. The certificate in %s may have been uploaded already, and is not "
			"replaced: where it is of no use any more, remove that file, and do this "
			"again",
			cause.text, path);
	se_certificate_day(facts->not_after, day);
	return se_error_set(error, SE_CONFIG,
		"the certificate in %s (%s) has expired on %s; where this machine's clock is "
		"right, remove that file, and do this again",
		path, facts->subject, day);
}

/* Its key may be in place already, where an activation was cut short. */
static enum se_code
look_at_new(const struct se_certificate_place *place, struct se_certificate_facts *facts,
	struct se_error *error)
{
	const struct se_place_file *key = &place->key;
	const bool moved = place->separate && !se_install_exists(key->directory, key->name[SE_NEW]);
	enum se_code code;

	memset(facts, 0, sizeof(*facts));
	code = se_certificate_place_look(place, SE_NEW, moved ? SE_ACTIVE : SE_NEW, facts, error);
	if (code == SE_OK)
		return SE_OK;
	return refuse_to_replace(place->certificate.path[SE_NEW], facts, error);
}

/* What was uploaded must not be overwritten. The certificate's file is the last that is written: where it is
 * missing, nobody has been told what to upload. */
enum se_code
se_certificate_make_new(struct se_certificate_place *place, unsigned days, bool *changed,
	struct se_certificate_facts *facts, struct se_error *error)
{
	const struct se_place_file *file = &place->certificate;
	struct se_secret *password = NULL;
	enum se_code code = read_password(place, &password, error);

	*changed = !se_install_exists(file->directory, file->name[SE_NEW]);
	if (code == SE_OK && *changed)
		code = make(place, days, password, error);
	if (code == SE_OK)
		code = look_at_new(place, facts, error);
	se_secret_free(password);
	return code;
}

int
se_certificate_new(struct se_certificate_place *place, unsigned days, bool json)
{
	struct se_certificate_facts facts;
	struct se_error error = {0};
	bool changed = false;
	enum se_code code = se_certificate_place_open(place, &error);

	if (code == SE_OK)
		code = se_certificate_make_new(place, days, &changed, &facts, &error);
	if (code != SE_OK)
		return se_exit_error(&error);
	if (json)
		return se_certificate_print(changed, place->certificate.path[SE_NEW], &facts,
			place->certificate.path[SE_UPLOAD]);
	print_steps(place, changed, &facts);
	return SE_EXIT_OK;
}

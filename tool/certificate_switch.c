/*
 * sasl-entra certificate activate, rollback: another certificate in the active one's place.
 *
 * One file is renamed over the other. Two files cannot be replaced at once, so that the certificate's
 * file first gets both certificates, the one in use and the next; then the key is replaced, and then
 * the certificate's file by the next one alone. Whoever reads takes the certificate that belongs to
 * the key: at each moment, and after a crash at any, what is there is a pair, and saying the same
 * again brings it to its end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "engine/credential_pair.h"

#include "tool/certificate.h"
#include "tool/exit_code.h"
#include "tool/next.h"

/* The certificates of a file, as PEM; a file that is not there has none. */
static enum se_code
add_certificates(const struct se_place_file *file, enum se_which which, struct se_buffer *out,
	struct se_error *error)
{
	const struct se_key_password none = {.secret = NULL};
	struct se_certificates *list = NULL;
	struct se_buffer content;
	enum se_code code;

	if (!se_install_exists(file->directory, file->name[which]))
		return SE_OK;
	se_buffer_init(&content, SE_CERTIFICATE_FILE_MAX);
	code = se_pair_read_file(file->path[which], &content, NULL, error);
	if (code == SE_OK)
		code = se_certificates_read(file->path[which], &content, &none, &list, error);
	if (code == SE_OK && !se_certificates_write(list, out))
		code = se_error_memory(error);
	se_certificates_free(list);
	se_buffer_free(&content);
	return code;
}

enum se_code
se_certificate_public(
	const struct se_certificate_place *place, struct se_buffer *out, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (!place->became)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = add_certificates(&place->certificate, SE_ACTIVE, out, error);
	if (!place->became)
		se_identity_return();
	return code;
}

static enum se_code
join(const struct se_certificate_place *place, enum se_which next, struct se_buffer *both,
	struct se_error *error)
{
	enum se_code code = SE_OK;

	if (!place->became)
		code = se_identity_become_owner(place->identity, false, error);
	if (code == SE_OK)
		code = add_certificates(&place->certificate, SE_ACTIVE, both, error);
	if (code == SE_OK && both->len > 0)
		code = add_certificates(&place->certificate, next, both, error);
	if (!place->became)
		se_identity_return();
	return code;
}

static enum se_code
install_both(const struct se_certificate_place *place, enum se_which next, struct se_error *error)
{
	const struct se_place_file *file = &place->certificate;
	struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0644};
	struct se_buffer both;
	struct stat found;
	enum se_code code;

	se_buffer_init(&both, 4 * (size_t)SE_CERTIFICATE_FILE_MAX);
	code = join(place, next, &both, error);
	if (fstatat(file->directory, file->name[SE_ACTIVE], &found, AT_SYMLINK_NOFOLLOW) == 0) {
		look.uid = geteuid() == 0 ? found.st_uid : look.uid;
		look.gid = found.st_gid;
		look.mode = found.st_mode & 0644;
		look.list_len = se_acl_save(
			file->directory, file->name[SE_ACTIVE], look.list, sizeof(look.list));
	}
	if (code == SE_OK && both.len > 0)
		code = se_install_file(
			file->directory, file->name[SE_ACTIVE], &look, both.data, both.len, error);
	se_buffer_free(&both);
	return code;
}

static enum se_code
keep_one(const struct se_place_file *file, enum se_which as, struct se_error *error)
{
	if (!se_install_exists(file->directory, file->name[SE_ACTIVE]))
		return SE_OK;
	return se_install_link(file->directory, file->name[SE_ACTIVE], file->name[as], error);
}

static enum se_code
keep(const struct se_certificate_place *place, enum se_which as, struct se_error *error)
{
	enum se_code code = keep_one(&place->certificate, as, error);

	return code == SE_OK && place->separate ? keep_one(&place->key, as, error) : code;
}

static enum se_code
move(const struct se_place_file *file, enum se_which from, enum se_which to, struct se_error *error)
{
	return se_install_rename(file->directory, file->name[from], file->name[to], error);
}

static enum se_code
bring(const struct se_certificate_place *place, enum se_which next, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (place->separate) {
		code = install_both(place, next, error);
		if (code == SE_OK)
			code = move(&place->key, next, SE_ACTIVE, error);
	}
	return code == SE_OK ? move(&place->certificate, next, SE_ACTIVE, error) : code;
}

static int
report(const struct se_certificate_place *place, bool json, const char *what)
{
	struct se_certificate_facts facts;
	struct se_error error = {0};
	char day[40];

	if (se_certificate_place_look(place, SE_ACTIVE, SE_ACTIVE, &facts, &error) != SE_OK)
		return se_exit_error(&error);
	if (json)
		return se_certificate_print(true, place->certificate.path[SE_ACTIVE], &facts, NULL);
	se_certificate_day(facts.not_after, day);
	fprintf(stderr,
		"account %s: %s (%s, thumbprint %s, good until %s). It is used from the next "
		"request on; nothing has to be restarted.\n",
		place->account->label, what, facts.subject, facts.sha1_hex, day);
	se_next(place->identity, "refresh", place->account->label, "to use it now");
	return SE_EXIT_OK;
}

/* A crash may have come between the key's replacement and the certificate's: then only that is
 * left. */
static bool
is_half_done(const struct se_certificate_place *place, enum se_which next)
{
	return place->separate && !se_install_exists(place->key.directory, place->key.name[next]) &&
	       se_certificate_place_look(place, next, SE_ACTIVE, NULL, NULL) == SE_OK;
}

static void
remove_file(const struct se_place_file *file, enum se_which which)
{
	if (file->directory >= 0)
		(void)unlinkat(file->directory, file->name[which], 0);
}

enum se_code
se_certificate_put_new(const struct se_certificate_place *place, struct se_error *error)
{
	const struct se_place_file *file = &place->certificate;
	enum se_code code;

	if (!se_install_exists(file->directory, file->name[SE_NEW]))
		return se_error_set(error, SE_CONFIG,
			"there is no %s; make it with: sasl-entra certificate new %s",
			file->path[SE_NEW], place->account->label);
	if (is_half_done(place, SE_NEW)) {
		code = move(file, SE_NEW, SE_ACTIVE, error);
	} else {
		code = se_certificate_place_look(place, SE_NEW, SE_NEW, NULL, error);
		if (code == SE_OK)
			code = keep(place, SE_OLD, error);
		if (code == SE_OK)
			code = bring(place, SE_NEW, error);
	}
	if (code != SE_OK)
		return code;
	remove_file(file, SE_UPLOAD);
	/* Of a rollback that a crash ended. */
	remove_file(file, SE_SWAP);
	remove_file(&place->key, SE_SWAP);
	return SE_OK;
}

int
se_certificate_activate(struct se_certificate_place *place, bool json)
{
	struct se_error error = {0};
	enum se_code code = se_certificate_place_open(place, &error);

	if (code == SE_OK)
		code = se_certificate_put_new(place, &error);
	return code == SE_OK ? report(place, json, "the new certificate is in place")
			     : se_exit_error(&error);
}

static bool
has(const struct se_place_file *file, enum se_which which)
{
	return se_install_exists(file->directory, file->name[which]);
}

/* The end of a rollback: what was in use until then becomes the one before. */
static enum se_code
name_old(const struct se_certificate_place *place, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (has(&place->certificate, SE_SWAP))
		code = move(&place->certificate, SE_SWAP, SE_OLD, error);
	if (code == SE_OK && place->separate && has(&place->key, SE_SWAP))
		code = move(&place->key, SE_SWAP, SE_OLD, error);
	return code;
}

/* A crash may have come when only that was left. */
static bool
lacks_name(const struct se_certificate_place *place)
{
	const struct se_place_file *file = &place->certificate, *key = &place->key;

	if (!place->separate)
		return has(file, SE_SWAP) && !has(file, SE_OLD);
	return has(key, SE_SWAP) && !has(key, SE_OLD) &&
	       (!has(file, SE_SWAP) || !has(file, SE_OLD));
}

static enum se_code
rollback(const struct se_certificate_place *place, struct se_error *error)
{
	const struct se_place_file *file = &place->certificate;
	enum se_code code;

	if (lacks_name(place))
		return name_old(place, error);
	if (!has(file, SE_OLD))
		return se_error_set(error, SE_CONFIG,
			"there is no %s: no certificate of account %s has been replaced",
			file->path[SE_OLD], place->account->label);
	if (is_half_done(place, SE_OLD)) {
		code = move(file, SE_OLD, SE_ACTIVE, error);
	} else {
		code = se_certificate_place_look(place, SE_OLD, SE_OLD, NULL, error);
		if (code == SE_OK)
			code = keep(place, SE_SWAP, error);
		if (code == SE_OK)
			code = bring(place, SE_OLD, error);
	}
	return code == SE_OK ? name_old(place, error) : code;
}

int
se_certificate_rollback(struct se_certificate_place *place, bool json)
{
	struct se_error error = {0};
	enum se_code code = se_certificate_place_open(place, &error);

	if (code == SE_OK)
		code = rollback(place, &error);
	return code == SE_OK ? report(place, json, "the certificate before is in place again")
			     : se_exit_error(&error);
}

/*
 * setup: the client secret that another one takes the place of. Two files cannot be replaced at once: it is
 * kept until the configuration is in place as well, to be put back where that fails. A crash leaves it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/file.h"

#include "tool/install_file.h"
#include "tool/setup.h"

/* A name that no person would choose for a copy of their own. */
static enum se_code
name_before(const char *name, char before[NAME_MAX + 1], struct se_error *error)
{
	const int n = snprintf(before, NAME_MAX + 1, ".%s.before", name);

	if (n > 0 && n <= NAME_MAX)
		return SE_OK;
	return se_error_set(error, SE_CONFIG, "the name %s is too long for a copy", name);
}

static bool
is_same_file(int directory, const char *one, const char *other)
{
	struct stat a, b;

	return fstatat(directory, one, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(directory, other, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Whether the account still needs one that a crash has left, is not known here. */
static enum se_code
refuse_left(int directory, const char *name, const char *before, struct se_error *error)
{
	char path[PATH_MAX], left[PATH_MAX];

	if (!se_install_exists(directory, before) || is_same_file(directory, before, name))
		return SE_OK;
	se_path_in(directory, name, path, sizeof(path));
	se_path_in(directory, before, left, sizeof(left));
	return se_error_set(error, SE_CONFIG,
		"%s is the secret that a setup was replacing when it was cut short; remove it "
		"where "
		"the one in %s is right, else put it back (mv %s %s), and do this again",
		left, path, left, path);
}

/* A link of it has the same owner and mode, and no room on a full disk is needed to put it back. */
enum se_code
se_setup_keep_secret(
	struct se_setup *setup, int directory, const char *name, struct se_error *error)
{
	char before[NAME_MAX + 1];
	enum se_code code = name_before(name, before, error);

	if (code == SE_OK)
		code = refuse_left(directory, name, before, error);
	if (code != SE_OK)
		return code;
	if (!se_install_exists(directory, name)) {
		setup->secret_state = SE_SECRET_FIRST;
		return SE_OK;
	}
	code = se_install_link(directory, name, before, error);
	if (code == SE_OK)
		setup->secret_state = SE_SECRET_REPLACED;
	else
		(void)unlinkat(directory, before, 0);
	return code;
}

static enum se_code
put_back(const struct se_setup *setup, int directory, const char *name, const char *before,
	struct se_error *error)
{
	if (setup->secret_state == SE_SECRET_FIRST) {
		(void)unlinkat(directory, name, 0);
		return SE_OK;
	}
	if (se_install_rename(directory, before, name, error) != SE_OK)
		return error->code;
	/* Where the new one has not come to its place, both were links of one file, and renaming did
	 * nothing. */
	(void)unlinkat(directory, before, 0);
	return SE_OK;
}

static enum se_code
drop(int directory, const char *before, struct se_error *error)
{
	char path[PATH_MAX];
	int cause;

	if (unlinkat(directory, before, 0) == 0) {
		(void)se_directory_sync(directory);
		return SE_OK;
	}
	cause = errno;
	if (cause == ENOENT)
		return SE_OK;
	se_path_in(directory, before, path, sizeof(path));
	return se_error_set(
		error, se_code_of_errno(cause), "%s cannot be removed: %s", path, strerror(cause));
}

/* The configuration may be the new one although its writing has failed: where it may not outlast a crash. Then
 * the new secret is the right one, and after the crash the one before. */
static enum se_code
settle(const struct se_setup *setup, bool set_up, int directory, const char *name,
	const char *before, struct se_error *error)
{
	const char *configuration = setup->command->identity.configuration;
	struct se_file_id now;

	if (set_up)
		return drop(directory, before, error);
	(void)se_file_identify(configuration, &now);
	if (se_file_same(&now, &setup->id))
		return put_back(setup, directory, name, before, error);
	return se_error_set(error, SE_AGAIN, "%s stays with the new secret, as %s is the new one",
		name, configuration);
}

void
se_setup_settle_secret(const struct se_setup *setup, bool set_up)
{
	const char *path = se_setup_credential_file(setup), *name = "";
	char before[NAME_MAX + 1] = "";
	struct se_error error;
	enum se_code code;
	int directory;

	if (setup->secret_state == SE_SECRET_AS_IT_WAS ||
		(setup->secret_state == SE_SECRET_SAME && !set_up))
		return;
	directory = se_install_open_parent(path, &name, &error);
	code = directory >= 0 ? name_before(name, before, &error) : error.code;
	if (code == SE_OK)
		code = settle(setup, set_up, directory, name, before, &error);
	if (code != SE_OK)
		fprintf(stderr, "sasl-entra: %s\n", error.text);
	if (code != SE_OK && (directory < 0 || se_install_exists(directory, before)))
		fprintf(stderr, "The secret before is %.*s.%s.before.\n", (int)(name - path), path,
			name);
	if (directory >= 0)
		(void)close(directory);
}

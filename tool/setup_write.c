#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/difference.h"
#include "tool/directory_lock.h"
#include "tool/install_file.h"
#include "tool/output.h"
#include "tool/setup.h"

static bool
is_same(const struct se_setup *setup)
{
	return setup->old.len == setup->text.len &&
	       memcmp(se_buffer_text(&setup->old), se_buffer_text(&setup->text), setup->old.len) ==
		       0;
}

enum se_code
se_setup_show(const struct se_setup *setup, struct se_error *error)
{
	struct se_buffer out;
	enum se_code code;

	if (is_same(setup))
		return SE_OK;
	se_buffer_init(&out, SE_OUTPUT_MAX);
	code = se_difference(setup->command->identity.configuration, se_buffer_text(&setup->text),
		setup->text.len, &out, error);
	if (code == SE_OK)
		fprintf(stderr, "%s", se_buffer_text(&out));
	se_buffer_free(&out);
	return code;
}

/* --- directories ------------------------------------------------------------------------------------ */

/* Each directory on the way that is missing: a person's are their own. */
static enum se_code
make_directories(const char *path, mode_t mode, struct se_error *error)
{
	char part[PATH_MAX];
	const mode_t before = umask(0);
	enum se_code code = SE_OK;

	for (const char *at = strchr(path + 1, '/'); code == SE_OK && at != NULL;
		at = strchr(at + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		if (mkdir(part, mode) != 0 && errno != EEXIST) {
			struct stat found;
			int cause = errno; /* a read-only file system says EROFS of what is there */

			if (stat(part, &found) != 0)
				code = se_error_set(error, se_code_of_errno(cause),
					"the directory %s cannot be made: %s", part,
					strerror(cause));
		}
	}
	(void)umask(before);
	return code;
}

enum se_code
se_setup_make_directory(const struct se_setup *setup, struct se_error *error)
{
	if (setup->dry_run)
		return SE_OK;
	return make_directories(
		setup->command->identity.configuration, geteuid() == 0 ? 0755 : 0700, error);
}

/* --- the file ----------------------------------------------------------------------------------------- */

static struct se_file_look
choose_look(const struct se_setup *setup, int directory, const char *name)
{
	struct se_file_look look = {.uid = geteuid(), .gid = getegid()};
	struct stat found;

	look.mode = setup->command->identity.users_own ? 0600 : 0644;
	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
		look.uid = geteuid() == 0 ? found.st_uid : look.uid;
		look.gid = found.st_gid;
		look.mode = found.st_mode & 0777;
		look.list_len = se_acl_save(directory, name, look.list, sizeof(look.list));
	}
	return look;
}

static enum se_code
keep_old(struct se_setup *setup, int directory, const char *name, struct se_error *error)
{
	char old[NAME_MAX + 1];
	int n = snprintf(old, sizeof(old), "%s.old", name);

	if (!setup->exists)
		return SE_OK;
	if (n < 0 || (size_t)n >= sizeof(old) ||
		snprintf(setup->backup, sizeof(setup->backup), "%s.old",
			setup->command->identity.configuration) >= (int)sizeof(setup->backup))
		return se_error_set(error, SE_CONFIG, "the name %s is too long for a copy", name);
	return se_install_link(directory, name, old, error);
}

enum se_code
se_setup_compare(const struct se_setup *setup, struct se_error *error)
{
	const char *path = setup->command->identity.configuration;
	struct se_file_id now;

	(void)se_file_identify(path, &now);
	if (se_file_same(&now, &setup->id))
		return SE_OK;
	return se_error_set(error, SE_AGAIN,
		"%s has been changed by somebody else meanwhile; nothing was changed, do it again",
		path);
}

enum se_code
se_setup_write(struct se_setup *setup, struct se_error *error)
{
	const char *path = setup->command->identity.configuration, *name;
	struct se_file_look look;
	enum se_code code;
	int directory;

	if (is_same(setup))
		return SE_OK;
	setup->changed = true;
	if (setup->dry_run)
		return SE_OK;
	directory = se_install_open_parent(path, &name, error);
	if (directory < 0)
		return error->code;
	look = choose_look(setup, directory, name);
	code = keep_old(setup, directory, name, error);
	if (code == SE_OK)
		code = se_install_file(
			directory, name, &look, setup->text.data, setup->text.len, error);
	if (code == SE_OK)
		(void)se_file_identify(path, &setup->id);
	(void)close(directory);
	return code;
}

static enum se_code
put_back(const struct se_setup *setup, int directory, const char *name, struct se_error *error)
{
	const struct se_file_look look = choose_look(setup, directory, name);

	if (setup->exists)
		return se_install_file(
			directory, name, &look, setup->old.data, setup->old.len, error);
	(void)unlinkat(directory, name, 0);
	return SE_OK;
}

void
se_setup_take_back(struct se_setup *setup)
{
	const char *path = setup->command->identity.configuration, *name = "";
	struct se_error error;
	enum se_code code;
	int directory, lock;

	if (setup->dry_run || is_same(setup))
		return;
	lock = se_directory_lock_of(path, &error);
	directory = lock >= 0 ? se_install_open_parent(path, &name, &error) : -1;
	code = directory >= 0 ? se_setup_compare(setup, &error) : error.code;
	if (code == SE_OK)
		code = put_back(setup, directory, name, &error);
	if (code != SE_OK)
		fprintf(stderr, "sasl-entra: %s stays as it was written: %s%s%s\n", path,
			error.text, setup->backup[0] != '\0' ? "; before it was " : "",
			setup->backup);
	if (directory >= 0)
		(void)close(directory);
	if (lock >= 0)
		(void)close(lock);
}

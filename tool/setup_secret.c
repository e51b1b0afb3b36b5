#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "engine/names.h"

#include "tool/install_file.h"
#include "tool/read_secret.h"
#include "tool/setup.h"

enum { SECRET_MAX = 4096 };

static bool
is_secret(const struct se_setup *setup)
{
	return se_name_equal(setup->account->value[SE_KEY_CREDENTIAL].text, "secret");
}

static bool
is_there(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0 || errno != ENOENT;
}

enum se_code
se_setup_read_secret(struct se_setup *setup, struct se_error *error)
{
	const char *path = se_setup_credential_file(setup);

	if (setup->secret_stdin && (!is_secret(setup) || path == NULL))
		return se_error_set(error, SE_CONFIG,
			"--secret-stdin belongs to --credential secret with a file");
	if (!is_secret(setup) || path == NULL || (is_there(path) && !setup->secret_stdin))
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
install(int directory, const char *name, const struct se_file_look *look,
	const struct se_secret *secret, struct se_error *error)
{
	struct se_buffer line;
	enum se_code code;

	se_buffer_init(&line, SECRET_MAX + 1);
	if (se_buffer_add(&line, se_secret_reveal(secret), se_secret_len(secret)) &&
		se_buffer_add_text(&line, "\n"))
		code = se_install_file(directory, name, look, line.data, line.len, error);
	else
		code = se_error_memory(error);
	se_buffer_free(&line);
	return code;
}

static enum se_code
replace(struct se_setup *setup, const char *path, struct se_error *error)
{
	const char *name;
	struct se_file_look look;
	enum se_code code;
	int directory = se_install_open_parent(path, &name, error);

	if (directory < 0)
		return error->code;
	look = choose_look(setup, directory, name);
	code = se_setup_keep_secret(setup, directory, name, error);
	if (code == SE_OK)
		code = install(directory, name, &look, setup->secret, error);
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
		code = setup->dry_run ? SE_OK : replace(setup, path, error);
	} else if (setup->secret != NULL && path != NULL && !setup->dry_run) {
		setup->secret_state = SE_SECRET_SAME;
	}
	se_secret_free(setup->secret);
	setup->secret = NULL;
	return code;
}

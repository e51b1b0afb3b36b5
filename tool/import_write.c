#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/import_write.h"
#include "tool/install_file.h"

enum se_code
se_import_write(const char *path, mode_t mode, const void *data, size_t len, struct se_error *error)
{
	struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = mode};
	struct stat found;
	const char *name;
	int directory = se_install_open_parent(path, &name, error);
	enum se_code code;

	if (directory < 0)
		return error->code;
	if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode)) {
		look.uid = found.st_uid;
		look.gid = found.st_gid;
		look.mode = found.st_mode & 07777;
		look.list_len = se_acl_save(directory, name, look.list, sizeof(look.list));
	}
	code = se_install_file(directory, name, &look, data, len, error);
	(void)close(directory);
	return code;
}

enum se_code
se_import_write_secret(const struct se_identity *identity, const char *path,
	const struct se_secret *secret, struct se_error *error)
{
	struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0600};
	const char *name;
	int directory = se_install_open_parent(path, &name, error);
	enum se_code code;
	uid_t owner;

	if (directory < 0)
		return error->code;
	if (se_identity_owner(identity, &owner, &look.gid))
		look.mode = 0640;
	code = se_install_file(
		directory, name, &look, se_secret_reveal(secret), se_secret_len(secret), error);
	(void)close(directory);
	return code;
}

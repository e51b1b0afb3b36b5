#include <fcntl.h>
#include <unistd.h>

#include "core/directory.h"
#include "core/program.h"

static enum se_code
judge(int fd, const char *path, const struct stat *status, struct se_error *error)
{
	if (!se_owner_trusted(status->st_uid))
		return se_error_set(error, SE_CONFIG,
			"%s belongs to uid %lu, and is not run; chown root %s", path,
			(unsigned long)status->st_uid, path);
	if (se_writable_by_others(fd, status))
		return se_error_set(error, SE_CONFIG,
			"%s can be written by others, and is not run; chmod go-w %s", path, path);
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
		return se_error_set(error, SE_CONFIG, "%s may not be run by uid %lu; chmod 0755 %s",
			path, (unsigned long)geteuid(), path);
	return SE_OK;
}

enum se_code
se_program_check(const char *path, struct se_error *error)
{
	struct se_way way;
	enum se_code code = se_way_open(path, SE_WAY_FILE, &way, error);

	if (code != SE_OK) {
		if (error != NULL)
			error->code = SE_CONFIG;
		return code == SE_MEMORY ? code : SE_CONFIG;
	}
	code = judge(way.fd, path, &way.status, error);
	(void)close(way.fd);
	return code;
}

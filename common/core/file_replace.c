#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/descriptor.h"
#include "core/directory.h"
#include "core/file.h"
#include "core/secret.h"
#include "core/world.h"

enum {
	NAME_BYTES = 256, /* of the temporary file's name, with the NUL */
	ATTEMPTS = 8,
	CHUNK = 4096
};

/* What a person can do about it. */
static const char *
advice(int cause)
{
	switch (cause) {
	case ENOSPC:
		return "; make room on that file system (df shows it)";
	case EDQUOT:
		return "; raise the disk quota of that user, or make room";
	case EROFS:
		return "; it lies on a read-only file system: remount it, or name another "
		       "state_dir";
	case EACCES:
	case EPERM:
		return "; make the directory belong to that user (chown), mode 0700";
	case EMFILE:
		return se_descriptor_advice;
	case EFBIG:
		return "; raise the file size limit of this process (ulimit -f)";
	default:
		return "";
	}
}

static enum se_code
failed(int directory, const char *name, const char *step, int cause, struct se_error *error)
{
	char path[PATH_MAX];
	bool operator_must_act =
		cause == EACCES || cause == EPERM || cause == EROFS || cause == ENOENT;

	se_path_in(directory, name, path, sizeof(path));
	return se_error_set(error, operator_must_act ? SE_CONFIG : SE_AGAIN,
		"%s could not be written by uid %lu: %s: %s%s", path, (unsigned long)geteuid(),
		step, strerror(cause), advice(cause));
}

static uint64_t
unique_number(unsigned attempt)
{
	uint64_t number = 0;

	if (!se_world_system.random(se_world_system.context, &number, sizeof(number))) {
		/* O_EXCL is what protects; the number only has to be another one. */
		number = (uint64_t)getpid() << 32 ^
			 (uint64_t)se_world_system.monotonic(se_world_system.context) ^
			 (uint64_t)attempt << 56;
	}
	return number;
}

/* A new file that was not there before; its name goes to `temporary`. -1 with errno. */
static int
create(int directory, const char *name, char *temporary, size_t size)
{
	int fd = -1, safe;

	for (unsigned attempt = 0; fd < 0 && attempt < ATTEMPTS; attempt++) {
		int len = snprintf(temporary, size, ".%s.%016llx", name,
			(unsigned long long)unique_number(attempt));

		if (len < 0 || (size_t)len >= size) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = openat(directory, temporary,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST && errno != EINTR)
			return -1;
	}
	safe = se_descriptor_safe(fd);
	if (fd >= 0 && safe < 0) {
		int cause = errno;

		(void)unlinkat(directory, temporary, 0);
		errno = cause;
	}
	return safe;
}

static bool
write_all(int fd, const char *data, size_t len)
{
	struct rlimit limit;

	/* Past this limit the kernel kills the process, which is somebody else's, by SIGXFSZ. */
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
		len > limit.rlim_cur) {
		errno = EFBIG;
		return false;
	}
	while (len > 0) {
		ssize_t put = write(fd, data, len);

		if (put > 0) {
			data += put;
			len -= (size_t)put;
		} else if (put == 0) {
			errno = ENOSPC;
			return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* Whether the file holds `data` and nothing else: some file systems tell of a full disk or a
 * bad one only when asked for what was written. */
static bool
holds(int fd, const char *data, size_t len)
{
	char chunk[CHUNK];
	size_t done = 0;
	ssize_t got;

	for (;;) {
		got = pread(fd, chunk, sizeof(chunk), (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || (size_t)got > len - done ||
			memcmp(chunk, data + done, (size_t)got) != 0)
			break;
		done += (size_t)got;
	}
	se_wipe(chunk, sizeof(chunk));
	if (got < 0)
		return false;
	errno = EIO;
	return got == 0 && done == len;
}

bool
se_file_sync(int fd)
{
	int result;

	do {
		result = fsync(fd);
	} while (result != 0 && errno == EINTR);
	return result == 0;
}

bool
se_directory_sync(int directory)
{
	return se_file_sync(directory) || errno == EINVAL;
}

/* Returns the step that failed, with errno, or NULL. Closes `fd` in any case. */
static const char *
fill(int fd, const char *data, size_t len)
{
	const char *step = NULL;
	int cause = 0;

	/* The umask may have taken bits away, an ACL may have given some. */
	if (fchmod(fd, 0600) != 0)
		step = "setting its mode";
	else if (!write_all(fd, data, len))
		step = "writing";
	else if (!se_file_sync(fd))
		step = "writing to the disk";
	else if (!holds(fd, data, len))
		step = "reading it back";
	cause = errno;
	/* An interrupted close() has closed, and the bytes are on the disk already. */
	if (close(fd) != 0 && errno != EINTR && step == NULL) {
		step = "closing";
		cause = errno;
	}
	errno = cause;
	return step;
}

enum se_code
se_file_replace(
	int directory, const char *name, const void *data, size_t len, struct se_error *error)
{
	char temporary[NAME_BYTES];
	const char *step;
	int cause;
	int fd;

	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return se_error_set(error, SE_INTERNAL, "\"%s\" is not a file's name", name);
	fd = create(directory, name, temporary, sizeof(temporary));
	if (fd < 0)
		return failed(directory, name, "creating a temporary file", errno, error);
	step = fill(fd, data, len);
	if (step == NULL && renameat(directory, temporary, directory, name) != 0)
		step = "renaming the new file over the old one";
	if (step != NULL) {
		cause = errno;
		(void)unlinkat(directory, temporary, 0);
		return failed(directory, name, step, cause, error);
	}
	/* The new name is there at once for every process, but only now for the next boot. */
	if (!se_directory_sync(directory)) {
		return failed(directory, name,
			"the new content is in place, but syncing its directory", errno, error);
	}
	return SE_OK;
}

enum se_code
se_file_try_replace(
	int directory, const char *name, const void *data, size_t len, struct se_error *error)
{
	char temporary[NAME_BYTES];
	const char *step;
	int cause;
	int fd = create(directory, name, temporary, sizeof(temporary));

	if (fd < 0)
		return failed(directory, name, "creating a temporary file", errno, error);
	step = fill(fd, data, len);
	cause = errno;
	(void)unlinkat(directory, temporary, 0);
	return step == NULL ? SE_OK : failed(directory, name, step, cause, error);
}

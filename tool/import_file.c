#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tool/import_file.h"

static enum se_code
refuse(const char *path, int cause, struct se_error *error)
{
	if (cause == ENOENT || cause == ENOTDIR)
		return se_error_set(error, SE_ABSENT, "%s: there is no such file", path);
	if (cause == ELOOP)
		return se_error_set(error, SE_CONFIG,
			"%s is a symbolic link, which its owner can point anywhere; name the file "
			"itself",
			path);
	return se_error_set(
		error, se_code_of_errno(cause), "%s cannot be read: %s", path, strerror(cause));
}

static enum se_code
read_all(int fd, const char *path, struct se_buffer *out, struct se_error *error)
{
	for (;;) {
		char *to = se_buffer_room(out, 4096);
		ssize_t n;

		if (to == NULL)
			return se_error_set(error, SE_CONFIG,
				"%s has more than %lu bytes; that is no file of its kind", path,
				(unsigned long)out->max - 4096);
		n = read(fd, to, 4096);
		if (n == 0)
			return SE_OK;
		if (n < 0 && errno != EINTR)
			return refuse(path, errno, error);
		se_buffer_grown(out, n > 0 ? (size_t)n : 0);
	}
}

enum se_code
se_import_bytes(const char *path, struct se_buffer *out, struct stat *found, struct se_error *error)
{
	struct stat here;
	enum se_code code;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return refuse(path, errno, error);
	if (fstat(fd, &here) != 0 || !S_ISREG(here.st_mode)) {
		(void)close(fd);
		return se_error_set(error, SE_CONFIG, "%s is no regular file", path);
	}
	if (found != NULL)
		*found = here;
	code = read_all(fd, path, out, error);
	(void)close(fd);
	return code;
}

static enum se_code
parse(const char *path, const struct se_buffer *text, struct se_json **json, struct se_error *error)
{
	*json = se_json_parse(se_buffer_text(text), text->len);
	if (*json != NULL)
		return SE_OK;
	if (errno == ENOMEM)
		return se_error_memory(error);
	return se_error_set(error, SE_CONFIG,
		text->len == 0
			? "%s is empty: what it held is lost, and its person must sign in anew"
			: "%s is no JSON object; a full disk may have cut it, and then what it "
			  "held "
			  "is lost and its person must sign in anew",
		path);
}

enum se_code
se_import_json(const char *path, const struct se_buffer *text, struct se_json **json,
	struct stat *found, struct se_error *error)
{
	struct se_buffer own;
	enum se_code code = SE_OK;

	*json = NULL;
	if (text != NULL)
		return parse(path, text, json, error);
	se_buffer_init(&own, SE_IMPORT_FILE_MAX);
	code = se_import_bytes(path, &own, found, error);
	if (code == SE_OK)
		code = parse(path, &own, json, error);
	se_buffer_free(&own);
	return code;
}

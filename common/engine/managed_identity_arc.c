#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sys/stat.h>

#include "core/buffer.h"
#include "engine/managed_identity_arc.h"

#define TOKENS "/var/opt/azcmagent/tokens"

enum { NAME_BYTES = 128 };

static enum se_code
refuse(struct se_error *error, const char *why)
{
	return se_error_set(error, SE_CONFIG,
		"the Azure Connected Machine agent on this machine answered with %s; whoever "
		"answers at its port may not be it: look at \"azcmagent show\"",
		why);
}

/* "Basic realm=/var/opt/azcmagent/tokens/NAME.key" -> NAME.key. Nothing but a plain file name in
 * that one directory: a challenge must not make us read, and send, any other file. */
static bool
file_name(const char *challenge, char name[NAME_BYTES])
{
	static const char scheme[] = "Basic ", realm[] = "realm=", suffix[] = ".key";
	static const char directory[] = TOKENS "/";
	size_t len;

	if (strncasecmp(challenge, scheme, strlen(scheme)) != 0)
		return false;
	challenge += strlen(scheme);
	if (strncasecmp(challenge, realm, strlen(realm)) != 0)
		return false;
	challenge += strlen(realm);
	if (strncmp(challenge, directory, strlen(directory)) != 0)
		return false;
	challenge += strlen(directory);
	len = strlen(challenge);
	if (len <= strlen(suffix) || len >= NAME_BYTES || challenge[0] == '.' ||
		strcmp(challenge + len - strlen(suffix), suffix) != 0 ||
		strspn(challenge,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != len)
		return false;
	memcpy(name, challenge, len + 1);
	return true;
}

/* No link on the way, so that the agent's own directory is what is read. */
static int
open_key(const char *name)
{
	int directory = open(TOKENS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int fd, saved;

	if (directory < 0)
		return -1;
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	saved = errno;
	(void)close(directory);
	errno = saved;
	return fd;
}

static enum se_code
read_key(int fd, struct se_buffer *key, struct se_error *error)
{
	struct stat found;
	char *room;
	ssize_t got = 0;

	if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode) || (found.st_mode & S_IWOTH) != 0)
		return refuse(error, "a key file that is no plain file of its own");
	if (found.st_size == 0 || found.st_size > SE_ARC_KEY_MAX)
		return refuse(error, "a key file that is empty or larger than 4096 bytes");
	room = se_buffer_room(key, (size_t)found.st_size);
	if (room == NULL)
		return se_error_memory(error);
	got = read(fd, room, (size_t)found.st_size);
	if (got != (ssize_t)found.st_size)
		return refuse(error, "a key file that cannot be read whole");
	se_buffer_grown(key, (size_t)got);
	return SE_OK;
}

static bool
is_printable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return len > 0;
}

static enum se_code
make_header(struct se_buffer *key, struct se_secret **header, struct se_error *error)
{
	struct se_buffer line;

	while (key->len > 0 && memchr("\r\n", key->data[key->len - 1], 2) != NULL)
		key->data[--key->len] = '\0';
	if (!is_printable(se_buffer_text(key), key->len))
		return refuse(error, "a key file with bytes that are not visible ASCII");
	se_buffer_init(&line, SE_ARC_KEY_MAX + 64);
	se_buffer_addf(&line, "Authorization: Basic %s", key->data);
	if (!line.failed)
		*header = se_secret_new(line.data, line.len);
	se_buffer_free(&line);
	return *header != NULL ? SE_OK : se_error_memory(error);
}

enum se_code
se_arc_answer_challenge(const char *challenge, struct se_secret **header, struct se_error *error)
{
	char name[NAME_BYTES];
	struct se_buffer key;
	enum se_code code;
	int fd;

	*header = NULL;
	if (!file_name(challenge, name))
		return refuse(error, "a challenge that names no key file in " TOKENS);
	fd = open_key(name);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return refuse(error, "a key file that is a link, or not in a directory of its own");
	if (fd < 0)
		return se_error_set(error, SE_CONFIG,
			"the key file %s/%s of the Azure Connected Machine agent cannot be read "
			"(%s); put the user that runs this into the group himds: usermod -aG himds "
			"USER",
			TOKENS, name, strerror(errno));
	se_buffer_init(&key, SE_ARC_KEY_MAX);
	code = read_key(fd, &key, error);
	(void)close(fd);
	if (code == SE_OK)
		code = make_header(&key, header, error);
	se_buffer_free(&key);
	return code;
}

/* Fuzzes Azure Arc's challenge and the key file that it names. An input is the value of
 * WWW-Authenticate, a line end, and the content of the file: either the header of the second request
 * has that content, or there is a sentence. No other file is ever read. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/managed_identity_arc.h"

#include "fuzz.h"

#define TOKENS "/var/opt/azcmagent/tokens"
#define HEADER "Authorization: Basic "
#define OTHER "content-of-another-file"

/* The directory of Azure Arc's agent is one of ours here, by whichever name open() has. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

static int
open_instead(const char *path, int flags, va_list args)
{
	mode_t mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;

	return __real_open(strcmp(path, TOKENS) == 0 ? scratch("tokens") : path, flags, mode);
}

int
__wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int fd;

	va_start(args, flags);
	fd = open_instead(path, flags, args);
	va_end(args);
	return fd;
}

int
__wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	int fd;

	va_start(args, flags);
	fd = open_instead(path, flags, args);
	va_end(args);
	return fd;
}

/* A key is found at all. */
static void
try_good_challenge(void)
{
	struct se_secret *header;

	write_file(scratch("tokens/good.key"), "key", 3);
	must(se_arc_answer_challenge("Basic realm=" TOKENS "/good.key", &header, NULL) == SE_OK);
	must_be_same(se_secret_reveal(header), HEADER "key");
	se_secret_free(header);
}

static void
begin(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	must(mkdir(scratch("tokens"), 0700) == 0 && mkdir(scratch("tokens/sub"), 0700) == 0);
	write_file(scratch("other.key"), OTHER, strlen(OTHER));
	must(symlink("../other.key", scratch("tokens/link.key")) == 0);
	try_good_challenge();
}

/* The name of the key file that the challenge may mean, or NULL. */
static const char *
name_in(const char *challenge)
{
	const char *name = strrchr(challenge, '/');
	size_t len = name != NULL ? strlen(++name) : 0;

	if (len <= strlen(".key") || len > 200 || strcmp(name + len - strlen(".key"), ".key") != 0)
		return NULL;
	return strcmp(name, "link.key") != 0 ? name : NULL;
}

static void
must_be_proof(const char *challenge, const struct input *key, const struct se_secret *header)
{
	static const char scheme[] = "Basic realm=", place[] = TOKENS "/";
	const char *text = se_secret_reveal(header);
	size_t len = se_secret_len(header) - strlen(HEADER);

	must(strncasecmp(challenge, scheme, strlen(scheme)) == 0);
	must(strncmp(challenge + strlen(scheme), place, strlen(place)) == 0);
	must(strncmp(text, HEADER, strlen(HEADER)) == 0);
	must(len > 0 && len <= SE_ARC_KEY_MAX && len <= key->len);
	must(memcmp(text + strlen(HEADER), key->data, len) == 0);
	for (; len < key->len; len++)
		must(key->data[len] == '\r' || key->data[len] == '\n');
	for (; *text != '\0'; text++)
		must(*text >= ' ' && *text < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	char *challenge = input_line(&input), file[300];
	const char *name = name_in(challenge);
	struct se_secret *header;
	struct se_error error;
	enum se_code code;

	begin();
	if (name != NULL) {
		(void)snprintf(file, sizeof(file), "tokens/%s", name);
		write_file(scratch(file), input.data, input.len);
	}
	se_error_clear(&error);
	code = se_arc_answer_challenge(challenge, &header, &error);
	must((code == SE_OK) == (header != NULL));
	if (code == SE_OK)
		must_be_proof(challenge, &input, header);
	else
		must_explain(&error, code);
	if (name != NULL)
		must(unlink(scratch(file)) == 0);
	se_secret_free(header);
	free(challenge);
	return 0;
}

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/json.h"

#include "fuzz.h"

/* --- what must hold --------------------------------------------------------------------------- */

void
must(bool condition)
{
	if (!condition)
		abort();
}

void
must_be_same(const char *a, const char *b)
{
	must((a == NULL) == (b == NULL));
	must(a == NULL || strcmp(a, b) == 0);
}

void
must_be_printable(const char *text)
{
	char *clean = strdup(text);

	must(clean != NULL);
	se_text_clean(clean);
	must(strcmp(clean, text) == 0);
	free(clean);
}

void
must_explain(const struct se_error *error, enum se_code code)
{
	must(code != SE_OK && error->code == code);
	must(error->text[0] != '\0');
	must(strlen(error->text) < SE_ERROR_TEXT_MAX);
	must_be_printable(error->text);
}

bool
holds_secret(const char *text, const char *json, size_t len)
{
	static const char *const names[] = {
		"access_token", "refresh_token", "id_token", "device_code", "code"};
	struct se_json *object = se_json_parse(json, len);
	const char *secret;
	bool found = false;
	size_t i;

	for (i = 0; object != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		secret = se_json_string(object, names[i]);
		if (secret != NULL && strlen(secret) >= FUZZ_SECRET_MIN)
			found = found || strstr(text, secret) != NULL;
	}
	se_json_free(object);
	return found;
}

void
must_hold_no_secret(const char *text, const char *json, size_t len)
{
	must(!holds_secret(text, json, len));
}

/* --- an input --------------------------------------------------------------------------------- */

static void
skip(struct input *input, size_t len)
{
	input->data += len;
	input->len -= len;
}

unsigned
input_number(struct input *input)
{
	unsigned number = 0;

	while (input->len > 0 && *input->data >= '0' && *input->data <= '9' && number < 100000) {
		number = number * 10 + (unsigned)(*input->data - '0');
		skip(input, 1);
	}
	if (input->len > 0 && (*input->data == ' ' || *input->data == '\n'))
		skip(input, 1);
	return number;
}

unsigned
input_byte(struct input *input)
{
	unsigned byte = input->len > 0 ? (unsigned char)*input->data : 0;

	skip(input, input->len > 0 ? 1 : 0);
	return byte;
}

char *
input_text(struct input *input, size_t len)
{
	char *text;

	if (len > input->len)
		len = input->len;
	text = malloc(len + 1);
	must(text != NULL);
	if (len > 0)
		memcpy(text, input->data, len);
	text[len] = '\0';
	skip(input, len);
	return text;
}

char *
input_line(struct input *input)
{
	const char *end = input->len > 0 ? memchr(input->data, '\n', input->len) : NULL;
	char *line = input_text(input, end != NULL ? (size_t)(end - input->data) : input->len);

	skip(input, end != NULL ? 1 : 0);
	return line;
}

/* --- files ------------------------------------------------------------------------------------ */

static char directory[PATH_MAX];

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
remove_directory(void)
{
	(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
make_directory(void)
{
	const char *above = getenv("TMPDIR");

	(void)snprintf(directory, sizeof(directory), "%s/sasl-entra-fuzz.XXXXXX",
		above != NULL && above[0] == '/' ? above : "/tmp");
	must(mkdtemp(directory) != NULL);
	must(atexit(remove_directory) == 0);
}

const char *
scratch(const char *name)
{
	static char paths[8][2 * PATH_MAX];
	static unsigned at;
	char *path = paths[at++ % 8];

	if (directory[0] == '\0')
		make_directory();
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

void
write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	must(fd >= 0);
	must(write(fd, data, len) == (ssize_t)len);
	must(close(fd) == 0);
}

/* --- accounts --------------------------------------------------------------------------------- */

const struct se_config *
config_of(const char *text)
{
	struct se_config *config;
	struct se_error error;

	must(se_config_parse(text, strlen(text), "fuzz.conf", &config, NULL, &error) == SE_OK);
	return config;
}

static const struct se_account *
account(size_t which)
{
	static const struct se_config *config;

	if (config == NULL)
		config = config_of("[account relay]\n"
				   "match = scanner@contoso.com\n"
				   "tenant = contoso.onmicrosoft.com\n"
				   "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
				   "credential = secret\n"
				   "client_secret_file = /etc/sasl-entra/relay.secret\n"
				   "[account people]\n"
				   "match = *@contoso.com\n"
				   "tenant = contoso.onmicrosoft.com\n"
				   "client_id = 55556666-dddd-7777-eeee-8888ffff9999\n");
	return &config->accounts[which];
}

const struct se_account *
app_account(void)
{
	return account(0);
}

const struct se_account *
person_account(void)
{
	return account(1);
}

/* --- the clock -------------------------------------------------------------------------------- */

enum { NOW = 1800000000 };

int64_t fuzz_clock_ms;

static int64_t
wall(void *context)
{
	(void)context;
	return NOW + fuzz_clock_ms / 1000;
}

static int64_t
monotonic(void *context)
{
	(void)context;
	return fuzz_clock_ms;
}

static bool
no_randomness(void *context, void *data, size_t len)
{
	(void)context;
	memset(data, 7, len);
	return true;
}

const struct se_world fuzz_world = {wall, monotonic, no_randomness, NULL};

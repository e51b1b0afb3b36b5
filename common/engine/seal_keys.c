#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/file.h"
#include "core/world.h"
#include "engine/crypto_digest.h"
#include "engine/crypto_seal.h"
#include "engine/seal_keys.h"
#include "engine/secret_command.h"

enum { FILE_BYTES_MAX = 1024, COMMAND_AGAIN_MS = 60000, KEY_DIGITS = 2 * SE_SEAL_KEY_BYTES };

#define HOW_TO_MAKE "make one with: openssl rand -hex 32"

/* In front of the key in what is digested to its id, so that the id is no plain digest of it. */
static const char id_of[] = "sasl-entra state key\n";

struct se_seal_keys {
	char *file;
	char *unusable;
	bool credential;
	bool command;
	struct se_error failure; /* of the program */
	int64_t again;           /* when it is run again after that, monotonic ms */
	struct se_file_id read;  /* the file that `list` is from */
	bool settled;            /* that one is on the disk */
	struct se_seal_key list[SE_SEAL_KEYS_MAX];
	size_t count; /* 0: not read, or not to be had */
};

/* --- life ------------------------------------------------------------------------------------- */

struct se_seal_keys *
se_seal_keys_new(const struct se_state_key *source)
{
	struct se_seal_keys *keys = calloc(1, sizeof(*keys));

	if (keys == NULL)
		return NULL;
	keys->credential = source->credential;
	keys->command = source->command;
	keys->file = strdup(source->file);
	if (source->unusable != NULL)
		keys->unusable = strdup(source->unusable);
	if (keys->file != NULL && (keys->unusable != NULL || source->unusable == NULL))
		return keys;
	se_seal_keys_free(keys);
	return NULL;
}

static void
forget(struct se_seal_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		se_secret_free(keys->list[i].secret);
	memset(keys->list, 0, sizeof(keys->list));
	keys->count = 0;
}

void
se_seal_keys_free(struct se_seal_keys *keys)
{
	if (keys == NULL)
		return;
	forget(keys);
	free(keys->file);
	free(keys->unusable);
	free(keys);
}

/* --- the file --------------------------------------------------------------------------------- */

static int
hex_value(char digit)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	const char *at = digit != '\0' ? strchr(lower, digit) : NULL;

	if (at != NULL)
		return (int)(at - lower);
	at = digit != '\0' ? strchr(upper, digit) : NULL;
	return at != NULL ? (int)(at - upper) : -1;
}

static bool
decode(const char *line, size_t len, unsigned char bytes[SE_SEAL_KEY_BYTES])
{
	if (len != KEY_DIGITS)
		return false;
	for (size_t i = 0; i < SE_SEAL_KEY_BYTES; i++) {
		int high = hex_value(line[2 * i]), low = hex_value(line[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
make_id(const unsigned char bytes[SE_SEAL_KEY_BYTES], char id[SE_SEAL_KEY_ID_DIGITS + 1])
{
	unsigned char text[sizeof(id_of) - 1 + SE_SEAL_KEY_BYTES];
	bool ok;

	memcpy(text, id_of, sizeof(id_of) - 1);
	memcpy(text + sizeof(id_of) - 1, bytes, SE_SEAL_KEY_BYTES);
	ok = se_digest_hex(text, sizeof(text), id, SE_SEAL_KEY_ID_DIGITS);
	se_wipe(text, sizeof(text));
	return ok;
}

static enum se_code
add(struct se_seal_keys *keys, const char *line, size_t len, unsigned number,
	struct se_error *error)
{
	struct se_seal_key *key = &keys->list[keys->count];
	unsigned char bytes[SE_SEAL_KEY_BYTES];
	bool ok;

	if (keys->count == SE_SEAL_KEYS_MAX)
		return se_error_set(error, SE_CONFIG,
			"%s:%u: %d keys are the most; take out the last ones, which no state file "
			"needs after: sasl-entra reseal",
			keys->file, number, SE_SEAL_KEYS_MAX);
	ok = decode(line, len, bytes);
	if (!ok) {
		se_wipe(bytes, sizeof(bytes));
		return se_error_set(error, SE_CONFIG,
			"%s:%u: a key is a line of %d hexadecimal digits, and this is "
			"none; " HOW_TO_MAKE,
			keys->file, number, KEY_DIGITS);
	}
	ok = make_id(bytes, key->id);
	key->secret = ok ? se_secret_new(bytes, sizeof(bytes)) : NULL;
	se_wipe(bytes, sizeof(bytes));
	if (key->secret == NULL)
		return se_error_memory(error);
	keys->count++;
	return SE_OK;
}

/* Empty lines are passed over, and lines may end as on Windows. */
static enum se_code
parse(struct se_seal_keys *keys, const char *at, size_t size, struct se_error *error)
{
	const char *end = at + size;
	enum se_code code = SE_OK;

	for (unsigned number = 1; code == SE_OK && at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop != NULL ? stop : end) - at);

		if (len > 0 && at[len - 1] == '\r')
			len--;
		if (len > 0)
			code = add(keys, at, len, number, error);
		at = stop != NULL ? stop + 1 : end;
	}
	if (code == SE_OK && keys->count == 0)
		code = se_error_set(error, SE_CONFIG,
			"%s is empty; put back the key that was in it, or " HOW_TO_MAKE,
			keys->file);
	return code;
}

static enum se_code
read_file(struct se_seal_keys *keys, struct se_error *error)
{
	struct se_buffer content;
	enum se_code code;

	forget(keys);
	keys->settled = false;
	se_buffer_init(&content, FILE_BYTES_MAX);
	code = se_file_read(keys->file, keys->credential ? SE_FILE_CONFIG : SE_FILE_SECRET,
		&content, &keys->read, error);
	if (code == SE_OK)
		code = parse(keys, se_buffer_text(&content), content.len, error);
	se_buffer_free(&content);
	if (code == SE_OK)
		return SE_OK;
	forget(keys);
	return code;
}

/* The program is waited for, once: nothing can be had from the state directory without a key. When it
 * failed it is left alone for a while, as it may have hung. */
static enum se_code
ask_program(struct se_seal_keys *keys, struct se_error *error)
{
	const struct se_world *world = &se_world_system;
	struct se_secret *printed = NULL;
	struct se_error why = {0};
	enum se_code code;

	if (keys->again != 0 && world->monotonic(world->context) < keys->again)
		return se_error_set(error, keys->failure.code, "%s", keys->failure.text);
	code = se_secret_command_run(keys->file, true, world, &printed, &why);
	if (code == SE_OK)
		code = parse(keys, se_secret_reveal(printed), se_secret_len(printed), &why);
	se_secret_free(printed);
	keys->again = 0;
	if (code == SE_OK)
		return SE_OK;
	forget(keys);
	keys->failure = why;
	keys->again = world->monotonic(world->context) + COMMAND_AGAIN_MS;
	return se_error_set(error, code, "%s", why.text);
}

/* A command of an administrator is no service, but systemd can run it as one. */
static enum se_code
not_given(const struct se_seal_keys *keys, struct se_error *error)
{
	const char *name = strchr(keys->file, ':');

	name = name != NULL ? name + 1 : keys->file;
	return se_error_set(error, SE_CONFIG,
		"[defaults] %s. A command is given it by: systemd-run --pty --quiet -p User=%lu -p "
		"LoadCredential=%s:PATH COMMAND",
		keys->unusable, (unsigned long)geteuid(), name);
}

enum se_code
se_seal_keys_load(struct se_seal_keys *keys, struct se_error *error)
{
	struct se_file_id now;

	if (keys->unusable != NULL)
		return not_given(keys, error);
	if (keys->command)
		return keys->count > 0 ? SE_OK : ask_program(keys, error);
	if (se_file_identify(keys->file, &now) && keys->count > 0 &&
		se_file_same(&now, &keys->read))
		return SE_OK;
	return read_file(keys, error);
}

enum se_code
se_seal_keys_settle(struct se_seal_keys *keys, struct se_error *error)
{
	enum se_code code = SE_OK;

	if (!keys->settled && !keys->command)
		code = se_file_settle(keys->file, error);
	keys->settled = code == SE_OK;
	return code;
}

/* --- the keys --------------------------------------------------------------------------------- */

const struct se_seal_key *
se_seal_keys_first(const struct se_seal_keys *keys)
{
	return keys->count > 0 ? &keys->list[0] : NULL;
}

const struct se_seal_key *
se_seal_keys_find(const struct se_seal_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].id, id) == 0)
			return &keys->list[i];
	return NULL;
}

const char *
se_seal_keys_file(const struct se_seal_keys *keys)
{
	return keys->file;
}

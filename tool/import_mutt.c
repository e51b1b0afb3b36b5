/*
 * sasl-entra import mutt_oauth2: the refresh token of a token file of mutt_oauth2.py, which its own
 * command decrypts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/message.h"
#include "engine/provider.h"

#include "tool/exit_code.h"
#include "tool/import.h"
#include "tool/import_account.h"
#include "tool/import_file.h"
#include "tool/keep_sign_in.h"
#include "tool/output.h"
#include "tool/run.h"

enum { WORDS_MAX = 32, DECRYPT_MS = 120000, MESSAGES_MAX = 65536 };

#define GPG "gpg --decrypt"

/* gpg asks its agent, which may ask the person at this terminal. */
static const char *const wanted[] = {"PATH", "HOME", "TERM", "LANG", "GNUPGHOME", "GPG_TTY",
	"GPG_AGENT_INFO", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR",
	"DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR", NULL};

static void
make_environment(char **environment, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; wanted[i] != NULL && n + 1 < max; i++) {
		const char *value = getenv(wanted[i]);
		size_t size = value != NULL ? strlen(wanted[i]) + strlen(value) + 2 : 0;
		char *entry = value != NULL ? malloc(size) : NULL;

		if (entry == NULL)
			continue;
		(void)snprintf(entry, size, "%s=%s", wanted[i], value);
		environment[n++] = entry;
	}
	environment[n] = NULL;
}

/* Splits at blanks, in place; quotes mean nothing. */
static bool
split(char *command, const char **argv)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(command, " \t", &rest); word != NULL;
		word = strtok_r(NULL, " \t", &rest)) {
		if (n == WORDS_MAX)
			return false;
		argv[n++] = word;
	}
	argv[n] = NULL;
	return n > 0;
}

static enum se_code
run_pipe(const char **argv, const struct se_buffer *in, struct se_buffer *out,
	struct se_error *error)
{
	char *environment[sizeof(wanted) / sizeof(wanted[0])];
	struct se_buffer errors;
	const struct se_run run = {.argv = argv,
		.input = in->data,
		.input_len = in->len,
		.output = out,
		.errors = &errors,
		.timeout = DECRYPT_MS,
		.environment = (const char *const *)environment};
	int status = 0;
	enum se_code code;

	make_environment(environment, sizeof(environment) / sizeof(environment[0]));
	se_buffer_init(&errors, MESSAGES_MAX);
	code = se_run(&run, &status, error);
	if (code == SE_ABSENT)
		code = se_error_set(error, SE_CONFIG,
			"there is no program %s; give the command of its DECRYPTION_PIPE with "
			"--decrypt",
			argv[0]);
	else if (code == SE_OK && status != 0)
		code = se_error_set(error, SE_CONFIG, "%s ended with %d: %s", argv[0], status,
			se_buffer_text(&errors));
	for (size_t i = 0; environment[i] != NULL; i++)
		free(environment[i]);
	se_buffer_free(&errors);
	return code;
}

static enum se_code
decrypt(const char *file, const char *command, struct se_json **json, struct se_error *error)
{
	char *words = strdup(command != NULL ? command : GPG);
	const char *argv[WORDS_MAX + 1];
	struct se_buffer in, out;
	enum se_code code;

	se_buffer_init(&in, SE_IMPORT_FILE_MAX);
	se_buffer_init(&out, SE_IMPORT_FILE_MAX);
	if (words == NULL)
		code = se_error_memory(error);
	else if (!split(words, argv))
		code = se_error_set(error, SE_CONFIG, "--decrypt: no command, or too long a one");
	else
		code = se_import_bytes(file, &in, NULL, error);
	if (code == SE_OK)
		code = run_pipe(argv, &in, &out, error);
	if (code == SE_OK && out.len == 0)
		code = se_error_set(error, SE_CONFIG, "%s: %s gave nothing", file, argv[0]);
	else if (code == SE_OK)
		code = se_import_json(file, &out, json, NULL, error);
	se_buffer_free(&in);
	se_buffer_free(&out);
	free(words);
	return code;
}

/* A refresh token is good for the registration that it was given to, and no other. */
static enum se_code
check_registration(const struct se_json *json, const char *file, const struct se_place *place,
	struct se_error *error)
{
	const char *registration = se_json_string(json, "registration");
	const char *theirs = se_json_string(json, "client_id");
	const char *ours = place->account->value[SE_KEY_CLIENT_ID].text;
	const struct se_provider *provider = place->account->provider;

	if (registration != NULL && provider != NULL &&
		(strcmp(registration, "google") == 0) != (strcmp(provider->name, "google") == 0))
		return se_error_set(error, SE_CONFIG,
			"%s is a sign-in at %s, and account %s has provider = %s", file,
			registration, place->account->label, provider->name);
	if (!se_import_is_placeholder(theirs) && ours != NULL && strcasecmp(theirs, ours) != 0)
		return se_error_set(error, SE_CONFIG,
			"%s is of the client id %s, and account %s has another one: %s", file,
			theirs, place->account->label, ours);
	if (theirs == NULL)
		fprintf(stderr,
			"sasl-entra: warning: %s does not say its client id, which is in the "
			"script; it must be that of account %s: %s\n",
			file, place->account->label, ours != NULL ? ours : "none");
	return SE_OK;
}

static enum se_code
take_token(const struct se_json *json, const char *file, struct se_secret **token,
	struct se_error *error)
{
	const char *text = se_json_string(json, "refresh_token");

	if (text == NULL || text[0] == '\0')
		return se_error_set(error, SE_CONFIG,
			"%s has no refresh token; sign in with: sasl-entra login", file);
	if (!se_message_can_be_token(text, strlen(text)))
		return se_error_set(error, SE_CONFIG,
			"%s has a refresh_token with characters that no token has; it is damaged",
			file);
	*token = se_secret_new(text, strlen(text));
	return *token != NULL ? SE_OK : se_error_memory(error);
}

static enum se_code
import(struct se_place *place, const char *file, const struct se_import_options *options,
	bool *changed, struct se_error *error)
{
	struct se_secret *token = NULL;
	struct se_json *json = NULL;
	enum se_code code = decrypt(file, options->decrypt, &json, error);

	if (code == SE_OK)
		code = check_registration(json, file, place, error);
	if (code == SE_OK)
		code = take_token(json, file, &token, error);
	se_json_free(json);
	if (code == SE_OK && !options->replace && se_store_has(place->store, &place->key))
		code = se_error_set(error, SE_CONFIG,
			"a sign-in is kept for account %s already; --replace puts that of %s in "
			"its place",
			place->account->label, file);
	if (code == SE_OK)
		return se_keep_sign_in(place, token, changed, error);
	se_secret_free(token);
	return code;
}

static int
print(const struct se_place *place, const char *file, bool changed, bool json)
{
	struct se_buffer out;
	int exit_code;

	if (!json) {
		fprintf(stderr, "%s: its sign-in is kept for account %s%s.\n", file,
			place->account->label, changed ? "" : " already");
		return SE_EXIT_OK;
	}
	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_addf(&out, "{\"changed\": %s}\n", changed ? "true" : "false");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

int
se_import_mutt(const struct se_identity *identity, const char *name, const char *file,
	const struct se_import_options *options)
{
	struct se_place place = {.identity = identity};
	struct se_error error;
	bool changed = false;
	enum se_code code = SE_OK;
	int exit_code;

	if (geteuid() == 0)
		code = se_error_set(&error, SE_CONFIG,
			"the token file is a person's, and so is the command that decrypts it: do "
			"this as that person, not as root");
	if (code == SE_OK)
		code = se_place_find(identity, name, &place, &error);
	if (code == SE_OK)
		code = se_place_check_person(&place, name, "a refresh token", &error);
	if (code == SE_OK)
		code = se_place_open(&place, &error);
	if (code == SE_OK)
		code = import(&place, file, options, &changed, &error);
	if (code == SE_OK && changed)
		se_place_tell_agent(&place);
	exit_code =
		code == SE_OK ? print(&place, file, changed, options->json) : se_exit_error(&error);
	se_place_free(&place);
	return exit_code;
}

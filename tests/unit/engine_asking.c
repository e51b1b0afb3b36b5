#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_asking.h"

/* --- configuration --------------------------------------------------------------------------- */

const char *
configuration(void)
{
	return scratch("sasl-entra.conf");
}

static const char *state_name = "state";

const char *
state_directory(void)
{
	return scratch(state_name);
}

void
state_directory_be(const char *name)
{
	state_name = name;
	if (mkdir(state_directory(), 0700) != 0)
		assert_int_equal(errno, EEXIST);
}

static void
remove_states(void)
{
	char command[300];

	state_name = "state";
	(void)chmod(state_directory(), 0700);
	snprintf(command, sizeof(command), "rm -rf '%s' '%s'", scratch("state"),
		scratch("elsewhere"));
	assert_int_equal(system(command), 0);
}

void
configure(const char *name, bool with_state, const char *defaults, const char *relay)
{
	char text[4096], path[100], state[400] = "";

	snprintf(path, sizeof(path), "/token/%s", name);
	if (with_state)
		snprintf(state, sizeof(state), "state_dir = %s\n", state_directory());
	snprintf(text, sizeof(text),
		"[defaults]\n"
		"ca_file = %s\n"
		"%s%s"
		"[account relay]\n"
		"match = *@contoso.com\n"
		"tenant = contoso.com\n"
		"client_id = " APP "\n"
		"credential = secret\n"
		"client_secret_file = %s\n"
		"servers = " SERVER ", " HVE "\n"
		"token_endpoint = %s\n"
		"%s"
		"[account person]\n"
		"match = *@fabrikam.com\n"
		"tenant = fabrikam.com\n"
		"client_id = " APP "\n"
		"servers = " SERVER "\n"
		"token_endpoint = %s\n",
		faults_ca(), state, defaults, scratch("secret"), faults_url("https", path), relay,
		faults_url("https", path));
	write_text(configuration(), text);
}

void
asking_set_up(void)
{
	world_reset();
	engine_log[0] = '\0';
	engine_warnings = 0;
	remove_states();
	state_directory_be("state");
	write_text(scratch("secret"), "s3cr3t\n");
	(void)unlink(configuration());
	(void)faults_say("anew");
	/* A person's own state directory must not be touched. */
	(void)setenv("HOME", "/nonexistent", 1);
	(void)unsetenv("XDG_STATE_HOME");
}

void
key_of(const char *login, struct se_token_key *key)
{
	struct se_config *config;
	struct se_error error;
	const struct se_account *account;

	if (se_config_load(configuration(), &config, NULL, &error) != SE_OK)
		fail_msg("%s", error.text);
	account = se_account_match(config, login, &error);
	assert_non_null(account);
	assert_int_equal(se_token_key_make(account, login, key, &error), SE_OK);
	se_config_free(config);
}

static struct se_store *
open_store(void)
{
	struct se_error error;
	struct se_store *store = se_store_open(state_directory(), true, &error);

	if (store == NULL)
		fail_msg("%s", error.text);
	return store;
}

void
sign_in(const char *login, const char *refresh_token)
{
	struct se_store *store = open_store();
	struct se_state state = {0};
	struct se_token_key key;
	struct se_error error;

	key_of(login, &key);
	state.refresh_token = se_secret_new(refresh_token, strlen(refresh_token));
	if (se_store_write(store, &key, &state, &error) != SE_OK)
		fail_msg("%s", error.text);
	se_state_free(&state);
	se_token_key_free(&key);
	se_store_close(store);
}

char *
kept_refresh_token(const char *login)
{
	struct se_store *store = open_store();
	struct se_state state = {0};
	struct se_token_key key;
	char *text = NULL;

	key_of(login, &key);
	if (se_store_read(store, &key, &state, NULL) == SE_OK && state.refresh_token != NULL)
		text = strdup(se_secret_reveal(state.refresh_token));
	se_state_free(&state);
	se_token_key_free(&key);
	se_store_close(store);
	return text;
}

bool
is_kept(const char *beginning)
{
	char *kept = kept_refresh_token(PERSON);
	bool is = kept != NULL && strncmp(kept, beginning, strlen(beginning)) == 0;

	if (!is)
		print_message("kept is %s\n", kept != NULL ? kept : "nothing");
	free(kept);
	return is;
}

int
limit_files(rlim_t size)
{
	struct rlimit limit;

	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || getrlimit(RLIMIT_FSIZE, &limit) != 0)
		return -1;
	limit.rlim_cur = size;
	return setrlimit(RLIMIT_FSIZE, &limit);
}

/* --- an engine ------------------------------------------------------------------------------- */

char engine_log[65536];
unsigned engine_warnings;

static void
take_line(void *context, bool warning, const char *text)
{
	size_t len = strlen(engine_log);

	assert_null(context);
	engine_warnings += warning;
	snprintf(engine_log + len, sizeof(engine_log) - len, "%s\n", text);
	assert_silent_about(
		text, "aaaaaaaaaa"); /* in every access token, and "rrr" in the others */
	assert_silent_about(text, "rrrrrrrrrr");
	assert_silent_about(text, "s3cr3t");
}

struct se_engine *
engine_start(enum se_role role)
{
	struct se_engine_options options = {
		.role = role, .configuration = configuration(), .world = &world, .log = take_line};
	struct se_engine *engine = se_engine_new(&options);
	struct se_error error;

	assert_non_null(engine);
	if (se_engine_load(engine, &error) != SE_OK)
		fail_msg("%s", error.text);
	return engine;
}

/* --- one ask --------------------------------------------------------------------------------- */

static void
answered(void *context, enum se_code code, struct se_answer *answer, const struct se_error *error)
{
	struct asked *asked = context;

	asked->ended = real_ms();
	asked->ask = NULL;
	asked->code = code;
	assert_int_equal(asked->calls++, 0);
	assert_true((code == SE_OK) == (answer != NULL) && (code == SE_OK) == (error == NULL));
	if (code != SE_OK) {
		asked->error = *error;
		assert_int_equal(error->code, code);
		assert_silent_about(error->text, "aaaaaaaaaa");
		assert_silent_about(error->text, "rrrrrrrrrr");
		assert_silent_about(error->text, "s3cr3t");
		return;
	}
	snprintf(asked->token, sizeof(asked->token), "%s", se_secret_reveal(answer->token));
	snprintf(asked->fingerprint, sizeof(asked->fingerprint), "%s", answer->fingerprint);
	snprintf(asked->user, sizeof(asked->user), "%s", answer->user);
	asked->seconds_left = answer->seconds_left;
	asked->keep = answer->keep;
}

static const char *
or_else(const char *text, const char *usual)
{
	return text != NULL ? text : usual;
}

static const struct se_peer *
who(void *context)
{
	const struct asked *asked = context;

	return asked->peer;
}

void
ask_begin(struct se_engine *engine, struct asked *asked)
{
	struct se_request request = {.operation = asked->operation, .time_left = asked->time_left};

	if (request.operation == 0)
		request.operation = SE_OPERATION_TOKEN;
	if (request.time_left == 0)
		request.time_left = SE_BUDGET_MS;
	snprintf(request.login, sizeof(request.login), "%s", or_else(asked->login, LOGIN));
	snprintf(request.server, sizeof(request.server), "%s", or_else(asked->server, SERVER));
	snprintf(request.service, sizeof(request.service), "%s", or_else(asked->service, "smtp"));
	snprintf(request.rejected, sizeof(request.rejected), "%s", or_else(asked->rejected, ""));
	asked->calls = 0;
	asked->token[0] = '\0';
	asked->fingerprint[0] = '\0';
	memset(&asked->error, 0, sizeof(asked->error));
	asked->began = real_ms();
	asked->ask =
		se_engine_ask(engine, &request, asked->peer != NULL ? who : NULL, answered, asked);
	assert_true((asked->ask == NULL) == (asked->calls == 1));
	asked->at_once = asked->ask == NULL;
}

void
ask_wait(struct se_engine *engine, struct asked *asked)
{
	int64_t until = real_ms() + 60000;

	while (asked->calls == 0 && real_ms() < until)
		assert_true(se_engine_turn(engine, NULL, 0, 1000));
	assert_int_equal(asked->calls, 1);
}

void
ask(struct se_engine *engine, struct asked *asked)
{
	ask_begin(engine, asked);
	ask_wait(engine, asked);
}

unsigned
token_number(const struct asked *asked)
{
	unsigned number = 0;
	const char *at = strstr(asked->token, "-");

	if (asked->code != SE_OK)
		fail_msg("no token: %s", asked->error.text);
	assert_non_null(at);
	at = strstr(at + 1, "-"); /* access-NAME-NUMBER-aaaa... */
	assert_non_null(at);
	assert_int_equal(sscanf(at, "-%u-", &number), 1);
	return number;
}

unsigned
ask_number(struct se_engine *engine)
{
	struct asked asked = {0};

	ask(engine, &asked);
	return token_number(&asked);
}

void
turn_for(struct se_engine *engine, int64_t milliseconds)
{
	int64_t until = real_ms() + milliseconds;

	while (real_ms() < until)
		assert_true(se_engine_turn(engine, NULL, 0, 20));
}

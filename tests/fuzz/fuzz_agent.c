/* Fuzzes what clients say to the agent: any bytes, in pieces and as slow as may be, get one answer,
 * or an error with a sentence, or nothing; and never a token that is not theirs. An input is one
 * byte, how many bytes a piece has (0: all of them); one byte, how many tenths of a second pass
 * after each; one that is odd for a client that is not root; and the bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/connection.h"
#include "core/wire.h"
#include "engine/engine.h"
#include "engine/store.h"

#include "fuzz.h"

enum { SOMEBODY = 12345, READ_MS = 5000 };

/* Accounts of every kind that has an answer at once: nothing here asks a network. */
static const char configuration[] = "[account password]\n"
				    "match = laptop@contoso.com\n"
				    "token_from = password\n"
				    "[account relay]\n"
				    "match = scanner@contoso.com, printer@contoso.com\n"
				    "tenant = contoso.onmicrosoft.com\n"
				    "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
				    "credential = secret\n"
				    "client_secret_file = /nonexistent/relay.secret\n"
				    "[account closed]\n"
				    "match = closed@contoso.com\n"
				    "token_from = password\n"
				    "allow = 4242\n"
				    "[account people]\n"
				    "match = *\n"
				    "tenant = contoso.onmicrosoft.com\n"
				    "client_id = 55556666-dddd-7777-eeee-8888ffff9999\n";

#define TOKEN "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA"
#define RELAY "scanner@contoso.com"
#define FAR INT64_C(200000000000) /* seconds, longer than any run */

static struct se_service service;

/* The relay's app has a token that is as good as new for ever; no other one can be had for it. */
static void
keep_token(void)
{
	struct se_state state = {.times = {1, FAR, FAR, FAR}};
	const struct se_account *account;
	struct se_config *config;
	struct se_store *store;
	struct se_token_key key;
	struct se_error error;

	must(se_config_load(scratch("sasl-entra.conf"), &config, NULL, &error) == SE_OK);
	account = se_account_match(config, RELAY, &error);
	must(account != NULL && se_token_key_make(account, RELAY, &key, &error) == SE_OK);
	state.access_token = se_secret_new(TOKEN, strlen(TOKEN));
	memcpy(state.fingerprint, "1a2b3c4d", sizeof("1a2b3c4d"));
	store = se_store_open(scratch("state"), true, &error);
	must(store != NULL && se_store_write(store, &key, &state, &error) == SE_OK);
	se_store_close(store);
	se_token_key_free(&key);
	se_config_free(config);
	se_state_free(&state);
}

/* Whose token that is. */
static bool
is_relay(const char *login)
{
	return strcasecmp(login, RELAY) == 0 || strcasecmp(login, "printer@contoso.com") == 0 ||
	       strcasecmp(login, "relay") == 0;
}

static void
log_line(void *context, bool warning, const char *text)
{
	(void)context;
	(void)warning;
	must_be_printable(text);
}

static void
start(void)
{
	struct se_engine_options options = {
		.role = SE_ROLE_AGENT, .world = &fuzz_world, .log = log_line};
	char text[sizeof(configuration) + 5000];
	struct se_error error;
	int len;

	len = snprintf(text, sizeof(text), "[defaults]\nstate_dir = %s\n%s", scratch("state"),
		configuration);
	must(len > 0 && (size_t)len < sizeof(text));
	write_file(scratch("sasl-entra.conf"), text, (size_t)len);
	keep_token();
	options.configuration = scratch("sasl-entra.conf");
	service.world = &fuzz_world;
	service.engine = se_engine_new(&options);
	must(service.engine != NULL);
	must(se_engine_load(service.engine, &error) == SE_OK);
}

/* Feeds one piece. False when the connection is over. */
static bool
say(struct se_connection *connection, int fd, struct input *input, size_t piece)
{
	if (piece == 0 || piece > input->len)
		piece = input->len;
	if (piece > 0) {
		ssize_t sent = send(fd, input->data, piece, MSG_NOSIGNAL);

		must(sent > 0);
		input->data += sent;
		input->len -= (size_t)sent;
	}
	return se_connection_serve(connection, POLLIN);
}

/* What came back: nothing, or one whole frame. */
static void
hear(int fd, const struct se_request *asked, bool in_time, bool may_administer)
{
	static char data[SE_WIRE_ANSWER_MAX + 1];
	ssize_t got = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	struct se_answer answer;
	struct se_error error;
	enum se_code code;

	must(asked == NULL || !in_time || got > 0);
	if (got <= 0)
		return;
	must(se_wire_frame_len(data, (size_t)got, SE_WIRE_ANSWER_MAX) == (long)got);
	code = se_wire_get_answer(data, (size_t)got, &answer, &error);
	if (code != SE_OK)
		must_explain(&error, code);
	must(asked != NULL || code == SE_INTERNAL);
	if (answer.token != NULL) {
		must(asked->operation == SE_OPERATION_TOKEN);
		must(is_relay(asked->login));
		must(strcmp(asked->rejected, answer.fingerprint) != 0);
	}
	if (asked != NULL && asked->operation != SE_OPERATION_TOKEN && !may_administer)
		must(code == SE_DENIED);
	if (asked != NULL && strcmp(asked->login, "closed@contoso.com") == 0 && !may_administer)
		must(code == SE_DENIED);
	se_answer_free(&answer);
}

/* The request that is in the input, if the agent has to answer it. */
static bool
find_request(const struct input *input, struct se_request *request)
{
	long whole = se_wire_frame_len(input->data, input->len, SE_WIRE_REQUEST_MAX);

	return whole > 0 && (size_t)whole <= input->len &&
	       se_wire_get_request(input->data, (size_t)whole, request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	size_t piece = input_byte(&input);
	int64_t pause = 100 * (int64_t)input_byte(&input);
	bool somebody = (input_byte(&input) & 1) != 0;
	const struct se_peer peer = {.uid = somebody ? SOMEBODY : 0};
	struct se_connection *connection;
	struct se_request request;
	bool asked = find_request(&input, &request), open = true;
	int64_t begin = fuzz_clock_ms;
	int ends[2];

	if (service.engine == NULL)
		start();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	connection = se_connection_new(ends[0], &peer, &service);
	must(connection != NULL);
	while (open && input.len > 0) {
		open = say(connection, ends[1], &input, piece);
		fuzz_clock_ms += pause;
	}
	(void)shutdown(ends[1], SHUT_WR);
	if (open)
		open = se_connection_serve(connection, POLLIN | POLLHUP);
	se_connection_free(connection);
	hear(ends[1], asked ? &request : NULL, fuzz_clock_ms - begin < READ_MS, !somebody);
	(void)close(ends[1]);
	return 0;
}

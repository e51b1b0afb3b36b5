/*
 * warm: what one AUTH costs in a process whose plugin remembers its token, against one by the plugin
 * of tests/bench/constant.c, which has nothing to remember. Plugins come from SASL_PATH.
 *
 *   warm LOGIN SERVER PAIRS ROUNDS    pairs of samples: microseconds of one AUTH, from
 *                                     sasl_client_new() to sasl_dispose(), the mean of ROUNDS
 *   warm once LOGIN SERVER NUMBER     NUMBER of ours, for tools that count something
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>

#include "clock.h"

enum { WARM_UP = 3 };

static const char *login, *server;

static _Noreturn void
die(const char *why, const char *detail)
{
	(void)fprintf(stderr, "warm: %s: %s\n", why, detail);
	exit(2);
}

static int
say_login(void *context, int id, const char **result, unsigned *len)
{
	(void)context;
	(void)id;
	*result = login;
	if (len != NULL)
		*len = (unsigned)strlen(login);
	return SASL_OK;
}

/* As Postfix does it, without the server. */
static unsigned
log_in(const char *mechanism)
{
	static const sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))say_login, NULL},
		{SASL_CB_USER, (int (*)(void))(void (*)(void))say_login, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *chosen;
	unsigned len = 0;
	sasl_conn_t *conn;
	int result;

	if (sasl_client_new("smtp", server, NULL, NULL, callbacks, 0, &conn) != SASL_OK)
		die("sasl_client_new fails", server);
	result = sasl_client_start(conn, mechanism, NULL, &out, &len, &chosen);
	if (result != SASL_CONTINUE || len == 0)
		die(mechanism, sasl_errdetail(conn));
	sasl_dispose(&conn);
	return len;
}

static double
sample(const char *mechanism, long rounds)
{
	double begin = bench_now_us();

	for (long i = 0; i < rounds; i++)
		(void)log_in(mechanism);
	return (bench_now_us() - begin) / (double)rounds;
}

/* Both responses have the same number of bytes then; the user's name is in both. */
static void
same_length(void)
{
	unsigned without = (unsigned)(strlen("user=\001auth=Bearer \001\001") + strlen(login));
	unsigned len = log_in("XOAUTH2");
	char text[20];

	(void)snprintf(text, sizeof(text), "%u", len - without);
	if (setenv("SE_BENCH_TOKEN_LENGTH", text, 1) != 0 || log_in("CONSTANT") != len)
		die("the two responses differ", text);
}

static void
print_pairs(long pairs, long rounds)
{
	double ours, theirs;

	for (long i = -WARM_UP; i < pairs; i++) {
		if (i % 2 == 0) {
			ours = sample("XOAUTH2", rounds);
			theirs = sample("CONSTANT", rounds);
		} else {
			theirs = sample("CONSTANT", rounds);
			ours = sample("XOAUTH2", rounds);
		}
		if (i >= 0)
			(void)printf("%.4f %.4f\n", ours, theirs);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		die("wants", "LOGIN SERVER PAIRS ROUNDS, or once LOGIN SERVER NUMBER");
	if (sasl_client_init(NULL) != SASL_OK)
		die("sasl_client_init fails", "");
	if (strcmp(argv[1], "once") == 0) {
		login = argv[2];
		server = argv[3];
		for (long i = strtol(argv[4], NULL, 10); i > 0; i--)
			(void)log_in("XOAUTH2");
	} else {
		login = argv[1];
		server = argv[2];
		same_length();
		print_pairs(strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
	}
	sasl_client_done();
	return 0;
}

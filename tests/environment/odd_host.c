/*
 * odd_host: a program that logs in by SASL from an odd place: in a jail, short of something, under a
 * storm of signals, with descriptors that are not what they should be.
 *
 *   odd_host [OPTION]... LOGIN SERVER
 *
 *   --report FD        each login's outcome goes there (1): "ok BYTES" or "failed CODE TEXT"
 *   --times N          so many logins, each on a connection of its own
 *   --pause MS         between two of them
 *   --chroot DIR       from the first login on
 *   --limit WHAT=N     nofile, fsize, as, nproc or stack, from the first login on
 *   --umask OCTAL
 *   --storm MS         a signal so often, whose handler does not restart system calls
 *   --ignore-children  SIGCHLD is ignored
 *   --block            every signal is blocked
 *   --chatter          prints to descriptors 1 and 2 after each login, whatever they are
 *   --log              prints what the plugin logs, to descriptor 1
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <sasl/sasl.h>

struct options {
	int report, times, pause, storm;
	const char *jail;
	const char *limits[8];
	int limit_count;
	int mask; /* -1: as it is */
	int ignore_children, block, chatter, log;
};

static volatile sig_atomic_t signals_seen;

static void
on_signal(int number)
{
	(void)number;
	signals_seen++;
}

/* --- oddities ------------------------------------------------------------------------------------ */

static int
set_limit(const char *text)
{
	static const struct {
		const char *name;
		int resource;
	} known[] = {{"nofile=", RLIMIT_NOFILE}, {"fsize=", RLIMIT_FSIZE}, {"as=", RLIMIT_AS},
		{"nproc=", RLIMIT_NPROC}, {"stack=", RLIMIT_STACK}};
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].name);

		if (strncmp(text, known[i].name, len) != 0)
			continue;
		limit.rlim_cur = limit.rlim_max = (rlim_t)strtoull(text + len, NULL, 10);
		return setrlimit((__rlimit_resource_t)known[i].resource, &limit);
	}
	return -1;
}

static int
start_storm(int ms)
{
	const struct itimerval often = {{0, ms * 1000}, {0, ms * 1000}};
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	return sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &often, NULL) != 0;
}

static int
be_odd(const struct options *options)
{
	sigset_t all;

	if (options->mask >= 0)
		(void)umask((mode_t)options->mask);
	if (options->jail != NULL && (chroot(options->jail) != 0 || chdir("/") != 0))
		return -1;
	if (options->ignore_children && signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		return -1;
	(void)sigfillset(&all);
	if (options->block && sigprocmask(SIG_BLOCK, &all, NULL) != 0)
		return -1;
	if (options->storm > 0 && start_storm(options->storm) != 0)
		return -1;
	for (int i = 0; i < options->limit_count; i++)
		if (set_limit(options->limits[i]) != 0)
			return -1;
	return 0;
}

/* --- logging in ---------------------------------------------------------------------------------- */

static int
give_name(void *context, int id, const char **result, unsigned *len)
{
	(void)id;
	*result = context;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
print_log(void *context, int level, const char *message)
{
	(void)context;
	(void)dprintf(STDOUT_FILENO, "log %d %s\n", level, message);
	return SASL_OK;
}

static int
log_in(const struct options *options, char *login, const char *server)
{
	sasl_callback_t callbacks[] = {
		{SASL_CB_AUTHNAME, (int (*)(void))(void (*)(void))give_name, login},
		{options->log ? SASL_CB_LOG : SASL_CB_LIST_END,
			(int (*)(void))(void (*)(void))print_log, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *out = NULL, *mechanism = NULL;
	sasl_conn_t *conn = NULL;
	unsigned len = 0;
	int result = sasl_client_new("smtp", server, NULL, NULL, callbacks, 0, &conn);

	if (result == SASL_OK)
		result = sasl_client_start(conn, "XOAUTH2", NULL, &out, &len, &mechanism);
	if (result == SASL_OK || result == SASL_CONTINUE)
		(void)dprintf(options->report, "ok %u\n", len);
	else
		(void)dprintf(options->report, "failed %d %s\n", result,
			conn != NULL ? sasl_errdetail(conn) : "no connection");
	sasl_dispose(&conn);
	return result == SASL_OK || result == SASL_CONTINUE;
}

static void
rest(int ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000L};

	while (ms > 0 && nanosleep(&left, &left) != 0)
		;
}

static int
log_in_often(const struct options *options, char *login, const char *server)
{
	static const char chatter[] = "what a host prints\n";
	int good = 0;

	for (int i = 0; i < options->times; i++) {
		if (i > 0)
			rest(options->pause);
		good += log_in(options, login, server);
		for (int fd = 1; options->chatter && fd <= 2; fd++)
			if (write(fd, chatter, sizeof(chatter) - 1) < 0)
				continue;
	}
	return good == options->times ? 0 : 1;
}

/* --- options ------------------------------------------------------------------------------------- */

static const struct option known[] = {{"report", 1, NULL, 'r'}, {"times", 1, NULL, 't'},
	{"pause", 1, NULL, 'p'}, {"chroot", 1, NULL, 'c'}, {"limit", 1, NULL, 'l'},
	{"umask", 1, NULL, 'u'}, {"storm", 1, NULL, 's'}, {"ignore-children", 0, NULL, 'i'},
	{"block", 0, NULL, 'b'}, {"chatter", 0, NULL, 'w'}, {"log", 0, NULL, 'g'},
	{NULL, 0, NULL, 0}};

static int
take(struct options *options, int option)
{
	switch (option) {
	case 'r':
		options->report = atoi(optarg);
		return 0;
	case 't':
		options->times = atoi(optarg);
		return 0;
	case 'p':
		options->pause = atoi(optarg);
		return 0;
	case 's':
		options->storm = atoi(optarg);
		return 0;
	case 'c':
		options->jail = optarg;
		return 0;
	case 'u':
		options->mask = (int)strtol(optarg, NULL, 8);
		return 0;
	case 'l':
		options->limits[options->limit_count++ & 7] = optarg;
		return 0;
	case 'i':
		options->ignore_children = 1;
		return 0;
	case 'b':
		options->block = 1;
		return 0;
	case 'w':
		options->chatter = 1;
		return 0;
	case 'g':
		options->log = 1;
		return 0;
	default:
		return -1;
	}
}

int
main(int argc, char **argv)
{
	struct options options = {.report = 1, .times = 1, .mask = -1};
	int option, code;

	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1)
		if (take(&options, option) != 0)
			return 2;
	if (argc - optind != 2)
		return 2;
	if (sasl_client_init(NULL) != SASL_OK || be_odd(&options) != 0)
		return 3;
	code = log_in_often(&options, argv[optind], argv[optind + 1]);
	if (options.storm > 0 && signals_seen == 0)
		return 4;
	sasl_client_done();
	return code;
}

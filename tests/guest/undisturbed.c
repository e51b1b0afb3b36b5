/*
 * undisturbed: whatever comes of a login, the program that asked for it finds itself as it was. Its
 * OpenSSL (error queue, providers, engines, methods, contexts), its libcurl, and what the kernel and
 * libc keep for it: signals, masks, limits, timers, locale, working directory, environment, umask,
 * descriptors, threads, children, and what it prints.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "tests/guest/guest.h"

extern char **environ;

enum { TEXT_MAX = 256 * 1024 };

/* --- how a program finds itself --------------------------------------------------------------- */

struct text {
	char data[TEXT_MAX];
	size_t len;
};

static void say(struct text *text, const char *fmt, ...) SE_PRINTF(2, 3);

static void
say(struct text *text, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text->data + text->len, TEXT_MAX - text->len, fmt, args);
	va_end(args);
	assert_true(len >= 0 && text->len + (size_t)len < TEXT_MAX);
	text->len += (size_t)len;
}

static void
say_set(struct text *text, const char *what, const sigset_t *set)
{
	say(text, "%s", what);
	for (int i = 1; i < NSIG; i++)
		if (sigismember(set, i) == 1)
			say(text, " %d", i);
	say(text, "\n");
}

static void
say_signals(struct text *text)
{
	struct sigaction action;
	sigset_t set;
	stack_t stack;

	for (int i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &action) == 0) {
			say(text, "signal %d: handler %p flags %x", i, (void *)action.sa_handler,
				(unsigned)action.sa_flags);
			say_set(text, ", blocks", &action.sa_mask);
		}
	(void)pthread_sigmask(SIG_SETMASK, NULL, &set);
	say_set(text, "blocked", &set);
	(void)sigpending(&set);
	say_set(text, "pending", &set);
	(void)sigaltstack(NULL, &stack);
	say(text, "signal stack %p\n", stack.ss_sp);
}

static void
say_process(struct text *text)
{
	char path[4096];
	struct rlimit limit;
	struct itimerval timer;
	const mode_t mask = umask(022);

	(void)umask(mask);
	say(text, "umask %o\nworking directory %s\nlocale %s\n", (unsigned)mask,
		getcwd(path, sizeof(path)), setlocale(LC_ALL, NULL));
	for (int i = 0; i < RLIMIT_NLIMITS; i++)
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			say(text, "limit %d: %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
				(unsigned long long)limit.rlim_max);
	for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++)
		if (getitimer((__itimer_which_t)i, &timer) == 0)
			say(text, "timer %d: every %ld s, on %d\n", i,
				(long)timer.it_interval.tv_sec,
				timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0);
	say(text, "user %d %d group %d %d\n", (int)getuid(), (int)geteuid(), (int)getgid(),
		(int)getegid());
	say(text, "environment at %p\n", (void *)environ);
	for (char **at = environ; *at != NULL; at++)
		say(text, "%p %s\n", (void *)*at, *at);
	errno = 0;
	say(text, "children %d\n", (int)waitpid(-1, NULL, WNOHANG));
}

static void
say_descriptors(struct text *text)
{
	char path[100], to[300];
	ssize_t len;

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, to, sizeof(to));
		if (len > 0)
			say(text, "descriptor %d: %.*s, flags %x\n", fd, (int)len, to,
				(unsigned)fcntl(fd, F_GETFL));
	}
}

static int
say_provider(OSSL_PROVIDER *provider, void *context)
{
	say(context, "provider %s\n", OSSL_PROVIDER_get0_name(provider));
	return 1;
}

static SSL_CTX *own_context;
static CURL *own_curl;

static void
say_openssl(struct text *text)
{
	const RAND_METHOD *rand = RAND_get_rand_method();

	(void)OSSL_PROVIDER_do_all(NULL, say_provider, text);
	say(text, "random numbers by %p\n", (const void *)rand);
	say(text, "RSA by %p, %p\n", (void *)ENGINE_get_default_RSA(),
		(const void *)RSA_get_default_method());
	say(text, "FIPS %d\n", EVP_default_properties_is_fips_enabled(NULL));
	say(text, "context: options %lx, versions %ld to %ld, verify %d, keylog %p\n",
		(unsigned long)SSL_CTX_get_options(own_context),
		(long)SSL_CTX_get_min_proto_version(own_context),
		(long)SSL_CTX_get_max_proto_version(own_context),
		SSL_CTX_get_verify_mode(own_context),
		(void *)(uintptr_t)SSL_CTX_get_keylog_callback(own_context));
}

/* Reading the queue empties it, so that it is made anew for each login. */
static void
fill_error_queue(void)
{
	ERR_clear_error();
	ERR_raise_data(ERR_LIB_USER, 101, "the host's own %s", "error");
	ERR_raise(ERR_LIB_SYS, ENOENT);
	ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
}

static void
say_error_queue(struct text *text)
{
	const char *file, *function, *data;
	unsigned long error;
	int line, flags;

	while ((error = ERR_get_error_all(&file, &line, &function, &data, &flags)) != 0)
		say(text, "error %lx %s:%d %s \"%s\" %x\n", error, file, line, function, data,
			(unsigned)flags & ERR_TXT_STRING);
}

static void
describe(struct text *text)
{
	text->len = 0;
	say_signals(text);
	say_process(text);
	say_openssl(text);
	say_error_queue(text);
}

static void
assert_same(const char *when, const struct text *before, const struct text *after)
{
	const char *a = before->data, *b = after->data;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return;
	while (a > before->data && a[-1] != '\n') {
		a--;
		b--;
	}
	fail_msg("%s: \"%.*s\" has become \"%.*s\"", when, (int)strcspn(a, "\n"), a,
		(int)strcspn(b, "\n"), b);
}

/* --- the logins -------------------------------------------------------------------------------- */

static struct text before, after;
static long tried, survived;

static void
nothing(int number)
{
	(void)number;
}

/* A program may want nothing of the machine's OpenSSL configuration, which here would bring a provider
 * more. */
static void
refuse_the_configuration(void)
{
	write_file(scratch("openssl.cnf"),
		"openssl_conf = init\n[init]\nproviders = list\n[list]\ndefault = on\nlegacy = on\n"
		"[on]\nactivate = 1\n");
	setenv("OPENSSL_CONF", scratch("openssl.cnf"), 1);
	assert_int_equal(OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL), 1);
}

/* What a program may have set: a handler, a mask, a timer, a locale, limits, a context. */
static void
set_up_host(void)
{
	struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	struct itimerval timer = {{3600, 0}, {3600, 0}};
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	(void)signal(SIGPIPE, SIG_DFL); /* a write to who is gone would end the program */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
	(void)setlocale(LC_ALL, "C.UTF-8");
	(void)umask(027);
	refuse_the_configuration();
	own_context = SSL_CTX_new(TLS_client_method());
	assert_non_null(own_context);
	(void)SSL_CTX_set_min_proto_version(own_context, TLS1_3_VERSION);
	SSL_CTX_set_verify(own_context, SSL_VERIFY_PEER, NULL);
	assert_int_equal(SSL_CTX_set_default_verify_paths(own_context), 1);
}

/* A login of which `wanted` is to come, and what it did to the program. */
static void
log_in_and_compare(const char *when, int wanted)
{
	struct person person = {.login = LOGIN, .password = "no token"};
	char detail[GUEST_DETAIL];
	int result;

	tried++;
	fill_error_queue();
	describe(&before);
	fill_error_queue();
	result = log_in(&person, detail, sizeof(detail));
	if (result != wanted)
		fail_msg("%s: %d instead of %d: %s", when, result, wanted, detail);
	describe(&after);
	assert_same(when, &before, &after);
	survived++;
}

static int
begin_sasl(void **state)
{
	(void)state;
	log_clear();
	never_keep();
	return sasl_client_init(quiet_callbacks);
}

static int
end_sasl(void **state)
{
	(void)state;
	sasl_done();
	return 0;
}

static void
by_the_agent(void **state)
{
	static const enum se_code codes[] = {
		SE_AGAIN, SE_SIGN_IN, SE_ADMIN, SE_CONFIG, SE_NO_ACCOUNT, SE_DENIED, SE_INTERNAL};
	static const int results[] = {SASL_UNAVAIL, SASL_EXPIRED, SASL_BADAUTH, SASL_FAIL,
		SASL_NOUSER, SASL_NOAUTHZ, SASL_FAIL};
	struct agent *agent = agent_start(SE_SOCKET_PATH);

	(void)state;
	unlink(SE_CONFIGURATION_PATH);
	(void)umask(027);
	/* the agent's process is a child of this one, and stays one */
	log_in_and_compare("agent", SASL_OK);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		agent_says(agent, codes[i], "no");
		log_in_and_compare("agent's error", results[i]);
	}
	agent->silent = true;
	log_in_and_compare("an agent that hangs up", SASL_UNAVAIL);
	agent_stop(agent);
}

static void
by_the_engine(void **state)
{
	(void)state;
	configure("localhost", "https", "/token/guest", "");
	for (int i = 0; i < 3; i++)
		log_in_and_compare("the engine", SASL_OK);
}

/* OpenSSL signs for us as well. A key that Entra takes, and one that it does not. */
static void
by_a_certificate(void **state)
{
	char command[1000], more[600];

	(void)state;
	snprintf(command, sizeof(command),
		"umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=guest "
		"-keyout '%s' -out '%s' 2> /dev/null && cat '%s' >> '%s'",
		scratch("rsa.pem"), scratch("rsa.cer"), scratch("rsa.cer"), scratch("rsa.pem"));
	if (system(command) != 0) {
		skip_because("no openssl command");
		return;
	}
	snprintf(more, sizeof(more), "credential = certificate\ncertificate = %s\n",
		scratch("rsa.pem"));
	configure("localhost", "https", "/token/guest", more);
	log_in_and_compare("a certificate", SASL_OK);
	(void)chmod(faults_file("good.pem"), 0600);
	snprintf(more, sizeof(more), "credential = certificate\ncertificate = %s\n",
		faults_file("good.pem"));
	configure("localhost", "https", "/token/guest", more);
	log_in_and_compare("a certificate with an EC key", SASL_FAIL);
}

static void
when_the_endpoint_fails(void **state)
{
	static const struct {
		const char *listener, *path;
		int result;
	} ways[] = {
		{"https", "/reset", SASL_UNAVAIL},
		{"https", "/close", SASL_UNAVAIL},
		{"https", "/cut", SASL_UNAVAIL},
		{"https", "/error", SASL_UNAVAIL},
		{"https", "/large", SASL_UNAVAIL},
		{"https", "/redirect/307/http", SASL_FAIL},
		{"https", "/retry-after/60", SASL_UNAVAIL},
		{"http", "/token/guest", SASL_UNAVAIL},
		{"wrong_name", "/token/guest", SASL_FAIL},
		{"unknown_ca", "/token/guest", SASL_FAIL},
		{"expired", "/token/guest", SASL_FAIL},
		{"tls11", "/token/guest", SASL_UNAVAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char when[100];

		snprintf(when, sizeof(when), "%s%s", ways[i].listener, ways[i].path);
		configure("localhost", ways[i].listener, ways[i].path, "");
		log_in_and_compare(when, ways[i].result);
	}
}

static void
when_entra_refuses(void **state)
{
	static const struct {
		const char *body;
		int result;
	} answers[] = {
		{"{\\\"error\\\":\\\"invalid_client\\\",\\\"error_description\\\":"
		 "\\\"AADSTS7000215: "
		 "Invalid client secret\\\"}",
			SASL_FAIL},
		{"{\\\"error\\\":\\\"unauthorized_client\\\",\\\"error_description\\\":"
		 "\\\"AADSTS700016: no such application\\\"}",
			SASL_FAIL},
		{"{\\\"error\\\":\\\"temporarily_unavailable\\\"}", SASL_UNAVAIL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		sasl_done(); /* the last one would be remembered */
		assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
		configure("localhost", "https", "/token/guest", "");
		(void)faults_say(
			"answer guest {\"status\": 400, \"body\": \"%s\"}", answers[i].body);
		log_in_and_compare(answers[i].body, answers[i].result);
	}
}

static void
when_our_files_are_wrong(void **state)
{
	(void)state;
	write_file(SE_CONFIGURATION_PATH, "[account x]\nnonsense = yes\n");
	log_in_and_compare("a wrong configuration", SASL_FAIL);
	configure("localhost", "https", "/token/guest",
		"credential = secret\nclient_secret_file = /nonexistent/secret\n");
	log_in_and_compare("no secret", SASL_FAIL);
	configure("localhost", "https", "/token/guest", "servers = elsewhere.example\n");
	log_in_and_compare("not for this server", SASL_NOAUTHZ);
}

/* --- descriptors, threads, output -------------------------------------------------------------- */

/* libcurl 7.88 wakes itself up by a pair of sockets that a program of the host's inherits; they lead
 * nowhere else. */
static bool
leads_nowhere(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t len = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &len) == 0 && name.ss_family == AF_UNIX &&
	       len == sizeof(name.ss_family);
}

/* What a login opened is gone in a program that the host starts. */
static void
assert_closes_on_exec(const struct text *known)
{
	char path[40], line[40], to[300] = "";
	int flags;

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		snprintf(line, sizeof(line), "descriptor %d: ", fd);
		flags = fcntl(fd, F_GETFD);
		if (flags < 0 || (flags & FD_CLOEXEC) != 0 || strstr(known->data, line) != NULL ||
			leads_nowhere(fd))
			continue;
		if (readlink(path, to, sizeof(to) - 1) < 0)
			continue;
		fail_msg("descriptor %d (%s) would be inherited", fd, to);
	}
}

static void
descriptors_and_threads(void **state)
{
	static struct text known, then;
	struct person person = {.login = LOGIN};
	char detail[GUEST_DETAIL];

	(void)state;
	sasl_done();
	known.len = then.len = 0;
	say_descriptors(&known);
	configure("localhost", "https", "/token/guest", "");
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_closes_on_exec(&known);
	configure("localhost", "https", "/cut", "");
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_UNAVAIL);
	sasl_done();
	say_descriptors(&then);
	assert_same("descriptors", &known, &then);
	for (int i = 0; i < 200 && size_now().threads > 1; i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_int_equal(size_now().threads, 1);
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
}

static void
nothing_is_printed(void **state)
{
	struct person person = {.login = LOGIN};
	const int wanted = open(scratch("printed"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char detail[GUEST_DETAIL];
	struct stat st;
	int out, err;

	(void)state;
	assert_true(wanted >= 0);
	configure("localhost", "https", "/token/guest", "");
	fflush(NULL);
	out = dup(STDOUT_FILENO);
	err = dup(STDERR_FILENO);
	(void)dup2(wanted, STDOUT_FILENO);
	(void)dup2(wanted, STDERR_FILENO);
	(void)log_in(&person, detail, sizeof(detail));
	configure("localhost", "unknown_ca", "/token/guest", "");
	(void)log_in(&person, detail, sizeof(detail));
	fflush(NULL);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	assert_int_equal(fstat(wanted, &st), 0);
	assert_int_equal(st.st_size, 0);
	close(wanted);
}

/* --- a host that has libcurl itself ------------------------------------------------------------ */

static size_t
swallow(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static CURLcode
own_request(void)
{
	char url[200];

	snprintf(url, sizeof(url), "file://%s", SE_CONFIGURATION_PATH);
	(void)curl_easy_setopt(own_curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(own_curl, CURLOPT_WRITEFUNCTION, swallow);
	return curl_easy_perform(own_curl);
}

/* Its libcurl goes on working while ours comes and goes, and ours when its is gone. */
static void
libcurl_of_its_own(void **state)
{
	struct person person = {.login = LOGIN};
	char detail[GUEST_DETAIL];

	(void)state;
	configure("localhost", "https", "/token/guest", "");
	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	own_curl = curl_easy_init();
	assert_non_null(own_curl);
	assert_int_equal(own_request(), CURLE_OK);
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_int_equal(own_request(), CURLE_OK);
	sasl_done();
	assert_int_equal(own_request(), CURLE_OK);
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	curl_easy_cleanup(own_curl);
	curl_global_cleanup();
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
}

static int
end(void **state)
{
	(void)state;
	SSL_CTX_free(own_context);
	guest_end();
	figure("a program is left as it was by a login of any outcome", "tests/guest/undisturbed",
		"injected", tried);
	figure("a program is left as it was by a login of any outcome", "tests/guest/undisturbed",
		"survived", survived);
	return 0;
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin_sasl, end_sasl)
	const struct CMUnitTest tests[] = {
		TEST(by_the_agent),
		TEST(by_the_engine),
		TEST(by_a_certificate),
		TEST(when_the_endpoint_fails),
		TEST(when_entra_refuses),
		TEST(when_our_files_are_wrong),
		TEST(descriptors_and_threads),
		TEST(nothing_is_printed),
		TEST(libcurl_of_its_own),
	};

	guest_begin();
	set_up_host();
	return cmocka_run_group_tests_name("guest: undisturbed", tests, NULL, end);
}

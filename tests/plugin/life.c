/*
 * life: how the plugin is loaded, chosen among others, used for long, by several and in forked
 * processes, and unloaded.
 */
#include <dlfcn.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

enum { CYCLES = 200, THREADS = 4, LOGINS = 25, DETAIL = SE_ERROR_TEXT_MAX + 200 };

static char detail[DETAIL];

/* --- libsasl2's memory, counted -------------------------------------------------------------- */

static long blocks;

static void *
count_malloc(size_t size)
{
	void *block = malloc(size);

	__atomic_fetch_add(&blocks, block != NULL, __ATOMIC_RELAXED);
	return block;
}

static void *
count_calloc(size_t count, size_t size)
{
	void *block = calloc(count, size);

	__atomic_fetch_add(&blocks, block != NULL, __ATOMIC_RELAXED);
	return block;
}

static void *
count_realloc(void *old, size_t size)
{
	void *block = realloc(old, size);

	__atomic_fetch_add(&blocks, old == NULL && block != NULL, __ATOMIC_RELAXED);
	return block;
}

static void
count_free(void *block)
{
	__atomic_fetch_sub(&blocks, block != NULL, __ATOMIC_RELAXED);
	free(block);
}

/* --- which mechanism wins -------------------------------------------------------------------- */

/* A directory with Debian's PLAIN and LOGIN (or another system's), and ours before or behind
 * them: among equals libsasl2 lets the order of the directory decide. */
static bool
make_plugin_set(const char *directory, bool ours_first)
{
	static const char *const places[] = {"/usr/lib/*/sasl2/libplain.so*",
		"/usr/lib64/sasl2/libplain.so*", "/usr/lib/sasl2/libplain.so*"};
	static const char *const names[] = {"libplain", "liblogin"};
	char to[600], from[600], ours[600];
	glob_t found;

	snprintf(ours, sizeof(ours), "%s/libsasl-entra.so", plugin_directory());
	snprintf(to, sizeof(to), "%s/libsasl-entra.so", directory);
	if (ours_first)
		copy_file(ours, to);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (glob(places[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < 2; j++) {
			const char *slash = strrchr(found.gl_pathv[0], '/');

			snprintf(from, sizeof(from), "%.*s/%s.so", (int)(slash - found.gl_pathv[0]),
				found.gl_pathv[0], names[j]);
			snprintf(to, sizeof(to), "%s/%s.so", directory, names[j]);
			if (access(from, R_OK) != 0) {
				globfree(&found);
				return false;
			}
			copy_file(from, to);
		}
		globfree(&found);
		if (!ours_first) {
			snprintf(to, sizeof(to), "%s/libsasl-entra.so", directory);
			copy_file(ours, to);
		}
		return true;
	}
	return false;
}

/* The mechanism that libsasl2 takes, or "none". */
static const char *
chosen(const char *offered, unsigned flags)
{
	struct person person = {.login = LOGIN, .user = LOGIN, .password = TOKEN};
	sasl_security_properties_t properties = {.security_flags = flags};
	sasl_callback_t callbacks[4];
	const char *mechanism = "none";
	sasl_conn_t *conn;

	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	assert_int_equal(sasl_setprop(conn, SASL_SEC_PROPS, &properties), SASL_OK);
	if (sasl_client_start(conn, offered, NULL, NULL, NULL, &mechanism) != SASL_CONTINUE)
		mechanism = "none";
	sasl_dispose(&conn);
	person_free(&person);
	return strcmp(mechanism, "XOAUTH2") == 0 ? "XOAUTH2"
	       : strcmp(mechanism, "none") == 0  ? "none"
						 : "password";
}

static void
choose_among(const char *directory, bool configured)
{
	const unsigned postfix = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS;
	char path[512];
	const sasl_callback_t callbacks[] = {
		{SASL_CB_GETPATH, PROC(getpath_callback), path},
		{SASL_CB_LOG, PROC(log_callback), NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	const char *ours = configured ? "XOAUTH2" : "password";

	se_copy(path, sizeof(path), directory);
	if (configured)
		write_file(SE_CONFIGURATION_PATH, "");
	else
		unlink(SE_CONFIGURATION_PATH);
	assert_int_equal(sasl_client_init(callbacks), SASL_OK);
	assert_string_equal(chosen("LOGIN XOAUTH2", 0), ours);
	assert_string_equal(chosen("XOAUTH2 LOGIN", 0), ours);
	assert_string_equal(chosen("PLAIN LOGIN XOAUTH2", 0), ours);
	assert_string_equal(chosen("PLAIN XOAUTH2", SASL_SEC_NOANONYMOUS), ours);
	assert_string_equal(chosen("PLAIN LOGIN", 0), "password");
	assert_string_equal(
		chosen("PLAIN LOGIN XOAUTH2", postfix), configured ? "XOAUTH2" : "none");
	/* who asks for it by name gets it, configured or not */
	assert_string_equal(chosen("XOAUTH2", 0), "XOAUTH2");
	assert_string_equal(chosen("XOAUTH2", SASL_SEC_PASS_CREDENTIALS), "XOAUTH2");
	sasl_done();
	unlink(SE_CONFIGURATION_PATH);
}

static void
test_selection(void **state)
{
	char first[300], last[300];

	(void)state;
	se_copy(first, sizeof(first), scratch("first"));
	se_copy(last, sizeof(last), scratch("last"));
	if (!make_plugin_set(first, true) || !make_plugin_set(last, false)) {
		skip_because("no PLAIN and LOGIN plugins");
		return;
	}
	choose_among(first, true);
	choose_among(last, true);
	choose_among(first, false);
	choose_among(last, false);
}

/* --- the entry point, called as libsasl2 does ------------------------------------------------ */

static char said[SE_ERROR_TEXT_MAX];
static unsigned said_count;
static bool no_memory;

static void *
direct_malloc(size_t size)
{
	return no_memory ? NULL : malloc(size);
}

static void
direct_seterror(sasl_conn_t *conn, unsigned flags, const char *fmt, ...)
{
	va_list args;

	(void)conn;
	assert_int_equal(flags, 0);
	assert_string_equal(fmt, "%s");
	va_start(args, fmt);
	se_copy(said, sizeof(said), va_arg(args, const char *));
	va_end(args);
	said_count++;
}

static void
test_entry_point(void **state)
{
	sasl_utils_t utils = {
		.version = SASL_UTILS_VERSION,
		.malloc = direct_malloc,
		.free = free,
		.seterror = direct_seterror,
	};
	sasl_client_params_t params = {.utils = &utils, .props = {.min_ssf = 56}};
	sasl_client_plug_init_t *init;
	sasl_client_plug_t *list = NULL;
	char path[600];
	void *library, *context = &utils;
	int version = 0, count = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/libsasl-entra.so", plugin_directory());
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library);
	*(void **)&init = dlsym(library, "sasl_client_plug_init");
	assert_non_null(init);

	assert_int_equal(init(&utils, 3, &version, &list, &count), SASL_BADVERS);
	no_memory = true;
	assert_int_equal(init(&utils, 4, &version, &list, &count), SASL_NOMEM);
	no_memory = false;
	assert_int_equal(init(&utils, 5, &version, &list, &count), SASL_OK);
	assert_int_equal(version, 4);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].mech_name, "XOAUTH2");
	assert_string_equal(list[1].mech_name, "OAUTHBEARER");
	for (int i = 0; i < count; i++) {
		assert_int_equal(list[i].max_ssf, 0);
		assert_int_equal(list[i].security_flags, SASL_SEC_PASS_CREDENTIALS);
		assert_int_equal(
			list[i].features, SASL_FEAT_WANT_CLIENT_FIRST | SASL_FEAT_ALLOWS_PROXY);
		assert_int_equal(list[i].required_prompts[0], SASL_CB_AUTHNAME);
		assert_int_equal(list[i].required_prompts[1], SASL_CB_LIST_END);

		context = &utils;
		said_count = 0;
		assert_int_equal(
			list[i].mech_new(list[i].glob_context, &params, &context), SASL_TOOWEAK);
		assert_null(context);
		assert_int_equal(said_count, 1);
		assert_non_null(strstr(said, "TLS"));
		params.external_ssf = 128;
		no_memory = true;
		assert_int_equal(
			list[i].mech_new(list[i].glob_context, &params, &context), SASL_NOMEM);
		assert_int_equal(said_count, 2);
		no_memory = false;
		assert_int_equal(
			list[i].mech_new(list[i].glob_context, &params, &context), SASL_OK);
		assert_non_null(context);
		list[i].mech_dispose(context, &utils);
		list[i].mech_dispose(NULL, &utils);
		params.external_ssf = 0;

		/* mech_new failed, and the host steps all the same */
		assert_int_equal(list[i].mech_step(NULL, &params, NULL, 0, NULL, NULL, NULL, NULL),
			SASL_BADPARAM);
	}
	list[0].mech_free(list[0].glob_context, &utils);
	list[1].mech_free(list[1].glob_context, &utils);
	dlclose(library);
}

/* --- long lives ------------------------------------------------------------------------------ */

static long
resident_pages(void)
{
	long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (file != NULL) {
		if (fscanf(file, "%ld %ld", &size, &resident) != 2)
			resident = 0;
		fclose(file);
	}
	return resident;
}

static void
test_cycles(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	long blocks_early = 0, pages_early = 0;

	(void)state;
	for (int i = 0; i < CYCLES; i++) {
		struct person person = {.login = LOGIN};

		log_clear();
		assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
		assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
		sasl_done();
		if (i == CYCLES / 10) {
			blocks_early = blocks;
			pages_early = resident_pages();
		}
	}
	assert_int_equal(blocks, blocks_early);
	/* libc's own bookkeeping of dlopen() may move by a page or two */
	if (!memory_is_checked())
		assert_true(resident_pages() - pages_early <= 32);
	agent_stop(agent);
}

/* Errors, prompts and connections that end early leave nothing behind either. */
static void
test_cycles_of_errors(void **state)
{
	static const sasl_callback_t asks[] = {
		{SASL_CB_USER, NULL, NULL},
		{SASL_CB_AUTHNAME, NULL, NULL},
		{SASL_CB_PASS, NULL, NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	struct person person = {.login = LOGIN, .password = "no token"};
	long before;

	(void)state;
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	before = blocks;
	for (int i = 0; i < 20; i++) {
		sasl_interact_t *need = NULL;
		sasl_conn_t *conn;
		const char *out;
		unsigned len;

		log_clear();
		agent_says(agent, (enum se_code)(SE_AGAIN + i % 8), "no");
		assert_true(log_in(&person, detail, sizeof(detail)) < 0);
		assert_int_equal(
			sasl_client_new("smtp", SERVER, NULL, NULL, asks, 0, &conn), SASL_OK);
		assert_int_equal(
			sasl_client_start(conn, "XOAUTH2", &need, &out, &len, NULL), SASL_INTERACT);
		if (i % 2 == 0) {
			need->result = LOGIN;
			need->len = sizeof(LOGIN) - 1;
			(void)sasl_client_step(conn, NULL, 0, &need, &out, &len);
		}
		sasl_dispose(&conn);
		assert_int_equal(blocks, before);
	}
	sasl_done();
	agent_stop(agent);
}

/* mbsync has two stores, and so two connections, at one time. */
static void
test_two_at_once(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	struct person people[2] = {{.login = LOGIN}, {.login = "otto@contoso.com"}};
	sasl_callback_t callbacks[2][4];
	const char *out[2];
	unsigned len[2];
	sasl_conn_t *conn[2];

	(void)state;
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	for (int i = 0; i < 2; i++) {
		callbacks_for(&people[i], callbacks[i]);
		assert_int_equal(
			sasl_client_new("imap", SERVER, NULL, NULL, callbacks[i], 0, &conn[i]),
			SASL_OK);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			sasl_client_start(conn[i], "XOAUTH2", NULL, &out[i], &len[i], NULL),
			SASL_CONTINUE);
		se_copy(agent->token, sizeof(agent->token), OTHER_TOKEN);
	}
	assert_xoauth2(out[0], len[0], people[0].login, TOKEN);
	assert_xoauth2(out[1], len[1], people[1].login, OTHER_TOKEN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			sasl_client_step(conn[i], NULL, 0, NULL, &out[i], &len[i]), SASL_OK);
		sasl_dispose(&conn[i]);
	}
	sasl_done();
	agent_stop(agent);
}

static sasl_conn_t *inherited;

static int
use_inherited(void)
{
	struct person person = {.login = LOGIN};
	const char *out;
	unsigned len;

	CHECK(sasl_client_start(inherited, "XOAUTH2", NULL, &out, &len, NULL) == SASL_CONTINUE);
	CHECK(sasl_client_step(inherited, NULL, 0, NULL, &out, &len) == SASL_OK);
	sasl_dispose(&inherited);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	sasl_done();
	return 0;
}

static void
test_fork(void **state)
{
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	struct person person = {.login = LOGIN};
	sasl_callback_t callbacks[4];

	(void)state;
	assert_int_equal(sasl_client_init(quiet_callbacks), SASL_OK);
	callbacks_for(&person, callbacks);
	assert_int_equal(
		sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &inherited), SASL_OK);
	in_child(use_inherited);
	sasl_dispose(&inherited);
	assert_int_equal(log_in(&person, detail, sizeof(detail)), SASL_OK);
	assert_int_equal(agent->asked, 3);
	sasl_done();
	agent_stop(agent);
}

static int
quiet(void *context, int level, const char *message)
{
	(void)context;
	(void)level;
	(void)message;
	return SASL_OK;
}

static void *
log_in_often(void *unused)
{
	size_t worked = 0;

	(void)unused;
	for (int i = 0; i < LOGINS; i++) {
		struct person person = {.login = LOGIN};
		char text[DETAIL];

		worked += log_in(&person, text, sizeof(text)) == SASL_OK;
	}
	return (void *)worked;
}

/* libsasl2 has no locks of its own here, and needs none: nor may we. */
static void
test_threads(void **state)
{
	static const sasl_callback_t callbacks[] = {
		{SASL_CB_GETPATH, PROC(getpath_callback), NULL},
		{SASL_CB_LOG, PROC(quiet), NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	struct agent *agent = agent_start(SE_SOCKET_PATH);
	pthread_t threads[THREADS];

	(void)state;
	assert_int_equal(sasl_client_init(callbacks), SASL_OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_often, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *worked = NULL;

		assert_int_equal(pthread_join(threads[i], &worked), 0);
		assert_int_equal((size_t)worked, LOGINS);
	}
	assert_int_equal(agent->asked, THREADS * LOGINS);
	sasl_done();
	agent_stop(agent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_entry_point),
		cmocka_unit_test(test_cycles),
		cmocka_unit_test(test_cycles_of_errors),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_threads),
	};
	int failed;

	sasl_set_alloc(count_malloc, count_calloc, count_realloc, count_free);
	world_setup();
	failed = cmocka_run_group_tests_name("plugin: life", tests, NULL, NULL);
	world_teardown();
	return failed;
}

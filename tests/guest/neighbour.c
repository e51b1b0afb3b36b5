/*
 * neighbour: another plugin that offers XOAUTH2 is installed beside ours. Which one a program gets
 * is settled by the configuration and the other's security flags, and among equals by the order in
 * which libsasl2 loaded them; both can be loaded, used and unloaded in either order.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/guest.h"

enum who { NOBODY, OURS, FOREIGN };

enum {
	OURS_CONFIGURED = SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT | SASL_SEC_PASS_CREDENTIALS,
	OURS_UNCONFIGURED = SASL_SEC_PASS_CREDENTIALS
};

static struct agent *agent;

/* libsasl2 goes through the directories in their order. */
static int
both_callback(void *context, const char **path)
{
	*path = context;
	return SASL_OK;
}

/* Whose response a program gets that takes what it can get. */
static enum who
answered(const char *offered, char *chosen, size_t size)
{
	struct person person = {.login = LOGIN, .password = TOKEN};
	sasl_callback_t callbacks[4];
	const char *out = NULL, *mechanism = "none";
	sasl_conn_t *conn;
	unsigned len = 0;
	enum who who = NOBODY;

	callbacks_for(&person, callbacks);
	assert_int_equal(sasl_client_new("smtp", SERVER, NULL, NULL, callbacks, 0, &conn), SASL_OK);
	if (sasl_client_start(conn, offered, NULL, &out, &len, &mechanism) == SASL_CONTINUE) {
		who = len > 8 && strstr(out, "Bearer foreign") != NULL ? FOREIGN : OURS;
		assert_int_equal(sasl_client_step(conn, NULL, 0, NULL, &out, &len), SASL_OK);
	}
	se_copy(chosen, size, mechanism);
	sasl_dispose(&conn);
	person_free(&person);
	return who;
}

static enum who
winner(bool ours_first, bool configured, unsigned flags)
{
	static char path[1024];
	const sasl_callback_t callbacks[] = {
		{SASL_CB_GETPATH, PROC(both_callback), path},
		{SASL_CB_LOG, PROC(log_callback), NULL},
		{SASL_CB_LIST_END, NULL, NULL},
	};
	char number[20], chosen[40];
	const char *foreign = scratch("foreign");
	enum who who;

	snprintf(path, sizeof(path), "%s:%s", ours_first ? plugin_directory() : foreign,
		ours_first ? foreign : plugin_directory());
	snprintf(number, sizeof(number), "%u", flags);
	setenv("FOREIGN_FLAGS", number, 1);
	unlink(SE_CONFIGURATION_PATH);
	if (configured)
		configure("localhost", "https", "/token/guest", "");
	log_clear();
	assert_int_equal(sasl_client_init(callbacks), SASL_OK);
	who = answered("XOAUTH2", chosen, sizeof(chosen));
	assert_string_equal(chosen, "XOAUTH2");
	assert_int_equal(answered("XOAUTH2", chosen, sizeof(chosen)), who); /* and stays so */
	/* what only we offer is ours */
	assert_int_equal(answered("OAUTHBEARER", chosen, sizeof(chosen)), OURS);
	sasl_done();
	return who;
}

/* What libsasl2 compares. That a mechanism passes credentials on is not among it. */
static bool
is_stronger(unsigned flags, unsigned than)
{
	flags &= ~(unsigned)SASL_SEC_PASS_CREDENTIALS;
	than &= ~(unsigned)SASL_SEC_PASS_CREDENTIALS;
	return flags != than && (flags & than) == than;
}

static void
choose(bool ours_first, bool configured, unsigned flags)
{
	const unsigned ours = configured ? OURS_CONFIGURED : OURS_UNCONFIGURED;
	enum who wanted = ours_first ? OURS : FOREIGN;
	enum who got = winner(ours_first, configured, flags);

	if (is_stronger(flags, ours))
		wanted = FOREIGN;
	else if (is_stronger(ours, flags))
		wanted = OURS;
	if (got != wanted)
		fail_msg("ours %s, %s, the other's flags %x: %d", configured ? "configured" : "not",
			ours_first ? "first" : "last", flags, got);
}

static void
the_stronger_or_the_first(void **state)
{
	static const unsigned flags[] = {0, SASL_SEC_PASS_CREDENTIALS, SASL_SEC_NOANONYMOUS,
		SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS,
		SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT, OURS_CONFIGURED,
		OURS_CONFIGURED | SASL_SEC_NOACTIVE};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		choose(true, true, flags[i]);
		choose(false, true, flags[i]);
		choose(true, false, flags[i]);
		choose(false, false, flags[i]);
	}
}

/* A plugin with any claim of its own is left alone by ours where nothing is configured. */
static void
unconfigured_we_stand_back(void **state)
{
	(void)state;
	assert_int_equal(winner(true, false, SASL_SEC_NOANONYMOUS), FOREIGN);
	assert_int_equal(winner(false, false, 0), FOREIGN);
}

/* Debian has libcurl twice, and git's or KDE's is the other. */
static int
log_in_beside_another_libcurl(void)
{
	struct person person = {.login = LOGIN};
	char detail[GUEST_DETAIL];
	void *theirs = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_GLOBAL), *easy;
	void *(*init)(void);
	void (*cleanup)(void *);

	if (theirs == NULL) {
		skip_because("no libcurl-gnutls.so.4");
		return 0;
	}
	*(void **)&init = dlsym(theirs, "curl_easy_init");
	*(void **)&cleanup = dlsym(theirs, "curl_easy_cleanup");
	CHECK(init != NULL && cleanup != NULL);
	easy = init();
	CHECK(easy != NULL);
	never_keep();
	configure("localhost", "https", "/token/guest", "");
	CHECK(sasl_client_init(quiet_callbacks) == SASL_OK);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	CHECK(strstr(detail, "auth=Bearer access-guest-") != NULL);
	cleanup(easy);
	CHECK(log_in(&person, detail, sizeof(detail)) == SASL_OK);
	sasl_done();
	return 0;
}

static void
another_libcurl(void **state)
{
	(void)state;
	agent_stop(agent);
	agent = NULL;
	in_child(log_in_beside_another_libcurl);
}

static int
begin(void **state)
{
	char to[600];

	(void)state;
	snprintf(to, sizeof(to), "%s/libforeign.so", scratch("foreign"));
	copy_file(built("SE_TEST_FOREIGN", "tests/guest/.libs/foreign_xoauth2.so"), to);
	agent = agent_start(SE_SOCKET_PATH);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	agent_stop(agent);
	guest_end();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stronger_or_the_first),
		cmocka_unit_test(unconfigured_we_stand_back),
		cmocka_unit_test(another_libcurl),
	};

	guest_begin();
	return cmocka_run_group_tests_name("guest: neighbour", tests, begin, end);
}

/*
 * engine_http_tls: whom a secret is sent to, and what the environment may not change about it. Each
 * refusal stands beside proof that libcurl alone, or a server alone, would have done it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "engine/http.h"
#include "engine/json.h"

#include "engine_support.h"

#define SECRET "client_secret=canary"

static struct se_http *http;

/* A machine whose OpenSSL takes anything, so that only our own rule is in the way. */
static void
loosen_openssl(void)
{
	write_text(scratch("openssl.cnf"), "openssl_conf = all\n"
					   "[all]\n"
					   "ssl_conf = ssl\n"
					   "[ssl]\n"
					   "system_default = loose\n"
					   "[loose]\n"
					   "MinProtocol = TLSv1.1\n"
					   "CipherString = DEFAULT:@SECLEVEL=0\n");
	(void)setenv("OPENSSL_CONF", scratch("openssl.cnf"), 1);
}

static int
begin(void **state)
{
	(void)state;
	scratch_make();
	loosen_openssl(); /* before this process uses it for the first time */
	faults_start();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	faults_stop();
	scratch_remove();
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	world_reset();
	(void)faults_say("anew");
	http = se_http_new(&world);
	return http != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	end_if_child();
	se_http_free(http);
	return 0;
}

/* The body would go to stdout, where the test's own lines go. */
static size_t
discard(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

/* What libcurl does when nobody tells it otherwise; the HTTP status, or 0. */
static long
curl_alone(const char *url, long tls)
{
	CURL *easy;
	long status = 0;

	assert_int_equal(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	easy = curl_easy_init();
	assert_non_null(easy);
	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(easy, CURLOPT_CAINFO, faults_ca());
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "a=b");
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
	(void)curl_easy_perform(easy);
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	curl_global_cleanup();
	return status;
}

/* --- servers ----------------------------------------------------------------------------------- */

static void
expect_distrust(const char *listener, const char *ca_file, enum se_code code, const char *what,
	const char *todo)
{
	struct fetch one = {
		.url = faults_url(listener, "/echo"), .body = SECRET, .ca_file = ca_file};

	fetch(http, &one);
	assert_false(one.answered);
	if (one.error.code != code)
		fail_msg(
			"%s: class %s: %s", listener, se_code_name(one.error.code), one.error.text);
	assert_says(one.error.text, "localhost:");
	assert_says(one.error.text, what);
	assert_says(one.error.text, todo);
	assert_int_equal(faults_hits(listener), 0);
}

static void
test_certificates(void **state)
{
	struct fetch one = {.url = faults_url("other", "/echo")};

	(void)state;
	fetch(http, &one);
	assert_true(one.answered);
	fetch_forget(&one);
	expect_distrust("wrong_name", NULL, SE_CONFIG, "is not to be trusted", "\"ca_file\"");
	expect_distrust("unknown_ca", NULL, SE_CONFIG, "is not to be trusted", "\"ca_file\"");
	expect_distrust("expired", NULL, SE_CONFIG, "expired", "clock");
	/* The name in the address counts, also where it is a number. */
	one.url = faults_url("https", "/echo");
	fetch(http, &one);
	assert_true(one.answered);
	fetch_forget(&one);
}

/* Without ca_file the system's authorities count, and none of them knows our server. */
static void
test_system_authorities(void **state)
{
	(void)state;
	expect_distrust("https", "", SE_CONFIG, "localhost:", "\"ca_file\"");
	expect_distrust("https", scratch("no-such-file"), SE_CONFIG, "cannot be read",
		"correct the key \"ca_file\"");
	write_text(scratch("garbage"), "no certificate");
	expect_distrust("https", scratch("garbage"), SE_CONFIG, "cannot be read",
		"correct the key \"ca_file\"");
}

static void
test_old_tls(void **state)
{
	(void)state;
	expect_distrust("tls11", NULL, SE_AGAIN, "no TLS connection", "TLS 1.2 or later is needed");
	/* The server is as old as it says, and nothing but our rule keeps us from it. */
	assert_string_equal(faults_say("self-check tls11"), "TLSv1.1");
	if (curl_alone(faults_url("tls11", "/echo"), CURL_SSLVERSION_TLSv1_1) != 200) {
		print_message("this libcurl does not speak TLS 1.1 at all\n");
		skip();
	}
	assert_int_equal(faults_hits("tls11"), 1);
}

static void
test_no_tls(void **state)
{
	struct fetch one = {.body = SECRET};
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "https://localhost:%u/echo", faults_port("http"));
	one.url = url;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "no TLS connection");
	assert_int_equal(faults_hits("http"), 0);
}

/* --- the environment --------------------------------------------------------------------------- */

static void
test_proxy_environment(void **state)
{
	static const char *const names[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"};
	struct fetch one = {.url = faults_url("https", "/target")};
	char proxy[100];
	size_t i;

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", faults_port("proxy"));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(setenv(names[i], proxy, 1), 0);
	(void)unsetenv("no_proxy");
	(void)unsetenv("NO_PROXY");
	fetch(http, &one);
	assert_true(one.answered);
	assert_int_equal(faults_hits("https"), 1);
	assert_int_equal(faults_hits("proxy"), 0);
	fetch_forget(&one);

	(void)curl_alone(faults_url("https", "/target"), CURL_SSLVERSION_DEFAULT);
	assert_int_equal(faults_hits("https"), 1);
	assert_int_equal(faults_hits("proxy"), 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(unsetenv(names[i]), 0);
}

/* A proxy that is configured is used, whatever the environment excepts; it does not get to see the
 * secret. */
static void
test_proxy(void **state)
{
	struct fetch one = {.url = faults_url("https", "/target"), .body = SECRET};
	struct se_json *seen;
	const char *reply;
	char proxy[100], line[100];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", faults_port("proxy"));
	assert_int_equal(setenv("no_proxy", "*", 1), 0);
	assert_int_equal(setenv("NO_PROXY", "localhost,127.0.0.1", 1), 0);
	one.proxy = proxy;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_CONFIG);
	assert_says(one.error.text, "localhost:");
	assert_says(one.error.text, "the proxy wants a password");
	assert_says(one.error.text, "status 407");
	assert_says(one.error.text, "the key \"proxy\"");
	assert_int_equal(faults_hits("https"), 0);
	assert_int_equal(faults_hits("proxy"), 1);
	reply = faults_say("last proxy");
	assert_silent_about(reply, "canary");
	seen = se_json_parse(reply, strlen(reply));
	snprintf(line, sizeof(line), "CONNECT localhost:%u HTTP/1.1", faults_port("https"));
	assert_string_equal(se_json_string(seen, "line"), line);
	assert_false(se_json_has(se_json_object(seen, "headers"), "client-request-id"));
	se_json_free(seen);

	/* It has the machine's leave, but not for this server. */
	fetch_forget(&one);
	assert_string_equal(faults_say("proxy-status 503"), "ok");
	one.url = faults_url("https", "/target");
	one.proxy = proxy;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "the proxy did not connect to localhost:");
	assert_says(one.error.text, "(status 503)");
	assert_int_equal(faults_hits("https"), 0);

	/* It carries what it cannot read, and what its own answer says is nobody's business. */
	fetch_forget(&one);
	assert_string_equal(faults_say("proxy-status 200"), "ok");
	one.url = faults_url("https", "/target");
	one.proxy = proxy;
	fetch(http, &one);
	assert_true(one.answered);
	assert_int_equal(one.status, 200);
	assert_int_equal(one.retry_after, 0);
	assert_int_equal(faults_hits("https"), 1);
	(void)faults_say("forget");

	/* Nobody there. */
	fetch_forget(&one);
	one.url = faults_url("https", "/target");
	one.proxy = "http://127.0.0.1:1";
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "\"proxy\"");
	assert_int_equal(faults_hits("https"), 0);

	/* Without the key there is none. */
	fetch_forget(&one);
	one.url = faults_url("https", "/target");
	fetch(http, &one);
	assert_true(one.answered);
	fetch_forget(&one);
	(void)unsetenv("no_proxy");
	(void)unsetenv("NO_PROXY");
}

/* Secrets in the file: TLS 1.3's traffic secrets or TLS 1.2's CLIENT_RANDOM. */
static bool
has_keys(const char *path)
{
	char *text = read_text(path);
	bool yes = text != NULL &&
		   (strstr(text, "CLIENT_RANDOM ") != NULL || strstr(text, "_SECRET") != NULL);

	free(text);
	return yes;
}

/* libcurl opens the file when it is made ready for the process, so that each has its own. */
static int
fetch_logged(void *context)
{
	struct fetch one = {.url = faults_url("https", "/target")};
	struct se_http *own;

	(void)context;
	(void)setenv("SSLKEYLOGFILE", scratch("ours.keys"), 1);
	own = se_http_new(&world);
	CHECK(own != NULL);
	fetch(own, &one);
	CHECK(one.answered);
	fetch_forget(&one);
	se_http_free(own);
	return 0;
}

static int
curl_logged(void *context)
{
	(void)context;
	(void)setenv("SSLKEYLOGFILE", scratch("curls.keys"), 1);
	CHECK(curl_alone(faults_url("https", "/target"), CURL_SSLVERSION_DEFAULT) == 200);
	return 0;
}

static void
test_key_log(void **state)
{
	(void)state;
	se_http_free(http);
	http = NULL; /* this process's libcurl is unmade before the children make theirs */
	assert_int_equal(end_child(start_child(fetch_logged, NULL)), 0);
	assert_int_equal(end_child(start_child(curl_logged, NULL)), 0);
	assert_int_equal(faults_hits("https"), 2);
	assert_false(has_keys(scratch("ours.keys")));
	if (!has_keys(scratch("curls.keys"))) {
		print_message("this libcurl never writes a key log\n");
		skip();
	}
}

/* A CA file that has got another CA holds from the next connection on. */
static void
test_other_authority(void **state)
{
	const char *ca = scratch("changing.pem");
	char *first = read_text(scratch("faults/unknown_ca.pem")), *second = read_text(faults_ca());
	struct fetch one = {.url = faults_url("https", "/echo"), .ca_file = ca};

	(void)state;
	assert_non_null(first);
	assert_non_null(second);
	write_text(ca, first);
	fetch(http, &one);
	assert_false(one.answered);
	fetch_forget(&one);
	write_text(ca, second);
	one = (struct fetch){.url = faults_url("https", "/echo"), .ca_file = ca};
	fetch(http, &one);
	if (!one.answered)
		fail_msg("%s", one.error.text);
	fetch_forget(&one);
	free(first);
	free(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_certificates),
		TEST(test_system_authorities),
		TEST(test_other_authority),
		TEST(test_old_tls),
		TEST(test_no_tls),
		TEST(test_proxy_environment),
		TEST(test_proxy),
		TEST(test_key_log),
	};

	return cmocka_run_group_tests_name("engine_http_tls", tests, begin, end);
}

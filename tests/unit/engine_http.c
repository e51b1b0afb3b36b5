/*
 * engine_http: what is sent, and how an endpoint that misbehaves is put up with.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "engine/http.h"
#include "engine/json.h"

#include "engine_support.h"

enum {
	SHORT = 700,  /* milliseconds that a request without an answer gets */
	SLACK = 1000, /* milliseconds that it may take longer on a busy machine */
	MANY = 40,
	LONG = 1200000 /* bytes: libcurl expects leave from 1 MiB on */
};

static struct se_http *http;

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
	se_http_free(http);
	return 0;
}

/* The path at the good listener, which is to fail like that. */
static void
expect_error(const char *path, int64_t time, enum se_code code, const char *words)
{
	struct fetch one = {.url = faults_url("https", path), .time = time};

	fetch(http, &one);
	assert_false(one.answered);
	if (one.error.code != code)
		fail_msg("%s: class %s: %s", path, se_code_name(one.error.code), one.error.text);
	assert_says(one.error.text, "localhost:");
	assert_says(one.error.text, words);
}

/* --- what is sent ------------------------------------------------------------------------------ */

static void
test_request(void **state)
{
	static const char *const headers[][2] = {
		{"user-agent", "sasl-entra/" PACKAGE_VERSION},
		{"accept", "application/json"},
		{"content-type", "application/x-www-form-urlencoded"},
		{"client-request-id", REQUEST_ID},
		{"return-client-request-id", "true"},
		{"content-length", "21"},
	};
	static const char *const absent[] = {"expect", "accept-encoding", "authorization", "cookie",
		"transfer-encoding", "proxy-authorization", "proxy-connection", "referer"};
	struct fetch one = {.url = faults_url("https", "/echo"), .body = "a=b%26c&d=%2B+e%00f.."};
	struct se_json *json;
	const struct se_json *sent;
	size_t i;

	(void)state;
	fetch(http, &one);
	assert_true(one.answered);
	assert_int_equal(one.status, 200);
	assert_int_equal(one.retry_after, 0);
	json = se_json_parse(one.body_came, one.len);
	assert_non_null(json);
	assert_string_equal(se_json_string(json, "line"), "POST /echo HTTP/1.1");
	assert_string_equal(se_json_string(json, "body"), one.body);
	sent = se_json_object(json, "headers");
	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		assert_non_null(se_json_string(sent, headers[i][0]));
		assert_string_equal(se_json_string(sent, headers[i][0]), headers[i][1]);
	}
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_false(se_json_has(sent, absent[i]));
	se_json_free(json);
	fetch_forget(&one);
}

static void
test_date(void **state)
{
	static const struct {
		const char *path;
		int64_t date;
	} cases[] = {
		{"/date/Sun,+06+Nov+1994+08:49:37+GMT", 784111777},
		{"/date/Sunday,+06-Nov-94+08:49:37+GMT", 784111777}, /* RFC 9110 5.6.7: obsolete */
		{"/date/yesterday", 0},
		{"/date/Sun,+06+Nov+1994+08:49:37+GMT,+or+later,+or+much+later,+as+nobody+knows",
			0},
		{"/json", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fetch one = {.url = faults_url("https", cases[i].path)};

		fetch(http, &one);
		assert_int_equal(one.status, 200);
		assert_int_equal(one.date, cases[i].date);
		fetch_forget(&one);
	}
}

/* libcurl would ask for leave (Expect) before it sends as much. */
static void
test_long_request(void **state)
{
	char *body = malloc(LONG + 1);
	struct fetch one = {.url = faults_url("https", "/echo"), .body = body};
	struct se_json *json;

	(void)state;
	assert_non_null(body);
	memset(body, 'b', LONG);
	body[LONG] = '\0';
	one.url = faults_url("https", "/target");
	fetch(http, &one);
	assert_true(one.answered);
	json = se_json_parse(faults_say("last https"), strlen(faults_say("last https")));
	assert_non_null(json);
	assert_string_equal(se_json_string(json, "body"), body);
	assert_false(se_json_has(se_json_object(json, "headers"), "expect"));
	se_json_free(json);
	fetch_forget(&one);
	free(body);
}

/* Whatever the status: it is the caller's to judge. */
static void
test_answers(void **state)
{
	struct fetch one = {.url = faults_url("https", "/json")};

	(void)state;
	fetch(http, &one);
	assert_int_equal(one.status, 200);
	assert_string_equal(one.body_came, "{\"hello\": \"world\"}");
	fetch_forget(&one);

	one.url = faults_url("https", "/error");
	fetch(http, &one);
	assert_int_equal(one.status, 500);
	assert_string_equal(one.body_came, "<html>oops</html>");
	fetch_forget(&one);

	one.url = faults_url("https", "/nothing-here");
	fetch(http, &one);
	assert_int_equal(one.status, 404);
	fetch_forget(&one);
}

static void
test_retry_after(void **state)
{
	static const struct {
		const char *path;
		unsigned least, most;
	} values[] = {
		{"/retry-after/60", 60, 60},
		{"/retry-after/0", 0, 0},
		{"/retry-after/-1", 0, 0},
		{"/retry-after/1000000000000", 3600, 3600},
		{"/retry-after/99999999999999999999999", 0, 3600},
		{"/retry-after/3600", 3600, 3600},
		{"/retry-after/5000", 3600, 3600},
		{"/retry-after/soon", 0, 0},
		{"/retry-after/DATE", 100, 121},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct fetch one = {.url = faults_url("https", values[i].path)};

		fetch(http, &one);
		assert_int_equal(one.status, 429);
		assert_in_range(one.retry_after, values[i].least, values[i].most);
		assert_string_equal(one.body_came, "Too Many Requests");
		fetch_forget(&one);
	}
}

static void
test_gzip(void **state)
{
	struct fetch one = {.url = faults_url("https", "/gzip")};

	(void)state;
	fetch(http, &one);
	assert_int_equal(one.status, 200);
	assert_memory_equal(one.body_came, "\x1f\x8b", 2);
	fetch_forget(&one);
}

/* --- where it is not sent ---------------------------------------------------------------------- */

static void
test_redirects(void **state)
{
	static const char *const paths[] = {"/redirect/301/http", "/redirect/301/other",
		"/redirect/302/https", "/redirect/303/other", "/redirect/307/http",
		"/redirect/307/other", "/redirect/308/other"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct fetch one = {.url = faults_url("https", paths[i])};

		fetch(http, &one);
		assert_true(one.answered);
		assert_int_equal(one.status, strtol(paths[i] + 10, NULL, 10));
		fetch_forget(&one);
	}
	assert_int_equal(faults_hits("https"), sizeof(paths) / sizeof(paths[0]));
	assert_int_equal(faults_hits("other"), 0);
	assert_int_equal(faults_hits("http"), 0);
	assert_string_equal(faults_say("connections other"), "0");
	assert_string_equal(faults_say("connections http"), "0");
}

static void
test_schemes(void **state)
{
	static const char *const others[] = {"HTTP://localhost/x", "ftp://localhost/x",
		"file:///etc/passwd", "ldap://localhost/x", "smtp://localhost/x",
		"telnet://localhost"};
	struct fetch one = {.url = faults_url("http", "/target")};
	size_t i;

	(void)state;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_CONFIG);
	assert_says(one.error.text, "is not asked: the address must begin with https://");
	assert_says(one.error.text, "localhost:");
	assert_string_equal(faults_say("connections http"), "0");
	fetch_forget(&one);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		one.url = others[i];
		fetch(http, &one);
		assert_false(one.answered);
		assert_int_equal(one.error.code, SE_CONFIG);
		assert_says(one.error.text, "https://");
		fetch_forget(&one);
	}
}

/* --- too much ---------------------------------------------------------------------------------- */

static void
test_size(void **state)
{
	struct fetch one = {.url = faults_url("https", "/full")};

	(void)state;
	fetch(http, &one);
	assert_int_equal(one.status, 200);
	assert_int_equal(one.len, SE_HTTP_BODY_MAX);
	fetch_forget(&one);

	expect_error("/large", 0, SE_AGAIN, "more than 64 KiB");
	expect_error("/endless", 0, SE_AGAIN, "more than 64 KiB");
	expect_error("/endless-headers", 0, SE_AGAIN, "more than 64 KiB");
	expect_error("/large", 0, SE_AGAIN, "is it the right address?");
	expect_error("/endless-line", 0, SE_AGAIN, "does not end");
}

/* libcurl has one code for this and for a scheme that it does not speak. */
static void
test_no_http(void **state)
{
	(void)state;
	expect_error("/no-http", 0, SE_AGAIN, "did not answer in HTTP/1.1");
}

/* --- too little -------------------------------------------------------------------------------- */

static void
expect_late(const char *listener, const char *path, const char *words)
{
	struct fetch one = {.url = faults_url(listener, path), .time = SHORT};

	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, words);
	assert_says(one.error.text, "localhost:");
	assert_in_range(one.ended - one.began, SHORT, SHORT + SLACK);
}

static void
test_late(void **state)
{
	(void)state;
	expect_late("https", "/drip", "did not answer in time");
	expect_late("https", "/silent", "did not answer in time");
	expect_late("mute", "/", "no connection to localhost:");
	expect_late("mute", "/", "the firewall and the key \"proxy\"");
}

/* The time to connect is less than what the request has in all. */
static void
test_late_to_connect(void **state)
{
	struct fetch one = {.url = faults_url("mute", "/")};
	struct fetch other = {.url = faults_url("https", "/silent")};
	int i;

	(void)state;
	assert_true(fetch_start(http, &one));
	assert_true(fetch_start(http, &other));
	for (i = 0; i < 100 && faults_hits("https") == 0; i++)
		assert_true(se_http_turn(http, NULL, 0, 50));
	world_later_ms += SE_HTTP_CONNECT_MS - 2000;
	assert_true(se_http_turn(http, NULL, 0, 0));
	assert_int_equal(one.calls, 0);
	world_later_ms += 2000;
	fetch_wait(http, &one);
	assert_says(one.error.text, "no connection");
	assert_int_equal(other.calls, 0); /* it is connected */
	world_later_ms += 20000;
	fetch_wait(http, &other);
	assert_says(other.error.text, "did not answer in time");
}

static void
test_deadline_over(void **state)
{
	struct fetch one = {.url = faults_url("https", "/echo"), .time = 1};

	(void)state;
	world_later_ms = 0;
	assert_true(fetch_start(http, &one));
	world_later_ms = 1000;
	assert_true(se_http_turn(http, NULL, 0, 1000));
	assert_int_equal(one.calls, 1);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "in time");
}

static void
test_broken_off(void **state)
{
	(void)state;
	expect_error("/close", 0, SE_AGAIN, "broke off");
	expect_error("/reset", 0, SE_AGAIN, "broke off");
	expect_error("/cut", 0, SE_AGAIN, "broke off");
}

/* A port that was ours a moment ago. */
static unsigned
closed_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	struct sockaddr *any = (void *)&address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, any, len), 0);
	assert_int_equal(getsockname(fd, any, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void
test_nobody_there(void **state)
{
	struct fetch one = {0};
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "https://localhost:%u/token", closed_port());
	one.url = url;
	fetch(http, &one);
	assert_false(one.answered);
	assert_int_equal(one.error.code, SE_AGAIN);
	assert_says(one.error.text, "cannot be reached");
	assert_says(one.error.text, "the firewall");
}

/* --- several ----------------------------------------------------------------------------------- */

static void
test_many(void **state)
{
	struct fetch all[MANY] = {{0}};
	char bodies[MANY][32];
	char words[64];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		snprintf(bodies[i], sizeof(bodies[i]), "number=%d.", i);
		all[i].body = bodies[i];
		all[i].url = faults_url("https", i % 4 == 3 ? "/close" : "/echo");
		assert_true(fetch_start(http, &all[i]));
	}
	for (i = 0; i < MANY; i++) {
		fetch_wait(http, &all[i]);
		assert_int_equal(all[i].answered, i % 4 != 3);
		snprintf(words, sizeof(words), "\"body\": \"number=%d.\"", i);
		if (all[i].answered)
			assert_says(all[i].body_came, words);
		fetch_forget(&all[i]);
	}
}

static void
test_cancel(void **state)
{
	struct fetch one = {.url = faults_url("https", "/silent")};
	struct fetch other = {.url = faults_url("https", "/echo")};
	struct fetch third = {.url = faults_url("https", "/silent")};
	int i;

	(void)state;
	assert_true(fetch_start(http, &one));
	assert_true(fetch_start(http, &other));
	for (i = 0; i < 100 && faults_hits("https") < 2; i++)
		assert_true(se_http_turn(http, NULL, 0, 50));
	se_http_cancel(http, one.transfer);
	fetch_wait(http, &other);
	fetch_forget(&other);

	/* Before libcurl has done anything with it. */
	assert_true(fetch_start(http, &third));
	se_http_cancel(http, third.transfer);
	assert_int_equal(se_http_parked(http), 0);
	assert_true(se_http_turn(http, NULL, 0, 0));
	assert_int_equal(one.calls + third.calls, 0);
	assert_int_equal(faults_hits("https"), 2);
	se_http_cancel(http, NULL);
}

/* The end of one may be the end, or the beginning, of others. */
static struct fetch second, victim;

static void
done_with_first(
	void *context, const struct se_http_response *response, const struct se_error *error)
{
	int *calls = context;

	(void)response;
	(void)error;
	(*calls)++;
	if (victim.transfer != NULL)
		se_http_cancel(http, victim.transfer);
	victim.transfer = NULL;
	assert_true(fetch_start(http, &second));
}

static void
end_of_first(const char *path, int64_t time)
{
	struct se_http_request request = {.url = faults_url("https", path),
		.body = se_secret_new("a=b", 3),
		.request_id = REQUEST_ID,
		.ca_file = faults_ca(),
		.deadline = world.monotonic(NULL) + time};
	struct se_error error;
	int calls = 0;

	victim.url = faults_url("https", "/silent");
	second.url = faults_url("https", "/json");
	assert_true(fetch_start(http, &victim));
	assert_non_null(se_http_start(http, &request, done_with_first, &calls, &error));
	while (calls == 0)
		assert_true(se_http_turn(http, NULL, 0, 1000));
	fetch_wait(http, &second);
	assert_true(second.answered);
	assert_int_equal(victim.calls, 0);
	fetch_forget(&second);
	fetch_forget(&victim);
}

static void
test_calls_from_done(void **state)
{
	(void)state;
	end_of_first("/echo", 20000);
	end_of_first("/close", 20000);
	end_of_first("/silent", 300);
}

static void
test_free_under_way(void **state)
{
	struct fetch under_way = {.url = faults_url("https", "/silent")};
	struct fetch connecting = {.url = faults_url("mute", "/")};
	struct fetch untouched = {.url = faults_url("https", "/echo")};
	struct se_http *own = se_http_new(&world);
	int i;

	(void)state;
	assert_non_null(own);
	assert_true(fetch_start(own, &under_way));
	assert_true(fetch_start(own, &connecting));
	for (i = 0; i < 100; i++) {
		assert_true(se_http_turn(own, NULL, 0, 50));
		if (faults_hits("https") > 0 && strcmp(faults_say("connections mute"), "0") != 0)
			break;
	}
	assert_true(fetch_start(own, &untouched));
	se_http_free(own);
	assert_int_equal(under_way.calls + connecting.calls + untouched.calls, 0);
	se_http_free(NULL);
}

/* --- the caller's descriptors ------------------------------------------------------------------ */

static void
test_descriptors(void **state)
{
	struct fetch one = {.url = faults_url("https", "/silent")};
	struct pollfd fds[40];
	int pipes[2], i;
	int64_t began;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (i = 0; i < 40; i++)
		fds[i] = (struct pollfd){pipes[0], POLLIN, POLLIN};
	fds[1] = (struct pollfd){pipes[1], POLLOUT, 0};
	assert_true(fetch_start(http, &one));
	assert_true(se_http_turn(http, fds, 2, 0));
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLOUT);

	assert_int_equal(write(pipes[1], "x", 1), 1);
	fds[1] = fds[0];
	began = real_ms();
	assert_true(se_http_turn(http, fds, 40, 30000));
	assert_true(real_ms() - began < 10000);
	for (i = 0; i < 40; i++)
		assert_int_equal(fds[i].revents, POLLIN);
	close(pipes[0]);
	close(pipes[1]);
	se_http_cancel(http, one.transfer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_request),
		TEST(test_long_request),
		TEST(test_answers),
		TEST(test_retry_after),
		TEST(test_date),
		TEST(test_gzip),
		TEST(test_redirects),
		TEST(test_schemes),
		TEST(test_size),
		TEST(test_no_http),
		TEST(test_late),
		TEST(test_late_to_connect),
		TEST(test_deadline_over),
		TEST(test_broken_off),
		TEST(test_nobody_there),
		TEST(test_many),
		TEST(test_cancel),
		TEST(test_calls_from_done),
		TEST(test_free_under_way),
		TEST(test_descriptors),
	};

	return cmocka_run_group_tests_name("engine_http", tests, faults_begin, faults_end);
}

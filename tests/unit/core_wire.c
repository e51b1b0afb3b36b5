#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/wire.h"

static const struct se_request request = {.operation = SE_OPERATION_TOKEN,
	.time_left = 20000,
	.login = "anna@contoso.com",
	.service = "smtp",
	.server = "smtp.office365.com",
	.rejected = "0123abcd"};

/* The same, typed in from doc/internals/protocol.md. */
static const char request_frame[] = "SE\001\001\000\000\000\105"
				    "\001\000\001\001"
				    "\002\000\004\000\000\116\040"
				    "\003\000\020anna@contoso.com"
				    "\004\000\004smtp"
				    "\005\000\022smtp.office365.com"
				    "\006\000\0100123abcd";

/* A frame made by hand; the length is filled in. */
static void
make_frame(struct se_buffer *out, char kind, const char *fields, size_t len)
{
	char header[SE_WIRE_HEADER] = {'S', 'E', 1, kind, 0, 0, (char)(len >> 8), (char)len};

	se_buffer_reset(out);
	assert_true(se_buffer_add(out, header, sizeof(header)));
	assert_true(se_buffer_add(out, fields, len));
}

static void
same_request(const struct se_request *a, const struct se_request *b)
{
	assert_int_equal(a->operation, b->operation);
	assert_int_equal(a->time_left, b->time_left);
	assert_string_equal(a->login, b->login);
	assert_string_equal(a->service, b->service);
	assert_string_equal(a->server, b->server);
	assert_string_equal(a->rejected, b->rejected);
}

/* --- frames ---------------------------------------------------------------------------------- */

static void
tells_how_long_a_frame_is(void **state)
{
	(void)state;
	for (size_t len = 0; len < SE_WIRE_HEADER; len++)
		assert_int_equal(se_wire_frame_len(request_frame, len, SE_WIRE_REQUEST_MAX), 0);
	assert_int_equal(se_wire_frame_len(request_frame, 8, SE_WIRE_REQUEST_MAX), 8 + 0105);
	assert_int_equal(se_wire_frame_len(request_frame, 8, 8 + 0105), 8 + 0105);
	assert_int_equal(se_wire_frame_len(NULL, 0, SE_WIRE_REQUEST_MAX), 0);
}

static void
refuses_other_frames(void **state)
{
	static const char *const headers[] = {
		"XE\001\001\000\000\000\001",
		"SX\001\001\000\000\000\001",
		"SE\002\001\000\000\000\001", /* another version */
		"SE\001\000\000\000\000\001",
		"SE\001\004\000\000\000\001", /* another kind */
		"SE\001\001\377\377\377\377", /* too long */
		"SE\001\001\177\377\377\377",
		"SE\001\001\000\000\010\000",
		"HTTP/1.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_int_equal(se_wire_frame_len(headers[i], 8, SE_WIRE_REQUEST_MAX), -1);
	assert_int_equal(se_wire_frame_len(request_frame, 8, 8 + 0105 - 1), -1);
	assert_int_equal(se_wire_frame_len(request_frame, 8, 0), -1);
	assert_int_equal(se_wire_frame_len(headers[5], 8, SIZE_MAX), -1);
}

/* --- requests -------------------------------------------------------------------------------- */

static void
writes_a_request(void **state)
{
	struct se_buffer out;

	(void)state;
	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	assert_true(se_wire_put_request(&out, &request));
	assert_int_equal(out.len, sizeof(request_frame) - 1);
	assert_memory_equal(out.data, request_frame, out.len);
	se_buffer_free(&out);

	se_buffer_init(&out, sizeof(request_frame) - 2);
	assert_false(se_wire_put_request(&out, &request));
	se_buffer_free(&out);
}

static void
reads_a_request(void **state)
{
	struct se_request got;

	(void)state;
	assert_true(se_wire_get_request(request_frame, sizeof(request_frame) - 1, &got));
	same_request(&got, &request);
}

static void
carries_the_longest_request(void **state)
{
	struct se_request longest = {.operation = SE_OPERATION_REREAD, .time_left = UINT32_MAX};
	struct se_request got;
	struct se_buffer out;

	(void)state;
	memset(longest.login, 'l', SE_NAME_MAX);
	memset(longest.service, 's', SE_SERVICE_MAX);
	memset(longest.server, 'h', SE_SERVER_MAX);
	memset(longest.rejected, 'f', SE_FINGERPRINT_MAX);
	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	assert_true(se_wire_put_request(&out, &longest));
	assert_true(se_wire_get_request(out.data, out.len, &got));
	same_request(&got, &longest);
	se_buffer_free(&out);
}

static void
refuses_a_cut_request(void **state)
{
	struct se_request got;
	char frame[sizeof(request_frame) + 1] = {0};
	const size_t len = sizeof(request_frame) - 1;

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_false(se_wire_get_request(request_frame, cut, &got));
	memcpy(frame, request_frame, len);
	assert_false(se_wire_get_request(frame, len + 1, &got));
	/* The header agrees, the fields do not: cut within the last one. */
	for (size_t cut = 1; cut < 8 + 3; cut++) {
		memcpy(frame, request_frame, len);
		frame[7] = (char)(0105 - cut);
		assert_false(se_wire_get_request(frame, len - cut, &got));
	}
	/* One field fewer is a request again. */
	frame[7] = 0105 - 11;
	assert_true(se_wire_get_request(frame, len - 11, &got));
	assert_string_equal(got.rejected, "");
}

#define OPERATION "\001\000\001\001"
#define TIME_LEFT "\002\000\004\000\000\000\001"
#define LOGIN "\003\000\001a"

static bool
fields_are_a_request(const char *fields, size_t len)
{
	struct se_request got;
	struct se_buffer out;
	bool valid;

	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	make_frame(&out, 1, fields, len);
	valid = se_wire_get_request(out.data, out.len, &got);
	se_buffer_free(&out);
	return valid;
}
#define IS_REQUEST(fields) fields_are_a_request(fields, sizeof(fields) - 1)

static void
skips_unknown_tags(void **state)
{
	(void)state;
	assert_true(IS_REQUEST(OPERATION TIME_LEFT LOGIN));
	assert_true(IS_REQUEST(LOGIN TIME_LEFT OPERATION));
	assert_true(IS_REQUEST("\077\000\002\000\000" OPERATION TIME_LEFT LOGIN "\377\000\000"));
	assert_true(IS_REQUEST("\377\000\000\377\000\000" OPERATION TIME_LEFT LOGIN));
	/* An answer's tag means nothing in a request. */
	assert_true(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\021\000\003abc"));
}

static void
refuses_wrong_fields(void **state)
{
	(void)state;
	/* twice */
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN LOGIN));
	assert_false(IS_REQUEST(OPERATION OPERATION TIME_LEFT LOGIN));
	/* missing */
	assert_false(IS_REQUEST(""));
	assert_false(IS_REQUEST(TIME_LEFT LOGIN));
	assert_false(IS_REQUEST(OPERATION LOGIN));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT));
	/* empty, with a NUL, of another length, of another value */
	assert_false(IS_REQUEST(OPERATION TIME_LEFT "\003\000\000"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT "\003\000\003a\000b"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT "\003\000\002a\000"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\005\000\001\000"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\006\000\011012345678"));
	assert_false(IS_REQUEST(OPERATION "\002\000\003\000\000\000" LOGIN));
	assert_false(IS_REQUEST("\001\000\002\001\001" TIME_LEFT LOGIN));
	assert_false(IS_REQUEST("\001\000\001\000" TIME_LEFT LOGIN));
	assert_false(IS_REQUEST("\001\000\001\005" TIME_LEFT LOGIN));
	/* rests that are no field */
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\377"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\377\000"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\377\000\001"));
	assert_false(IS_REQUEST(OPERATION TIME_LEFT LOGIN "\377\377\377a"));
}

#define STATUS "\001\000\001\004"

/* Only a status may be asked for without a name, and a name that is there is not empty. */
static void
asks_for_a_status_without_a_name(void **state)
{
	(void)state;
	assert_true(IS_REQUEST(STATUS TIME_LEFT));
	assert_true(IS_REQUEST(STATUS TIME_LEFT LOGIN));
	assert_true(IS_REQUEST(LOGIN TIME_LEFT STATUS));
	assert_false(IS_REQUEST(STATUS TIME_LEFT "\003\000\000"));
	assert_false(IS_REQUEST(STATUS));
}

static void
refuses_a_name_too_long(void **state)
{
	char fields[15 + 400] = OPERATION TIME_LEFT;
	const size_t head = sizeof(OPERATION TIME_LEFT) - 1;

	(void)state;
	memset(fields + head, 'x', sizeof(fields) - head);
	memcpy(fields + head, "\003\001\100", 3); /* 320 */
	assert_true(fields_are_a_request(fields, head + 3 + 320));
	fields[head + 2] = 0101;
	assert_false(fields_are_a_request(fields, head + 3 + 321));
}

static void
takes_other_kinds_for_no_request(void **state)
{
	struct se_request got;
	struct se_buffer out;

	(void)state;
	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	make_frame(&out, 2, OPERATION TIME_LEFT LOGIN, sizeof(OPERATION TIME_LEFT LOGIN) - 1);
	assert_false(se_wire_get_request(out.data, out.len, &got));
	make_frame(&out, 3, OPERATION TIME_LEFT LOGIN, sizeof(OPERATION TIME_LEFT LOGIN) - 1);
	assert_false(se_wire_get_request(out.data, out.len, &got));
	se_buffer_free(&out);
}

/* --- answers --------------------------------------------------------------------------------- */

static void
carries_an_answer(void **state)
{
	struct se_answer answer = {.user = "shared@contoso.com",
		.seconds_left = 3599,
		.keep = 60,
		.fingerprint = "89abcdef",
		.warning = true,
		.note = "the token is 3599 s good"};
	struct se_answer got;
	struct se_buffer out;
	struct se_error error;

	(void)state;
	answer.token = se_secret_new("tok3n", 5);
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_answer(&out, &answer));
	assert_int_equal(se_wire_get_answer(out.data, out.len, &got, &error), SE_OK);
	assert_int_equal(error.code, SE_OK);
	assert_string_equal(got.user, answer.user);
	assert_true(se_secret_equal(got.token, answer.token));
	assert_int_equal(got.seconds_left, 3599);
	assert_int_equal(got.keep, 60);
	assert_string_equal(got.fingerprint, "89abcdef");
	assert_true(got.warning);
	assert_string_equal(got.note, answer.note);
	se_answer_free(&got);
	se_answer_free(&answer);
	se_buffer_free(&out);
}

static void
carries_the_longest_answer(void **state)
{
	struct se_answer answer = {0};
	struct se_answer got;
	struct se_buffer out;
	struct se_error error;
	char *token = malloc(SE_TOKEN_MAX + 1);

	(void)state;
	assert_non_null(token);
	memset(token, 't', SE_TOKEN_MAX + 1);
	memset(answer.user, 'u', SE_NAME_MAX);
	memset(answer.fingerprint, 'f', SE_FINGERPRINT_MAX);
	memset(answer.note, 'n', SE_NOTE_MAX);
	answer.token = se_secret_new(token, SE_TOKEN_MAX);
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_answer(&out, &answer));
	assert_int_equal(se_wire_get_answer(out.data, out.len, &got, &error), SE_OK);
	assert_true(se_secret_equal(got.token, answer.token));
	assert_string_equal(got.note, answer.note);
	se_answer_free(&got);

	/* One byte more is more than a token has. */
	se_answer_free(&answer);
	answer.token = se_secret_new(token, SE_TOKEN_MAX + 1);
	se_buffer_reset(&out);
	assert_false(se_wire_put_answer(&out, &answer));
	se_answer_free(&answer);
	se_buffer_free(&out);
	free(token);
}

static void
carries_an_answer_without_a_token(void **state)
{
	struct se_answer answer = {.note = "new\ntoken\033"};
	struct se_answer got;
	struct se_buffer out;
	struct se_error error;

	(void)state;
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_answer(&out, &answer));
	assert_int_equal(se_wire_get_answer(out.data, out.len, &got, &error), SE_OK);
	assert_null(got.token);
	assert_false(got.warning);
	assert_string_equal(got.note, "new?token?");
	se_answer_free(&got);
	se_buffer_free(&out);
}

static void
carries_a_status(void **state)
{
	struct se_answer answer = {.status = NULL};
	struct se_answer got;
	struct se_buffer out;
	struct se_error error;
	char *lines = malloc(SE_STATUS_MAX + 2);

	(void)state;
	assert_non_null(lines);
	memset(lines, 's', SE_STATUS_MAX);
	lines[SE_STATUS_MAX] = '\0';
	memset(answer.more, 'm', SE_NAME_MAX);
	answer.status = lines;
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_answer(&out, &answer));
	assert_int_equal(se_wire_get_answer(out.data, out.len, &got, &error), SE_OK);
	assert_string_equal(got.status, lines);
	assert_string_equal(got.more, answer.more);
	assert_null(got.token);
	se_answer_free(&got);
	assert_null(got.status);

	/* One byte more is more than a block has. */
	strcat(lines, "s");
	se_buffer_reset(&out);
	assert_false(se_wire_put_answer(&out, &answer));
	se_answer_free(&answer);
	se_buffer_free(&out);
}

/* What an answer or error made of these fields is; `error` has the text. */
static enum se_code
read_fields(char kind, const char *fields, size_t len, struct se_error *error)
{
	struct se_answer got;
	struct se_buffer out;
	enum se_code code;

	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	make_frame(&out, kind, fields, len);
	code = se_wire_get_answer(out.data, out.len, &got, error);
	if (code != SE_OK) {
		assert_null(got.token);
		assert_int_equal(error->code, code);
	}
	se_answer_free(&got);
	se_buffer_free(&out);
	return code;
}

static void
assert_invalid(char kind, const char *fields, size_t len)
{
	struct se_error error;

	assert_int_equal(read_fields(kind, fields, len, &error), SE_INTERNAL);
	assert_string_equal(error.text, "");
}
#define INVALID(kind, fields) assert_invalid(kind, fields, sizeof(fields) - 1)

#define TOKEN "\021\000\003abc"

static void
refuses_wrong_answers(void **state)
{
	struct se_error error;

	(void)state;
	assert_int_equal(read_fields(2, TOKEN, sizeof(TOKEN) - 1, &error), SE_OK);
	assert_int_equal(read_fields(2, "\376\000\001x", 4, &error), SE_OK);
	INVALID(2, TOKEN TOKEN);
	INVALID(2, "\021\000\000");
	INVALID(2, "\021\000\003a\000b");
	INVALID(2, TOKEN "\020\000\002a\000");
	INVALID(2, TOKEN "\022\000\003abc");
	INVALID(2, TOKEN "\023\000\005abcde");
	INVALID(2, TOKEN "\024\000\011012345678");
	INVALID(2, TOKEN "\025\000\001\002");
	INVALID(2, TOKEN "\025\000\000");
	INVALID(2, TOKEN "\026\000\001\000");
	INVALID(2, TOKEN "\026\000\002x");
	INVALID(2, TOKEN "\026");
	INVALID(2, "\027\000\000");
	INVALID(2, "\027\000\003a\000b");
	INVALID(2, "\027\000\001a\027\000\001a");
	INVALID(2, "\027\000\001a\030\000\001\000");
	INVALID(1, OPERATION TIME_LEFT LOGIN);
}

static void
refuses_a_cut_answer(void **state)
{
	struct se_answer answer = {.user = "anna", .note = "note"};
	struct se_answer got;
	struct se_buffer out;
	struct se_error error;

	(void)state;
	answer.token = se_secret_new("tok3n", 5);
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_answer(&out, &answer));
	for (size_t len = 0; len < out.len; len++) {
		assert_int_equal(se_wire_get_answer(out.data, len, &got, &error), SE_INTERNAL);
		assert_string_equal(error.text, "");
		assert_null(got.token);
	}
	se_answer_free(&answer);
	se_buffer_free(&out);
}

/* --- errors ---------------------------------------------------------------------------------- */

static enum se_code
through_the_wire(enum se_code code, const char *text, struct se_error *got)
{
	struct se_error error = {.code = code, .retry_after = 30};
	struct se_answer answer;
	struct se_buffer out;

	se_copy(error.text, sizeof(error.text), text);
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	assert_true(se_wire_put_error(&out, &error));
	code = se_wire_get_answer(out.data, out.len, &answer, got);
	se_buffer_free(&out);
	return code;
}

static void
carries_every_class(void **state)
{
	struct se_error got;

	(void)state;
	for (int code = SE_AGAIN; code <= SE_INTERNAL; code++) {
		assert_int_equal(through_the_wire((enum se_code)code, "what is wrong", &got), code);
		assert_int_equal(got.code, code);
		assert_int_equal(got.retry_after, 30);
		assert_string_equal(got.text, "what is wrong");
	}
}

static void
never_says_ok_or_absent(void **state)
{
	struct se_error got;

	(void)state;
	assert_int_equal(through_the_wire(SE_ABSENT, "x", &got), SE_INTERNAL);
	assert_int_equal(through_the_wire(SE_OK, "x", &got), SE_INTERNAL);
	assert_int_equal(through_the_wire((enum se_code)77, "x", &got), SE_INTERNAL);
	assert_string_equal(got.text, "x");
}

static void
always_says_something(void **state)
{
	char longest[SE_ERROR_TEXT_MAX];
	struct se_error got;

	(void)state;
	assert_int_equal(through_the_wire(SE_DENIED, "", &got), SE_DENIED);
	assert_string_equal(got.text, "denied");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(through_the_wire(SE_DENIED, longest, &got), SE_DENIED);
	assert_string_equal(got.text, longest);
}

#define CLASS "\040\000\001\001"
#define TEXT "\042\000\001x"

static void
keeps_its_numbers(void **state)
{
	static const enum se_code codes[] = {SE_INTERNAL, SE_AGAIN, SE_SIGN_IN, SE_ADMIN, SE_CONFIG,
		SE_NO_ACCOUNT, SE_DENIED, SE_MEMORY, SE_INTERNAL, SE_INTERNAL, SE_INTERNAL};
	char fields[] = CLASS TEXT;
	struct se_error got;

	(void)state;
	for (size_t number = 0; number < sizeof(codes) / sizeof(codes[0]); number++) {
		fields[3] = (char)number;
		assert_int_equal(read_fields(3, fields, sizeof(fields) - 1, &got), codes[number]);
		assert_string_equal(got.text, "x");
		assert_int_equal(got.retry_after, 0);
	}
}

static void
refuses_wrong_errors(void **state)
{
	(void)state;
	INVALID(3, "");
	INVALID(3, CLASS);
	INVALID(3, TEXT);
	INVALID(3, CLASS CLASS TEXT);
	INVALID(3, CLASS TEXT TEXT);
	INVALID(3, CLASS "\042\000\000");
	INVALID(3, CLASS "\042\000\002x\000");
	INVALID(3, "\040\000\002\001\001" TEXT);
	INVALID(3, CLASS TEXT "\041\000\001\001");
	INVALID(3, CLASS TEXT "\041");
}

static void
cleans_an_errors_text(void **state)
{
	struct se_error got;

	(void)state;
	assert_int_equal(through_the_wire(SE_ADMIN, "a\nb\033c", &got), SE_ADMIN);
	assert_string_equal(got.text, "a?b?c");
}

/* Any byte of a frame may be any other: whatever comes of it, nothing is read or written where
 * it should not be (the sanitizers and valgrind watch). */
static void
survives_every_byte(void **state)
{
	char frame[sizeof(request_frame)];
	struct se_request asked;
	struct se_answer got;
	struct se_error error;

	(void)state;
	for (size_t at = 0; at < sizeof(request_frame) - 1; at++) {
		for (int value = 0; value < 256; value++) {
			memcpy(frame, request_frame, sizeof(frame));
			frame[at] = (char)value;
			(void)se_wire_get_request(frame, sizeof(frame) - 1, &asked);
			(void)se_wire_get_answer(frame, sizeof(frame) - 1, &got, &error);
			se_answer_free(&got);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_how_long_a_frame_is),
		cmocka_unit_test(refuses_other_frames),
		cmocka_unit_test(writes_a_request),
		cmocka_unit_test(reads_a_request),
		cmocka_unit_test(carries_the_longest_request),
		cmocka_unit_test(refuses_a_cut_request),
		cmocka_unit_test(skips_unknown_tags),
		cmocka_unit_test(refuses_wrong_fields),
		cmocka_unit_test(asks_for_a_status_without_a_name),
		cmocka_unit_test(refuses_a_name_too_long),
		cmocka_unit_test(takes_other_kinds_for_no_request),
		cmocka_unit_test(carries_an_answer),
		cmocka_unit_test(carries_the_longest_answer),
		cmocka_unit_test(carries_an_answer_without_a_token),
		cmocka_unit_test(carries_a_status),
		cmocka_unit_test(refuses_wrong_answers),
		cmocka_unit_test(refuses_a_cut_answer),
		cmocka_unit_test(carries_every_class),
		cmocka_unit_test(never_says_ok_or_absent),
		cmocka_unit_test(always_says_something),
		cmocka_unit_test(keeps_its_numbers),
		cmocka_unit_test(refuses_wrong_errors),
		cmocka_unit_test(cleans_an_errors_text),
		cmocka_unit_test(survives_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * engine_json: what is taken for JSON and what is not, numbers in all their spellings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json.h"

#include "engine_support.h"

/* From memory of exactly that length, so that ASan sees a byte read too much. */
static struct se_json *
parse_bytes(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	struct se_json *json;

	assert_non_null(copy);
	memcpy(copy, text, len);
	json = se_json_parse(copy, len);
	free(copy);
	return json;
}

static struct se_json *
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static bool
is_json(const char *text)
{
	struct se_json *json = parse(text);
	bool yes = json != NULL;

	se_json_free(json);
	return yes;
}

static void
test_objects(void **state)
{
	(void)state;
	assert_true(is_json("{}"));
	assert_true(is_json(" \r\n\t{\"a\": [1, {\"b\": null}, true]} \r\n\t"));
	assert_true(is_json("{\"\xc3\xbc\": \"\\u00fc\"}"));

	assert_false(is_json(""));
	assert_false(is_json(" "));
	assert_false(is_json("null"));
	assert_false(is_json("[]"));
	assert_false(is_json("17"));
	assert_false(is_json("\"text\""));
	assert_false(is_json("<html></html>"));
	assert_false(is_json("Too Many Requests"));
}

static void
test_text_behind(void **state)
{
	(void)state;
	assert_false(is_json("{}x"));
	assert_false(is_json("{}}"));
	assert_false(is_json("{} {}"));
	assert_false(is_json("{},"));
	assert_false(is_json("{}\n<!-- -->"));
	assert_false(is_json("{}/* c */"));
}

static void
test_cut(void **state)
{
	static const char whole[] =
		"{\"a\": \"b\\u00fc\", \"c\": [1, 2.5e3, true], \"d\": {\"e\": null}}";
	struct se_json *json;
	size_t len;

	(void)state;
	assert_true(is_json(whole));
	for (len = 0; len < sizeof(whole) - 1; len++) {
		json = parse_bytes(whole, len);
		assert_null(json);
	}
}

static void
test_not_strict(void **state)
{
	(void)state;
	assert_false(is_json("{\"a\": 'b'}"));
	assert_false(is_json("{a: 1}"));
	assert_false(is_json("{\"a\": 1,}"));
	assert_false(is_json("{\"a\": 01}"));
	assert_false(is_json("{/* c */\"a\": 1}"));
	assert_true(is_json("{\"a\": \"b\xc3\xbc\"}"));
	assert_false(is_json("{\"a\": \"b\xc3\xbc\"} x"));
	assert_false(is_json("{\"a\": \"b\xc3\xbc"));
}

static void
test_nul(void **state)
{
	static const char behind[] = "{\"a\": \"b\"}\0";
	static const char inside[] = "{\"a\": \"b\0c\"}";
	static const char between[] = "{\"a\": 1\0}";
	struct se_json *json = parse_bytes(behind, sizeof(behind) - 2);

	(void)state;
	assert_non_null(json);
	se_json_free(json);
	assert_null(parse_bytes(behind, sizeof(behind) - 1));
	assert_null(parse_bytes(behind, sizeof(behind)));
	assert_null(parse_bytes(inside, sizeof(inside) - 1));
	assert_null(parse_bytes(between, sizeof(between) - 1));

	/* Escaped it is JSON, but no string of ours. */
	json = parse("{\"a\": \"b\\u0000c\", \"d\": \"e\"}");
	assert_non_null(json);
	assert_null(se_json_string(json, "a"));
	assert_true(se_json_has(json, "a"));
	assert_string_equal(se_json_string(json, "d"), "e");
	se_json_free(json);
}

static void
nested(char *text, size_t size, unsigned depth)
{
	unsigned i;
	size_t len = 0;

	for (i = 0; i < depth; i++)
		len += (size_t)snprintf(text + len, size - len, "{\"a\":");
	len += (size_t)snprintf(text + len, size - len, "1");
	for (i = 0; i < depth; i++)
		len += (size_t)snprintf(text + len, size - len, "}");
}

static void
test_depth(void **state)
{
	char text[8192];

	(void)state;
	nested(text, sizeof(text), 15);
	assert_true(is_json(text));
	nested(text, sizeof(text), 17);
	assert_false(is_json(text));
	nested(text, sizeof(text), 1000);
	assert_false(is_json(text));
	memset(text, '[', 4000);
	memcpy(text, "{\"a\":", 5);
	text[4000] = '\0';
	assert_false(is_json(text));
}

static void
test_strings(void **state)
{
	struct se_json *json = parse("{\"s\": \"t\", \"empty\": \"\", \"n\": 1, \"null\": null, "
				     "\"o\": {\"in\": \"side\"}}");
	const struct se_json *inner;

	(void)state;
	assert_non_null(json);
	assert_string_equal(se_json_string(json, "s"), "t");
	assert_string_equal(se_json_string(json, "empty"), "");
	assert_null(se_json_string(json, "S"));
	assert_null(se_json_string(json, "n"));
	assert_null(se_json_string(json, "null"));
	assert_null(se_json_string(json, "o"));
	assert_null(se_json_string(json, "missing"));
	assert_false(se_json_has(json, "missing"));
	inner = se_json_object(json, "o");
	assert_non_null(inner);
	assert_string_equal(se_json_string(inner, "in"), "side");
	assert_null(se_json_object(json, "s"));
	assert_null(se_json_object(json, "missing"));
	assert_null(se_json_string(NULL, "s"));
	se_json_free(json);
	se_json_free(NULL);
}

static const struct {
	const char *text;
	bool is_number;
	int64_t value;
} numbers[] = {
	{"3599", true, 3599},
	{"0", true, 0},
	{"-1", true, -1},
	{"3599.0", true, 3599},
	{"3599.9", true, 3599},
	{"3.6e3", true, 3600},
	{"-0.5", true, 0},
	{"8589934592", true, INT64_C(8589934592)},
	{"9223372036854775807", true, INT64_MAX},
	{"1e400", false, 0},
	{"1e16", false, 0},
	{"-1e16", false, 0},
	{"\"3599\"", true, 3599},
	{"\"-7\"", true, -7},
	{"\"8589934592\"", true, INT64_C(8589934592)},
	{"\"9223372036854775808\"", false, 0},
	{"\"99999999999999999999999\"", false, 0},
	{"\"3599 s\"", false, 0},
	{"\"0x10\"", false, 0},
	{"\"\"", false, 0},
	{"\" \"", false, 0},
	{"\"soon\"", false, 0},
	{"\"12\\u00003\"", false, 0},
	{"NaN", false, 0}, /* json-c takes these */
	{"-Infinity", false, 0},
	{"null", false, 0},
	{"true", false, 0},
	{"[3599]", false, 0},
	{"{\"value\": 1}", false, 0},
};

static void
test_numbers(void **state)
{
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct se_json *json;
		int64_t value = -12345;

		snprintf(text, sizeof(text), "{\"n\": %s}", numbers[i].text);
		json = parse(text);
		assert_non_null(json);
		if (se_json_integer(json, "n", &value) != numbers[i].is_number ||
			(numbers[i].is_number && value != numbers[i].value))
			fail_msg("%s was read as %lld", numbers[i].text, (long long)value);
		assert_false(se_json_integer(json, "m", &value));
		se_json_free(json);
	}
}

static void
test_first_number(void **state)
{
	struct se_json *json = parse("{\"codes\": [7000222, 1], \"strings\": [\"50196\"], "
				     "\"empty\": [], \"words\": [\"no\"], \"one\": 5}");
	int64_t value = 0;

	(void)state;
	assert_non_null(json);
	assert_true(se_json_first_integer(json, "codes", &value));
	assert_int_equal(value, 7000222);
	assert_true(se_json_first_integer(json, "strings", &value));
	assert_int_equal(value, 50196);
	assert_false(se_json_first_integer(json, "empty", &value));
	assert_false(se_json_first_integer(json, "words", &value));
	assert_false(se_json_first_integer(json, "one", &value));
	assert_false(se_json_first_integer(json, "missing", &value));
	se_json_free(json);
}

static void
test_words(void **state)
{
	static const struct {
		const char *json, *words; /* NULL: none */
	} cases[] = {
		{"{\"a\": [\"one\", \"two\"]}", "one two"},
		{"{\"a\": [\"one\", 2, \"three\"]}", "one three"},
		{"{\"a\": \"one two\"}", "one two"},
		{"{\"a\": []}", ""},
		{"{\"a\": 17}", NULL},
		{"{\"a\": null}", NULL},
		{"{\"b\": \"one\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct se_json *json = parse(cases[i].json);
		struct se_buffer words;

		se_buffer_init(&words, 64);
		assert_int_equal(se_json_add_words(json, "a", &words), cases[i].words != NULL);
		assert_string_equal(
			se_buffer_text(&words), cases[i].words != NULL ? cases[i].words : "");
		se_buffer_free(&words);
		se_json_free(json);
	}
}

static void
test_double_names(void **state)
{
	struct se_json *json = parse("{\"a\": \"first\", \"b\": {\"c\": \"d\"}, \"a\": \"second\", "
				     "\"b\": 1}");
	int64_t value = 0;

	(void)state;
	assert_non_null(json);
	assert_string_equal(se_json_string(json, "a"), "second");
	assert_null(se_json_object(json, "b"));
	assert_true(se_json_integer(json, "b", &value));
	se_json_free(json);
}

static void
test_write(void **state)
{
	struct se_json *json = se_json_new(), *inner = se_json_new(), *again;
	struct se_buffer text;
	int64_t value = 0;

	(void)state;
	assert_true(se_json_set_string(inner, "quote", "a\"b\\c/d\x01\xc3\xbc"));
	assert_true(se_json_set_string(json, "nothing", NULL));
	assert_true(se_json_set_string(json, "text", "t"));
	assert_true(se_json_set_integer(json, "big", INT64_C(8589934592)));
	assert_true(se_json_set_integer(json, "negative", -1));
	assert_true(se_json_set_object(json, "inner", inner));
	assert_false(se_json_set_object(json, "none", NULL));
	se_buffer_init(&text, 4096);
	assert_true(se_json_write(json, &text));
	se_json_free(json);

	again = parse_bytes(text.data, text.len);
	se_buffer_free(&text);
	assert_non_null(again);
	assert_false(se_json_has(again, "nothing"));
	assert_string_equal(se_json_string(again, "text"), "t");
	assert_true(se_json_integer(again, "big", &value));
	assert_int_equal(value, INT64_C(8589934592));
	assert_true(se_json_integer(again, "negative", &value));
	assert_int_equal(value, -1);
	assert_string_equal(
		se_json_string(se_json_object(again, "inner"), "quote"), "a\"b\\c/d\x01\xc3\xbc");
	se_json_free(again);
}

static void
test_write_compact(void **state)
{
	struct se_json *json = se_json_new();
	struct se_buffer text;

	(void)state;
	assert_true(se_json_set_string(json, "url", "https://a/b"));
	assert_true(se_json_set_integer(json, "n", 1));
	se_buffer_init(&text, 4096);
	assert_true(se_json_write_compact(json, &text));
	assert_string_equal(se_buffer_text(&text), "{\"url\":\"https://a/b\",\"n\":1}");
	se_buffer_free(&text);
	se_buffer_init(&text, 10);
	assert_false(se_json_write_compact(json, &text));
	se_buffer_free(&text);
	se_json_free(json);
}

/* What was read goes out again whole, whatever it is. */
static void
test_write_what_was_read(void **state)
{
	static const char text[] =
		"{\"yes\":true,\"no\":false,\"none\":null,\"half\":0.50,\"most\":"
		"18446744073709551615,"
		"\"least\":-9223372036854775808,\"list\":[1,\"\\u0000\\u001f\",{\"in\":[]},null],"
		"\"empty\":{}}";
	struct se_json *json = parse(text);
	struct se_buffer out;

	(void)state;
	assert_non_null(json);
	se_buffer_init(&out, 4096);
	assert_true(se_json_write_compact(json, &out));
	assert_string_equal(se_buffer_text(&out), text);
	se_buffer_reset(&out);
	assert_true(se_json_write(json, &out));
	se_json_free(json);
	json = parse_bytes(out.data, out.len);
	assert_non_null(json);
	se_buffer_reset(&out);
	assert_true(se_json_write_compact(json, &out));
	assert_string_equal(se_buffer_text(&out), text);
	se_json_free(json);
	se_buffer_free(&out);
}

static void
test_write_too_much(void **state)
{
	struct se_json *json = se_json_new();
	struct se_buffer text;

	(void)state;
	assert_true(se_json_set_string(json, "text", "0123456789012345678901234567890123456789"));
	se_buffer_init(&text, 32);
	assert_false(se_json_write(json, &text));
	se_buffer_free(&text);
	se_json_free(json);
}

/* Short strings lie inside json-c's object, long ones in memory of their own; freeing writes to
 * both, which ASan and valgrind judge. */
static void
test_wipe(void **state)
{
	char text[9000];
	struct se_json *json;

	(void)state;
	snprintf(text, sizeof(text), "{\"short\": \"s\", \"list\": [\"%s\", {\"deep\": [\"%s\"]}]}",
		"in a list", "deeper");
	json = parse(text);
	assert_non_null(json);
	se_json_free(json);

	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"long\": \"", 10);
	memcpy(text + 8000, "\"}", 3);
	json = parse(text);
	assert_non_null(json);
	assert_int_equal(strlen(se_json_string(json, "long")), 8000 - 10);
	se_json_free(json);
}

/* --- what is left in memory -------------------------------------------------------------------- */

/* A token, and one that is longer, so that whatever holds them has to grow. No copy but this. */
static char tokens[] =
	"{\"short\": "
	"\"0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.short\", "
	"\"long\": \"0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.long\"}";

/* Part of both. It is looked for backwards, so that it is no copy itself. */
static const char piece[] = "XWVUTSRQPONMLKJIHGFEDCBA";

static bool
is_piece(const char *at)
{
	const size_t len = sizeof(piece) - 1;
	size_t i;

	for (i = 0; i < len; i++)
		if (at[i] != piece[len - 1 - i])
			return false;
	return true;
}

/* How often it is in the heap: in use, or freed. */
static size_t
left(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long begin = 0, end = 0;
	size_t found = 0;
	const char *at;

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, "[heap]") != NULL)
			(void)sscanf(line, "%lx-%lx", &begin, &end);
	if (maps != NULL)
		(void)fclose(maps);
	for (at = (const char *)begin;
		end - begin > sizeof(piece) && (unsigned long)at < end - sizeof(piece); at++)
		found += is_piece(at) ? 1 : 0;
	return found;
}

static void
test_leaves_nothing(void **state)
{
	char *volatile copy = strdup(tokens);
	struct se_json *json, *again;
	struct se_buffer text;

	(void)state;
	assert_non_null(copy);
	if (left() != 4) {
		free(copy);
		return; /* ASan, valgrind and other C libraries have the heap elsewhere */
	}
	memset(copy, 0, strlen(copy));
	free(copy);
	assert_int_equal(left(), 0);

	json = se_json_parse(tokens, strlen(tokens));
	assert_non_null(json);
	assert_int_equal(left(), 4); /* the object's own */
	again = se_json_new();
	assert_true(se_json_set_string(again, "short", se_json_string(json, "short")));
	assert_true(se_json_set_string(again, "long", se_json_string(json, "long")));
	se_json_free(json);
	assert_int_equal(left(), 4);
	se_buffer_init(&text, 4096);
	assert_true(se_json_write(again, &text));
	se_json_free(again);
	assert_int_equal(left(), 4); /* the text's */
	se_buffer_free(&text);
	assert_int_equal(left(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_text_behind),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_strict),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_first_number),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_double_names),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_compact),
		cmocka_unit_test(test_write_what_was_read),
		cmocka_unit_test(test_leaves_nothing),
		cmocka_unit_test(test_write_too_much),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests_name("engine_json", tests, NULL, NULL);
}

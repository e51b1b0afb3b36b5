#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "core/room.h"
#include "core/secret.h"
#include "engine/json.h"

/* struct se_json is json-c's object under a name of ours. */
static json_object *
inner_of(const struct se_json *json)
{
	union {
		const struct se_json *ours;
		json_object *theirs;
	} cast = {.ours = json};

	return cast.theirs;
}

static struct se_json *
outer_of(json_object *object)
{
	return (struct se_json *)object;
}

/* The text need not end in a NUL. */
static bool
is_blank(const char *text, size_t from, size_t len)
{
	for (; from < len; from++)
		if (text[from] == '\0' || strchr(" \t\r\n", text[from]) == NULL)
			return false;
	return true;
}

static bool
is_ascii(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] > 0x7f)
			return false;
	return true;
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* json-c up to 0.16 goes on when it has no memory for a member or for the rest of a string, which is
 * cut then, and does not look at all whether it has some for a name. errno tells only if no number
 * comes behind. */
enum { ROOM_FIXED = 128 * 1024, ROOM_PER_BYTE = 80 };

/* json-c collects each string in a buffer of its own that grows by realloc() and is freed as it is.
 * A string of `len` blanks makes it as large as it will ever be, so that no copy is left behind when
 * it grows, and overwrites whatever it held. Many at once, because each call of json-c makes a locale
 * of its own. */
static bool
fill_buffer(json_tokener *tokener, size_t len)
{
	char blanks[1024];
	json_object *object;

	memset(blanks, ' ', sizeof(blanks));
	errno = 0;
	json_tokener_reset(tokener);
	(void)json_tokener_parse_ex(tokener, "\"", 1);
	for (size_t n; len > 0; len -= n) {
		n = len < sizeof(blanks) ? len : sizeof(blanks);
		(void)json_tokener_parse_ex(tokener, blanks, (int)n);
	}
	object = json_tokener_parse_ex(tokener, "\"", 1);
	json_object_put(object);
	json_tokener_reset(tokener);
	return object != NULL && errno != ENOMEM;
}

/* json-c leaves other text behind the object alone, or NUL bytes at least. */
static json_object *
parse_object(json_tokener *tokener, const char *text, size_t len)
{
	json_object *object;

	json_tokener_reset(tokener);
	/* The text's NUL ends a number or a cut object for json-c, so that it is passed too. */
	object = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_success &&
		json_object_get_type(object) == json_type_object &&
		is_blank(text, json_tokener_get_parse_end(tokener), len))
		return object;
	se_json_free(outer_of(object));
	return NULL;
}

/* NULL: it is no object, or memory ran out, or both. */
static json_object *
parse(json_tokener *tokener, const char *text, size_t len, bool *memory)
{
	json_object *object;

	errno = 0;
	object = parse_object(tokener, text, len);
	*memory = errno == ENOMEM;
	if (!*memory)
		return object;
	se_json_free(outer_of(object));
	return NULL;
}

/* --- making and freeing ------------------------------------------------------------------------ */

struct se_json *
se_json_new(void)
{
	return outer_of(json_object_new_object());
}

static void
wipe_text(const char *text, size_t len)
{
	union {
		const char *theirs;
		void *ours;
	} cast = {.theirs = text};

	if (text != NULL)
		se_wipe(cast.ours, len);
}

/* As deep as the parser allows. */
static void
wipe(json_object *object)
{
	size_t i;

	switch (json_object_get_type(object)) {
	case json_type_string:
		wipe_text(
			json_object_get_string(object), (size_t)json_object_get_string_len(object));
		break;
	case json_type_object: {
		json_object_object_foreach(object, name, member)
		{
			(void)name;
			wipe(member);
		}
		break;
	}
	case json_type_array:
		for (i = 0; i < json_object_array_length(object); i++)
			wipe(json_object_array_get_idx(object, i));
		break;
	default:
		break;
	}
}

void
se_json_free(struct se_json *json)
{
	json_object *object = inner_of(json);

	if (object == NULL)
		return;
	wipe(object);
	json_object_put(object);
}

static json_object *
member(const struct se_json *json, const char *name)
{
	json_object *found = NULL;

	if (json == NULL || !json_object_object_get_ex(inner_of(json), name, &found))
		return NULL;
	return found;
}

bool
se_json_has(const struct se_json *json, const char *name)
{
	return member(json, name) != NULL;
}

const char *
se_json_string(const struct se_json *json, const char *name)
{
	json_object *object = member(json, name);
	const char *text;

	if (object == NULL || json_object_get_type(object) != json_type_string)
		return NULL;
	text = json_object_get_string(object);
	if (strlen(text) != (size_t)json_object_get_string_len(object))
		return NULL;
	return text;
}

static bool
number(json_object *object, int64_t *value)
{
	const char *text;
	char *end;
	double fraction;

	switch (json_object_get_type(object)) {
	case json_type_int:
		*value = json_object_get_int64(object);
		return true;
	case json_type_double:
		fraction = json_object_get_double(object);
		if (!(fraction > -9e15 && fraction < 9e15))
			return false;
		*value = (int64_t)fraction;
		return true;
	case json_type_string:
		text = json_object_get_string(object);
		errno = 0;
		*value = strtoll(text, &end, 10);
		return errno == 0 && end != text &&
		       end == text + json_object_get_string_len(object);
	default:
		return false;
	}
}

bool
se_json_integer(const struct se_json *json, const char *name, int64_t *value)
{
	json_object *object = member(json, name);

	return object != NULL && number(object, value);
}

bool
se_json_first_integer(const struct se_json *json, const char *name, int64_t *value)
{
	json_object *object = member(json, name);

	if (object == NULL || json_object_get_type(object) != json_type_array ||
		json_object_array_length(object) == 0)
		return false;
	return number(json_object_array_get_idx(object, 0), value);
}

static bool
add_word(json_object *word, bool first, struct se_buffer *out)
{
	if (json_object_get_type(word) != json_type_string)
		return true;
	return (first || se_buffer_add_text(out, " ")) &&
	       se_buffer_add_text(out, json_object_get_string(word));
}

bool
se_json_add_words(const struct se_json *json, const char *name, struct se_buffer *out)
{
	json_object *object = member(json, name);
	bool ok = true;

	if (json_object_get_type(object) == json_type_string)
		return add_word(object, true, out);
	if (json_object_get_type(object) != json_type_array)
		return false;
	for (size_t i = 0; ok && i < json_object_array_length(object); i++)
		ok = add_word(json_object_array_get_idx(object, i), i == 0, out);
	return ok;
}

const struct se_json *
se_json_object(const struct se_json *json, const char *name)
{
	json_object *object = member(json, name);

	if (object == NULL || json_object_get_type(object) != json_type_object)
		return NULL;
	return outer_of(object);
}

const struct se_json *
se_json_first_object(const struct se_json *json, const char *name)
{
	json_object *object = member(json, name);

	if (object == NULL || json_object_get_type(object) != json_type_array ||
		json_object_array_length(object) == 0)
		return NULL;
	object = json_object_array_get_idx(object, 0);
	return json_object_get_type(object) == json_type_object ? outer_of(object) : NULL;
}

static bool
set(struct se_json *json, const char *name, json_object *value)
{
	if (value == NULL)
		return false;
	if (json_object_object_add(inner_of(json), name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

bool
se_json_set_string(struct se_json *json, const char *name, const char *text)
{
	return text == NULL || set(json, name, json_object_new_string(text));
}

bool
se_json_set_integer(struct se_json *json, const char *name, int64_t value)
{
	return set(json, name, json_object_new_int64(value));
}

bool
se_json_set_object(struct se_json *json, const char *name, struct se_json *inner)
{
	return set(json, name, inner_of(inner));
}

/* --- writing ----------------------------------------------------------------------------------- */

/* By hand, because json-c would write to a buffer that leaves copies behind as it grows. */

enum { COMPACT = -1 };

static void
write_string(struct se_buffer *out, const char *text, size_t len)
{
	size_t i;

	se_buffer_add_text(out, "\"");
	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20) {
			se_buffer_addf(out, "\\u%04x", (unsigned)(unsigned char)text[i]);
			continue;
		}
		if (text[i] == '"' || text[i] == '\\')
			se_buffer_add_text(out, "\\");
		se_buffer_add(out, text + i, 1);
	}
	se_buffer_add_text(out, "\"");
}

/* A new line for what stands `depth` objects deep. */
static void
indent(struct se_buffer *out, int depth)
{
	if (depth > COMPACT)
		se_buffer_addf(out, "\n%*s", 2 * depth, "");
}

static bool write_value(struct se_buffer *out, json_object *value, int depth);

static bool
write_object(struct se_buffer *out, json_object *object, int depth)
{
	const int inner = depth > COMPACT ? depth + 1 : COMPACT;
	bool first = true, ok = true;

	se_buffer_add_text(out, "{");
	json_object_object_foreach(object, name, member)
	{
		if (!first)
			se_buffer_add_text(out, ",");
		first = false;
		indent(out, inner);
		write_string(out, name, strlen(name));
		se_buffer_add_text(out, ":");
		ok = ok && write_value(out, member, inner);
	}
	indent(out, depth);
	se_buffer_add_text(out, "}");
	return ok;
}

static bool
write_array(struct se_buffer *out, json_object *array, int depth)
{
	const int inner = depth > COMPACT ? depth + 1 : COMPACT;
	const size_t count = json_object_array_length(array);
	bool ok = true;
	size_t i;

	se_buffer_add_text(out, "[");
	for (i = 0; i < count; i++) {
		if (i > 0)
			se_buffer_add_text(out, ",");
		indent(out, inner);
		ok = ok && write_value(out, json_object_array_get_idx(array, i), inner);
	}
	indent(out, depth);
	se_buffer_add_text(out, "]");
	return ok;
}

/* Numbers, true, false and null: no secrets, so that json-c may write them as it read them. */
static bool
write_other(struct se_buffer *out, json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);

	return text != NULL && se_buffer_add_text(out, text);
}

static bool
write_value(struct se_buffer *out, json_object *value, int depth)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		return write_object(out, value, depth);
	case json_type_array:
		return write_array(out, value, depth);
	case json_type_string:
		write_string(out, json_object_get_string(value),
			(size_t)json_object_get_string_len(value));
		return true;
	default:
		return write_other(out, value);
	}
}

bool
se_json_write(struct se_json *json, struct se_buffer *out)
{
	return write_value(out, inner_of(json), 0) && se_buffer_add_text(out, "\n");
}

bool
se_json_write_compact(struct se_json *json, struct se_buffer *out)
{
	return write_value(out, inner_of(json), COMPACT) && !out->failed;
}

/* --- reading for good ------------------------------------------------------------------------- */

static bool is_same(json_object *one, json_object *other);

static bool
are_same_members(json_object *one, json_object *other)
{
	json_object *found;

	if (json_object_object_length(one) != json_object_object_length(other))
		return false;
	json_object_object_foreach(one, name, member)
	{
		if (!json_object_object_get_ex(other, name, &found) || !is_same(member, found))
			return false;
	}
	return true;
}

static bool
are_same_elements(json_object *one, json_object *other)
{
	size_t i, count = json_object_array_length(one);

	if (json_object_array_length(other) != count)
		return false;
	for (i = 0; i < count; i++)
		if (!is_same(
			    json_object_array_get_idx(one, i), json_object_array_get_idx(other, i)))
			return false;
	return true;
}

/* json_object_equal() takes no NaN for another. */
static bool
is_same_fraction(double one, double other)
{
	return one == other || (isnan(one) && isnan(other));
}

static bool
is_same(json_object *one, json_object *other)
{
	if (json_object_get_type(one) != json_object_get_type(other))
		return false;
	switch (json_object_get_type(one)) {
	case json_type_object:
		return are_same_members(one, other);
	case json_type_array:
		return are_same_elements(one, other);
	case json_type_double:
		return is_same_fraction(json_object_get_double(one), json_object_get_double(other));
	default:
		return json_object_equal(one, other) != 0;
	}
}

/* Twice: an object that memory ran out for is another one the second time. */
static json_object *
parse_twice(json_tokener *tokener, const char *text, size_t len, bool *memory)
{
	json_object *object = parse(tokener, text, len, memory), *again;

	if (*memory)
		return NULL;
	again = parse(tokener, text, len, memory);
	if (object != again && (object == NULL || again == NULL || !is_same(object, again)))
		*memory = true;
	se_json_free(outer_of(again));
	if (!*memory)
		return object;
	se_json_free(outer_of(object));
	return NULL;
}

struct se_json *
se_json_parse(const char *text, size_t len)
{
	json_tokener *tokener;
	json_object *object = NULL;
	bool memory = true;

	errno = EINVAL;
	if (len > INT_MAX)
		return NULL;
	tokener = se_room(ROOM_FIXED + len * ROOM_PER_BYTE) ? json_tokener_new_ex(16) : NULL;
	if (tokener != NULL) {
		/* json-c 0.18 takes bytes above 0x7f for control characters when it is strict. */
		json_tokener_set_flags(tokener, is_ascii(text, len) ? JSON_TOKENER_STRICT : 0);
		if (fill_buffer(tokener, len))
			object = parse_twice(tokener, text, len, &memory);
		(void)fill_buffer(tokener, len);
		json_tokener_free(tokener);
	}
	errno = memory ? ENOMEM : EINVAL;
	return outer_of(object);
}

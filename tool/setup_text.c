#include <stdlib.h>
#include <string.h>

#include "engine/characters.h"
#include "engine/names.h"
#include "engine/values.h"

#include "tool/setup_text.h"

/* Where a section lies: from its header to the end of its last line with a key. Comments behind that
 * are taken for those of the next section. */
struct section {
	const char *header, *body, *end;
};

/* --- reading ------------------------------------------------------------------------------------ */

/* The line at *at, with its line end; moves on. False at the end of the text. */
static bool
next_line(const char **at, const char *end, const char **line, size_t *len)
{
	const char *lf;

	if (*at == NULL || *at >= end)
		return false;
	*line = *at;
	lf = memchr(*at, '\n', (size_t)(end - *at));
	*at = lf != NULL ? lf + 1 : end;
	*len = (size_t)(*at - *line);
	return true;
}

/* Without the line end and blanks. */
static void
trim(const char **text, size_t *len)
{
	if (*len > 0 && (*text)[*len - 1] == '\n')
		(*len)--;
	se_trim(text, len);
}

static bool
equals(const char *text, size_t len, const char *word)
{
	size_t i;

	for (i = 0; i < len && word[i] != '\0'; i++)
		if (se_lower(text[i]) != se_lower(word[i]))
			return false;
	return i == len && word[i] == '\0';
}

/* A line "[account LABEL]", or "[defaults]" where `label` is NULL. */
static bool
is_header(const char *line, size_t len, const char *label)
{
	size_t word = 0;

	trim(&line, &len);
	line++;
	len -= 2;
	se_trim(&line, &len);
	while (word < len && !se_is_blank(line[word]))
		word++;
	if (label == NULL)
		return equals(line, len, "defaults");
	if (!equals(line, word, "account"))
		return false;
	line += word;
	len -= word;
	se_trim(&line, &len);
	return equals(line, len, label);
}

/* The key of a line, and its value; SE_KEY_COUNT where it has none. */
static enum se_key
read_key(const char *line, size_t len, const char **value, size_t *value_len)
{
	const char *equal = memchr(line, '=', len), *name = line;
	size_t name_len = equal != NULL ? (size_t)(equal - line) : 0;
	int key = 0;

	if (equal == NULL || line[0] == '#' || line[0] == ';' || line[0] == '[')
		return SE_KEY_COUNT;
	se_trim(&name, &name_len);
	while (key < SE_KEY_COUNT && !equals(name, name_len, se_keys[key].name))
		key++;
	*value = equal + 1;
	*value_len = len - (size_t)(equal + 1 - line);
	trim(value, value_len);
	return (enum se_key)key;
}

static bool
find_section(const struct se_buffer *text, const char *label, struct section *section)
{
	const char *at = text->data, *end = text->data + text->len, *line, *value;
	size_t len, value_len;

	memset(section, 0, sizeof(*section));
	while (next_line(&at, end, &line, &len)) {
		if (line[0] == '[' && section->header != NULL)
			return true;
		if (line[0] == '[' && is_header(line, len, label)) {
			section->header = line;
			section->body = section->end = at;
		} else if (section->header != NULL &&
			   read_key(line, len, &value, &value_len) != SE_KEY_COUNT) {
			section->end = at;
		}
	}
	return section->header != NULL;
}

char *
se_setup_text_value(const struct se_buffer *text, const char *label, enum se_key key)
{
	struct section section;
	const char *at, *line, *value;
	size_t len, value_len;

	if (text->len == 0 || !find_section(text, label, &section))
		return NULL;
	for (at = section.body; next_line(&at, section.end, &line, &len);)
		if (read_key(line, len, &value, &value_len) == key)
			return strndup(value, value_len);
	return NULL;
}

bool
se_setup_text_has(const struct se_buffer *text, const char *label)
{
	struct section section;

	return text->len > 0 && find_section(text, label, &section);
}

/* --- writing ------------------------------------------------------------------------------------ */

static bool
is_list(enum se_key key)
{
	return se_keys[key].type == SE_TYPE_LIST || se_keys[key].type == SE_TYPE_MATCHES ||
	       se_keys[key].type == SE_TYPE_HOSTS;
}

/* A list may be written with commas or without. `value` is not terminated. */
static bool
is_same(enum se_key key, const char *value, size_t len, const char *wanted)
{
	char *copy = strndup(value, len);
	const char *at = copy, *word, *other;
	size_t word_len, other_len;
	bool same, more;

	if (copy == NULL)
		return false;
	same = strcmp(copy, wanted) == 0;
	if (!same && is_list(key))
		do {
			more = se_list_next(&at, &word, &word_len);
			same = se_list_next(&wanted, &other, &other_len) == more &&
			       (!more || (word_len == other_len &&
						 memcmp(word, other, word_len) == 0));
		} while (same && more);
	free(copy);
	return same;
}

/* Appends the line as it is to be, and takes note of the key. */
static void
change_line(const char *line, size_t len, const struct se_setup_values *values, bool done[],
	struct se_buffer *out)
{
	const char *value;
	size_t value_len;
	enum se_key key = read_key(line, len, &value, &value_len);

	if (key == SE_KEY_COUNT) {
		se_buffer_add(out, line, len);
		return;
	}
	done[key] = true;
	if (values->gone[key])
		return;
	if (values->text[key] == NULL || is_same(key, value, value_len, values->text[key])) {
		se_buffer_add(out, line, len);
	} else {
		se_buffer_add(out, line, (size_t)(value - line));
		if (value[-1] == '=')
			se_buffer_add_text(out, " ");
		se_buffer_addf(out, "%s\n", values->text[key]);
	}
}

static void
end_line(struct se_buffer *out)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		se_buffer_add_text(out, "\n");
}

static void
add_keys(const struct se_setup_values *values, const bool done[], bool aligned,
	struct se_buffer *out)
{
	int width = 0;

	for (int key = 0; aligned && key < SE_KEY_COUNT; key++)
		if (values->text[key] != NULL && (int)strlen(se_keys[key].name) > width)
			width = (int)strlen(se_keys[key].name);
	for (int key = 0; key < SE_KEY_COUNT; key++)
		if (values->text[key] != NULL && !values->gone[key] && !done[key])
			se_buffer_addf(
				out, "%-*s = %s\n", width, se_keys[key].name, values->text[key]);
}

static void
add_section(const struct se_buffer *text, const char *label, const struct se_setup_values *values,
	struct se_buffer *out)
{
	const bool none[SE_KEY_COUNT] = {false};

	if (text->len > 0) {
		se_buffer_add(out, text->data, text->len);
		end_line(out);
		se_buffer_add_text(out, "\n");
	}
	if (text->len == 0)
		se_buffer_add_text(out, "# What the keys mean: sasl-entra.conf(5). Is it right? "
					"sasl-entra check\n\n");
	se_buffer_addf(out, "[account %s]\n", label);
	add_keys(values, none, true, out);
}

bool
se_setup_text_change(const struct se_buffer *text, const char *label,
	const struct se_setup_values *values, struct se_buffer *out)
{
	struct section section;
	bool done[SE_KEY_COUNT] = {false};
	const char *at, *line;
	size_t len;

	if (text->len == 0 || !find_section(text, label, &section)) {
		add_section(text, label, values, out);
		return !out->failed;
	}
	se_buffer_add(out, text->data, (size_t)(section.body - text->data));
	for (at = section.body; next_line(&at, section.end, &line, &len);)
		change_line(line, len, values, done, out);
	for (int key = 0; key < SE_KEY_COUNT; key++)
		if (values->text[key] != NULL && !values->gone[key] && !done[key])
			end_line(out);
	add_keys(values, done, false, out);
	se_buffer_add(out, section.end, (size_t)(text->data + text->len - section.end));
	return !out->failed;
}

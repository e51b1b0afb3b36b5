#include <string.h>

#include "engine/characters.h"
#include "engine/names.h"
#include "engine/precheck_line.h"

enum { KEY_SHOWN = 40, FAR = 4 };

void
se_scan_refuse(struct se_scan *scan, const char *why)
{
	se_report_error(scan->report, scan->line, NULL, "%s", why);
	if (scan->section != NULL)
		scan->section->wrong = scan->section->broken = true;
	else
		scan->sections->broken = true;
}

/* --- [section] ----------------------------------------------------------------------------- */

static bool
label_is_valid(const char *label, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!se_is_letter(label[i]) && !se_is_digit(label[i]) && label[i] != '.' &&
			label[i] != '_' && label[i] != '-')
			return false;
	return len > 0 && len <= SE_LABEL_MAX;
}

static void
refuse_type(struct se_scan *scan, const char *type)
{
	if (se_name_distance(type, "defaults") < FAR)
		se_scan_refuse(scan, "unknown section; did you mean [defaults]?");
	else if (se_name_distance(type, "account") < FAR)
		se_scan_refuse(scan, "unknown section; did you mean [account LABEL]?");
	else
		se_scan_refuse(scan, "unknown section; there are [defaults] and [account LABEL]");
}

/* Reads what stands between the brackets. False when memory ran out. */
static bool
read_name(struct se_scan *scan, const char *name, size_t len)
{
	char type[KEY_SHOWN + 1] = "";
	size_t n = 0;

	while (n < len && !se_is_blank(name[n]))
		n++;
	if (n < sizeof(type))
		memcpy(type, name, n);
	if (n == len && se_name_equal(type, "defaults")) {
		scan->section->defaults = true;
		return true;
	}
	if (!se_name_equal(type, "account")) {
		refuse_type(scan, type);
		return true;
	}
	name += n;
	len -= n;
	se_trim(&name, &len);
	if (!label_is_valid(name, len)) {
		se_scan_refuse(scan, len == 0 ? "the account has no label; write [account LABEL], "
						"where LABEL is a name of yours"
					      : "an account's label is at most 64 letters, digits, "
						"'.', '_' and '-'");
		return true;
	}
	scan->section->label = se_arena_text(scan->arena, name, len);
	return scan->section->label != NULL;
}

/* False when memory ran out. A list that has grown leaves the old one in the arena: by doubling,
 * all of those together are no larger than the last one. */
static bool
add_section(struct se_scan *scan, size_t start)
{
	struct se_sections *sections = scan->sections;

	if (sections->count == scan->room) {
		size_t room = scan->room == 0 ? 16 : scan->room * 2;
		struct se_section *list = se_arena_alloc(scan->arena, room, sizeof(*list));

		if (list == NULL)
			return false;
		if (sections->count > 0)
			memcpy(list, sections->list, sections->count * sizeof(*list));
		sections->list = list;
		scan->room = room;
	}
	scan->section = &sections->list[sections->count++];
	scan->section->label = "";
	scan->section->line = scan->line;
	scan->section->start = start;
	memset(scan->seen, 0, sizeof(scan->seen));
	return true;
}

bool
se_scan_header(struct se_scan *scan, const char *line, size_t len, size_t start)
{
	const char *close = memchr(line, ']', len), *name = line + 1, *rest;
	size_t name_len, rest_len;

	if (!add_section(scan, start))
		return false;
	if (close == NULL) {
		se_scan_refuse(scan, "the section's name has no ']' behind it");
		return true;
	}
	rest = close + 1;
	rest_len = len - (size_t)(rest - line);
	se_trim(&rest, &rest_len);
	if (rest_len > 0) {
		se_scan_refuse(scan,
			"there is text behind the section's ']'; comments stand on lines of "
			"their own");
		return true;
	}
	name_len = (size_t)(close - name);
	se_trim(&name, &name_len);
	return read_name(scan, name, name_len);
}

/* --- KEY = VALUE --------------------------------------------------------------------------- */

/* The key as it may be shown: "" when it could be part of a secret pasted into the file. */
static void
copy_key(char to[KEY_SHOWN + 1], const char *key, size_t len)
{
	size_t i;

	to[0] = '\0';
	for (i = 0; i < len; i++)
		if (!se_is_letter(key[i]) && !se_is_digit(key[i]) && key[i] != '_' && key[i] != '-')
			return;
	if (len > KEY_SHOWN)
		return;
	memcpy(to, key, len);
	to[len] = '\0';
}

static void
refuse_unknown(struct se_scan *scan, const char *name)
{
	const char *nearest = se_key_nearest(name);

	scan->section->wrong = true;
	if (nearest == NULL)
		se_report_error(scan->report, scan->line, name[0] != '\0' ? name : NULL,
			"unknown key; sasl-entra.conf(5) lists those that are known");
	else if (se_keys[se_key_find(nearest)].credential_file)
		se_report_error(scan->report, scan->line, name,
			"unknown key; did you mean %s? A secret "
			"itself never stands here, only the path of the file that holds it",
			nearest);
	else
		se_report_error(
			scan->report, scan->line, name, "unknown key; did you mean %s?", nearest);
}

static void
check_key(struct se_scan *scan, const char *name)
{
	enum se_key key = se_key_find(name);
	struct se_section *section = scan->section;

	if (key == SE_KEY_COUNT) {
		refuse_unknown(scan, name);
		return;
	}
	if (scan->seen[key] != 0) {
		se_report_error(scan->report, scan->line, se_keys[key].name,
			"stands twice in this section, first on line %u; keep one",
			scan->seen[key]);
		/* libini_config would refuse the section without saying where. */
		section->wrong = section->broken = true;
		return;
	}
	scan->seen[key] = scan->line;
	if (section->broken ||
		(se_keys[key].where & (section->defaults ? SE_IN_DEFAULTS : SE_IN_ACCOUNT)) != 0)
		return;
	section->wrong = true;
	se_report_error(scan->report, scan->line, se_keys[key].name, "%s",
		section->defaults ? "may not stand in [defaults]; write it into each [account "
				    "LABEL] that needs it"
				  : "may not stand in an account; write it into [defaults]");
}

static void
check_value(struct se_scan *scan, const char *name, const char *value, size_t len)
{
	size_t i;

	if (len == 0) {
		se_report_error(scan->report, scan->line, name,
			"has no value; write one, or remove the line");
		scan->section->wrong = scan->section->broken = true;
		return;
	}
	for (i = 1; i < len; i++)
		if ((value[i] == '#' || value[i] == ';') && se_is_blank(value[i - 1])) {
			se_report_warning(scan->report, scan->line, name,
				"what stands behind '%c' is part of the "
				"value; comments stand on lines of their own",
				value[i]);
			return;
		}
}

void
se_scan_key(struct se_scan *scan, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len), *key = line, *value;
	size_t key_len, value_len;
	char name[KEY_SHOWN + 1];

	if (scan->section == NULL) {
		if (!scan->stray)
			se_scan_refuse(scan,
				"this line is in no section; write [defaults] or [account LABEL] "
				"above it");
		scan->stray = true;
		return;
	}
	if (equals == NULL) {
		se_scan_refuse(scan,
			"there is no '=' in this line; write KEY = VALUE on one line, or begin a "
			"comment with '#'");
		return;
	}
	key_len = (size_t)(equals - line);
	se_trim(&key, &key_len);
	if (key_len == 0) {
		se_scan_refuse(scan, "there is no key before the '='");
		return;
	}
	copy_key(name, key, key_len);
	check_key(scan, name);
	value = equals + 1;
	value_len = len - (size_t)(value - line);
	se_trim(&value, &value_len);
	check_value(scan, name[0] != '\0' ? name : NULL, value, value_len);
}

#include <stdlib.h>
#include <string.h>

#include "tool/import_map.h"

#define BLANKS " \t\r"

/* One line, as most have it; an entry that goes on in the next line has its value there. */
static bool
parse(const char *line, size_t len, struct se_map_entry *entry)
{
	const char *end = line + len, *value = line, *colon;
	const size_t blanks = strspn(line, BLANKS);

	/* postmap(1) takes a comment for one wherever in the line it begins. */
	if (blanks >= len || line[blanks] == '#')
		return false;
	while (end > line && strchr(BLANKS, end[-1]) != NULL)
		end--;
	while (value < end && strchr(BLANKS, *value) == NULL)
		value++;
	/* A line that begins with a blank goes on the one before, whose key is kept. */
	if (value > line) {
		entry->key = line;
		entry->key_len = (size_t)(value - line);
	}
	while (value < end && strchr(BLANKS, *value) != NULL)
		value++;
	colon = memchr(value, ':', (size_t)(end - value));
	if (colon == NULL || colon == value || end - colon < 3 || colon[1] != '/')
		return false;
	entry->login = value;
	entry->login_len = (size_t)(colon - value);
	entry->path = colon + 1;
	entry->path_len = (size_t)(end - colon - 1);
	return entry->key != NULL;
}

bool
se_map_next(const char **at, struct se_map_entry *entry)
{
	bool found = false;

	while (!found && **at != '\0') {
		size_t len = strcspn(*at, "\n");

		found = parse(*at, len, entry);
		*at += len + ((*at)[len] == '\n');
	}
	return found;
}

bool
se_map_rewrite(const char *text, struct se_buffer *out)
{
	struct se_map_entry entry = {.key = NULL};
	const char *at = text;

	while (se_map_next(&at, &entry)) {
		(void)se_buffer_add(out, text, (size_t)(entry.path - text));
		(void)se_buffer_add_text(out, "oauth");
		text = entry.path + entry.path_len;
	}
	return se_buffer_add_text(out, text);
}

char *
se_map_host(const char *key, size_t len)
{
	const char *host = key;
	size_t host_len;

	if (memchr(key, '@', len) != NULL)
		return NULL;
	if (len > 0 && key[0] == '[') {
		host++;
		host_len = strcspn(host, "] \t");
	} else {
		host_len = strcspn(host, ": \t");
	}
	if (host + host_len > key + len)
		return NULL;
	return strndup(host, host_len);
}

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "engine/allow.h"
#include "engine/characters.h"
#include "engine/values.h"

enum {
	NAME_LEN_MAX = 256,
	LOOKUP_MIN = 1024,
	LOOKUP_MAX = 1 << 20 /* bytes of one entry; a group may have many members */
};

enum found { FOUND, NOT_THERE, NOT_KNOWN_NOW, NO_MEMORY };

static bool
parse_number(const char *text, unsigned long *number)
{
	size_t i;

	*number = 0;
	for (i = 0; text[i] != '\0'; i++) {
		if (!se_is_digit(text[i]) || i == 10)
			return false;
		*number = *number * 10 + (unsigned long)(text[i] - '0');
	}
	/* (uid_t)-1 and (gid_t)-1 mean "none" to the system. */
	return i > 0 && *number < 0xffffffffUL;
}

/* One call with a buffer of `size` bytes. */
static int
call(const char *name, bool group, char *buffer, size_t size, unsigned long *number, bool *there)
{
	struct passwd user, *user_found = NULL;
	struct group entry, *group_found = NULL;
	int rc;

	if (group)
		rc = getgrnam_r(name, &entry, buffer, size, &group_found);
	else
		rc = getpwnam_r(name, &user, buffer, size, &user_found);
	*there = group_found != NULL || user_found != NULL;
	if (group_found != NULL)
		*number = entry.gr_gid;
	if (user_found != NULL)
		*number = user.pw_uid;
	return rc;
}

static enum found
look_up(const char *name, bool group, unsigned long *number)
{
	size_t size = LOOKUP_MIN;
	char *buffer;
	bool there;
	int rc = ERANGE;

	if (parse_number(name, number))
		return FOUND;
	for (; rc == ERANGE && size <= LOOKUP_MAX; size *= 4) {
		buffer = malloc(size);
		if (buffer == NULL)
			return NO_MEMORY;
		rc = call(name, group, buffer, size, number, &there);
		free(buffer);
		if (there)
			return FOUND;
	}
	/* POSIX: 0 and no entry. Some systems say so with an error number. */
	return rc == 0 || rc == ENOENT || rc == ESRCH ? NOT_THERE : NOT_KNOWN_NOW;
}

static bool
take_word(const char *word, size_t len, struct se_account *account, uid_t *uids, gid_t *gids,
	struct se_report *report)
{
	const unsigned line = account->value[SE_KEY_ALLOW].line;
	bool group = word[0] == '@';
	char name[NAME_LEN_MAX + 1] = "";
	unsigned long number = 0;
	enum found found;

	if (len - group <= NAME_LEN_MAX)
		memcpy(name, word + group, len - group);
	found = name[0] != '\0' ? look_up(name, group, &number) : NOT_THERE;
	if (found == NO_MEMORY)
		return false;
	if (found == FOUND && group)
		gids[account->allow_gid_count++] = (gid_t)number;
	else if (found == FOUND)
		uids[account->allow_uid_count++] = (uid_t)number;
	else if (found == NOT_KNOWN_NOW)
		se_report_error(report, line, "allow",
			"the %s %s cannot be looked up now; see that the "
			"machine's name service answers, or write the number",
			group ? "group" : "user", name);
	else
		se_report_error(report, line, "allow",
			"there is no %s %s on this machine; write a user, a "
			"@group or a number",
			group ? "group" : "user", name);
	return true;
}

bool
se_allow_resolve(struct se_account *account, struct se_arena *arena, struct se_report *report)
{
	const char *at = account->value[SE_KEY_ALLOW].text, *word;
	size_t count = 0, len;
	uid_t *uids;
	gid_t *gids;

	account->allow_anyone = at == NULL;
	if (at == NULL)
		return true;
	while (se_list_next(&at, &word, &len))
		count++;
	uids = se_arena_alloc(arena, count + 1, sizeof(*uids));
	gids = se_arena_alloc(arena, count + 1, sizeof(*gids));
	if (uids == NULL || gids == NULL)
		return false;
	account->allow_uids = uids;
	account->allow_gids = gids;
	at = account->value[SE_KEY_ALLOW].text;
	while (se_list_next(&at, &word, &len))
		if (!take_word(word, len, account, uids, gids, report))
			return false;
	return true;
}

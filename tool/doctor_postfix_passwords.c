/*
 * doctor: whether smtp(8) finds a login name for the server in its password maps. Of a password only what
 * kind of thing it is is looked at.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/account.h"

#include "tool/doctor_postfix.h"

enum { ENTRIES_MAX = 1 << 20, ENTRY_MAX = 64 << 10 };

struct passwords {
	struct se_doctor_postfix *look;
	struct se_doctor_route *route;
	const char *maps;
	struct se_postfix_map first;                       /* where an entry would be written */
	char command[SE_POSTFIX_WORD_MAX + PATH_MAX + 32]; /* makes its index; "": it has none */
};

static bool
say_map(struct passwords *in, enum se_verdict verdict, const char *fix, const char *fmt,
	const char *what)
{
	struct se_buffer text;

	se_buffer_init(&text, ENTRY_MAX);
	se_buffer_add_text(&text, fix);
	se_doctor_postfix_reload(in->look, &text);
	se_checkup_add(&in->look->doctor->checkup, "postfix-passwords", verdict,
		se_buffer_text(&text), "%s%s: %s%s", in->look->where, in->first.name, fmt, what);
	se_buffer_free(&text);
	return verdict != SE_PROBLEM;
}

/* The files that the map is made of. */
static bool
files_are_there(struct passwords *in)
{
	const struct se_postfix_map *map = &in->first;
	struct stat source, made;
	char fix[SE_DOCTOR_FIX_MAX + SE_POSTFIX_WORD_MAX];

	if (map->file == NULL)
		return true;
	if (stat(map->file, &source) != 0 && errno == EACCES)
		return true; /* postmap will say */
	if (stat(map->file, &source) != 0) {
		(void)snprintf(fix, sizeof(fix),
			"install -m 600 /dev/null %s%s%s\nand run doctor again", map->file,
			in->command[0] != '\0' ? "\n" : "", in->command);
		return say_map(in, SE_PROBLEM, fix, "there is no file ", map->file);
	}
	if (map->index[0] == '\0')
		return true;
	if (stat(map->index, &made) != 0)
		return say_map(in, SE_PROBLEM, in->command, "there is no ", map->index);
	if (made.st_mtim.tv_sec < source.st_mtim.tv_sec)
		return say_map(in, SE_PROBLEM, in->command,
			"it has been changed since postmap made ", map->index);
	return true;
}

/* The first entry whose login name an account serves, and whose key is a sender where `senders`. It may
 * be one with another key than Postfix looks for. */
static bool
find_served(struct passwords *in, bool senders, struct se_buffer *value)
{
	const struct se_config *config = in->look->doctor->config;
	struct se_buffer entries;
	char *line, *end, *tab;
	bool found = false;

	se_buffer_init(&entries, ENTRIES_MAX);
	(void)se_postfix_map_all(&in->look->postfix, &in->first, &entries, NULL);
	for (line = entries.data; line != NULL && *line != '\0' && !found; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		tab = strchr(line, '\t');
		if (tab == NULL)
			continue;
		*tab++ = '\0';
		se_buffer_reset(value);
		se_buffer_add_text(value, tab);
		tab[strcspn(tab, ":")] = '\0';
		found = (!senders || strchr(line, '@') != NULL) && config != NULL &&
			se_account_match(config, tab, NULL) != NULL;
	}
	se_buffer_free(&entries);
	return found;
}

/* Whose login an entry would name; false: nobody knows. */
static bool
find_login(struct passwords *in, char login[SE_NAME_MAX + 1])
{
	struct se_buffer value;
	bool found;

	if (in->route->account != NULL &&
		se_doctor_login(in->look->doctor, in->route->account, login))
		return true;
	se_buffer_init(&value, ENTRY_MAX);
	found = find_served(in, false, &value);
	if (found) {
		value.data[strcspn(value.data, ":")] = '\0';
		found = se_copy(login, SE_NAME_MAX + 1, value.data);
	}
	se_buffer_free(&value);
	return found;
}

static bool
say_no_entry(struct passwords *in)
{
	const struct se_doctor_route *route = in->route;
	char login[SE_NAME_MAX + 1] = "LOGIN", fix[SE_DOCTOR_FIX_MAX + SE_POSTFIX_WORD_MAX];

	/* Whoever has no login name to put there is not given a command that would put none, nor one whose quotes
	 * the name would end. */
	if (find_login(in, login) && strchr(login, '\'') == NULL && in->first.file != NULL)
		(void)snprintf(fix, sizeof(fix), "printf '%%s\\n' '%s %s:unused' >> %s%s%s",
			route->destination, login, in->first.file,
			in->command[0] != '\0' ? "\n" : "", in->command);
	else
		(void)snprintf(
			fix, sizeof(fix), "add the entry: %s %s:unused", route->destination, login);
	return say_map(in, SE_PROBLEM, fix,
		"no entry for the server as it is written, so that no login is tried: ",
		route->destination);
}

/* LOGIN:PASSWORD; of the password only what kind of thing it is is looked at. */
static bool
judge_entry(struct passwords *in, struct se_buffer *value)
{
	const struct se_config *config = in->look->doctor->config;
	struct se_doctor_route *route = in->route;
	char *password = value->data != NULL ? strchr(value->data, ':') : NULL;
	struct se_error error;

	if (password != NULL)
		*password++ = '\0';
	(void)se_copy(route->login, sizeof(route->login), se_buffer_text(value));
	if (config != NULL && se_account_match(config, route->login, &error) == NULL) {
		char fix[SE_DOCTOR_FIX_MAX + SE_POSTFIX_WORD_MAX];

		(void)snprintf(fix, sizeof(fix),
			"write a login name of an account there%s%s\n"
			"or add that one to the account's match, and have the agent read it",
			in->command[0] != '\0' ? ", then\n" : "", in->command);
		(void)say_map(
			in, SE_PROBLEM, fix, "no account serves the login name ", route->login);
		route->login[0] = '\0';
		return false;
	}
	if (password != NULL && password[0] == '/') {
		char fix[128];

		(void)snprintf(fix, sizeof(fix), "sasl-entra import sasl-xoauth2");
		return say_map(in, SE_WARNING, fix,
			"the password is the path of a token file of sasl-xoauth2, which is not "
			"used: ",
			route->login);
	}
	se_checkup_fine(&in->look->doctor->checkup, "postfix-passwords", "%s%s has %s for %s",
		in->look->where, in->first.name, route->login, route->destination);
	return true;
}

static enum se_code
look_up(struct passwords *in, struct se_buffer *value, struct se_error *error)
{
	const struct se_postfix *postfix = &in->look->postfix;
	enum se_code code = se_postfix_maps_get(postfix, in->maps, in->route->host, value, error);

	if (code == SE_ABSENT)
		code = se_postfix_maps_get(postfix, in->maps, in->route->destination, value, error);
	if (code == SE_ABSENT &&
		se_postfix_yes(se_doctor_postfix_value(
			in->look, in->route, "smtp_sender_dependent_authentication")) &&
		find_served(in, true, value))
		return SE_OK;
	return code;
}

/* It is often root's alone, and smtp(8) opens it as root. */
static bool
say_unreadable(struct passwords *in, const struct se_error *error)
{
	if (geteuid() != 0) {
		se_checkup_left_out(&in->look->doctor->checkup, "postfix-passwords",
			"%s%s can be read by root: %s", in->look->where, in->first.name,
			error->text);
		return false;
	}
	return say_map(in, SE_PROBLEM, in->command[0] != '\0' ? in->command : "postfix check",
		"it cannot be read: ", error->text);
}

static void
write_postmap(struct passwords *in)
{
	char program[PATH_MAX + 32];

	if (in->first.index[0] != '\0')
		(void)snprintf(in->command, sizeof(in->command), "%s %s",
			se_postfix_command(&in->look->postfix, "postmap", program, sizeof(program)),
			in->first.name);
}

bool
se_doctor_postfix_passwords(struct se_doctor_postfix *look, struct se_doctor_route *route)
{
	struct passwords in = {.look = look,
		.route = route,
		.maps = se_doctor_postfix_value(look, route, "smtp_sasl_password_maps")};
	const char *maps = in.maps;
	struct se_buffer value;
	struct se_error error;
	enum se_code code;
	bool ok;

	if (!se_postfix_next_map(&look->postfix, &maps, &in.first)) {
		se_doctor_postfix_say(look, route, "postfix-passwords", SE_PROBLEM,
			"smtp_sasl_password_maps", "hash:/etc/postfix/sasl_passwd",
			"without an entry of such a map no login is tried");
		return false;
	}
	write_postmap(&in);
	if (!files_are_there(&in))
		return false;
	se_buffer_init(&value, ENTRY_MAX);
	code = look_up(&in, &value, &error);
	if (code == SE_OK)
		ok = judge_entry(&in, &value);
	else if (code == SE_ABSENT)
		ok = say_no_entry(&in);
	else
		ok = say_unreadable(&in, &error);
	se_buffer_free(&value);
	return ok;
}

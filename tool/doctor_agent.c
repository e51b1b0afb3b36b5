#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/client.h"
#include "engine/account.h"
#include "engine/token_key.h"

#include "tool/agent_clients.h"
#include "tool/agent_reload.h"
#include "tool/ask.h"
#include "tool/doctor.h"
#include "tool/doctor_aside.h"
#include "tool/run.h"
#include "tool/status_rows.h"

enum { ASK_MS = 5000, LOOK_MS = 30000, FIX_MAX = PATH_MAX + 512 };

#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */
#define SOCKET_UNIT "sasl-entrad.socket"
#define SERVICE_UNIT "sasl-entrad.service"

/* --- where it is ---------------------------------------------------------------------------------- */

/* The socket that mail programs ask at; false: they ask no agent. */
static bool
find_socket(const struct se_identity *identity, char path[PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int len;

	if (identity->system)
		return se_copy(path, PATH_MAX, SE_SOCKET_PATH);
	if (!identity->users_own || runtime == NULL || runtime[0] != '/')
		return false;
	len = snprintf(path, PATH_MAX, "%s/sasl-entra/agent.sock", runtime);
	return len > 0 && len < PATH_MAX;
}

static bool
systemd_runs(void)
{
	return access(SYSTEMD_RUNS, F_OK) == 0;
}

static const char *
user_option(const struct se_identity *identity)
{
	return identity->users_own ? "--user " : "";
}

/* Copies what was added to `lines`, without its last line end, and frees it. */
static void
take_lines(struct se_buffer *lines, char fix[FIX_MAX])
{
	se_buffer_drop_line_end(lines);
	(void)se_copy(fix, FIX_MAX, se_buffer_text(lines));
	se_buffer_free(lines);
}

static void
how_root_starts(const struct se_identity *identity, const char *path, char fix[FIX_MAX])
{
	struct se_agent_clients clients;
	struct se_buffer lines;

	se_agent_clients_look(identity, &clients);
	clients.there = false;
	se_buffer_init(&lines, FIX_MAX - 1);
	se_agent_clients_add(&clients, NULL, "", &lines);
	se_buffer_addf(&lines,
		"sasl-entrad --user sasl-entra --socket %s,%s &\n"
		"and put the users of programs that may ask into that group: "
		"usermod --append --groups %s postfix\n",
		path, clients.group, clients.group);
	take_lines(&lines, fix);
}

/* What starts the system's. */
static void
how_to_start(const struct se_identity *identity, const char *path, char fix[FIX_MAX])
{
	if (systemd_runs())
		(void)se_copy(fix, FIX_MAX, "systemctl enable --now " SOCKET_UNIT);
	else
		how_root_starts(identity, path, fix);
}

static const char *
group_name(gid_t gid, char number[32])
{
	const struct group *entry = getgrgid(gid);

	(void)snprintf(number, 32, "%lu", (unsigned long)gid);
	return entry != NULL ? entry->gr_name : number;
}

static const char *
user_name(uid_t uid, char number[32])
{
	const struct passwd *entry = getpwuid(uid);

	(void)snprintf(number, 32, "%lu", (unsigned long)uid);
	return entry != NULL ? entry->pw_name : number;
}

/* Whether there is a socket, but not for us. */
static bool
say_forbidden(struct se_doctor *doctor, const char *path, const char *why)
{
	char user[32], fix[FIX_MAX];
	struct se_agent_clients clients;

	if (geteuid() == 0 || access(path, F_OK) != 0 || access(path, W_OK) == 0)
		return false;
	se_agent_clients_look(doctor->identity, &clients);
	if (clients.open)
		(void)snprintf(fix, sizeof(fix),
			"usermod --append --groups %s %s\nand log in anew; or run this as root",
			clients.group, user_name(geteuid(), user));
	else
		(void)snprintf(fix, sizeof(fix), "run this as root");
	se_checkup_add(&doctor->checkup, "agent-access", SE_PROBLEM, fix, "%s", why);
	return true;
}

/* Without it programs get tokens themselves, where they can: never in a chroot, and a person's sign-in
 * only as the user who keeps it. */
static void
say_none(struct se_doctor *doctor, const char *path, const char *why)
{
	bool persons = false;
	char fix[FIX_MAX];

	if (say_forbidden(doctor, path, why))
		return;
	if (doctor->identity->users_own) {
		se_checkup_fine(&doctor->checkup, "agent",
			"none of your own is running: mail programs get their tokens themselves");
		return;
	}
	how_to_start(doctor->identity, path, fix);
	for (size_t i = 0; doctor->config != NULL && i < doctor->config->account_count; i++)
		persons |= !doctor->config->accounts[i].app_only;
	se_checkup_add(&doctor->checkup, "agent", persons ? SE_PROBLEM : SE_WARNING, fix,
		persons ? "%s: a person's sign-in is served by an agent alone"
			: "%s: each program gets its tokens itself, which works outside of "
			  "chroots and for those that may read the credentials",
		why);
}

/* --- whether it answers -------------------------------------------------------------------------- */

static enum se_code
ask(const char *path, struct se_error *error)
{
	const struct se_request request = {.operation = SE_OPERATION_STATUS, .time_left = ASK_MS};
	struct se_answer answer = {.token = NULL};
	const enum se_code code =
		se_client_ask(path, false, &request, &se_world_system, &answer, error);

	se_answer_free(&answer);
	return code;
}

static void
say_silent(struct se_doctor *doctor, const struct se_error *error)
{
	char fix[FIX_MAX];

	doctor->agent_silent = true;
	if (systemd_runs())
		(void)snprintf(fix, sizeof(fix),
			"systemctl %srestart " SERVICE_UNIT "\n"
			"journalctl %s-u " SERVICE_UNIT " says what it is at",
			user_option(doctor->identity), user_option(doctor->identity));
	else
		(void)snprintf(fix, sizeof(fix), "end it and start it again");
	se_checkup_add(&doctor->checkup, "agent", SE_PROBLEM, fix, "%s", error->text);
}

/* --- who may connect ------------------------------------------------------------------------------ */

/* Now, and when it is made anew. */
static void
how_to_open(const struct se_agent_clients *clients, char fix[FIX_MAX])
{
	struct se_buffer lines;

	se_buffer_init(&lines, FIX_MAX - 1);
	se_agent_clients_add(clients, NULL, "", &lines);
	se_buffer_addf(&lines, "and have it made so: %s%s%s\n",
		systemd_runs() ? "systemctl edit " SOCKET_UNIT ", below [Socket] SocketGroup="
			       : "sasl-entrad --socket PATH,",
		clients->group, systemd_runs() ? " and SocketMode=0660" : ",0660");
	take_lines(&lines, fix);
}

/* Programs of other users ask: Postfix's, for one. */
static void
look_at_access(struct se_doctor *doctor, const char *path)
{
	char user[32], group[32], fix[FIX_MAX];
	struct se_agent_clients clients;
	struct stat found;

	if (doctor->identity->users_own || stat(path, &found) != 0)
		return;
	if ((found.st_mode & 02) != 0) {
		se_checkup_fine(&doctor->checkup, "agent-access",
			"everybody may connect to its socket (mode %04o); allow says who may use "
			"which "
			"account",
			(unsigned)(found.st_mode & 07777));
		return;
	}
	se_agent_clients_look(doctor->identity, &clients);
	if ((found.st_mode & 020) != 0 && found.st_gid != 0) {
		se_checkup_fine(&doctor->checkup, "agent-access",
			"%s and group %s may connect to its socket (mode %04o)",
			user_name(found.st_uid, user), group_name(found.st_gid, group),
			(unsigned)(found.st_mode & 07777));
		return;
	}
	how_to_open(&clients, fix);
	se_checkup_add(&doctor->checkup, "agent-access", SE_PROBLEM, fix,
		"nobody but %s may connect to its socket (mode %04o)",
		user_name(found.st_uid, user), (unsigned)(found.st_mode & 07777));
}

/* --- what it has read ------------------------------------------------------------------------------ */

static const struct se_status_row *
row_of(const struct se_status_rows *rows, const char *label)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->list[i].account, label) == 0)
			return &rows->list[i];
	return NULL;
}

/* Which app's token it would fetch, and with what, goes into the key. */
static bool
is_old(const struct se_account *account, const struct se_status_row *row)
{
	struct se_token_key key;
	bool old;

	if (row == NULL)
		return true;
	if (strcmp(row->sign_in, account->app_only ? "app" : "user") != 0)
		return true;
	if (!account->app_only || row->token_key == NULL || account->unusable != NULL ||
		se_token_key_make(account, account->label, &key, NULL) != SE_OK)
		return false;
	old = strcmp(key.name, row->token_key) != 0;
	se_token_key_free(&key);
	return old;
}

static const char *
find_old(const struct se_config *config, const struct se_status_rows *rows)
{
	for (size_t i = 0; i < config->account_count; i++)
		if (is_old(&config->accounts[i], row_of(rows, config->accounts[i].label)))
			return config->accounts[i].label;
	for (size_t i = 0; i < rows->count; i++) {
		size_t k = 0;

		while (k < config->account_count &&
			strcmp(config->accounts[k].label, rows->list[i].account) != 0)
			k++;
		if (k == config->account_count)
			return rows->list[i].account;
	}
	return NULL;
}

void
se_doctor_then_reload(struct se_doctor *doctor)
{
	static char line[128];
	char command[64];

	if (!se_agent_reload_command(doctor->identity, command, sizeof(command)))
		return;
	(void)snprintf(line, sizeof(line), "and have the agent read it: %s", command);
	doctor->checkup.then = line;
}

/* In the child: where the agent goes away meanwhile it becomes another user for good. */
static void
look_at_configuration(struct se_doctor *doctor, void *context)
{
	struct se_status_rows rows;
	struct se_error error;
	char command[64] = "pkill -HUP -x sasl-entrad";
	const char *old;

	(void)context;
	if (se_status_gather(doctor->identity, NULL, false, &rows, &error) != SE_OK) {
		se_checkup_add(&doctor->checkup, "agent-configuration", SE_PROBLEM, NULL, "%s",
			error.text);
		return;
	}
	old = find_old(doctor->config, &rows);
	(void)se_agent_reload_command(doctor->identity, command, sizeof(command));
	if (old != NULL)
		se_checkup_add(&doctor->checkup, "agent-configuration", SE_PROBLEM, command,
			"account %s: the agent has read another configuration than the one that "
			"is there now",
			old);
	else
		se_checkup_fine(&doctor->checkup, "agent-configuration",
			"the agent has read the accounts that are configured");
	se_status_rows_free(&rows);
}

/* --- after the next boot -------------------------------------------------------------------------- */

static void
look_at_unit(struct se_doctor *doctor)
{
	const char *const system[] = {"systemctl", "is-enabled", SOCKET_UNIT, NULL};
	const char *const users[] = {"systemctl", "--user", "is-enabled", SOCKET_UNIT, NULL};
	const bool own = doctor->identity->users_own;
	struct se_run command = {.argv = own ? users : system};
	struct se_error error;
	char fix[FIX_MAX];
	int status;

	if (!systemd_runs() || own || se_run(&command, &status, &error) != SE_OK)
		return;
	(void)snprintf(
		fix, sizeof(fix), "systemctl %senable " SOCKET_UNIT, user_option(doctor->identity));
	if (status == 0)
		se_checkup_fine(&doctor->checkup, "agent-unit", SOCKET_UNIT " is enabled");
	else
		se_checkup_add(&doctor->checkup, "agent-unit", SE_WARNING, fix,
			SOCKET_UNIT " is not enabled: after the next boot there is no agent");
}

/* --- the whole ------------------------------------------------------------------------------------- */

static void
look_closer(struct se_doctor *doctor, const char *path, bool whole)
{
	const struct se_doctor_part part = {
		.look = look_at_configuration,
		.timeout = LOOK_MS,
		.what = "waiting for the agent",
	};
	struct se_error error;

	doctor->agent = doctor->identity->system;
	se_checkup_fine(&doctor->checkup, "agent", "an agent answers at %s", path);
	look_at_access(doctor, path);
	if (doctor->config != NULL && doctor->agent && whole &&
		se_doctor_aside(doctor, &part, &error) != SE_OK)
		se_checkup_add(&doctor->checkup, "agent-configuration", SE_PROBLEM, NULL, "%s",
			error.text);
	look_at_unit(doctor);
}

void
se_doctor_agent(struct se_doctor *doctor)
{
	struct se_error error;
	char path[PATH_MAX];
	enum se_code code;

	if (!find_socket(doctor->identity, path)) {
		se_checkup_left_out(&doctor->checkup, "agent", "%s is not served by an agent",
			doctor->identity->configuration);
		return;
	}
	code = ask(path, &error);
	if (code == SE_OK || code == SE_DENIED) /* only root and its own user get the status */
		look_closer(doctor, path, code == SE_OK);
	else if (code == SE_ABSENT)
		say_none(doctor, path, error.text);
	else if (code == SE_CONFIG)
		se_checkup_add(
			&doctor->checkup, "agent-socket", SE_PROBLEM, NULL, "%s", error.text);
	else
		say_silent(doctor, &error);
}

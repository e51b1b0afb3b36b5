#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool/question.h"
#include "tool/run.h"
#include "tool/setup_postfix_parts.h"

#define RECORD "socket" /* in a backup: the unit that was enabled after it was made */

enum { UNIT_MAX = 2 * PATH_MAX };

static enum se_code
run(const char *const *argv, struct se_buffer *output, struct se_error *error)
{
	struct se_buffer said;
	const struct se_run command = {.argv = argv, .output = output, .errors = &said};
	int status = 0;
	enum se_code code;

	se_buffer_init(&said, 4096);
	code = se_run(&command, &status, error);
	if (code == SE_OK && status != 0)
		code = se_error_set(error, SE_CONFIG, "%s %s ended with %d: %s", argv[0], argv[1],
			status, se_buffer_text(&said));
	se_buffer_free(&said);
	return code;
}

/* The socket of the chroot; its name is the queue directory's, escaped. */
static enum se_code
name_unit(const struct se_postfix_plan *plan, char unit[UNIT_MAX], struct se_error *error)
{
	const char *const argv[] = {"systemd-escape", "-p", plan->queue, NULL};
	struct se_buffer out;
	enum se_code code;

	se_buffer_init(&out, PATH_MAX);
	code = run(argv, &out, error);
	(void)snprintf(unit, UNIT_MAX, "sasl-entra-postfix@%.*s.socket",
		(int)strcspn(se_buffer_text(&out), "\n"), se_buffer_text(&out));
	se_buffer_free(&out);
	return code;
}

/* --- there ------------------------------------------------------------------------------------------ */

static bool
is_enabled(const char *unit)
{
	const char *const argv[] = {"systemctl", "--quiet", "is-enabled", unit, NULL};
	struct se_error error;

	se_error_clear(&error);
	return run(argv, NULL, &error) == SE_OK;
}

/* Before it is enabled, for --undo. What somebody else has enabled stays then, and the machine's own
 * socket anyway: other programs may have come to use it. Without a backup there is no --undo. */
static enum se_code
record(const struct se_postfix_plan *plan, const char *unit, struct se_error *error)
{
	const struct se_file_look look = {.uid = geteuid(), .gid = getegid(), .mode = 0600};
	char backup[PATH_MAX], path[PATH_MAX];
	struct se_buffer text;
	struct se_error none;
	enum se_code code;

	se_error_clear(&none);
	if (is_enabled(unit) || se_postfix_find_backup(plan->directory, backup, &none) != SE_OK)
		return SE_OK;
	(void)snprintf(path, sizeof(path), "%.4000s/" RECORD, backup);
	se_buffer_init(&text, UNIT_MAX);
	se_buffer_addf(&text, "%s\n", unit);
	code = se_postfix_file_put(path, &look, &text, error);
	se_buffer_free(&text);
	return code;
}

/* systemd adds no socket to a service that runs. */
static enum se_code
start(const struct se_postfix_plan *plan, const char *unit, struct se_error *error)
{
	const char *const stop[] = {"systemctl", "stop", "sasl-entrad.service", NULL};
	const char *const enable[] = {
		"systemctl", "enable", "--now", "sasl-entrad.socket", unit, NULL};
	enum se_code code = record(plan, unit, error);

	if (code == SE_OK)
		code = run(stop, NULL, error);
	return code == SE_OK ? run(enable, NULL, error) : code;
}

/* A file is left of a socket that nobody listens at any more, and a request would start an agent that
 * only waits for one: the wrong kind of socket is refused with another error where there is a right one. */
static bool
has_listener(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, why;

	if (access(path, F_OK) != 0)
		return false;
	if (strlen(path) >= sizeof(address.sun_path))
		return true;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true;
	why = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	return why != ECONNREFUSED;
}

bool
se_postfix_needs_socket(const struct se_postfix_plan *plan)
{
	char path[PATH_MAX + sizeof(SE_SOCKET_PATH)];

	(void)snprintf(path, sizeof(path), "%s%s", plan->queue, SE_SOCKET_PATH);
	return plan->chrooted && !plan->spawns && !has_listener(path);
}

void
se_postfix_start_agent(const struct se_postfix_plan *plan)
{
	const struct se_setup_postfix_wish *wish = plan->wish;
	char unit[UNIT_MAX];
	struct se_error error;

	if (wish->dry_run || (wish->json && !wish->apply) || geteuid() != 0 ||
		!se_postfix_needs_socket(plan) || access("/run/systemd/system", F_OK) != 0)
		return;
	se_error_clear(&error);
	if (name_unit(plan, unit, &error) == SE_OK) {
		fprintf(stderr,
			"\nThe agent has to listen in Postfix's chroot, too:\n"
			"  systemctl stop sasl-entrad.service\n"
			"  systemctl enable --now sasl-entrad.socket '%s'\n",
			unit);
		if (!wish->apply && !se_question_yes("Do that now?"))
			return;
		if (start(plan, unit, &error) == SE_OK)
			return;
	}
	fprintf(stderr, "sasl-entra: %s\n", error.text);
}

/* --- and back --------------------------------------------------------------------------------------- */

/* The agent has the socket open, and serves the others again when it is asked. */
static enum se_code
stop(const char *unit, struct se_error *error)
{
	const char *const end[] = {"systemctl", "stop", "sasl-entrad.service", NULL};
	const char *const disable[] = {"systemctl", "disable", "--now", unit, NULL};
	struct se_error why;

	se_error_clear(&why);
	if (run(end, NULL, &why) == SE_OK && run(disable, NULL, &why) == SE_OK)
		return SE_OK;
	return se_error_set(error, why.code,
		"Postfix's files are back, but the agent's socket is not closed: %s; then: "
		"systemctl disable --now '%s'",
		why.text, unit);
}

enum se_code
se_postfix_stop_agent(const struct se_postfix_plan *plan, struct se_error *error)
{
	struct se_postfix_file file = {.path = ""};
	char unit[UNIT_MAX];
	enum se_code code;

	(void)snprintf(file.path, sizeof(file.path), "%.4000s/" RECORD, plan->backup);
	code = se_postfix_file_load(&file, error);
	if (code == SE_OK && file.exists) {
		(void)snprintf(unit, sizeof(unit), "%.*s",
			(int)strcspn(se_buffer_text(&file.old), "\n"), se_buffer_text(&file.old));
		code = stop(unit, error);
	}
	se_buffer_free(&file.old);
	se_buffer_free(&file.text);
	return code;
}

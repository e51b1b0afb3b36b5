#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool/question.h"
#include "tool/run.h"
#include "tool/setup_postfix_parts.h"

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

/* systemd adds no socket to a service that runs. */
static enum se_code
start(const char *unit, struct se_error *error)
{
	const char *const stop[] = {"systemctl", "stop", "sasl-entrad.service", NULL};
	const char *const enable[] = {
		"systemctl", "enable", "--now", "sasl-entrad.socket", unit, NULL};
	enum se_code code = run(stop, NULL, error);

	return code == SE_OK ? run(enable, NULL, error) : code;
}

bool
se_postfix_needs_socket(const struct se_postfix_plan *plan)
{
	char path[PATH_MAX + sizeof(SE_SOCKET_PATH)];

	(void)snprintf(path, sizeof(path), "%s%s", plan->queue, SE_SOCKET_PATH);
	return plan->chrooted && !plan->spawns && access(path, F_OK) != 0;
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
		if (start(unit, &error) == SE_OK)
			return;
	}
	fprintf(stderr, "sasl-entra: %s\n", error.text);
}

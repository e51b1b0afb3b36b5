/*
 * doctor: mail that waits because of what is looked at here, and how it is sent at once when that is right.
 */
#include <stdio.h>
#include <string.h>

#include "engine/json.h"

#include "tool/doctor_postfix.h"

enum { QUEUE_MAX = 4 << 20 /* of what postqueue prints */, REASON_SHOWN = 160 };

/* What the messages of a queue wait for. */
struct waiting {
	const struct se_doctor_postfix *look;
	size_t count;
	char reason[512]; /* of the first one */
};

static bool
is_ours(const struct se_doctor_postfix *look, const char *reason)
{
	if (strstr(reason, "SASL") != NULL || strstr(reason, "TLS") != NULL ||
		strstr(reason, "certificate") != NULL)
		return true;
	for (size_t i = 0; i < look->route_count; i++)
		if (look->routes[i].account != NULL && strstr(reason, look->routes[i].host) != NULL)
			return true;
	return false;
}

/* One message, as a JSON object. */
static void
look_at_message(struct waiting *waiting, const char *line, size_t len)
{
	struct se_json *json = se_json_parse(line, len);
	const struct se_json *recipient = se_json_first_object(json, "recipients");
	const char *reason = se_json_string(recipient, "delay_reason");

	if (reason != NULL && is_ours(waiting->look, reason)) {
		if (waiting->count == 0)
			(void)snprintf(waiting->reason, sizeof(waiting->reason), "%.*s",
				REASON_SHOWN, reason);
		waiting->count++;
	}
	se_json_free(json);
}

static bool
read_queue(struct waiting *waiting)
{
	const char *const argv[] = {"postqueue", "-c", waiting->look->postfix.dir, "-j", NULL};
	struct se_buffer out;
	const char *line, *end;
	int status;

	se_buffer_init(&out, QUEUE_MAX);
	(void)se_postfix_run(argv, &out, &status, NULL);
	/* What does not fit any more waits for the same. */
	for (line = se_buffer_text(&out); (end = strchr(line, '\n')) != NULL; line = end + 1)
		look_at_message(waiting, line, (size_t)(end - line));
	se_buffer_free(&out);
	return waiting->count > 0;
}

void
se_doctor_postfix_queue(struct se_doctor_postfix *look)
{
	struct waiting waiting = {.look = look};
	char command[PATH_MAX + 32], fix[PATH_MAX + 128];

	if (!look->running || !read_queue(&waiting))
		return;
	(void)snprintf(fix, sizeof(fix), "when all else is right, this sends it at once:\n%s -f",
		se_postfix_command(&look->postfix, "postqueue", command, sizeof(command)));
	se_checkup_add(&look->doctor->checkup, "postfix-queue", SE_WARNING, fix,
		"%s%zu message%s wait%s, the first because of: %s", look->where, waiting.count,
		waiting.count == 1 ? "" : "s", waiting.count == 1 ? "s" : "", waiting.reason);
}

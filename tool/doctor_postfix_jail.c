/*
 * doctor: a token asked for as smtp(8) would: by its user, inside its chroot, where the plugin asks. A
 * child does it; of the token nothing comes back.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/client.h"
#include "engine/account.h"

#include "tool/agent_clients.h"
#include "tool/aside.h"
#include "tool/ask.h"
#include "tool/doctor_postfix.h"

/* In a chroot, one level below the queue directory, a service of master.cf's own. */
#define SPAWN_SOCKET "/private/sasl-entra"
#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */

enum { TOKEN_MS = SE_BUDGET_MS + 5000 };

/* What a child found out. */
enum finding {
	FOUND_TOKEN,
	FOUND_NO_SOCKET,
	FOUND_CLOSED,   /* a socket that the user may not connect to, and nothing else */
	FOUND_NO_AGENT, /* a socket at which nobody listens */
	FOUND_NO_TOKEN,
	FOUND_NO_WAY_IN, /* the user could not be become */
	FOUND_NOTHING    /* it did not end in time */
};

/* The socket, by its place in a list: a child that is Postfix's user says no paths. */
enum { SOCKET_NONE, SOCKET_AGENT, SOCKET_SPAWN };
static const char *const socket_path[] = {"", SE_SOCKET_PATH, SPAWN_SOCKET};

struct report {
	enum finding finding;
	unsigned socket; /* as seen from inside */
	char text[SE_ERROR_TEXT_MAX];
};

/* --- in the child --------------------------------------------------------------------------------- */

static bool
go_inside(const struct se_postfix *postfix, bool chrooted, struct report *report)
{
	if (initgroups(postfix->owner, postfix->gid) == 0 &&
		(!chrooted || (chroot(postfix->queue) == 0 && chdir("/") == 0)) &&
		setgid(postfix->gid) == 0 && setuid(postfix->uid) == 0 && geteuid() == postfix->uid)
		return true;
	report->finding = FOUND_NO_WAY_IN;
	(void)snprintf(report->text, sizeof(report->text), "%s", strerror(errno));
	return false;
}

static enum se_code
ask_at(unsigned socket, const struct se_request *request, struct report *report,
	struct se_error *error)
{
	const char *path = socket_path[socket];
	struct se_answer answer = {.token = NULL};
	enum se_code code;

	if (access(path, F_OK) != 0)
		return se_error_set(error, SE_ABSENT, "there is no socket %s", path);
	report->socket = socket;
	if (access(path, W_OK) != 0) {
		report->finding = FOUND_CLOSED;
		return se_error_set(error, SE_DENIED, "%s: %s", path, strerror(errno));
	}
	code = se_client_ask(path, false, request, &se_world_system, &answer, error);
	report->finding = code == SE_OK       ? FOUND_TOKEN
			  : code == SE_ABSENT ? FOUND_NO_AGENT
					      : FOUND_NO_TOKEN;
	se_answer_free(&answer);
	return code;
}

static void
ask_in_jail(const struct se_request *request, struct report *report)
{
	struct se_error error;
	enum se_code code;

	report->finding = FOUND_NO_SOCKET;
	code = ask_at(SOCKET_AGENT, request, report, &error);
	if (code == SE_ABSENT)
		code = ask_at(SOCKET_SPAWN, request, report, &error);
	if (code != SE_OK)
		(void)se_copy(report->text, sizeof(report->text), error.text);
}

/* As any program: the agent, else the engine in this process. */
static void
ask_outside(
	const struct se_identity *identity, const struct se_request *request, struct report *report)
{
	struct se_answer answer = {.token = NULL};
	struct se_error error;
	const enum se_code code = se_ask(identity, request, &answer, &error);

	se_answer_free(&answer);
	report->finding = code == SE_OK ? FOUND_TOKEN : FOUND_NO_TOKEN;
	if (code == SE_OK)
		return;
	(void)se_copy(report->text, sizeof(report->text), error.text);
	if (access(SE_SOCKET_PATH, F_OK) == 0 && access(SE_SOCKET_PATH, W_OK) != 0)
		report->finding = FOUND_CLOSED;
}

/* What the child is to do. */
struct asking {
	const struct se_doctor_postfix *look;
	const struct se_doctor_route *route;
	struct se_request request;
};

static void
be_smtp(void *context, struct se_aside *aside)
{
	const struct asking *asking = context;
	const bool chrooted = asking->route->service->chrooted;
	struct report report = {.finding = FOUND_NOTHING};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* The engine may say to stderr what the report says as well. */
	(void)dup2(null, STDERR_FILENO);
	if (go_inside(&asking->look->postfix, chrooted, &report)) {
		se_identity_hide();
		if (chrooted)
			ask_in_jail(&asking->request, &report);
		else
			ask_outside(asking->look->doctor->identity, &asking->request, &report);
	}
	se_aside_tell(aside, &report, sizeof(report));
}

/* --- in the parent -------------------------------------------------------------------------------- */

/* Only what a child could have found out, and a text that ends. */
static bool
is_possible(struct report *report)
{
	report->text[sizeof(report->text) - 1] = '\0';
	se_text_clean(report->text);
	return (unsigned)report->finding <= FOUND_NOTHING && report->socket <= SOCKET_SPAWN;
}

static void
ask_as_smtp(const struct se_doctor_postfix *look, const struct se_doctor_route *route,
	struct report *report)
{
	struct asking asking = {.look = look, .route = route};
	const struct se_aside_work work = {.act = be_smtp,
		.context = &asking,
		.timeout = TOKEN_MS,
		.what = "waiting for a token, as Postfix's user"};
	struct se_error error;
	struct se_buffer heard;
	enum se_code code;

	memset(report, 0, sizeof(*report));
	report->finding = FOUND_NOTHING;
	code = se_ask_prepare(&asking.request, SE_OPERATION_TOKEN, route->login, &error);
	(void)se_copy(asking.request.service, sizeof(asking.request.service), "smtp");
	(void)se_copy(asking.request.server, sizeof(asking.request.server), route->host);
	se_buffer_init(&heard, sizeof(*report));
	if (code == SE_OK)
		code = se_aside(&work, &heard, &error);
	if (code == SE_OK && heard.len == sizeof(*report))
		memcpy(report, heard.data, sizeof(*report));
	else if (code != SE_OK)
		(void)se_copy(report->text, sizeof(report->text), error.text);
	if (!is_possible(report))
		*report = (struct report){
			.finding = FOUND_NOTHING, .text = "its answer makes no sense"};
	se_buffer_free(&heard);
}

/* --- what it means -------------------------------------------------------------------------------- */

/* The agent inside the jail: by systemd where that runs, else by Postfix's own master. */
static void
how_to_listen(const struct se_doctor_postfix *look, struct se_buffer *fix)
{
	const struct se_postfix *postfix = &look->postfix;
	char command[PATH_MAX + 32];
	const struct passwd *owner = NULL;
	uid_t uid;
	gid_t gid;

	if (se_identity_owner(look->doctor->identity, &uid, &gid))
		owner = getpwuid(uid);
	if (access(SYSTEMD_RUNS, F_OK) == 0) {
		se_buffer_addf(fix,
			"systemctl stop sasl-entrad.service\n"
			"systemctl enable --now \"sasl-entra-postfix@$(systemd-escape -p "
			"%s).socket\"",
			postfix->queue);
		return;
	}
	se_buffer_addf(fix,
		"%s -M 'sasl-entra/unix=sasl-entra unix - n n - 50 spawn user=%s argv=%s --inetd'",
		se_postfix_command(postfix, "postconf", command, sizeof(command)),
		owner != NULL ? owner->pw_name : "sasl-entra", SE_AGENT_PATH);
	se_doctor_postfix_reload(look, fix);
	se_buffer_addf(fix,
		"\nor have the agent listen there too: sasl-entrad --user sasl-entra "
		"--socket %s%s,%s",
		postfix->queue, SE_SOCKET_PATH, postfix->owner);
}

static void
say_chroot(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const struct report *report)
{
	const struct se_postfix *postfix = &look->postfix;
	const char *queue = postfix->queue;
	struct se_buffer fix;

	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	if (report->finding == FOUND_CLOSED) {
		const struct group *group = getgrgid(postfix->gid);

		se_buffer_addf(&fix, "chgrp %s %s%s && chmod 660 %s%s",
			group != NULL ? group->gr_name : postfix->owner, queue,
			socket_path[report->socket], queue, socket_path[report->socket]);
		se_buffer_add_text(&fix, "\nand have it made so: SocketGroup= of the unit, or "
					 "sasl-entrad --socket PATH,GROUP");
		se_checkup_add(&look->doctor->checkup, "postfix-chroot", SE_PROBLEM,
			se_buffer_text(&fix),
			"%s%s runs in the chroot %s, and %s may not connect to the agent's socket "
			"there: %s",
			look->where, route->service->name, queue, postfix->owner, report->text);
	} else {
		how_to_listen(look, &fix);
		se_checkup_add(&look->doctor->checkup, "postfix-chroot", SE_PROBLEM,
			se_buffer_text(&fix), "%s%s runs in the chroot %s, where no agent is: %s",
			look->where, route->service->name, queue, report->text);
	}
	se_buffer_free(&fix);
}

/* Its own master listens for the agent of one request, once it runs. */
static bool
waits_for_postfix(const struct se_doctor_postfix *look, const struct report *report)
{
	return (report->finding == FOUND_NO_SOCKET || report->finding == FOUND_NO_AGENT) &&
	       !look->running && se_postfix_service(&look->postfix, "sasl-entra", "unix") != NULL;
}

/* False where there is none, which has been said. */
static bool
judge_chroot(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const struct report *report)
{
	const bool chrooted = route->service->chrooted;
	struct se_checkup *checkup = &look->doctor->checkup;

	if (chrooted && waits_for_postfix(look, report)) {
		se_checkup_left_out(checkup, "postfix-token",
			"%sits own service sasl-entra gives tokens, and Postfix does not run",
			look->where);
		return false;
	}
	if (chrooted && (report->finding == FOUND_NO_SOCKET || report->finding == FOUND_CLOSED ||
				report->finding == FOUND_NO_AGENT)) {
		say_chroot(look, route, report);
		return false;
	}
	if (!chrooted)
		se_checkup_fine(checkup, "postfix-chroot", "%s%s runs in no chroot", look->where,
			route->service->name);
	else if (report->socket != SOCKET_NONE)
		se_checkup_fine(checkup, "postfix-chroot",
			"%s%s runs in the chroot %s, and the agent listens at %s there",
			look->where, route->service->name, look->postfix.queue,
			socket_path[report->socket]);
	return true;
}

/* Outside of a chroot, the machine's own socket. */
static void
say_closed(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const struct report *report)
{
	const char *owner = look->postfix.owner;
	struct se_agent_clients clients;
	struct se_buffer fix;

	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	se_agent_clients_look(look->doctor->identity, &clients);
	se_agent_clients_add(&clients, owner, "", &fix);
	se_buffer_drop_line_end(&fix);
	se_doctor_postfix_reload(look, &fix);
	se_checkup_add(&look->doctor->checkup, "postfix-token", SE_PROBLEM, se_buffer_text(&fix),
		"%s%s may not connect to the agent's socket %s, and gets no token for %s without: "
		"%s",
		look->where, owner, SE_SOCKET_PATH, route->login, report->text);
	se_buffer_free(&fix);
}

static void
judge_token(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const struct report *report)
{
	struct se_checkup *checkup = &look->doctor->checkup;
	const char *place = route->service->chrooted ? " in its chroot" : "";
	const struct se_account *account =
		se_account_match(look->doctor->config, route->login, NULL);

	if (report->finding == FOUND_TOKEN)
		se_checkup_fine(checkup, "postfix-token",
			"%s%s as the user %s%s gets a token for %s", look->where,
			route->service->name, look->postfix.owner, place, route->login);
	else if (report->finding == FOUND_CLOSED)
		say_closed(look, route, report);
	else if (report->finding == FOUND_NO_TOKEN && account != NULL &&
		 se_doctor_has_no_token(look->doctor, account, route->login))
		se_checkup_left_out(checkup, "postfix-token",
			"%s%s as the user %s%s gets none either for %s, because of the above",
			look->where, route->service->name, look->postfix.owner, place,
			route->login);
	else if (report->finding == FOUND_NOTHING || report->finding == FOUND_NO_WAY_IN)
		se_checkup_add(checkup, "postfix-token", SE_PROBLEM,
			"sasl-entra status says what the agent is at",
			"%sno answer to the user %s%s for %s: %s", look->where, look->postfix.owner,
			place, route->login, report->text);
	else
		se_checkup_add(checkup, "postfix-token", SE_PROBLEM,
			"sasl-entra check\nsasl-entra status", "%sfor the user %s%s: %s",
			look->where, look->postfix.owner, place, report->text);
}

void
se_doctor_postfix_token(struct se_doctor_postfix *look, struct se_doctor_route *route, bool ask)
{
	struct report report;

	if (!ask || route->login[0] == '\0')
		return;
	if (look->doctor->config == NULL || geteuid() != 0) {
		se_checkup_left_out(&look->doctor->checkup, "postfix-token", "%s%s", look->where,
			geteuid() != 0 ? "only root can become Postfix's user in its chroot"
				       : "the configuration comes first");
		return;
	}
	ask_as_smtp(look, route, &report);
	if (judge_chroot(look, route, &report))
		judge_token(look, route, &report);
}

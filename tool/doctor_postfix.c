/*
 * doctor's Postfix section: each instance, and in it each way to a server of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tool/doctor_postfix.h"

/* --- what to type --------------------------------------------------------------------------------- */

void
se_doctor_postfix_reload(const struct se_doctor_postfix *look, struct se_buffer *fix)
{
	char command[PATH_MAX + 32];

	if (look->running)
		se_buffer_addf(fix, "\n%s reload",
			se_postfix_command(&look->postfix, "postfix", command, sizeof(command)));
}

void
se_doctor_postfix_set(const struct se_doctor_postfix *look,
	const struct se_postfix_service *service, const char *name, const char *value,
	struct se_buffer *fix)
{
	const struct se_postfix *postfix = &look->postfix;
	char command[PATH_MAX + 32];

	(void)se_postfix_command(postfix, "postconf", command, sizeof(command));
	/* Where it differs from main.cf, it is master.cf that says so. */
	if (service != NULL &&
		se_postfix_get_for(postfix, service, name) != se_postfix_get(postfix, name))
		se_buffer_addf(fix, "%s -P '%s/%s/%s=%s'", command, service->name, service->type,
			name, value);
	else
		se_buffer_addf(fix, "%s -e '%s = %s'", command, name, value);
	se_doctor_postfix_reload(look, fix);
}

void
se_doctor_postfix_say(struct se_doctor_postfix *look, const struct se_doctor_route *route,
	const char *id, enum se_verdict verdict, const char *name, const char *value,
	const char *why)
{
	struct se_buffer fix;

	se_buffer_init(&fix, SE_DOCTOR_FIX_MAX);
	se_doctor_postfix_set(look, route->service, name, value, &fix);
	se_checkup_add(&look->doctor->checkup, id, verdict, se_buffer_text(&fix),
		"%s%s = %s for %s: %s", look->where, name,
		se_postfix_get_for(&look->postfix, route->service, name), route->service->name,
		why);
	se_buffer_free(&fix);
}

const char *
se_doctor_postfix_value(
	const struct se_doctor_postfix *look, const struct se_doctor_route *route, const char *name)
{
	return se_postfix_get_for(&look->postfix, route->service, name);
}

/* --- one instance --------------------------------------------------------------------------------- */

/* Its master(8) keeps a lock as long as it runs; which of the two kinds was decided when it was built. */
static bool
is_running(const struct se_postfix *postfix)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	bool locked;
	int file;

	(void)snprintf(path, sizeof(path), "%.4000s/pid/master.pid", postfix->queue);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return false;
	locked = fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (!locked)
		locked = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(file);
	return locked;
}

static void
look_at_route(struct se_doctor_postfix *look, size_t i)
{
	struct se_doctor_route *route = &look->routes[i];
	const bool first = !se_doctor_postfix_repeated(look, i);
	bool token = se_doctor_postfix_relay(look, route);
	bool auth = !first || se_doctor_postfix_auth(look, route);

	if (auth && first && !se_doctor_postfix_mechanisms(look, route))
		token = false;
	if (auth)
		token &= se_doctor_postfix_passwords(look, route);
	if (auth && first)
		se_doctor_postfix_cache(look, route);
	se_doctor_postfix_tls(look, route);
	if (first)
		se_doctor_postfix_concurrency(look, route);
	se_doctor_postfix_token(look, route, auth && token);
}

/* Where a way to a server of ours is there, the others are somebody else's, and not judged. */
static void
leave_foreign(struct se_doctor_postfix *look)
{
	size_t ours = 0, kept = 0;

	for (size_t i = 0; i < look->route_count; i++)
		ours += look->routes[i].account != NULL;
	if (ours == 0)
		return;
	for (size_t i = 0; i < look->route_count; i++) {
		const struct se_doctor_route *route = &look->routes[i];

		if (route->account != NULL)
			look->routes[kept++] = *route;
		else
			se_checkup_left_out(&look->doctor->checkup, "postfix-relay",
				"%s%s %s is no server of an account", look->where, route->parameter,
				route->destination);
	}
	look->route_count = kept;
}

static void
look_at_routes(struct se_doctor_postfix *look)
{
	char command[PATH_MAX + 32], fix[SE_DOCTOR_FIX_MAX];

	se_doctor_postfix_say_unlisted(look);
	if (look->route_count == 0 && look->unlisted_count > 0)
		return;
	if (look->route_count == 0) {
		(void)snprintf(fix, sizeof(fix), "%s -e 'relayhost = [smtp.office365.com]:587'",
			se_postfix_command(&look->postfix, "postconf", command, sizeof(command)));
		se_checkup_add(&look->doctor->checkup, "postfix-relay", SE_PROBLEM, fix,
			"%sno relayhost, and no map that sends mail to a server of an account",
			look->where);
		return;
	}
	leave_foreign(look);
	for (size_t i = 0; i < look->route_count; i++)
		look_at_route(look, i);
	se_doctor_postfix_senders(look, &look->routes[0]);
}

/* Whether a Postfix that nobody named, or one of several instances, has to do with us: it sends to a
 * server of an account, or logs in by a mechanism of ours. */
static bool
uses_us(const struct se_doctor_postfix *look)
{
	const struct se_postfix *postfix = &look->postfix;

	for (size_t i = 0; i < look->route_count; i++) {
		const struct se_postfix_service *service = look->routes[i].service;

		if (look->routes[i].account != NULL ||
			(se_postfix_yes(
				 se_postfix_get_for(postfix, service, "smtp_sasl_auth_enable")) &&
				se_postfix_list_has(se_postfix_get_for(postfix, service,
							    "smtp_sasl_mechanism_filter"),
					"xoauth2")))
			return true;
	}
	return false;
}

static void
say_unreadable(struct se_doctor *doctor, const char *dir, const struct se_error *error)
{
	if (error->code == SE_ABSENT)
		se_checkup_left_out(&doctor->checkup, "postfix-configuration",
			"Postfix is not installed: %s", error->text);
	else
		se_checkup_add(&doctor->checkup, "postfix-configuration", SE_PROBLEM,
			dir != NULL ? "name the directory that has its main.cf and master.cf"
				    : "postfix check",
			"%s", error->text);
}

/* `asked`: it is said when there is nothing in it that has to do with us. */
static void
read_and_look(struct se_doctor *doctor, const char *dir, bool asked, struct se_doctor_postfix *look)
{
	struct se_error error;
	const enum se_code code = se_postfix_read(dir, &look->postfix, &error);

	look->doctor = doctor;
	if (code != SE_OK) {
		if (asked || dir != NULL)
			say_unreadable(doctor, dir, &error);
		return;
	}
	se_doctor_postfix_routes(look);
	/* The first of several instances often has only mail of this machine. */
	if (se_postfix_get(&look->postfix, "multi_instance_directories")[0] != '\0')
		asked = false;
	if (!asked && !uses_us(look))
		return;
	look->running = is_running(&look->postfix);
	se_checkup_fine(&doctor->checkup, "postfix-configuration", "%s, Postfix %s%s",
		look->postfix.dir, look->postfix.version, look->running ? "" : ", not running");
	look_at_routes(look);
	se_doctor_postfix_queue(look);
}

static void
look_at_instances(struct se_doctor *doctor, const struct se_postfix *primary)
{
	char *dirs[SE_POSTFIX_INSTANCES_MAX];
	const size_t count = se_postfix_instances(primary, dirs);

	for (size_t i = 0; i < count; i++) {
		struct se_doctor_postfix *look = calloc(1, sizeof(*look));

		if (look != NULL) {
			(void)snprintf(look->where, sizeof(look->where), "%s: ", dirs[i]);
			read_and_look(doctor, dirs[i], false, look);
			se_postfix_free(&look->postfix);
		}
		doctor->checkup.failed |= look == NULL;
		free(look);
		free(dirs[i]);
	}
}

void
se_doctor_postfix(struct se_doctor *doctor)
{
	struct se_doctor_postfix *look = calloc(1, sizeof(*look));

	if (look == NULL) {
		doctor->checkup.failed = true;
		return;
	}
	read_and_look(doctor, doctor->postfix_dir, doctor->postfix, look);
	look_at_instances(doctor, &look->postfix);
	se_postfix_free(&look->postfix);
	free(look);
}

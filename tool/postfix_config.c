#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/source.h"

#include "tool/postfix_config.h"
#include "tool/postfix_map.h"
#include "tool/run.h"

enum { OUTPUT_MAX = 4 << 20, ERRORS_MAX = 64 << 10 };

#define CLEAN_PATH "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

/* --- running its programs ----------------------------------------------------------------------- */

/* The last line says what went wrong: "postconf: fatal: open /etc/postfix/main.cf: ...". */
static const char *
last_line(struct se_buffer *errors)
{
	const char *line;

	se_buffer_drop_line_end(errors);
	line = strrchr(se_buffer_text(errors), '\n');
	return line != NULL ? line + 1 : se_buffer_text(errors);
}

/* What each of Postfix's programs has to say about main.cf, whatever it was asked: a parameter that
 * stands there twice, or that nothing uses. */
static void
drop_remarks(struct se_buffer *errors)
{
	static const char *const remarks[] = {"overriding earlier entry:", "unused parameter:"};
	char *to = errors->data;
	size_t len;

	if (errors->len == 0)
		return;
	for (char *line = errors->data; *line != '\0'; line += len) {
		const char *end = strchr(line, '\n');
		bool remark = false;

		len = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
		for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
			const char *found = strstr(line, remarks[i]);

			remark |= found != NULL && found < line + len;
		}
		if (!remark) {
			memmove(to, line, len);
			to += len;
		}
	}
	errors->len = (size_t)(to - errors->data);
	*to = '\0';
}

enum se_code
se_postfix_run(const char *const *argv, struct se_buffer *out, int *status, struct se_error *error)
{
	const char *libraries = secure_getenv("LD_LIBRARY_PATH");
	char set_libraries[PATH_MAX + 32];
	const char *environment[] = {CLEAN_PATH, "LC_ALL=C", "HOME=/", NULL, NULL};
	struct se_error own;
	struct se_buffer errors;
	const struct se_run run = {
		.argv = argv, .output = out, .errors = &errors, .environment = environment};
	enum se_code code;

	if (error == NULL)
		error = &own;
	if (libraries != NULL && strlen(libraries) < PATH_MAX) {
		(void)snprintf(
			set_libraries, sizeof(set_libraries), "LD_LIBRARY_PATH=%s", libraries);
		environment[3] = set_libraries;
	}
	se_buffer_init(&errors, ERRORS_MAX);
	code = se_run(&run, status, error);
	if (code == SE_OK && out->failed)
		code = se_error_set(error, SE_CONFIG,
			"%s said more than can be looked at (%lu bytes)", argv[0],
			(unsigned long)out->max);
	drop_remarks(&errors);
	/* For postmap -q, 1 without a word is "no such key". */
	if (code == SE_OK && *status != 0)
		(void)se_error_set(
			error, SE_CONFIG, "%s", errors.len > 0 ? last_line(&errors) : "");
	se_buffer_free(&errors);
	return code;
}

static enum se_code
postconf(const char *dir, const char *flags, struct se_buffer *out, struct se_error *error)
{
	const char *own[] = {"postconf", flags, NULL};
	const char *named[] = {"postconf", "-c", dir, flags, NULL};
	const char *const *argv = dir != NULL ? named : own;
	int status = 0;
	enum se_code code;

	se_buffer_init(out, OUTPUT_MAX);
	code = se_postfix_run(argv, out, &status, error);
	if (code != SE_OK || status == 0)
		return code;
	if (error->text[0] == '\0')
		return se_error_set(
			error, SE_CONFIG, "postconf %s failed with exit code %d", flags, status);
	return SE_CONFIG;
}

/* --- parameters --------------------------------------------------------------------------------- */

static size_t
count_lines(const char *text)
{
	size_t lines = 1;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/* NAME = VALUE, a line each. */
static enum se_code
split_values(struct se_postfix_values *values, struct se_error *error)
{
	char *line = values->text.data, *end;

	values->list = calloc(count_lines(se_buffer_text(&values->text)), sizeof(*values->list));
	if (values->list == NULL)
		return se_error_memory(error);
	for (; line != NULL && *line != '\0'; line = end) {
		struct se_postfix_value *value = &values->list[values->count];
		char *equals;

		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		equals = strstr(line, " =");
		if (equals == NULL)
			continue;
		*equals = '\0';
		value->name = line;
		value->value = equals + 2 + strspn(equals + 2, " ");
		values->count++;
	}
	return SE_OK;
}

static const char *
find_value(const struct se_postfix_values *values, const char *name)
{
	for (size_t i = 0; i < values->count; i++)
		if (strcmp(values->list[i].name, name) == 0)
			return values->list[i].value;
	return NULL;
}

const char *
se_postfix_get(const struct se_postfix *postfix, const char *name)
{
	const char *value = find_value(&postfix->values, name);

	return value != NULL ? value : "";
}

const char *
se_postfix_get_for(const struct se_postfix *postfix, const struct se_postfix_service *service,
	const char *name)
{
	const char *value;
	char key[512];

	(void)snprintf(key, sizeof(key), "%s/%s/%s", service->name, service->type, name);
	value = find_value(&postfix->overrides, key);
	return value != NULL ? value : se_postfix_get(postfix, name);
}

bool
se_postfix_yes(const char *value)
{
	return strcasecmp(value, "yes") == 0;
}

/* --- services ----------------------------------------------------------------------------------- */

/* The fields are service, type, private, unpriv, chroot, wakeup, maxproc, command. */
enum { NAME, TYPE, PRIVATE, UNPRIVILEGED, CHROOT, WAKEUP, PROCESSES, COMMAND, FIELDS };

static bool
split_service(const struct se_postfix *postfix, char *line, struct se_postfix_service *service)
{
	char *field[FIELDS], *rest = line;

	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = strtok_r(NULL, " \t", &rest);
		if (field[i] == NULL)
			return false;
	}
	service->name = field[NAME];
	service->type = field[TYPE];
	service->command = field[COMMAND];
	service->arguments = rest != NULL ? rest : "";
	service->private = field[PRIVATE][0] != 'n';
	/* Before compatibility level 1 the default was a chroot. */
	service->chrooted =
		field[CHROOT][0] == 'y' ||
		(field[CHROOT][0] == '-' &&
			strtol(se_postfix_get(postfix, "compatibility_level"), NULL, 10) < 1);
	service->processes = (unsigned)strtoul(
		field[PROCESSES][0] == '-' ? se_postfix_get(postfix, "default_process_limit")
					   : field[PROCESSES],
		NULL, 10);
	return true;
}

static enum se_code
split_services(struct se_postfix *postfix, struct se_error *error)
{
	char *line = postfix->master.data, *end;

	postfix->services =
		calloc(count_lines(se_buffer_text(&postfix->master)), sizeof(*postfix->services));
	if (postfix->services == NULL)
		return se_error_memory(error);
	for (; line != NULL && *line != '\0'; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		postfix->service_count +=
			split_service(postfix, line, &postfix->services[postfix->service_count]);
	}
	return SE_OK;
}

const struct se_postfix_service *
se_postfix_service(const struct se_postfix *postfix, const char *name, const char *type)
{
	for (size_t i = 0; i < postfix->service_count; i++)
		if (strcmp(postfix->services[i].name, name) == 0 &&
			strcmp(postfix->services[i].type, type) == 0)
			return &postfix->services[i];
	return NULL;
}

/* --- the whole ---------------------------------------------------------------------------------- */

static enum se_code
find_owner(struct se_postfix *postfix, struct se_error *error)
{
	const struct passwd *owner = getpwnam(postfix->owner);

	if (owner == NULL)
		return se_error_set(error, SE_CONFIG, "%s/main.cf: mail_owner: there is no user %s",
			postfix->dir, postfix->owner);
	postfix->uid = owner->pw_uid;
	postfix->gid = owner->pw_gid;
	return SE_OK;
}

/* Without one of them postconf(1) only warns, and gives the defaults. */
static enum se_code
check_files(const struct se_postfix *postfix, struct se_error *error)
{
	static const char *const names[] = {"main.cf", "master.cf"};
	char path[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", postfix->dir, names[i]);
		if (access(path, R_OK) != 0)
			return se_error_set(
				error, SE_CONFIG, "%s cannot be read: %s", path, strerror(errno));
	}
	return SE_OK;
}

static enum se_code
derive(struct se_postfix *postfix, const char *dir, struct se_error *error)
{
	if (!se_copy(postfix->dir, sizeof(postfix->dir),
		    dir != NULL ? dir : se_postfix_get(postfix, "config_directory")))
		return se_error_set(error, SE_CONFIG, "the name of the directory is too long");
	postfix->standard = dir == NULL;
	postfix->queue = se_postfix_get(postfix, "queue_directory");
	postfix->owner = se_postfix_get(postfix, "mail_owner");
	postfix->version = se_postfix_get(postfix, "mail_version");
	return check_files(postfix, error) == SE_OK ? find_owner(postfix, error) : SE_CONFIG;
}

enum se_code
se_postfix_read(const char *dir, struct se_postfix *postfix, struct se_error *error)
{
	enum se_code code;

	memset(postfix, 0, sizeof(*postfix));
	code = postconf(dir, "-x", &postfix->values.text, error);
	if (code == SE_OK)
		code = postconf(dir, "-Px", &postfix->overrides.text, error);
	if (code == SE_OK)
		code = postconf(dir, "-M", &postfix->master, error);
	if (code == SE_OK)
		code = split_values(&postfix->values, error);
	if (code == SE_OK)
		code = split_values(&postfix->overrides, error);
	if (code == SE_OK)
		code = split_services(postfix, error);
	return code == SE_OK ? derive(postfix, dir, error) : code;
}

void
se_postfix_free(struct se_postfix *postfix)
{
	se_buffer_free(&postfix->values.text);
	se_buffer_free(&postfix->overrides.text);
	se_buffer_free(&postfix->master);
	free(postfix->values.list);
	free(postfix->overrides.list);
	free(postfix->services);
	memset(postfix, 0, sizeof(*postfix));
}

size_t
se_postfix_instances(const struct se_postfix *postfix, char *dirs[SE_POSTFIX_INSTANCES_MAX])
{
	const char *list = se_postfix_get(postfix, "multi_instance_directories");
	char word[SE_POSTFIX_WORD_MAX];
	size_t count = 0;

	while (count < SE_POSTFIX_INSTANCES_MAX && se_postfix_word(&list, word)) {
		char *dir = strdup(word);

		if (dir == NULL)
			break;
		dirs[count++] = dir;
	}
	return count;
}

const char *
se_postfix_command(const struct se_postfix *postfix, const char *program, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%s%s", program, postfix->standard ? "" : " -c ",
		postfix->standard ? "" : postfix->dir);
	return text;
}

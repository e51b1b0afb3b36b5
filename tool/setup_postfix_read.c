#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/acl.h"
#include "core/file.h"

#include "tool/run.h"
#include "tool/setup_postfix_parts.h"

enum { OUTPUT_MAX = 1 << 20, ERRORS_MAX = 16 << 10 };

enum se_code
se_postfix_program(const char *program, const char *directory, const char *const words[3],
	struct se_buffer *output, struct se_error *error)
{
	const char *const argv[] = {program, "-c", directory, words[0], words[1], words[2], NULL};
	struct se_buffer errors;
	struct se_run run = {.argv = argv, .output = output, .errors = &errors};
	int status = 0;
	enum se_code code;

	se_buffer_init(&errors, ERRORS_MAX);
	code = se_run(&run, &status, error);
	se_buffer_drop_line_end(&errors);
	if (code == SE_ABSENT)
		code = se_error_set(error, SE_CONFIG,
			"%s(1) is not installed here: is this the machine that Postfix is on?",
			program);
	else if (code == SE_OK && status != 0)
		code = se_error_set(error, SE_CONFIG, "%s: %s says: %.900s; put that right first",
			directory, program,
			errors.len > 0 ? se_buffer_text(&errors) : "nothing, and fails");
	se_buffer_free(&errors);
	return code;
}

enum se_code
se_postfix_ask(const struct se_postfix_plan *plan, const char *option, const char *name,
	char value[SE_POSTFIX_VALUE_MAX], struct se_error *error)
{
	const char *const words[3] = {option, name, NULL};
	struct se_buffer output;
	enum se_code code;

	se_buffer_init(&output, OUTPUT_MAX);
	code = se_postfix_program("postconf", plan->directory, words, &output, error);
	se_buffer_drop_line_end(&output);
	if (code == SE_OK &&
		(output.failed || !se_copy(value, SE_POSTFIX_VALUE_MAX, se_buffer_text(&output))))
		code = se_error_set(error, SE_CONFIG, "%s/main.cf: %s is too long for setup",
			plan->directory, name);
	se_buffer_free(&output);
	return code;
}

/* Whom an access control list lets read it, may so still. */
static void
read_list(struct se_postfix_file *file)
{
	const char *slash = strrchr(file->path, '/');
	char parent[PATH_MAX];
	int directory;

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - file->path), file->path);
	directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return;
	file->look.list_len =
		se_acl_save(directory, slash + 1, file->look.list, sizeof(file->look.list));
	close(directory);
}

enum se_code
se_postfix_file_load(struct se_postfix_file *file, struct se_error *error)
{
	struct stat found;

	se_buffer_init(&file->old, SE_POSTFIX_FILE_MAX);
	se_buffer_init(&file->text, SE_POSTFIX_FILE_MAX);
	file->look = (struct se_file_look){.uid = geteuid(), .gid = getegid(), .mode = 0600};
	if (lstat(file->path, &found) != 0)
		return errno == ENOENT ? SE_OK
				       : se_error_set(error, se_code_of_errno(errno), "%s: %s",
						 file->path, strerror(errno));
	if (!S_ISREG(found.st_mode))
		return se_error_set(error, SE_CONFIG,
			"%s is a link or no file: setup replaces files, and would leave what it "
			"leads to as it is; change that by hand (doc/guide/postfix.md)",
			file->path);
	file->exists = true;
	file->look = (struct se_file_look){
		.uid = found.st_uid, .gid = found.st_gid, .mode = found.st_mode & 07777};
	read_list(file);
	return se_file_read(file->path, SE_FILE_CONFIG, &file->old, NULL, error);
}

/* It comes to stand in master.cf, in tables and in commands to type. */
static bool
is_plain_path(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._+-@";

	return path[0] == '/' && path[strspn(path, plain)] == '\0';
}

static enum se_code
find_directory(struct se_postfix_plan *plan, struct se_error *error)
{
	static const char *const argv[] = {"postconf", "-dh", "config_directory", NULL};
	const char *said = plan->wish->directory;
	char usual[PATH_MAX] = "/etc/postfix";
	struct se_buffer output;
	struct se_run run = {.argv = argv, .output = &output};
	int status;

	se_buffer_init(&output, PATH_MAX - 1);
	if (said == NULL && se_run(&run, &status, error) == SE_OK && status == 0) {
		se_buffer_drop_line_end(&output);
		(void)se_copy(usual, sizeof(usual), se_buffer_text(&output));
	}
	se_buffer_free(&output);
	if (said == NULL)
		said = usual;
	if (realpath(said, plan->directory) == NULL)
		return se_error_set(error, SE_CONFIG,
			"%s: %s; name Postfix's configuration: --postfix=DIRECTORY", said,
			strerror(errno));
	if (!is_plain_path(plan->directory))
		return se_error_set(error, SE_CONFIG,
			"%s: a path with spaces or such cannot stand in master.cf",
			plan->directory);
	return SE_OK;
}

static enum se_code
load(struct se_postfix_plan *plan, enum se_postfix_file_id id, const char *name,
	struct se_error *error)
{
	struct se_postfix_file *file = &plan->file[id];
	int n = snprintf(file->path, sizeof(file->path), "%s/%s", plan->directory, name);

	if (n < 0 || (size_t)n >= sizeof(file->path))
		return se_error_set(error, SE_CONFIG, "%s: too long", plan->directory);
	if (se_postfix_file_load(file, error) != SE_OK)
		return error->code;
	if (!file->exists)
		return se_error_set(error, SE_CONFIG,
			"%s: there is no such file; name Postfix's configuration: "
			"--postfix=DIRECTORY",
			file->path);
	return SE_OK;
}

enum se_code
se_postfix_plan_read(struct se_postfix_plan *plan, struct se_error *error)
{
	char value[SE_POSTFIX_VALUE_MAX];
	enum se_code code = find_directory(plan, error);

	if (code == SE_OK)
		code = load(plan, SE_POSTFIX_MAIN, "main.cf", error);
	if (code == SE_OK)
		code = load(plan, SE_POSTFIX_MASTER, "master.cf", error);
	if (code == SE_OK)
		code = se_postfix_ask(plan, "-hx", "queue_directory", value, error);
	if (code == SE_OK &&
		(!se_copy(plan->queue, sizeof(plan->queue), value) || !is_plain_path(plan->queue)))
		code = se_error_set(error, SE_CONFIG,
			"%s: queue_directory: \"%s\" is no plain path", plan->directory, value);
	if (code == SE_OK)
		code = se_postfix_ask(plan, "-hx", "mail_owner", value, error);
	if (code == SE_OK && !se_copy(plan->owner, sizeof(plan->owner), value))
		code = se_error_set(
			error, SE_CONFIG, "%s: mail_owner is too long", plan->directory);
	return code;
}

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/program.h"
#include "core/secret.h"
#include "engine/credential_secret.h"
#include "engine/secret_command.h"

#include "tool/check_files.h"

#define AGENT_USER "sasl-entra" /* whom the units name */

enum { CREDENTIAL_MAX = 64 * 1024, CA_FILE_MAX = 16 << 20 };

/* Where a finding about a value stands: FILE:LINE: [account LABEL] KEY */
#define PLACE "%s:%u: [account %s] %s: "

/* Where the file is somebody else's it is only the owner that is wrong. */
static void
suggest_owner(const char *path, struct se_findings *findings)
{
	struct stat found;

	if (stat(path, &found) == 0 && found.st_uid != geteuid() && access(path, R_OK) != 0)
		se_findings_fix(findings, "chown %lu %s", (unsigned long)geteuid(), path);
}

static void
check_client_secret(const struct se_config *config, const struct se_account *account,
	struct se_findings *findings)
{
	const struct se_value *value = &account->value[SE_KEY_CLIENT_SECRET_FILE];
	const char *key = se_keys[SE_KEY_CLIENT_SECRET_FILE].name;
	struct se_secret *secret = NULL;
	struct se_error error;

	if (se_credential_secret_read(account, &secret, &error) != SE_OK) {
		se_findings_add(findings, false, value->line, PLACE "%s", config->path, value->line,
			account->label, key, error.text);
		suggest_owner(value->text, findings);
	} else if (se_credential_secret_is_id(secret)) {
		se_findings_add(findings, true, value->line,
			PLACE "%s holds a GUID: this looks like "
			      "the secret's ID, not its value; the portal shows the value only "
			      "once, right "
			      "after the secret is made",
			config->path, value->line, account->label, key, value->text);
	}
	se_secret_free(secret);
}

static void
check_readable(const struct se_config *config, const struct se_account *account, enum se_key key,
	enum se_file_rule rule, size_t max, struct se_findings *findings)
{
	const struct se_value *value = &account->value[key];
	struct se_buffer content;
	struct se_error error;

	se_buffer_init(&content, max);
	if (se_file_read(value->text, rule, &content, NULL, &error) != SE_OK) {
		se_findings_add(findings, false, value->line, PLACE "%s", config->path, value->line,
			account->label, se_keys[key].name, error.text);
		suggest_owner(value->text, findings);
	} else if (content.len == 0) {
		se_findings_add(findings, false, value->line, PLACE "%s is empty", config->path,
			value->line, account->label, se_keys[key].name, value->text);
	} else if (key == SE_KEY_CA_FILE &&
		   strstr(se_buffer_text(&content), "-----BEGIN") == NULL) {
		se_findings_add(findings, false, value->line,
			PLACE "%s holds no certificate in PEM "
			      "form",
			config->path, value->line, account->label, se_keys[key].name, value->text);
	}
	se_buffer_free(&content);
}

static void
check_program(const struct se_config *config, const struct se_account *account, enum se_key key,
	struct se_findings *findings)
{
	const struct se_value *value = &account->value[key];
	struct se_error error;
	enum se_code code = key == SE_KEY_ON_PROBLEM ? se_program_check(value->text, &error)
						     : se_secret_command_check(value->text, &error);

	if (code != SE_OK)
		se_findings_add(findings, false, value->line, PLACE "%s", config->path, value->line,
			account->label, se_keys[key].name, error.text);
}

/* Judged together, by check_certificate.c. */
static bool
is_certificates(enum se_key key)
{
	return key == SE_KEY_PRIVATE_KEY || key == SE_KEY_PRIVATE_KEY_PASSWORD_FILE;
}

void
se_check_account_files(const struct se_config *config, const struct se_account *account,
	struct se_findings *findings)
{
	for (enum se_key key = 0; key < SE_KEY_COUNT; key++) {
		if (account->value[key].text == NULL)
			continue;
		if (key == SE_KEY_CLIENT_SECRET_FILE)
			check_client_secret(config, account, findings);
		else if (se_keys[key].credential_file && !is_certificates(key))
			check_readable(
				config, account, key, SE_FILE_SECRET, CREDENTIAL_MAX, findings);
		else if (key == SE_KEY_CA_FILE)
			check_readable(config, account, key, SE_FILE_CONFIG, CA_FILE_MAX, findings);
		else if (key == SE_KEY_ON_PROBLEM || key == SE_KEY_CLIENT_SECRET_COMMAND)
			check_program(config, account, key, findings);
	}
}

/* Why we cannot write there is errno. */
static void
suggest_writable(const char *path, struct se_findings *findings)
{
	if (errno == EROFS)
		se_findings_fix(findings, "its file system is mounted read-only: mount it for "
					  "writing, or name another "
					  "directory with state_dir in [defaults]");
	else
		se_findings_fix(findings, "chmod 0700 %s", path);
}

static void
judge_directory(const char *path, int directory, struct se_findings *findings)
{
	struct stat found;

	if (fstat(directory, &found) != 0) {
		se_findings_add(
			findings, false, 0, "state directory %s: %s", path, strerror(errno));
	} else if (found.st_uid != geteuid()) {
		se_findings_add(findings, false, 0,
			"state directory %s: belongs to uid %lu, but tokens would be written by "
			"uid %lu",
			path, (unsigned long)found.st_uid, (unsigned long)geteuid());
		se_findings_fix(findings, "chown -R %lu %s", (unsigned long)geteuid(), path);
	} else if (faccessat(directory, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
		const int why = errno;

		se_findings_add(findings, false, 0,
			"state directory %s: cannot be written by uid %lu: %s", path,
			(unsigned long)geteuid(), strerror(why));
		errno = why;
		suggest_writable(path, findings);
	} else if ((found.st_mode & 077) != 0) {
		se_findings_add(findings, true, 0,
			"state directory %s: others may look into it (mode %04o); chmod 0700 %s",
			path, (unsigned)(found.st_mode & 07777), path);
	}
}

/* Also when we may not look. */
static bool
exists(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0 || errno != ENOENT;
}

void
se_check_state_directory(const char *path, bool made_when_needed, struct se_findings *findings)
{
	struct se_error error;
	const int directory = se_directory_open(path, &error);

	if (directory >= 0) {
		judge_directory(path, directory, findings);
		close(directory);
	} else if (error.code != SE_ABSENT || !made_when_needed || exists(path)) {
		se_findings_add(findings, false, 0,
			"state directory: %s; it is made when the agent starts, or make it "
			"yourself: "
			"mode 0700, owned by the agent's user",
			error.text);
		if (error.code == SE_ABSENT && !exists(path) && getpwnam(AGENT_USER) != NULL)
			se_findings_fix(findings, "install -d -m 0700 -o " AGENT_USER " %s", path);
	}
}

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/account.h"
#include "engine/names.h"

#include "tool/agent_reload.h"
#include "tool/certificate.h"
#include "tool/check.h"
#include "tool/check_programs.h"
#include "tool/doctor.h"
#include "tool/doctor_aside.h"

enum { FILES_MS = 60000 }; /* a token (PKCS#11) may be slow */

static void
add_finding(struct se_checkup *checkup, const struct se_finding *finding)
{
	se_checkup_add(checkup, finding->id, finding->warning ? SE_WARNING : SE_PROBLEM,
		finding->fix, "%s", finding->text);
}

/* Adds what was found from the `from`th on, of that id (NULL: any). False when there was nothing. */
static bool
add_findings(
	struct se_checkup *checkup, const struct se_findings *findings, size_t from, const char *id)
{
	bool any = false;

	for (size_t i = from; i < findings->count; i++) {
		if (id != NULL && strcmp(findings->list[i].id, id) != 0)
			continue;
		add_finding(checkup, &findings->list[i]);
		any = true;
	}
	return any;
}

/* --- the file -------------------------------------------------------------------------------------- */

static void
look_at_name(struct se_doctor *doctor)
{
	struct se_error error;

	if (doctor->name == NULL || doctor->config == NULL)
		return;
	doctor->account = se_account_named(doctor->config, doctor->name, &error);
	if (doctor->account == NULL)
		se_checkup_add(&doctor->checkup, "account", SE_PROBLEM, "sasl-entra config", "%s",
			error.text);
	else
		se_checkup_fine(&doctor->checkup, "account", "%s is served by account %s",
			doctor->name, doctor->account->label);
}

/* --- what it names ------------------------------------------------------------------------------- */

static const char *
credential_of(const struct se_account *account)
{
	const char *credential = account->value[SE_KEY_CREDENTIAL].text;

	return credential != NULL ? credential : "none";
}

static void
say_certificate(struct se_checkup *checkup, const struct se_check *check, size_t i, size_t from)
{
	const struct se_certificate_facts *facts =
		check->certificates != NULL ? &check->certificates[i] : NULL;
	char day[40];

	if (add_findings(checkup, &check->findings, from, "certificate-end") || facts == NULL ||
		facts->sha256[0] == '\0')
		return;
	se_certificate_day(facts->not_after, day);
	se_checkup_fine(checkup, "certificate-end", "account %s: the certificate is good until %s",
		check->config->accounts[i].label, day);
}

static void
look_at_account(struct se_checkup *checkup, struct se_check *check, size_t i)
{
	const struct se_account *account = &check->config->accounts[i];
	const size_t from = check->findings.count;

	if (account->unusable != NULL) {
		se_checkup_left_out(checkup, "credential", "account %s: it %s", account->label,
			account->unusable);
		return;
	}
	se_check_account(check, i);
	if (!add_findings(checkup, &check->findings, from, "credential"))
		se_checkup_fine(checkup, "credential",
			"account %s: credential = %s, whose files are right", account->label,
			credential_of(account));
	say_certificate(checkup, check, i, from);
}

/* What is asked while we are root still. */
struct agent {
	bool found;
	uid_t uid;
	const char *reload; /* what makes it open the directory again; or NULL */
};

static void
find_agent(struct se_doctor *doctor, struct agent *agent)
{
	agent->found = se_agent_user(doctor->identity, &agent->uid);
	se_doctor_then_reload(doctor);
	agent->reload = doctor->checkup.then;
	doctor->checkup.then = NULL;
}

/* The directory is root's, say, and so are the tokens that root keeps there: the agent, which is another
 * user, can neither read nor replace them. */
static void
compare_owner(struct se_check *check, const struct agent *agent)
{
	struct stat found;

	if (check->state_dir == NULL || !agent->found || stat(check->state_dir, &found) != 0 ||
		found.st_uid == agent->uid)
		return;
	check->findings.id = "state-directory";
	se_findings_add(&check->findings, false, 0,
		"state directory %s: belongs to uid %lu, but the agent runs as uid %lu",
		check->state_dir, (unsigned long)found.st_uid, (unsigned long)agent->uid);
	se_findings_fix(
		&check->findings, "chown -R %lu %s", (unsigned long)agent->uid, check->state_dir);
}

static void
look_at_state(struct se_checkup *checkup, struct se_check *check, const struct agent *agent)
{
	const size_t from = check->findings.count;

	se_check_state(check);
	compare_owner(check, agent);
	if (check->findings.count > from)
		checkup->then = agent->reload;
	if (check->state_dir == NULL) {
		se_checkup_fine(checkup, "state-directory",
			"none: tokens live in memory, and each process fetches its own");
		return;
	}
	if (!add_findings(checkup, &check->findings, from, "state-directory"))
		se_checkup_fine(
			checkup, "state-directory", "tokens are kept in %s", check->state_dir);
	if (check->config->state_key.unusable != NULL)
		se_checkup_left_out(
			checkup, "state-key", "[defaults] %s", check->config->state_key.unusable);
	else if (!add_findings(checkup, &check->findings, from, "state-key"))
		se_checkup_fine(checkup, "state-key", "state files are %s%s",
			check->state_key[0] != '\0' ? "sealed with key " : "not sealed",
			check->state_key);
}

/* In the child, which becomes the owner of the tokens for good. */
static void
look_at_files(struct se_doctor *doctor, void *context)
{
	struct se_check check = {.identity = doctor->identity, .config = doctor->config};

	check.findings.id = "credential";
	if (!se_check_as_owner(&check)) {
		(void)add_findings(&doctor->checkup, &check.findings, 0, NULL);
		return;
	}
	for (size_t i = 0; i < check.config->account_count; i++)
		if (doctor->name == NULL || doctor->account == &check.config->accounts[i])
			look_at_account(&doctor->checkup, &check, i);
	look_at_state(&doctor->checkup, &check, context);
}

/* --- the whole ----------------------------------------------------------------------------------- */

static void
look_at_programs(struct se_checkup *checkup)
{
	struct se_findings findings = {.list = NULL};

	se_check_programs(&findings);
	(void)add_findings(checkup, &findings, 0, NULL);
	se_findings_free(&findings);
}

void
se_doctor_configuration(struct se_doctor *doctor)
{
	struct agent agent;
	const struct se_doctor_part files = {
		.look = look_at_files,
		.context = &agent,
		.timeout = FILES_MS,
		.what = "waiting for a private key",
	};
	struct se_check check = {.identity = doctor->identity};
	struct se_error error;
	bool found;

	se_check_configuration(&check);
	doctor->config = check.config;
	for (size_t i = 0; i < check.findings.count; i++) {
		if (i + 1 == check.findings.count)
			se_doctor_then_reload(doctor);
		add_finding(&doctor->checkup, &check.findings.list[i]);
	}
	found = check.findings.count > 0;
	se_findings_free(&check.findings);
	if (doctor->config != NULL && !found)
		se_checkup_fine(
			&doctor->checkup, "configuration", "%s is right", doctor->config->path);
	look_at_name(doctor);
	find_agent(doctor, &agent);
	if (doctor->config == NULL)
		se_checkup_left_out(
			&doctor->checkup, "credential", "its files: nothing says which they are");
	else if (se_doctor_aside(doctor, &files, &error) != SE_OK)
		se_checkup_add(&doctor->checkup, "credential", SE_PROBLEM,
			"sasl-entra check does the same", "the files could not be looked at: %s",
			error.text);
	look_at_programs(&doctor->checkup);
}

bool
se_doctor_login(const struct se_doctor *doctor, const struct se_account *account,
	char login[SE_NAME_MAX + 1])
{
	const char *identity = account->value[SE_KEY_IDENTITY].text;

	if (doctor->name != NULL && strchr(doctor->name, '@') != NULL)
		return se_copy(login, SE_NAME_MAX + 1, doctor->name);
	for (size_t i = 0; account->match != NULL && account->match[i] != NULL; i++)
		if (strchr(account->match[i], '*') == NULL)
			return se_copy(login, SE_NAME_MAX + 1, account->match[i]);
	return identity != NULL && se_copy(login, SE_NAME_MAX + 1, identity);
}

bool
se_doctor_said(const struct se_doctor *doctor, const struct se_account *account, const char *id,
	enum se_verdict verdict)
{
	char plain[SE_NAME_MAX + 16], bracketed[SE_NAME_MAX + 16];

	(void)snprintf(plain, sizeof(plain), "account %s: ", account->label);
	(void)snprintf(bracketed, sizeof(bracketed), "[account %s]", account->label);
	for (size_t i = 0; i < doctor->checkup.count; i++) {
		const struct se_checked *checked = &doctor->checkup.list[i];

		if (checked->verdict == verdict && strcmp(checked->id, id) == 0 &&
			(strstr(checked->text, plain) != NULL ||
				strstr(checked->text, bracketed) != NULL))
			return true;
	}
	return false;
}

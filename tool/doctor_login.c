#include <string.h>

#include "tool/doctor_login.h"
#include "tool/doctor_sasl.h"
#include "tool/mail_login.h"

static const char *const ids[][2] = {
	[SE_CHECK_CONNECT] = {"server-connect", "imap-connect"},
	[SE_CHECK_TLS] = {"server-tls", "imap-tls"},
	[SE_CHECK_OFFERS] = {"server-offers", "imap-offers"},
	[SE_CHECK_LOGIN] = {"server-login", "imap-login"},
	[SE_CHECK_PLUGIN] = {"server-plugin", "imap-plugin"},
};

const char *
se_doctor_mail_id(enum se_doctor_mail_check check, enum se_mail_protocol protocol)
{
	return ids[check][protocol == SE_MAIL_IMAP];
}

static void
say_fine(const struct se_doctor_visit *visit, enum se_doctor_mail_check check)
{
	se_checkup_fine(&visit->doctor->checkup, se_doctor_mail_id(check, visit->server->protocol),
		"%s: %s accepts the login%s", visit->about.user, visit->server->host,
		check == SE_CHECK_PLUGIN ? " by libsasl2 and the plugin" : "");
}

static void
say_refused(const struct se_doctor_visit *visit, enum se_doctor_mail_check check,
	const struct se_mail_try *attempt, const char *finding)
{
	const struct se_dialogue *dialogue = se_mail_dialogue(attempt->mail);
	const enum se_mail_protocol protocol = visit->server->protocol;
	struct se_buffer text, fix;

	se_buffer_init(&text, SE_VERDICT_MAX);
	se_buffer_init(&fix, SE_VERDICT_MAX);
	se_mail_verdict_text(protocol, dialogue, &text);
	se_mail_verdict_fix(protocol, dialogue, &visit->about, &fix);
	se_checkup_add(&visit->doctor->checkup, se_doctor_mail_id(check, visit->server->protocol),
		SE_PROBLEM, fix.len > 0 ? se_buffer_text(&fix) : "try it again", "%s: %s %s%s",
		visit->about.user, visit->server->host,
		text.len > 0 ? se_buffer_text(&text) : attempt->error.text, finding);
	se_buffer_free(&text);
	se_buffer_free(&fix);
}

/* Whether a section has a problem that explains why the plugin gives nothing. */
static bool
section_has_problem(const struct se_checkup *checkup, const char *section)
{
	for (size_t i = 0; i < checkup->count; i++)
		if (checkup->list[i].verdict == SE_PROBLEM &&
			strcmp(checkup->list[i].section, section) == 0)
			return true;
	return false;
}

/* Why the plugin is not asked; NULL: it is. */
static const char *
why_not_plugin(const struct se_doctor *doctor)
{
	if (!doctor->identity->system &&
		strstr(doctor->identity->configuration, "/sasl-entra/sasl-entra.conf") == NULL)
		return "--config names another configuration than mail programs read";
	if (section_has_problem(&doctor->checkup, "Plugin"))
		return "the section Plugin names a problem";
	return NULL;
}

/* When both are refused in the same words, once is enough. libcurl ends at an error that comes as a
 * challenge, and mail programs answer it, so that they hear one more sentence. */
static bool
said_the_same(const struct se_mail_try *own, const struct se_mail_try *plugin)
{
	const struct se_dialogue *first = se_mail_dialogue(own->mail);
	const struct se_dialogue *second = se_mail_dialogue(plugin->mail);
	const enum se_mail_protocol protocol = first->imap ? SE_MAIL_IMAP : SE_MAIL_SMTP;
	const char *reply = se_buffer_text(&first->reply);
	const struct se_reply *known = se_mail_verdict_find(protocol, first);

	if (own->code == SE_OK || plugin->code == SE_OK)
		return false;
	if (strncmp(reply, "+ ", 2) == 0 || strncmp(reply, "334 ", 4) == 0)
		return strstr(se_buffer_text(&second->transcript), reply) != NULL;
	if (known != NULL)
		return known == se_mail_verdict_find(protocol, second);
	return strcmp(reply, se_buffer_text(&second->reply)) == 0;
}

static void
judge_plugin(const struct se_doctor_visit *visit, const struct se_mail_try *own,
	const struct se_mail_try *plugin)
{
	if (plugin->code == SE_OK)
		say_fine(visit, SE_CHECK_PLUGIN);
	else if (said_the_same(own, plugin))
		se_checkup_left_out(&visit->doctor->checkup,
			se_doctor_mail_id(SE_CHECK_PLUGIN, visit->server->protocol),
			"%s: by libsasl2 and the plugin %s says the same", visit->about.user,
			visit->server->host);
	else
		say_refused(visit, SE_CHECK_PLUGIN, plugin,
			own->code == SE_OK
				? "; that to a login by libsasl2 and the plugin, and the "
				  "token by itself it accepts"
				: "; that to a login by libsasl2 and the plugin");
}

static void
say_no_response(const struct se_doctor_visit *visit, const struct se_error *error)
{
	se_checkup_add(&visit->doctor->checkup,
		se_doctor_mail_id(SE_CHECK_PLUGIN, visit->server->protocol), SE_PROBLEM,
		"mail programs on this machine get no further than this: look at the sections "
		"Plugin "
		"and Agent above",
		"%s: libsasl2 and the plugin make no login for %s: %s", visit->about.login,
		visit->server->host, error->text);
}

/* The second opinion: false when there is no response to send. */
static bool
ask_plugin(const struct se_doctor_visit *visit, struct se_mail_try *plugin)
{
	const struct se_doctor *doctor = visit->doctor;
	const struct se_sasl_login login = {
		.identity = doctor->identity,
		.service = visit->server->protocol == SE_MAIL_IMAP ? "imap" : "smtp",
		.host = visit->server->host,
		.login = visit->about.login,
		.as_owner = !doctor->agent,
	};
	struct se_secret *response = NULL;
	struct se_error error;

	if (se_sasl_respond(&login, &response, &error) != SE_OK) {
		say_no_response(visit, &error);
		return false;
	}
	se_mail_try_response(plugin, visit->server, response);
	se_secret_free(response);
	return true;
}

bool
se_doctor_logins(const struct se_doctor_visit *visit)
{
	struct se_checkup *checkup = &visit->doctor->checkup;
	const char *why = why_not_plugin(visit->doctor);
	struct se_mail_try own, plugin;
	bool accepted;

	se_mail_try_open(&own, visit->server, visit->about.user, visit->about.token);
	se_mail_try_end(&own);
	if (own.mail == NULL) {
		checkup->failed = true;
		return false;
	}
	accepted = own.code == SE_OK;
	if (accepted)
		say_fine(visit, SE_CHECK_LOGIN);
	else
		say_refused(visit, SE_CHECK_LOGIN, &own, "");
	if (why != NULL) {
		se_checkup_left_out(checkup,
			se_doctor_mail_id(SE_CHECK_PLUGIN, visit->server->protocol),
			"%s: libsasl2 is not tried: %s", visit->about.login, why);
	} else if (ask_plugin(visit, &plugin)) {
		if (plugin.mail != NULL)
			judge_plugin(visit, &own, &plugin);
		se_mail_try_free(&plugin);
	}
	se_mail_try_free(&own);
	return accepted;
}

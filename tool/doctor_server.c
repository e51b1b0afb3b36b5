#include <stdio.h>
#include <string.h>

#include "engine/account.h"

#include "tool/doctor.h"
#include "tool/doctor_sasl.h"
#include "tool/mail_login.h"
#include "tool/mail_servers.h"
#include "tool/mail_verdict.h"

enum { SEEN_MAX = 64, TEXT_MAX = 2000 };

/* The same check has another name for each protocol. */
enum check { CONNECT, TLS, OFFERS, LOGIN, PLUGIN };

static const char *const ids[][2] = {
	[CONNECT] = {"server-connect", "imap-connect"},
	[TLS] = {"server-tls", "imap-tls"},
	[OFFERS] = {"server-offers", "imap-offers"},
	[LOGIN] = {"server-login", "imap-login"},
	[PLUGIN] = {"server-plugin", "imap-plugin"},
};

/* A server that was looked at without a login, and whether one may be tried there. */
struct seen {
	struct se_mail_server server;
	bool ready;
};

struct view {
	struct se_doctor *doctor;
	struct seen seen[SEEN_MAX];
	size_t count;
};

/* One account at one server. */
struct visit {
	struct view *view;
	const struct se_mail_server *server;
	struct se_mail_case about;
};

static const char *
id_of(enum check check, const struct se_mail_server *server)
{
	return ids[check][server->protocol == SE_MAIL_IMAP];
}

/* --- what the server is, without a login ---------------------------------------------------------- */

static void
leave_out(struct se_doctor *doctor, const struct se_mail_server *server, enum check from)
{
	for (enum check check = from; check <= OFFERS; check++)
		se_checkup_left_out(&doctor->checkup, id_of(check, server),
			"%s port %u: not looked at because of the above", server->host,
			server->port);
}

static const char *
advice(enum se_mail_trouble trouble, const struct se_mail_server *server)
{
	switch (trouble) {
	case SE_MAIL_NO_CONNECTION:
		return "try it by hand: openssl s_client -starttls smtp -connect HOST:PORT\n"
		       "many providers and clouds block port 25, and some 587 and 993: ask for it "
		       "to be let out";
	case SE_MAIL_NO_TLS:
		return server->ca_file != NULL
			       ? "look at the key \"ca_file\", and at whether something in between "
				 "changes what the server sends"
			       : "install ca-certificates; where something in between inspects "
				 "TLS, exempt this server, or name its CA with the key \"ca_file\"";
	default:
		return "is it the right address, and does it let this machine's address in?";
	}
}

/* What failed before there was a login, with the server's own words where there are some. */
static void
complain(const struct visit *visit, const struct se_mail_try *attempt, enum check check)
{
	const struct se_dialogue *dialogue = se_mail_dialogue(attempt->mail);
	struct se_buffer text, fix;

	se_buffer_init(&text, SE_VERDICT_MAX);
	se_buffer_init(&fix, SE_VERDICT_MAX);
	if (se_mail_trouble(attempt->mail) != SE_MAIL_NO_CONNECTION &&
		se_mail_verdict_find(visit->server->protocol, dialogue) != NULL) {
		se_mail_verdict_text(visit->server->protocol, dialogue, &text);
		se_mail_verdict_fix(visit->server->protocol, dialogue, &visit->about, &fix);
	}
	se_checkup_add(&visit->view->doctor->checkup, id_of(check, visit->server), SE_PROBLEM,
		fix.len > 0 ? se_buffer_text(&fix)
			    : advice(se_mail_trouble(attempt->mail), visit->server),
		"%s%s%s", attempt->error.text, text.len > 0 ? "; it " : "",
		se_buffer_text(&text));
	se_buffer_free(&text);
	se_buffer_free(&fix);
}

static bool
look_at_offers(const struct visit *visit, const struct se_dialogue *dialogue)
{
	const struct se_mail_server *server = visit->server;
	struct se_checkup *checkup = &visit->view->doctor->checkup;
	const bool imap = server->protocol == SE_MAIL_IMAP;

	if (se_dialogue_offers(dialogue, imap ? "AUTH=XOAUTH2" : "AUTH", imap ? NULL : "XOAUTH2")) {
		se_checkup_fine(checkup, id_of(OFFERS, server), "%s port %u offers XOAUTH2",
			server->host, server->port);
		return true;
	}
	se_checkup_add(checkup, id_of(OFFERS, server), SE_PROBLEM,
		server->port == 25
			? "port 25 is for mail between servers: use port 587"
			: "is it the right server? Exchange Online's is smtp.office365.com port 587, "
			  "and outlook.office365.com port 993 for IMAP; something in between may also "
			  "have taken it away",
		"%s port %u does not offer XOAUTH2, also not under TLS", server->host,
		server->port);
	return false;
}

/* True when a login may be tried. */
static bool
look_at_server(const struct visit *visit)
{
	const struct se_mail_server *server = visit->server;
	struct se_doctor *doctor = visit->view->doctor;
	struct se_mail_try attempt;
	bool ready = false;

	se_mail_try_open(&attempt, server, NULL, NULL);
	if (attempt.mail == NULL) {
		doctor->checkup.failed = true;
		return false;
	}
	if (attempt.code != SE_OK && se_mail_trouble(attempt.mail) != SE_MAIL_NO_TLS) {
		complain(visit, &attempt, CONNECT);
		leave_out(doctor, server, TLS);
	} else {
		se_checkup_fine(&doctor->checkup, id_of(CONNECT, server), "%s port %u answers",
			server->host, server->port);
		if (attempt.code != SE_OK) {
			complain(visit, &attempt, TLS);
			leave_out(doctor, server, OFFERS);
		} else {
			se_checkup_fine(&doctor->checkup, id_of(TLS, server), "%s port %u: %s",
				server->host, server->port, se_mail_tls(attempt.mail));
			ready = look_at_offers(visit, se_mail_dialogue(attempt.mail));
		}
	}
	se_mail_try_free(&attempt);
	return ready;
}

static bool
is_ready(const struct visit *visit)
{
	struct view *view = visit->view;
	const struct se_mail_server *server = visit->server;

	for (size_t i = 0; i < view->count; i++)
		if (view->seen[i].server.protocol == server->protocol &&
			view->seen[i].server.port == server->port &&
			strcmp(view->seen[i].server.host, server->host) == 0)
			return view->seen[i].ready;
	if (view->count == SEEN_MAX)
		return false;
	view->seen[view->count].server = *server;
	view->seen[view->count].ready = look_at_server(visit);
	return view->seen[view->count++].ready;
}

/* --- logins ------------------------------------------------------------------------------------- */

static void
say_fine(const struct visit *visit, enum check check, const struct se_mail_try *attempt)
{
	se_checkup_fine(&visit->view->doctor->checkup, id_of(check, visit->server),
		"%s: %s accepts the login%s", visit->about.user, visit->server->host,
		check == PLUGIN ? " by libsasl2 and the plugin" : "");
	(void)attempt;
}

static void
say_refused(const struct visit *visit, enum check check, const struct se_mail_try *attempt,
	const char *finding)
{
	const struct se_dialogue *dialogue = se_mail_dialogue(attempt->mail);
	const enum se_mail_protocol protocol = visit->server->protocol;
	struct se_buffer text, fix;

	se_buffer_init(&text, SE_VERDICT_MAX);
	se_buffer_init(&fix, SE_VERDICT_MAX);
	se_mail_verdict_text(protocol, dialogue, &text);
	se_mail_verdict_fix(protocol, dialogue, &visit->about, &fix);
	se_checkup_add(&visit->view->doctor->checkup, id_of(check, visit->server), SE_PROBLEM,
		fix.len > 0 ? se_buffer_text(&fix) : "try it again", "%s: %s %s%s",
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
	if (!doctor->identity->system && strstr(doctor->identity->configuration,
						 "/sasl-entra/sasl-entra.conf") == NULL)
		return "--config names another configuration than mail programs read";
	if (section_has_problem(&doctor->checkup, "Plugin"))
		return "the section Plugin names a problem";
	return NULL;
}

/* When both are refused in the same words, once is enough. */
static bool
said_the_same(const struct se_mail_try *a, const struct se_mail_try *b)
{
	const struct se_reply *first, *second;
	enum se_mail_protocol protocol;

	if (a->mail == NULL || b->mail == NULL || a->code == SE_OK || b->code == SE_OK)
		return false;
	protocol = se_mail_dialogue(a->mail)->imap ? SE_MAIL_IMAP : SE_MAIL_SMTP;
	first = se_mail_verdict_find(protocol, se_mail_dialogue(a->mail));
	second = se_mail_verdict_find(protocol, se_mail_dialogue(b->mail));
	return first == second;
}

static void
judge_plugin(
	const struct visit *visit, const struct se_mail_try *own, const struct se_mail_try *plugin)
{
	if (plugin->code == SE_OK)
		say_fine(visit, PLUGIN, plugin);
	else if (said_the_same(own, plugin))
		se_checkup_left_out(&visit->view->doctor->checkup, id_of(PLUGIN, visit->server),
			"%s: by libsasl2 and the plugin %s says the same", visit->about.user,
			visit->server->host);
	else
		say_refused(visit, PLUGIN, plugin,
			own->code == SE_OK ? "; that to a login by libsasl2 and the plugin, and the "
					     "token by itself it accepts"
					   : "; that to a login by libsasl2 and the plugin");
}

static void
say_no_response(const struct visit *visit, const struct se_error *error)
{
	se_checkup_add(&visit->view->doctor->checkup, id_of(PLUGIN, visit->server), SE_PROBLEM,
		"mail programs on this machine get no further than this: look at the sections Plugin "
		"and Agent above",
		"%s: libsasl2 and the plugin make no login for %s: %s", visit->about.login,
		visit->server->host, error->text);
}

/* The second opinion: false when there is no response to send. */
static bool
ask_plugin(const struct visit *visit, struct se_mail_try *plugin)
{
	const struct se_doctor *doctor = visit->view->doctor;
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

static void
look_at_login(const struct visit *visit)
{
	struct se_checkup *checkup = &visit->view->doctor->checkup;
	const char *why = why_not_plugin(visit->view->doctor);
	struct se_mail_try own, plugin;

	se_mail_try_open(&own, visit->server, visit->about.user, visit->about.token);
	se_mail_try_end(&own);
	if (own.mail == NULL) {
		checkup->failed = true;
		return;
	}
	if (own.code == SE_OK)
		say_fine(visit, LOGIN, &own);
	else
		say_refused(visit, LOGIN, &own, "");
	if (why != NULL) {
		se_checkup_left_out(checkup, id_of(PLUGIN, visit->server),
			"%s: libsasl2 is not tried: %s", visit->about.login, why);
	} else if (ask_plugin(visit, &plugin)) {
		if (plugin.mail != NULL)
			judge_plugin(visit, &own, &plugin);
		se_mail_try_free(&plugin);
	}
	se_mail_try_free(&own);
}

/* --- which servers -------------------------------------------------------------------------------- */

static const struct se_doctor_token *
token_of(const struct se_doctor *doctor, const struct se_account *account)
{
	for (size_t i = 0; i < doctor->token_count; i++)
		if (doctor->tokens[i].account == account)
			return &doctor->tokens[i];
	return NULL;
}

static void
visit_server(struct view *view, const struct se_account *account,
	const struct se_mail_server *server, const struct se_doctor_token *token)
{
	struct se_checkup *checkup = &view->doctor->checkup;
	struct visit visit = {view, server, {.account = account}};
	struct se_error error;

	if (token != NULL) {
		visit.about.login = token->login;
		visit.about.user = token->user;
		visit.about.token = token->token;
	}
	if (!is_ready(&visit))
		return;
	if (token == NULL || token->token == NULL)
		se_checkup_left_out(checkup, id_of(LOGIN, server),
			"account %s: no login at %s, as there is no token", account->label,
			server->host);
	else if (se_account_check_server(account, server->host, &error) != SE_OK)
		se_checkup_add(checkup, id_of(LOGIN, server), SE_PROBLEM,
			"add it to the key \"servers\" of the account, if it is Microsoft's or yours",
			"%s: %s", token->login, error.text);
	else
		look_at_login(&visit);
}

static void
visit_default(struct view *view, const struct se_account *account, enum se_mail_protocol protocol,
	const struct se_doctor_token *token)
{
	const struct se_doctor *doctor = view->doctor;
	const char *option = protocol == SE_MAIL_IMAP ? doctor->imap_server : doctor->server;
	struct se_mail_server server;
	bool known;

	known = option != NULL ? se_mail_server_parse(option, protocol, &server)
			       : se_mail_server_choose(account, protocol, &server);
	if (!known) {
		se_checkup_left_out(&view->doctor->checkup, ids[CONNECT][protocol == SE_MAIL_IMAP],
			"account %s names no server by its name; %s HOST does", account->label,
			protocol == SE_MAIL_IMAP ? "--imap-server" : "--server");
		return;
	}
	server.ca_file = account->value[SE_KEY_CA_FILE].text;
	visit_server(view, account, &server, token);
}

/* Where Postfix hands its mail to, else what the account names. */
static void
visit_submission(
	struct view *view, const struct se_account *account, const struct se_doctor_token *token)
{
	const struct se_doctor *doctor = view->doctor;
	struct se_mail_server server;
	size_t visited = 0;

	for (size_t i = 0; i < doctor->relay_count && doctor->server == NULL; i++) {
		char text[sizeof(doctor->relays[i].host) + sizeof(doctor->relays[i].port) + 4];

		(void)snprintf(text, sizeof(text), "[%s]:%s", doctor->relays[i].host,
			doctor->relays[i].port);
		if (!se_mail_server_parse(text, SE_MAIL_SMTP, &server) ||
			se_account_check_server(account, server.host, NULL) != SE_OK)
			continue;
		server.ca_file = account->value[SE_KEY_CA_FILE].text;
		visit_server(view, account, &server, token);
		visited++;
	}
	if (visited == 0)
		visit_default(view, account, SE_MAIL_SMTP, token);
}

void
se_doctor_server(struct se_doctor *doctor)
{
	static struct view view;

	if (doctor->config == NULL) {
		se_checkup_left_out(&doctor->checkup, "server-connect",
			"no server is looked at without a usable configuration");
		return;
	}
	view = (struct view){.doctor = doctor};
	for (size_t i = 0; i < doctor->config->account_count; i++) {
		const struct se_account *account = &doctor->config->accounts[i];
		const struct se_doctor_token *token = token_of(doctor, account);

		if (doctor->name != NULL && account != doctor->account)
			continue;
		if (se_mail_server_serves(account, SE_MAIL_SMTP))
			visit_submission(&view, account, token);
		if (se_mail_server_serves(account, SE_MAIL_IMAP))
			visit_default(&view, account, SE_MAIL_IMAP, token);
	}
}

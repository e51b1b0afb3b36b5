#include <stdio.h>
#include <string.h>

#include "engine/account.h"

#include "tool/doctor.h"
#include "tool/doctor_explain.h"
#include "tool/doctor_login.h"
#include "tool/mail_login.h"
#include "tool/mail_servers.h"

enum { SEEN_MAX = 64 };

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

/* --- what the server is, without a login ---------------------------------------------------------- */

static void
leave_out(struct se_doctor *doctor, const struct se_mail_server *server,
	enum se_doctor_mail_check from)
{
	for (enum se_doctor_mail_check check = from; check <= SE_CHECK_OFFERS; check++)
		se_checkup_left_out(&doctor->checkup, se_doctor_mail_id(check, server->protocol),
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
				 "TLS, exempt this server, or name its CA with the key "
				 "\"ca_file\"";
	default:
		return "is it the right address, and does it let this machine's address in?";
	}
}

/* Whether the server's last word is a no. */
static bool
is_refusal(const struct se_dialogue *dialogue)
{
	const char *reply = se_buffer_text(&dialogue->reply);

	return dialogue->imap ? strstr(reply, " NO ") != NULL || strstr(reply, " BAD ") != NULL ||
					strncmp(reply, "* BYE", 5) == 0
			      : reply[0] == '4' || reply[0] == '5';
}

/* What failed before there was a login, with the server's own words where there are some. */
static void
complain(const struct se_doctor_visit *visit, const struct se_mail_try *attempt,
	enum se_doctor_mail_check check)
{
	const struct se_dialogue *dialogue = se_mail_dialogue(attempt->mail);
	struct se_buffer text, fix;

	se_buffer_init(&text, SE_VERDICT_MAX);
	se_buffer_init(&fix, SE_VERDICT_MAX);
	if (is_refusal(dialogue)) {
		se_mail_verdict_text(visit->server->protocol, dialogue, &text);
		if (se_mail_verdict_find(visit->server->protocol, dialogue) != NULL)
			se_mail_verdict_fix(visit->server->protocol, dialogue, &visit->about, &fix);
	}
	se_checkup_add(&visit->doctor->checkup, se_doctor_mail_id(check, visit->server->protocol),
		SE_PROBLEM,
		fix.len > 0 ? se_buffer_text(&fix)
			    : advice(se_mail_trouble(attempt->mail), visit->server),
		"%s%s%s", attempt->error.text, text.len > 0 ? "; it " : "", se_buffer_text(&text));
	se_buffer_free(&text);
	se_buffer_free(&fix);
}

static bool
look_at_offers(const struct se_doctor_visit *visit, const struct se_dialogue *dialogue)
{
	const struct se_mail_server *server = visit->server;
	struct se_checkup *checkup = &visit->doctor->checkup;
	const bool imap = server->protocol == SE_MAIL_IMAP;

	if (se_dialogue_offers(dialogue, imap ? "AUTH=XOAUTH2" : "AUTH", imap ? NULL : "XOAUTH2")) {
		se_checkup_fine(checkup, se_doctor_mail_id(SE_CHECK_OFFERS, server->protocol),
			"%s port %u offers XOAUTH2", server->host, server->port);
		return true;
	}
	se_checkup_add(checkup, se_doctor_mail_id(SE_CHECK_OFFERS, server->protocol), SE_PROBLEM,
		server->port == 25 ? "port 25 is for mail between servers: use port 587"
				   : "is it the right server? Exchange Online's is "
				     "smtp.office365.com port 587, "
				     "and outlook.office365.com port 993 for IMAP; something in "
				     "between may also "
				     "have taken it away",
		"%s port %u does not offer XOAUTH2, also not under TLS", server->host,
		server->port);
	return false;
}

/* The tenant's certificate is not trusted either, by the same key "ca_file": one cause. */
static bool
has_no_authorities(const struct se_doctor_visit *visit)
{
	return visit->server->ca_file != NULL &&
	       se_doctor_said(visit->doctor, visit->about.account, "network-tls", SE_PROBLEM);
}

/* True when a login may be tried. */
static bool
look_at_server(const struct se_doctor_visit *visit)
{
	const struct se_mail_server *server = visit->server;
	struct se_doctor *doctor = visit->doctor;
	struct se_mail_try attempt;
	bool ready = false;

	se_mail_try_open(&attempt, server, NULL, NULL);
	if (attempt.mail == NULL) {
		doctor->checkup.failed = true;
		return false;
	}
	if (attempt.code != SE_OK && se_mail_trouble(attempt.mail) != SE_MAIL_NO_TLS) {
		complain(visit, &attempt, SE_CHECK_CONNECT);
		leave_out(doctor, server, SE_CHECK_TLS);
	} else {
		se_checkup_fine(&doctor->checkup,
			se_doctor_mail_id(SE_CHECK_CONNECT, server->protocol), "%s port %u answers",
			server->host, server->port);
		if (attempt.code != SE_OK && has_no_authorities(visit)) {
			leave_out(doctor, server, SE_CHECK_TLS);
		} else if (attempt.code != SE_OK) {
			complain(visit, &attempt, SE_CHECK_TLS);
			leave_out(doctor, server, SE_CHECK_OFFERS);
		} else {
			se_checkup_fine(&doctor->checkup,
				se_doctor_mail_id(SE_CHECK_TLS, server->protocol), "%s port %u: %s",
				server->host, server->port, se_mail_tls(attempt.mail));
			ready = look_at_offers(visit, se_mail_dialogue(attempt.mail));
		}
	}
	se_mail_try_free(&attempt);
	return ready;
}

static bool
is_ready(struct view *view, const struct se_doctor_visit *visit)
{
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

/* --- which servers -------------------------------------------------------------------------------- */

static struct se_doctor_token *
token_of(struct se_doctor *doctor, const struct se_account *account)
{
	for (size_t i = 0; i < doctor->token_count; i++)
		if (doctor->tokens[i].account == account)
			return &doctor->tokens[i];
	return NULL;
}

static void
note(struct se_doctor_token *token, const struct se_mail_server *server, bool accepted)
{
	if (server->protocol != SE_MAIL_SMTP)
		return;
	token->accepted_smtp |= accepted;
	token->refused_smtp |= !accepted;
}

static void
visit_server(struct view *view, const struct se_account *account,
	const struct se_mail_server *server, struct se_doctor_token *token)
{
	struct se_checkup *checkup = &view->doctor->checkup;
	struct se_doctor_visit visit = {view->doctor, server, {.account = account}};
	struct se_error error;

	if (token != NULL) {
		visit.about.login = token->login;
		visit.about.user = token->user;
		visit.about.token = token->token;
	}
	if (!is_ready(view, &visit))
		return;
	if (token == NULL || token->token == NULL)
		se_checkup_left_out(checkup, se_doctor_mail_id(SE_CHECK_LOGIN, server->protocol),
			"account %s: no login at %s without a token of its own", account->label,
			server->host);
	else if (token->for_another)
		se_checkup_left_out(checkup, se_doctor_mail_id(SE_CHECK_LOGIN, server->protocol),
			"%s: no login at %s, whose token it is not", token->login, server->host);
	else if (token->user[0] == '\0')
		se_checkup_left_out(checkup, se_doctor_mail_id(SE_CHECK_LOGIN, server->protocol),
			"account %s: which mailbox logs in at %s depends on the login name; "
			"sasl-entra doctor ADDRESS tries one",
			account->label, server->host);
	else if (se_account_check_server(account, server->host, &error) != SE_OK)
		se_checkup_add(checkup, se_doctor_mail_id(SE_CHECK_LOGIN, server->protocol),
			SE_PROBLEM,
			"add it to the key \"servers\" of the account, if it is Microsoft's or "
			"yours",
			"%s: %s", token->login, error.text);
	else
		note(token, server, se_doctor_logins(&visit));
}

static void
visit_default(struct view *view, const struct se_account *account, enum se_mail_protocol protocol,
	struct se_doctor_token *token)
{
	const struct se_doctor *doctor = view->doctor;
	const char *option = protocol == SE_MAIL_IMAP ? doctor->imap_server : doctor->server;
	struct se_mail_server server;
	struct se_error error;
	bool known;

	if (!se_mail_speaks(protocol, &error)) {
		se_checkup_left_out(&view->doctor->checkup,
			se_doctor_mail_id(SE_CHECK_CONNECT, protocol), "%s", error.text);
		return;
	}
	known = option != NULL ? se_mail_server_parse(option, protocol, &server)
			       : se_mail_server_choose(account, protocol, &server);
	if (!known) {
		se_checkup_left_out(&view->doctor->checkup,
			se_doctor_mail_id(SE_CHECK_CONNECT, protocol),
			"account %s names no server by its name; %s HOST does", account->label,
			protocol == SE_MAIL_IMAP ? "--imap-server" : "--server");
		return;
	}
	server.ca_file = account->value[SE_KEY_CA_FILE].text;
	visit_server(view, account, &server, token);
}

/* Where Postfix hands its mail to, else what the account names. */
static void
visit_submission(struct view *view, const struct se_account *account, struct se_doctor_token *token)
{
	const struct se_doctor *doctor = view->doctor;
	struct se_mail_server server;
	size_t visited = 0;

	for (size_t i = 0; i < doctor->relay_count && doctor->server == NULL &&
			   se_mail_speaks(SE_MAIL_SMTP, NULL);
		i++) {
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
		struct se_doctor_token *token = token_of(doctor, account);

		if (doctor->name != NULL && account != doctor->account)
			continue;
		if (se_mail_server_serves(account, SE_MAIL_SMTP))
			visit_submission(&view, account, token);
		if (se_mail_server_serves(account, SE_MAIL_IMAP))
			visit_default(&view, account, SE_MAIL_IMAP, token);
	}
	se_doctor_roleless(doctor);
}

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/world.h"

#include "tool/interrupt.h"
#include "tool/login.h"
#include "tool/login_browser.h"
#include "tool/login_say.h"
#include "tool/login_server.h"

enum {
	TIMEOUT = 600,  /* seconds: people look for their second factor */
	SHOW_MS = 5000, /* for the browser to fetch the last page */
	TEXT_MAX = 16 * 1024
};

struct loopback {
	struct se_login *login;
	struct se_login_server *server;
	bool came;               /* the answer */
	struct se_secret *code;  /* it had this, */
	struct se_error refusal; /* or that */
};

/* --- the server's part ------------------------------------------------------------------------ */

static bool
answered(void *context, const char *query, size_t len, struct se_error *error)
{
	struct loopback *loopback = context;
	enum se_code code =
		se_sign_in_answer(&loopback->login->sign_in, query, len, &loopback->code, error);

	if (code == SE_ABSENT) {
		se_login_say_stray(loopback->login, error);
		return false;
	}
	loopback->came = true;
	if (code != SE_OK)
		loopback->refusal = *error;
	return true;
}

static size_t
prepare(void *context, struct pollfd *fds, int *wait)
{
	const struct loopback *loopback = context;
	const size_t count = se_login_prepare_interrupt(NULL, fds, wait);

	return count +
	       se_login_server_prepare(loopback->server, fds + count, SE_WATCH_MAX - count, wait);
}

static bool
turn(void *context)
{
	const struct loopback *loopback = context;

	se_login_server_turn(loopback->server);
	return !se_interrupted();
}

/* --- what the browser shows at the end -------------------------------------------------------- */

static void
show_success(struct loopback *loopback)
{
	const struct se_login *login = loopback->login;
	struct se_login_page page = {
		.kind = SE_PAGE_GOOD,
		.title = "You are signed in",
		.who = login->signed_in.person[0] != '\0' ? login->signed_in.person : NULL,
		.text = "These accounts of sasl-entra can now get tokens in your name:",
	};
	char host[256] = "this machine", note[400];
	struct se_buffer accounts;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(note, sizeof(note),
		"You can close this window. The sign-in is kept on %s; "
		"\u201csasl-entra logout %s\u201d there ends it.",
		host, login->name);
	page.note = note;
	se_buffer_init(&accounts, TEXT_MAX);
	se_place_accounts(&login->place, SE_ACCOUNTS_LINES, &accounts);
	page.list = se_buffer_text(&accounts);
	se_login_server_show(loopback->server, &page);
	se_buffer_free(&accounts);
}

static void
show_failure(struct loopback *loopback, const struct se_error *error)
{
	const struct se_login_page page = {
		.kind = SE_PAGE_BAD,
		.title = "The sign-in did not work",
		.text = error->text,
		.note = "Nothing was kept. You can close this window; the terminal says the same.",
	};

	se_login_server_show(loopback->server, &page);
}

/* The browser has been sent to the last page, and is given the time to fetch it. */
static void
show_end(struct loopback *loopback, enum se_code code, const struct se_error *error)
{
	if (code == SE_OK)
		show_success(loopback);
	else
		show_failure(loopback, error);
	(void)se_poster_wait(&loopback->login->poster, se_login_now() + SHOW_MS,
		se_login_server_shown(loopback->server), NULL);
}

/* --- the whole -------------------------------------------------------------------------------- */

static enum se_code
lead_browser(struct loopback *loopback, struct se_error *error)
{
	struct se_login *login = loopback->login;
	const unsigned port = se_login_server_port(loopback->server);
	enum se_login_where where = SE_WHERE_HERE;
	char redirect_uri[SE_SIGN_IN_REDIRECT_MAX];
	struct se_buffer url;
	enum se_code code;

	(void)snprintf(redirect_uri, sizeof(redirect_uri), "http://localhost:%u", port);
	se_buffer_init(&url, SE_SIGN_IN_URL_MAX);
	code = se_sign_in_url(&login->sign_in, &se_world_system, redirect_uri, &url, error);
	if (code == SE_OK) {
		if (!login->options->no_browser && se_login_browser_there() &&
			se_login_browser_open(se_buffer_text(&url)))
			where = SE_WHERE_OPENED;
		se_login_say_address(login, se_buffer_text(&url), where, port);
	}
	se_buffer_free(&url);
	return code;
}

static enum se_code
wait_for_answer(struct loopback *loopback, struct se_error *error)
{
	struct se_login *login = loopback->login;
	const unsigned seconds = login->options->timeout != 0 ? login->options->timeout : TIMEOUT;
	enum se_code code = se_poster_wait(
		&login->poster, se_login_now() + (int64_t)seconds * 1000, &loopback->came, error);

	if (code == SE_OK && !loopback->came)
		return se_error_set(error, SE_AGAIN,
			"no browser has come back within %u seconds; sign in again. If it showed "
			"an "
			"error (AADSTS50011: the app does not know the address http://localhost), "
			"that has to be cured first: add http://localhost to the app under "
			"Authentication, platform \"Mobile and desktop applications\"",
			seconds);
	if (code == SE_OK && loopback->code == NULL) {
		*error = loopback->refusal;
		return error->code;
	}
	return code;
}

static enum se_code
run(struct loopback *loopback, struct se_error *error)
{
	struct se_login *login = loopback->login;
	enum se_code code = lead_browser(loopback, error);

	if (code == SE_OK)
		code = wait_for_answer(loopback, error);
	if (code == SE_OK)
		code = se_sign_in_redeem(
			&login->sign_in, &login->poster, loopback->code, &login->signed_in, error);
	if (code == SE_OK)
		code = se_login_keep(login, error);
	if (loopback->came && !se_interrupted())
		show_end(loopback, code, error);
	return code;
}

enum se_code
se_login_by_browser(struct se_login *login, struct se_error *error)
{
	struct loopback loopback = {.login = login};
	enum se_code code;

	loopback.server = se_login_server_open(login->options->port, answered, &loopback, error);
	if (loopback.server == NULL)
		return error->code;
	login->watch = (struct se_watch){prepare, turn, &loopback};
	code = se_login_watch(login, error);
	if (code == SE_OK)
		code = run(&loopback, error);
	se_login_server_close(loopback.server);
	se_secret_free(loopback.code);
	return code;
}

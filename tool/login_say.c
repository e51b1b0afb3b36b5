#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/account.h"

#include "tool/exit_code.h"
#include "tool/interrupt.h"
#include "tool/login_say.h"
#include "tool/next.h"
#include "tool/output.h"
#include "tool/qr.h"
#include "tool/terminal.h"

/* --- one JSON object a line ------------------------------------------------------------------- */

static void
event_begin(struct se_buffer *out, const char *event)
{
	se_buffer_init(out, SE_OUTPUT_MAX);
	se_buffer_add_text(out, "{\"event\": ");
	se_output_json(out, event);
}

static void
event_text(struct se_buffer *out, const char *name, const char *text)
{
	se_buffer_addf(out, ", \"%s\": ", name);
	se_output_json(out, text);
}

static int
event_end(struct se_buffer *out)
{
	int exit_code;

	se_buffer_add_text(out, "}\n");
	exit_code = se_output_write(out);
	se_buffer_free(out);
	return exit_code;
}

/* --- where to go ------------------------------------------------------------------------------ */

static const char *
wanted(const struct se_login *login)
{
	return se_account_identity(login->place.account, login->name);
}

/* Over SSH the browser is on another machine, and a tunnel leads back to this one. */
static void
say_other_ways(const struct se_login *login, unsigned port)
{
	char host[256] = "HOST";

	(void)gethostname(host, sizeof(host) - 1);
	if (getenv("SSH_CONNECTION") != NULL)
		fprintf(stderr,
			"Your browser is on another machine? There, in another window, first:\n\n"
			"  ssh -L %u:localhost:%u %s\n\n",
			port, port, host);
	fprintf(stderr,
		"Without a browser that reaches this machine: sasl-entra login %s --paste%s\n",
		login->name, login->place.account->device_endpoint != NULL ? ", or --device" : "");
}

void
se_login_say_address(
	const struct se_login *login, const char *url, enum se_login_where where, unsigned port)
{
	static const char *const words[] = {
		[SE_WHERE_OPENED] = "in the browser that opens. If none does, open this address",
		[SE_WHERE_HERE] = "in a browser on this machine, at this address",
		[SE_WHERE_ANY] = "in a browser on any machine, at this address",
	};
	struct se_buffer out;

	if (login->options->json) {
		event_begin(&out, "address");
		event_text(&out, "url", url);
		event_text(&out, "redirect_uri", login->sign_in.redirect_uri);
		(void)event_end(&out);
		return;
	}
	fprintf(stderr, "Sign in as %s %s:\n\n  %s\n\n", wanted(login), words[where], url);
	if (where == SE_WHERE_ANY)
		fprintf(stderr,
			"At the end the browser shows an error page, because nothing listens "
			"there: that is\n"
			"right. Copy the whole address of that page; it begins with %s.\n\n",
			login->sign_in.redirect_uri);
	else if (where == SE_WHERE_HERE)
		say_other_ways(login, port);
}

/* --- device codes ----------------------------------------------------------------------------- */

static void
device_event(const struct se_device *device)
{
	struct se_buffer out;

	event_begin(&out, "device_code");
	event_text(&out, "user_code", device->user_code);
	event_text(&out, "verification_uri", device->address);
	event_text(&out, "verification_uri_complete",
		device->complete[0] != '\0' ? device->complete : NULL);
	se_buffer_addf(&out, ", \"expires_in\": %ld", (long)device->expires_in);
	(void)event_end(&out);
}

static void
show_qr(const char *address)
{
	struct se_buffer out;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (se_terminal() && se_terminal_utf8() && se_qr(address, se_terminal_columns(), &out) &&
		!out.failed)
		fprintf(stderr, "%s\n", se_buffer_text(&out));
	se_buffer_free(&out);
}

void
se_login_say_device(const struct se_login *login, const struct se_device *device)
{
	const char *complete = device->complete[0] != '\0' ? device->complete : device->address;

	if (login->options->json) {
		device_event(device);
		return;
	}
	show_qr(complete);
	fprintf(stderr,
		"Sign in as %s: on any device, go to\n\n  %s\n\nand enter the code\n\n  %s\n\n",
		wanted(login), device->address, device->user_code);
}

/* --- the end ---------------------------------------------------------------------------------- */

void
se_login_say_stray(const struct se_login *login, const struct se_error *error)
{
	if (!login->options->json)
		fprintf(stderr, "sasl-entra: %s; still waiting\n", error->text);
}

static int
done_event(const struct se_login *login)
{
	const char *person = login->signed_in.person;
	struct se_buffer out;

	event_begin(&out, "signed_in");
	event_text(&out, "person", person[0] != '\0' ? person : NULL);
	event_text(&out, "identity", login->place.key.holder);
	se_buffer_add_text(&out, ", \"accounts\": ");
	se_place_accounts(&login->place, SE_ACCOUNTS_JSON, &out);
	return event_end(&out);
}

int
se_login_say_done(const struct se_login *login)
{
	const char *person = login->signed_in.person;
	struct se_buffer accounts;

	if (login->options->json)
		return done_event(login);
	se_buffer_init(&accounts, SE_OUTPUT_MAX);
	se_place_accounts(&login->place, SE_ACCOUNTS_TEXT, &accounts);
	fprintf(stderr, "%s has signed in%s. Tokens can be had for: %s\n",
		person[0] != '\0' ? person : "Somebody",
		person[0] != '\0' ? "" : " (the provider does not say who)",
		se_buffer_text(&accounts));
	se_buffer_free(&accounts);
	se_next(login->place.identity, "doctor", login->name, "to see whether it works");
	return SE_EXIT_OK;
}

int
se_login_say_error(const struct se_login_options *options, const struct se_error *error)
{
	const bool interrupted = se_interrupted();
	struct se_buffer out;

	if (options->json) {
		event_begin(&out, "error");
		event_text(&out, "class", interrupted ? "interrupted" : se_code_name(error->code));
		event_text(&out, "text",
			interrupted ? "interrupted; nothing was changed" : error->text);
		(void)event_end(&out);
	}
	if (!interrupted)
		return se_exit_error(error);
	fprintf(stderr, "sasl-entra: interrupted; nothing was changed\n");
	return SE_EXIT_INTERRUPTED;
}

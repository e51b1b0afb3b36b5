/*
 * Source: Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth".
 */
#include "engine/names.h"

#include "tool/setup_steps_parts.h"

static bool
is(const struct se_account *account, const char *credential)
{
	return se_name_equal(account->value[SE_KEY_CREDENTIAL].text, credential);
}

static void
add_certificate(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	se_steps_head(out, number, "Upload the certificate");
	se_steps_say(steps, out,
		"\"Certificates & secrets\", \"Certificates\", \"Upload certificate\":");
	se_steps_go(steps, out, "Credentials");
	if (steps->upload != NULL)
		se_steps_say(steps, out, "the file %s (it holds no secret)", steps->upload);
	else
		se_steps_say(steps, out,
			"the .cer file that \"sasl-entra certificate new %s\" writes",
			steps->account->label);
}

static void
add_federation(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	se_steps_head(out, number, "Trust the token's issuer");
	se_steps_say(steps, out,
		"\"Certificates & secrets\", \"Federated credentials\", \"Add credential\": "
		"issuer, "
		"subject and audience exactly as they stand in the token:");
	se_steps_go(steps, out, "Credentials");
}

static void
add_secret(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	se_steps_head(out, number, "The client secret");
	se_steps_say(steps, out,
		"is kept already. When it ends, make a new one below \"Certificates & secrets\", "
		"and "
		"give its \"Value\" (not its Secret ID) to: sasl-entra setup --label %s "
		"--secret-stdin",
		steps->account->label);
	se_steps_go(steps, out, "Credentials");
}

static void
add_credential(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	if (is(steps->account, "certificate"))
		add_certificate(steps, number, out);
	else if (is(steps->account, "federated"))
		add_federation(steps, number, out);
	else if (is(steps->account, "secret"))
		add_secret(steps, number, out);
}

static void
add_person(const struct se_steps *steps, unsigned *number, struct se_buffer *out)
{
	const struct se_account *account = steps->account;

	se_steps_head(out, number, "Let the app sign people in");
	se_steps_say(steps, out,
		"\"Authentication\", \"Add a platform\", \"Mobile and desktop applications\": "
		"redirect "
		"URI http://localhost. \"Allow public client flows\": yes.");
	se_steps_go(steps, out, "Authentication");
	se_steps_head(out, number, "What it may ask them for");
	se_steps_say(steps, out,
		"\"API permissions\", \"Office 365 Exchange Online\", \"Delegated permissions\": "
		"SMTP.Send%s%s. Where users may not consent themselves: \"Grant admin consent\".",
		se_steps_serves(account, "imap") ? ", IMAP.AccessAsUser.All" : "",
		se_steps_serves(account, "pop") ? ", POP.AccessAsUser.All" : "");
	se_steps_go(steps, out, "CallAnAPI");
}

void
se_steps_all(const struct se_steps *steps, struct se_buffer *out)
{
	unsigned number = 0;

	se_buffer_addf(
		out, "What is to be done at the tenant for account %s", steps->account->label);
	if (steps->tenant != NULL)
		se_buffer_addf(out, "\n(tenant %s)", steps->tenant);
	se_buffer_add_text(out, ":\n\n");
	add_credential(steps, &number, out);
	if (steps->account->app_only) {
		se_steps_head(out, &number, "Give it the right to send");
		se_steps_connect(steps, out);
		se_steps_right(steps, out);
	} else {
		add_person(steps, &number, out);
	}
	if (!steps->account->app_only || se_steps_serves(steps->account, "smtp")) {
		se_steps_head(out, &number, "SMTP AUTH must be on for the mailbox");
		if (!steps->account->app_only)
			se_steps_type(out, "Connect-ExchangeOnline%s",
				se_steps_cloud(steps->account)->exchange);
		se_steps_smtp_auth(steps, out);
	}
}

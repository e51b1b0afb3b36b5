/* What SMTP servers answer to AUTH. */
#include "engine/replies_parts.h"

#define SWITCHED_OFF \
	"SMTP AUTH is a switch of Exchange Online, for the tenant and for each mailbox; OAuth " \
	"does " \
	"not go around it. It is off in new tenants and where security defaults are on. The " \
	"mailbox's own setting goes before the tenant's."
#define FOR_THE_MAILBOX \
	"  Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled $false\n" \
	"  Get-CASMailbox -Identity {mailbox} | Format-List SmtpClientAuthenticationDisabled\n"
#define OVER_OAUTH \
	"The program has to log in with XOAUTH2. In Postfix:\n" \
	"  postconf -e 'smtp_sasl_mechanism_filter = xoauth2'\n" \
	"  postfix reload\n" \
	"Where that says \"no mechanism available\", the plugin is not found: sasl-entra doctor " \
	"shows " \
	"why."
#define LOOK_AT_SIGN_INS \
	"The tenant's administrator finds the rule in the Entra admin center, Sign-in logs, " \
	"under the " \
	"sign-in of {mailbox} or of app {app}: column Conditional Access."

static const struct se_reply entries[] = {
	{.id = "smtp-auth-successful",
		.from = SE_REPLY_SMTP,
		.code = "235 2.7.0",
		.shown = "235 2.7.0 Authentication successful",
		.class = SE_OK,
		.meaning = "The login worked.",
		.todo = "Nothing. If mail does not flow, the reason is in a later line.",
		.waiting = "There is nothing to wait for."},
	{.id = "smtp-auth-unsuccessful",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.3",
		.shown = "535 5.7.3 Authentication unsuccessful",
		.class = SE_ADMIN,
		.meaning =
			"Exchange did not accept the token for this mailbox, and does not say why.",
		.cause = "One of these: the app was made known to Exchange with the object id of "
			 "the app "
			 "registration instead of that of the enterprise application; the app or "
			 "the "
			 "person has no right to the mailbox; the token is for another resource "
			 "(Microsoft "
			 "Graph, say) or without SMTP.Send or SMTP.SendAsApp; the login name is "
			 "not the "
			 "mailbox's address; the mailbox does not exist or has no license; SMTP "
			 "AUTH is "
			 "off.",
		.todo = "See what the token holds, and which of these it is:\n"
			"  sasl-entra doctor {mailbox}\n" SE_MAKE_APP_KNOWN SE_GIVE_MAILBOX
			"With RBAC for Applications instead of a mailbox permission, see whether "
			"the "
			"mailbox is in the role's scope:\n"
			"  Test-ServicePrincipalAuthorization -Identity {object_id} -Resource "
			"{mailbox}\n"
			"See whether SMTP AUTH is on, and switch it on:\n"
			"  Get-CASMailbox -Identity {mailbox} | Format-List "
			"SmtpClientAuthenticationDisabled\n"
			"  Set-CASMailbox -Identity {mailbox} -SmtpClientAuthenticationDisabled "
			"$false",
		.waiting = SE_WAIT_RIGHTS},
	{.id = "smtp-auth-disabled-tenant",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "disabled for the tenant",
		.shown = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
			 "disabled "
			 "for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more "
			 "information.",
		.class = SE_ADMIN,
		.meaning = "SMTP AUTH is off for the whole tenant.",
		.cause = SWITCHED_OFF,
		.todo = SE_IN_POWERSHELL
		"For this mailbox alone, which is the safer way:\n" FOR_THE_MAILBOX
		"For the whole tenant:\n"
		"  Set-TransportConfig -SmtpClientAuthenticationDisabled $false",
		.waiting = SE_WAIT_SWITCH},
	{.id = "smtp-auth-disabled-mailbox",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "disabled for the mailbox",
		.shown = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
			 "disabled "
			 "for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more "
			 "information.",
		.class = SE_ADMIN,
		.meaning = "SMTP AUTH is off for this mailbox.",
		.cause = SWITCHED_OFF,
		.todo = SE_IN_POWERSHELL FOR_THE_MAILBOX,
		.waiting = SE_WAIT_SWITCH},
	{.id = "smtp-auth-security-defaults",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "security defaults policy",
		.shown = "535 5.7.139 Authentication unsuccessful, user is locked by your "
			 "organization's "
			 "security defaults policy. Contact your administrator.",
		.class = SE_ADMIN,
		.meaning = "The tenant's security defaults forbid this login.",
		.cause = "Security defaults switch SMTP AUTH off and block programs that log in "
			 "with a "
			 "password.",
		.todo = "The tenant's administrator has to replace security defaults by "
			"Conditional Access "
			"policies (Entra admin center: Overview, Properties, Manage security "
			"defaults). "
			"After that:\n" SE_IN_POWERSHELL FOR_THE_MAILBOX
			"If the program did not use OAuth at all, see smtp-auth-basic-disabled.",
		.waiting = SE_WAIT_SWITCH},
	{.id = "smtp-auth-criteria",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "did not meet the criteria",
		.shown = "535 5.7.139 Authentication unsuccessful, the request did not meet the "
			 "criteria "
			 "to be authenticated successfully. Contact your administrator.",
		.class = SE_ADMIN,
		.meaning = "A policy of the tenant forbids this login.",
		.cause = "Conditional Access or an authentication policy, often one that forbids "
			 "logins "
			 "with a password or asks for a second factor.",
		.todo = "See first whether the program logged in with XOAUTH2, and not with a "
			"password "
			"(LOGIN, PLAIN).\n" LOOK_AT_SIGN_INS,
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-auth-basic-disabled",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "basic authentication is disabled",
		.shown = "535 5.7.139 Authentication unsuccessful, basic authentication is "
			 "disabled.",
		.class = SE_CONFIG,
		.meaning = "The program logged in with a password, and the tenant wants OAuth.",
		.cause = "The program took LOGIN or PLAIN, either because it is told to, or "
			 "because it "
			 "found no XOAUTH2.",
		.todo = OVER_OAUTH,
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-auth-password",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "user credentials were incorrect",
		.shown = "535 5.7.139 Authentication unsuccessful, the user credentials were "
			 "incorrect.",
		.class = SE_CONFIG,
		.meaning = "The program logged in with a password, and it is wrong.",
		.cause = "The program took LOGIN or PLAIN, so that what stands in its "
			 "configuration in the "
			 "place of a password was sent as one.",
		.todo = OVER_OAUTH,
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-auth-organization",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.words = "organization configuration doesn",
		.shown = "535 5.7.139 Authentication unsuccessful, the organization configuration "
			 "doesn't "
			 "allow this authentication request.",
		.class = SE_ADMIN,
		.meaning = "High Volume Email refused the login because of a policy of the tenant.",
		.cause = "An authentication policy or Conditional Access covers the HVE account.",
		.todo = "The tenant's administrator has to except the HVE account {mailbox} from "
			"it.\n" LOOK_AT_SIGN_INS,
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-auth-refused",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.139",
		.shown = "535 5.7.139 Authentication unsuccessful",
		.class = SE_ADMIN,
		.meaning = "Exchange or a policy of the tenant forbids this login; the words "
			   "behind the "
			   "code say which.",
		.cause = "SMTP AUTH is off, security defaults are on, Conditional Access forbids "
			 "it, or "
			 "the program logged in with a password.",
		.todo = "Look up the whole line, not the code alone:\n"
			"  sasl-entra explain \"535 5.7.139 ...\"",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-basic-retired",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.30",
		.shown = "550 5.7.30 Basic authentication is not supported for Client Submission.",
		.class = SE_CONFIG,
		.meaning = "Exchange Online takes no more logins with a password.",
		.cause = "The program took LOGIN or PLAIN.",
		.todo = OVER_OAUTH,
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-proxy-error",
		.from = SE_REPLY_SMTP,
		.code = "451 4.7.0",
		.words = "temporary server error",
		.shown = "451 4.7.0 Temporary server error. Please try again later. PRX4",
		.class = SE_AGAIN,
		.meaning = "The front of Exchange did not get an answer from the mailbox's server.",
		.cause = "A passing fault of Exchange; where it stays, a token or a user name that "
			 "the "
			 "server behind does not understand.",
		.todo = "Wait. If it stays for hours, compare the token with what Exchange needs:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = "Waiting helps where it is a fault of Exchange: minutes, seldom hours."},
	{.id = "smtp-temporary-failure",
		.from = SE_REPLY_SMTP,
		.code = "454 4.7.0",
		.words = "temporary authentication failure",
		.shown = "454 4.7.0 Temporary authentication failure",
		.class = SE_AGAIN,
		.meaning =
			"The server could not check the login just now; nothing is wrong with it.",
		.todo = "Nothing.",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "smtp-cancelled",
		.from = SE_REPLY_SMTP,
		.words = "authentication cancel|authentication exchange cancel|auth cancel",
		.shown = "501 5.7.0 Authentication cancelled",
		.class = SE_CONFIG,
		.meaning = "The program broke the login off, and the server says so.",
		.cause = "The program got no token, or the server asked for something that the "
			 "mechanism "
			 "does not know.",
		.todo = "The reason is in the lines before, from the plugin:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "smtp-google-refused",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.8",
		.words = "username and password not accepted",
		.shown = "535 5.7.8 Username and Password not accepted.",
		.class = SE_SIGN_IN,
		.meaning = "Google did not accept the token or the password.",
		.cause = "The token is for another user than the login name, was revoked, or is "
			 "without "
			 "the scope https://mail.google.com/; or the program sent a password.",
		.todo = "Sign in again with the address that logs in:\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-auth-failed",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.8",
		.shown = "535 5.7.8 Error: authentication failed",
		.class = SE_ADMIN,
		.meaning = "The server did not accept the login.",
		.cause = "The token is not valid there: for another audience, another user, or "
			 "expired.",
		.todo = "See what the token holds:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_login =
	SE_REPLY_PART("What SMTP servers answer to a login", entries);

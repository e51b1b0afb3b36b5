/* What High Volume Email answers. */
#include "engine/replies_parts.h"

#define LONGER_TOKENS \
	"For HVE a token is renewed 11 minutes before it expires; where the server goes by " \
	"another " \
	"name than HVE's, write min_lifetime = 660 into [account {label}]. A token that came as " \
	"a " \
	"password is renewed by whoever put it there."

static const struct se_reply entries[] = {
	{.id = "hve-token-expires-soon",
		.from = SE_REPLY_SMTP,
		.code = "501 5.5.127|535 5.7.142",
		.words = "token will expire soon|will expire soon",
		.shown = "535 5.7.142 Authentication unsuccessful, Token will expire soon",
		.class = SE_CONFIG,
		.meaning = "The token is valid, but for less than the 10 minutes or so that HVE "
			   "wants.",
		.cause = "It was kept for too long, or a token lifetime policy of the tenant lets "
			 "all "
			 "tokens of the app live for about 10 minutes only.",
		.todo = LONGER_TOKENS
		" Where a new token is refused too, the tenant's administrator "
		"looks at the policy (Microsoft Graph PowerShell):\n"
		"  Get-MgPolicyTokenLifetimePolicy\n"
		"Tokens are to live for an hour. Then, here:\n"
		"  sasl-entra refresh {label}\n"
		"Programs that run take the new one within a minute, Postfix at once after a "
		"reload.",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "hve-token-expired",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.143",
		.shown = "535 5.7.143 Authentication unsuccessful, Expired token",
		.class = SE_CONFIG,
		.meaning = "The token has expired.",
		.cause = "This machine's clock is wrong, or the token came from somewhere else and "
			 "is old.",
		.todo = "Check the clock:\n"
			"  timedatectl\n" LONGER_TOKENS,
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "hve-permissions",
		.from = SE_REPLY_SMTP,
		.code = "535 5.7.144",
		.shown = "535 5.7.144 Authentication unsuccessful, Invalid API permissions",
		.class = SE_ADMIN,
		.meaning = "The token has no right to HVE.",
		.cause = "HVE wants the API permission Mail.Send of Office 365 Exchange Online, "
			 "not the one "
			 "of Microsoft Graph and not SMTP.SendAsApp.",
		.todo = "The tenant's administrator adds Office 365 Exchange Online, Mail.Send, to "
			"app {app} "
			"(API permissions) and grants admin consent; for an app that signs in as "
			"itself as "
			"an application permission.",
		.waiting = "Waiting helps only after the change: tokens of before are used for up "
			   "to an "
			   "hour or so."},
	{.id = "hve-app-not-allowed",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.240",
		.shown = "550 5.7.240 the app is not allowed for this HVE account",
		.class = SE_ADMIN,
		.meaning = "The HVE account does not list this app.",
		.todo = SE_IN_POWERSHELL
		"  Add-HVEAppAccess -Identity {mailbox} -AppIds {object_id}\n"
		"It takes the Object ID of the enterprise application, and at most ten apps.",
		.waiting = "After the change it takes about 5 minutes."},
	{.id = "hve-malformed",
		.from = SE_REPLY_SMTP,
		.code = "501 5.5.121|501 5.5.122|501 5.5.123|501 5.5.125|501 5.5.126",
		.shown = "501 5.5.121 Invalid XOAUTH2 auth data",
		.class = SE_CONFIG,
		.meaning = "HVE could not read the login.",
		.cause = "What was sent is no XOAUTH2 with an Entra token. A token that came as a "
			 "password "
			 "may be cut.",
		.todo = "See what a login would send:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT},
	{.id = "hve-user",
		.from = SE_REPLY_SMTP,
		.code = "501 5.5.124",
		.shown = "501 5.5.124 Invalid XOAUTH2 auth data - the user address is not valid",
		.class = SE_CONFIG,
		.meaning = "The login name is not a valid address.",
		.todo = "Let the program log in with the whole address of the HVE account, or "
			"write "
			"sasl_user into [account {label}].",
		.waiting = SE_WAIT_NOT},
	{.id = "hve-sender",
		.from = SE_REPLY_SMTP,
		.code = "550 5.7.62",
		.shown = "550 5.7.62 Client does not have permissions to send as this sender",
		.class = SE_CONFIG,
		.meaning = "The envelope's sender is not the HVE account that logged in.",
		.todo = "Rewrite the sender to the account; in Postfix for every message:\n"
			"  postconf -e 'sender_canonical_maps = static:{mailbox}'\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "hve-from",
		.from = SE_REPLY_SMTP,
		.code = "550 5.6.241",
		.shown = "550 5.6.241 the From header differs from the sender",
		.class = SE_CONFIG,
		.meaning = "The message's From is not the HVE account that logged in.",
		.todo = "Rewrite From to the account; in Postfix for every message:\n"
			"  postconf -e 'sender_canonical_maps = static:{mailbox}'\n"
			"  postconf -e 'sender_canonical_classes = envelope_sender, "
			"header_sender'\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "hve-no-account",
		.from = SE_REPLY_SMTP,
		.code = "550 5.2.240",
		.shown = "550 5.2.240 the user is not an HVE account",
		.class = SE_ADMIN,
		.meaning = "The mailbox that logged in is none of High Volume Email.",
		.todo = "Log in with an HVE account, or send by smtp.office365.com. One is made in "
			"the "
			"Exchange admin center: Mail flow, High Volume Email.",
		.waiting = SE_WAIT_NOT},
	{.id = "hve-external",
		.from = SE_REPLY_SMTP,
		.code = "550 5.5.105",
		.shown = "550 5.5.105 external recipients are not allowed",
		.class = SE_CONFIG,
		.meaning = "High Volume Email reaches recipients of the tenant only.",
		.todo = "Send mail to recipients outside by smtp.office365.com or Azure "
			"Communication "
			"Services.",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_high_volume =
	SE_REPLY_PART("What High Volume Email answers", entries);

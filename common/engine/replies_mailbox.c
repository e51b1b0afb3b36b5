/* What IMAP and POP servers answer. */
#include "engine/replies_parts.h"

#define APP_RIGHTS \
	SE_MAKE_APP_KNOWN SE_GIVE_MAILBOX \
		"See whether IMAP and POP are on for the mailbox, and switch them on:\n" \
		"  Get-CASMailbox -Identity {mailbox} | Format-List ImapEnabled,PopEnabled\n" \
		"  Set-CASMailbox -Identity {mailbox} -ImapEnabled $true -PopEnabled $true"

static const struct se_reply entries[] = {
	{.id = "imap-authenticate-failed",
		.from = SE_REPLY_IMAP,
		.words = "no authenticate failed",
		.shown = "NO AUTHENTICATE failed.",
		.class = SE_ADMIN,
		.meaning =
			"Exchange did not accept the token for this mailbox, and does not say why.",
		.cause = "The token is for another resource than Exchange or lacks "
			 "IMAP.AccessAsUser.All or "
			 "IMAP.AccessAsApp; or the login name is not the mailbox; or the app was "
			 "made known "
			 "to Exchange with a wrong object id or without a right to the mailbox.",
		.todo = "See what the token holds:\n"
			"  sasl-entra doctor {mailbox}\n" APP_RIGHTS,
		.waiting = SE_WAIT_RIGHTS},
	{.id = "imap-not-connected",
		.from = SE_REPLY_IMAP,
		.words = "user is authenticated but not connected",
		.shown = "BAD User is authenticated but not connected.",
		.class = SE_ADMIN,
		.meaning = "The token is good, but it does not open this mailbox.",
		.cause = "The login name is another mailbox than the token's, without a right to "
			 "it; or "
			 "there is no such mailbox, it has no license, or IMAP is off for it.",
		.todo = "Compare the login name with who signed in:\n"
			"  sasl-entra doctor {mailbox}\n"
			"For a shared mailbox, the login name is the shared mailbox's address, and "
			"who "
			"signed in needs FullAccess to it. " APP_RIGHTS,
		.waiting = SE_WAIT_RIGHTS},
	{.id = "imap-login-failed",
		.from = SE_REPLY_IMAP,
		.words = "no login failed",
		.shown = "NO LOGIN failed.",
		.class = SE_CONFIG,
		.meaning = "The program logged in with a password, which Exchange Online does not "
			   "take.",
		.todo = "Let the program use XOAUTH2: AuthMechs XOAUTH2 (mbsync), "
			"imap_authenticators = "
			"\"xoauth2\" (Mutt).",
		.waiting = SE_WAIT_NOT},
	{.id = "imap-refused",
		.from = SE_REPLY_IMAP,
		.words = "no [authenticationfailed]",
		.shown = "NO [AUTHENTICATIONFAILED] Authentication failed.",
		.class = SE_ADMIN,
		.meaning = "The server did not accept the token or the password.",
		.cause = "The token is for another user or another audience, has expired or was "
			 "revoked.",
		.todo = "See what the token holds:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT},
	{.id = "imap-unavailable",
		.from = SE_REPLY_IMAP,
		.words = "no [unavailable] temporary authentication failure|no [unavailable]",
		.shown = "NO [UNAVAILABLE] Temporary authentication failure.",
		.class = SE_AGAIN,
		.meaning =
			"The server could not check the login just now; nothing is wrong with it.",
		.todo = "Nothing; the server's own log says what it misses.",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "pop-failed",
		.from = SE_REPLY_POP,
		.words = "-err authentication failure",
		.shown = "-ERR Authentication failure: unknown user name or bad password.",
		.class = SE_ADMIN,
		.meaning =
			"Exchange did not accept the token for this mailbox, and does not say why.",
		.cause =
			"As with imap-authenticate-failed; the rights are POP.AccessAsUser.All and "
			"POP.AccessAsApp.",
		.todo = "See what the token holds:\n"
			"  sasl-entra doctor {mailbox}\n" APP_RIGHTS,
		.waiting = SE_WAIT_RIGHTS},
};

const struct se_reply_part se_replies_mailbox =
	SE_REPLY_PART("What IMAP and POP servers answer", entries);

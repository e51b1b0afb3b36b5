/* What Postfix, mbsync, Mutt, libsasl2 and the plugin of before say. */
#include "engine/replies_parts.h"

#define FAILED "sasl authentication failed; cannot authenticate to server*"
#define CANNOT "SASL authentication failed; cannot authenticate to server smtp.office365.com: "
#define LINE_BEFORE \
	"The reason is in the line before, from the plugin: \"warning: SASL authentication " \
	"failure: " \
	"...\". Look that one up, or:\n" \
	"  sasl-entra doctor {mailbox}"

static const struct se_reply entries[] = {
	{.id = "sasl-no-mechanism",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED
		": no mechanism available|no mechanism available|no worthy mechs found",
		.shown = "warning: SASL authentication failure: No worthy mechs found",
		.class = SE_CONFIG,
		.meaning = "libsasl2 found no mechanism that program, plugins and server have in "
			   "common.",
		.cause = "The plugin is not installed, or not in the directory that libsasl2 "
			 "reads; the "
			 "server offers no XOAUTH2 (before STARTTLS, say); the program's list of "
			 "mechanisms "
			 "leaves it out; or another plugin fails to load.",
		.todo = "See where libsasl2 looks and what it finds:\n"
			"  sasl-entra doctor\n"
			"In Postfix, see what is allowed:\n"
			"  postconf smtp_sasl_mechanism_filter smtp_sasl_security_options "
			"smtp_sasl_tls_security_options",
		.waiting = SE_WAIT_NOT},
	{.id = "sasl-generic-failure",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": generic failure|sasl(-1): generic failure",
		.shown = CANNOT "generic failure",
		.class = SE_CONFIG,
		.meaning = "The plugin gave no token: something in its configuration or a "
			   "credential is "
			   "wrong.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-bad-protocol",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": bad protocol / cancel|bad protocol / cancel",
		.shown = CANNOT "bad protocol / cancel",
		.class = SE_CONFIG,
		.meaning = "The server answered something else than the mechanism expects, or the "
			   "plugin "
			   "broke the login off.",
		.cause = "With sasl-xoauth2 it stands for any failure to get a token. With "
			 "sasl-entra it is "
			 "a server that asked once more after it had refused the token.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-unavailable",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": remote authentication server unavailable|remote authentication "
				"server unavailable",
		.shown = CANNOT "remote authentication server unavailable",
		.class = SE_AGAIN,
		.meaning = "The plugin could get no token just now: the agent, the network or "
			   "Entra did not "
			   "answer.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_BY_ITSELF,
		.elsewhere = true},
	{.id = "sasl-expired",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED
		": passphrase expired, has to be reset|passphrase expired, has to be reset",
		.shown = CANNOT "passphrase expired, has to be reset",
		.class = SE_SIGN_IN,
		.meaning = "A person has to sign in again; nothing else is wrong.",
		.todo = "Sign in with the name that logs in:\n"
			"  {sign_in}\n" LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-authentication-failure",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": authentication failure|sasl(-13): authentication failure",
		.shown = CANNOT "authentication failure",
		.class = SE_ADMIN,
		.meaning = "Entra refuses a token until the tenant's administrator has changed "
			   "something.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-no-user",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED
		": user not found|sasl(-20): user not found|sasl(-20): no user found",
		.shown = CANNOT "user not found",
		.class = SE_NO_ACCOUNT,
		.meaning = "Nothing is configured for this login name.",
		.cause = "No account of sasl-entra.conf matches it, or there is no configuration "
			 "where the "
			 "program can see it.",
		.todo = "See which account serves the name:\n"
			"  sasl-entra config {mailbox}\n" LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-not-authorized",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": authorization failure|sasl(-14): authorization failure",
		.shown = CANNOT "authorization failure",
		.class = SE_DENIED,
		.meaning = "The token may not be given to this user or sent to this server.",
		.cause = "\"allow\" or \"servers\" of the account.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-transient",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": transient failure|: transient failure",
		.shown = CANNOT "transient failure (e.g., weak key)",
		.class = SE_AGAIN,
		.meaning =
			"A plugin could not get a token just now; a key has nothing to do with it.",
		.cause = "sasl-xoauth2 says so when it cannot reach the token endpoint.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_BY_ITSELF,
		.elsewhere = true},
	{.id = "sasl-another-step",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED ": another step is needed|another step is needed",
		.shown = CANNOT "another step is needed in authentication",
		.class = SE_CONFIG,
		.meaning =
			"The login did not come to an end: a step was missing between program and "
			"server.",
		.todo = LINE_BEFORE,
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "sasl-interaction",
		.from = SE_REPLY_PROGRAM,
		.words = FAILED
		": needs user interaction|needs user interaction|this program gave no login name",
		.shown = CANNOT "needs user interaction",
		.class = SE_CONFIG,
		.meaning = "The program gave the plugin no login name.",
		.todo = "In Postfix, the entry of the password map has to be LOGIN-NAME:anything:\n"
			"  postmap -q \"$(postconf -h relayhost)\" \"$(postconf -h "
			"smtp_sasl_password_maps)\"",
		.waiting = SE_WAIT_NOT},
	{.id = "sasl-callback",
		.from = SE_REPLY_PROGRAM,
		.words = "unable to find a callback",
		.shown = "Unable to find a callback: 32775",
		.class = SE_CONFIG,
		.meaning = "An old message of libsasl2 stands in the place of the true one.",
		.cause = "A plugin failed without saying why; sasl-xoauth2 and others do that. "
			 "sasl-entra "
			 "always says it.",
		.todo = "See which plugin offers XOAUTH2, and take the other one away:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "postfix-server-said",
		.from = SE_REPLY_PROGRAM,
		.words = "sasl authentication failed; server*said:",
		.shown = "SASL authentication failed; server smtp.office365.com said: ...",
		.class = SE_ADMIN,
		.meaning =
			"The plugin gave a token, and the server refused it, with the reply that "
			"follows.",
		.todo = "Look up the reply, from its number on:\n"
			"  sasl-entra explain \"535 ...\"",
		.waiting = "Postfix keeps the mail and tries again (smtp_sasl_auth_soft_bounce = "
			   "yes).",
		.elsewhere = true},
	{.id = "postfix-deferred",
		.from = SE_REPLY_PROGRAM,
		.words = "status=deferred*sasl authentication failed|delivery temporarily "
			 "suspended: sasl "
			 "authentication failed",
		.shown = "status=deferred (delivery temporarily suspended: SASL authentication "
			 "failed; "
			 "...)",
		.class = SE_AGAIN,
		.meaning = "Postfix keeps the mail until the login works.",
		.cause = "One login failed, and mail to that host waits. Nothing is lost within "
			 "maximal_queue_lifetime (5 days).",
		.todo = "Mend the reason, which the lines before name; then:\n"
			"  postqueue -f",
		.waiting = "Postfix tries again by itself.",
		.elsewhere = true},
	{.id = "postfix-crash",
		.from = SE_REPLY_PROGRAM,
		.words = "smtp socket: malformed response",
		.shown = "warning: private/smtp socket: malformed response",
		.class = SE_CONFIG,
		.meaning = "Postfix's smtp(8) died while it delivered.",
		.cause = "Something in that process crashed, as a SASL plugin can that was built "
			 "for "
			 "another libsasl2 or C library.",
		.todo = "See which plugins there are, and take away those that are not needed:\n"
			"  sasl-entra doctor\n"
			"  journalctl -k | grep segfault\n"
			"If it is sasl-entra's plugin, that is a bug: please report it.",
		.waiting = SE_WAIT_NOT},
	{.id = "postfix-tls-needed",
		.from = SE_REPLY_PROGRAM,
		.words = "tls is required, but was not offered",
		.shown = "TLS is required, but was not offered by host",
		.class = SE_CONFIG,
		.meaning = "The server, or what answers in its place, offers no STARTTLS.",
		.cause = "A wrong host or port, or a firewall that takes STARTTLS out of the "
			 "connection.",
		.todo = "See what the server offers:\n"
			"  openssl s_client -starttls smtp -connect smtp.office365.com:587 -brief",
		.waiting = SE_WAIT_NOT},
	{.id = "mbsync-more-steps",
		.from = SE_REPLY_PROGRAM,
		.words = "wants more steps despite successful sasl authentication",
		.shown = "IMAP wants more steps despite successful SASL authentication",
		.class = SE_CONFIG,
		.meaning = "The server refused the token and said so in a challenge, which another "
			   "plugin "
			   "did not read.",
		.cause = "The plugin that offers XOAUTH2 here is not sasl-entra's, which reads the "
			 "challenge and logs its reason.",
		.todo = "See which plugin offers XOAUTH2, and take the other one away:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT},
	{.id = "mbsync-step",
		.from = SE_REPLY_PROGRAM,
		.words = "error performing sasl authentication step|error starting sasl "
			 "authentication",
		.shown = "Error performing SASL authentication step: ...",
		.class = SE_CONFIG,
		.meaning = "mbsync got no token; what follows is the plugin's reason.",
		.todo = "Look up what follows, or:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "mutt-failed",
		.from = SE_REPLY_PROGRAM,
		.words = "sasl authentication failed",
		.shown = "SASL authentication failed.",
		.class = SE_ADMIN,
		.meaning = "The login failed; this line does not say why.",
		.todo = "Mutt shows the reason in its debugging file only:\n"
			"  mutt -d 2\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = SE_WAIT_NOT,
		.elsewhere = true},
	{.id = "mutt-no-authenticators",
		.from = SE_REPLY_PROGRAM,
		.words = "no authenticators available",
		.shown = "No authenticators available",
		.class = SE_CONFIG,
		.meaning = "Mutt has no way to log in that the server offers too.",
		.cause = "Mutt is built without Cyrus SASL, the plugin is not found, or "
			 "imap_authenticators or smtp_authenticators leaves XOAUTH2 out.",
		.todo = "See how Mutt is built (+USE_SASL_CYRUS) and what libsasl2 finds:\n"
			"  mutt -v | grep -i sasl\n"
			"  sasl-entra doctor\n"
			"doc/guide/mutt.md has the ways of each kind.",
		.waiting = SE_WAIT_NOT},
	{.id = "xoauth2-refresh",
		.from = SE_REPLY_PROGRAM,
		.words = "tokenstore::refresh|request failed*token refresh",
		.shown = "auth failed: ... TokenStore::Refresh: request failed",
		.class = SE_SIGN_IN,
		.meaning = "This is sasl-xoauth2: Entra, or the network, gave it no new token.",
		.cause = "It hides Entra's reason. With its log_full_trace_on_failure it shows it, "
			 "and "
			 "secrets too.",
		.todo = "Ask with sasl-entra instead, which says why:\n"
			"  sasl-entra import sasl-xoauth2\n"
			"  sasl-entra doctor",
		.waiting = "Waiting helps only where it is the network."},
	{.id = "xoauth2-file",
		.from = SE_REPLY_PROGRAM,
		.words = "tokenstore::read|tokenstore::write|failed to open file",
		.shown = "TokenStore::Read: failed to open file /etc/tokens/...",
		.class = SE_CONFIG,
		.meaning = "This is sasl-xoauth2: it cannot open its token file.",
		.cause = "smtp(8) runs inside /var/spool/postfix, so that the path means another "
			 "file "
			 "there; or the user postfix may not read the file, or write in its "
			 "directory.",
		.todo = "sasl-entra needs no file in the chroot; it takes the configuration over:\n"
			"  sasl-entra import sasl-xoauth2",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_program =
	SE_REPLY_PART("What mail programs and libsasl2 say", entries);

/* What SMTP servers answer before a login, or because of how a program connects. */
#include "engine/replies_parts.h"

static const struct se_reply entries[] = {
	{.id = "smtp-mechanism",
		.from = SE_REPLY_SMTP,
		.code = "504 5.7.4",
		.shown = "504 5.7.4 Unrecognized authentication type",
		.class = SE_CONFIG,
		.meaning = "The server does not offer that mechanism at this point.",
		.cause = "AUTH before STARTTLS, or a mechanism that the server has not: Exchange "
			 "Online "
			 "has XOAUTH2 and no OAUTHBEARER.",
		.todo = "Let the program use STARTTLS and XOAUTH2. In Postfix:\n"
			"  postconf -e 'smtp_tls_security_level = encrypt'\n"
			"  postconf -e 'smtp_sasl_mechanism_filter = xoauth2'\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-no-auth",
		.from = SE_REPLY_SMTP,
		.code = "530 5.7.57",
		.shown = "530 5.7.57 Client not authenticated to send mail.",
		.class = SE_CONFIG,
		.meaning = "The program wanted to send without a login.",
		.cause = "SASL is off in the program, or its password map has no entry for the "
			 "server: "
			 "Postfix looks for the relay host exactly as relayhost has it, with its "
			 "brackets "
			 "and its port.",
		.todo = "In Postfix:\n"
			"  postconf smtp_sasl_auth_enable smtp_sasl_password_maps relayhost\n"
			"  postmap -q \"$(postconf -h relayhost)\" \"$(postconf -h "
			"smtp_sasl_password_maps)\"\n"
			"The second command has to print the entry; doc/guide/postfix.md has the "
			"rest.",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-starttls",
		.from = SE_REPLY_SMTP,
		.words = "must issue a starttls command",
		.shown = "530 5.7.0 Must issue a STARTTLS command first",
		.class = SE_CONFIG,
		.meaning = "The server wants TLS before anything else.",
		.todo = "Let the program use STARTTLS. In Postfix:\n"
			"  postconf -e 'smtp_tls_security_level = encrypt'\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-tls-version",
		.from = SE_REPLY_SMTP,
		.code = "421 4.7.66",
		.shown = "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your "
			 "client "
			 "to support TLS 1.2. Visit https://aka.ms/smtp_auth_tls.",
		.class = SE_CONFIG,
		.meaning = "The program spoke an old version of TLS.",
		.cause = "The program or its TLS library is old, or is told to use an old version.",
		.todo = "Let it use TLS 1.2 or later. In Postfix:\n"
			"  postconf -e 'smtp_tls_mandatory_protocols = >=TLSv1.2'\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "smtp-connections",
		.from = SE_REPLY_SMTP,
		.code = "432 4.3.2",
		.words = "concurrent connections limit",
		.shown = "432 4.3.2 Concurrent connections limit exceeded. Visit "
			 "https://aka.ms/concurrent_sending for more information.",
		.class = SE_AGAIN,
		.meaning = "Too many connections use this mailbox at a time.",
		.cause = "Exchange allows three for each mailbox, over all relays that use it.",
		.todo = "In Postfix, with one relay (with N relays 3/N, and at least 1 each):\n"
			"  postconf -e 'smtp_destination_concurrency_limit = 3'\n"
			"  postfix reload\n"
			"Better a transport of its own for this relay host:\n"
			"  sasl-entra setup --postfix",
		.waiting = "Waiting helps: what is deferred goes out later. It comes back until "
			   "there are "
			   "fewer connections."},
	{.id = "smtp-threads",
		.from = SE_REPLY_SMTP,
		.code = "432 4.3.2",
		.words = "thread limit exceeded",
		.shown = "432 4.3.2 STOREDRV; sender thread limit exceeded",
		.class = SE_AGAIN,
		.meaning = "The mailbox, or the recipient's, is used by too many at a time.",
		.todo = "Send with fewer connections, as smtp-connections says.",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "smtp-not-active",
		.from = SE_REPLY_SMTP,
		.code = "421 4.3.2",
		.shown = "421 4.3.2 Service not active",
		.class = SE_AGAIN,
		.meaning = "That server of Exchange is not in service just now.",
		.todo = "Nothing.",
		.waiting = SE_WAIT_BY_ITSELF},
};

const struct se_reply_part se_replies_connection =
	SE_REPLY_PART("What SMTP servers answer to a connection", entries);

/*
 * mail_servers: which submission or IMAP server is meant: what an option says, else what the account's
 * `servers` name.
 */
#ifndef SE_TOOL_MAIL_SERVERS_H
#define SE_TOOL_MAIL_SERVERS_H

#include <stdbool.h>

#include "engine/config.h"
#include "engine/mail_server.h"

/* "HOST", "HOST:PORT", "[IPV6]:PORT"; the port of submission (587) or of IMAP under TLS (993) where
 * none is given. False when it is none of these. */
bool se_mail_server_parse(
	const char *text, enum se_mail_protocol protocol, struct se_mail_server *server);

/* The first one of the account's servers that is not known as the other protocol's; false when there
 * is none, as with servers = *. */
bool se_mail_server_choose(const struct se_account *account, enum se_mail_protocol protocol,
	struct se_mail_server *server);

/* Whether the account is for that protocol at all (`services`, and a provider that only sends). */
bool se_mail_server_serves(const struct se_account *account, enum se_mail_protocol protocol);

#endif

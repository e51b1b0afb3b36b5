#include <string.h>

#include "tool/checkup_ids.h"

/* A test compares it with the manual page, and with the ids in the sections of doctor. */
static const char *const ids[] = {
	"plugin-directory",
	"plugin-file",
	"plugin-load",
	"plugin-engine",
	"plugin-offered",
	"plugin-others",
	"plugin-ranking",
	"configuration",
	"account",
	"credential",
	"certificate-end",
	"state-directory",
	"state-key",
	"sendmail",
	"agent",
	"agent-socket",
	"agent-access",
	"agent-configuration",
	"agent-unit",
	"network-names",
	"network-proxy",
	"network-tls",
	"network-tenant",
	"network-clock",
	"token",
	"token-audience",
	"token-permissions",
	"token-tenant",
	"token-user",
	"token-lifetime",
	"postfix-configuration",
	"postfix-relay",
	"postfix-auth",
	"postfix-mechanisms",
	"postfix-passwords",
	"postfix-auth-cache",
	"postfix-tls",
	"postfix-concurrency",
	"postfix-chroot",
	"postfix-token",
	"postfix-senders",
	"postfix-queue",
	"server-connect",
	"server-tls",
	"server-offers",
	"server-login",
	"server-plugin",
	"imap-connect",
	"imap-tls",
	"imap-offers",
	"imap-login",
	"imap-plugin",
};

enum { COUNT = sizeof(ids) / sizeof(ids[0]) };

const char *
se_checkup_id(size_t number)
{
	return number < COUNT ? ids[number] : NULL;
}

size_t
se_checkup_id_number(const char *id)
{
	size_t number = 0;

	while (number < COUNT && strcmp(ids[number], id) != 0)
		number++;
	return number;
}

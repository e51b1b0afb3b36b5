#include <stdlib.h>
#include <string.h>

#include "core/source.h"

#include "tool/mail_servers.h"

static const char *const imap_only[] = {
	"outlook.office365.com",
	"outlook.office365.us",
	"partner.outlook.cn",
	"webmail.apps.mil",
};

static const struct {
	const char *name;
	unsigned port;
} ports[] = {
	{"smtp", 25},
	{"submission", 587},
	{"submissions", 465},
	{"smtps", 465},
	{"imap", 143},
	{"imaps", 993},
};

/* A number, or a name as in Postfix's relayhost: "submission". */
static bool
parse_port(const char *text, unsigned *port)
{
	char *end;
	long value;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (strcmp(ports[i].name, text) == 0) {
			*port = ports[i].port;
			return true;
		}
	if (text[0] < '0' || text[0] > '9')
		return false;
	value = strtol(text, &end, 10);
	*port = (unsigned)value;
	return *end == '\0' && value > 0 && value < 65536;
}

static bool
is_host(const char *text)
{
	return text[0] != '\0' && text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
		       strlen(text);
}

bool
se_mail_server_parse(
	const char *text, enum se_mail_protocol protocol, struct se_mail_server *server)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);

	memset(server, 0, sizeof(*server));
	server->protocol = protocol;
	server->port = protocol == SE_MAIL_IMAP ? 993 : 587;
	if (text[0] == '[') {
		const char *end = strchr(text, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
		len = (size_t)(end - ++text);
	} else if (colon != NULL && strchr(text, ':') == colon) {
		len = (size_t)(colon - text);
	} else {
		colon = NULL; /* an IPv6 address as it is */
	}
	if (len >= sizeof(server->host) || (colon != NULL && !parse_port(colon + 1, &server->port)))
		return false;
	memcpy(server->host, text, len);
	return is_host(server->host);
}

static bool
is_others(const char *host, enum se_mail_protocol protocol)
{
	if (protocol == SE_MAIL_IMAP)
		return strncmp(host, "smtp", 4) == 0 || strncmp(host, "pop.", 4) == 0;
	for (size_t i = 0; i < sizeof(imap_only) / sizeof(imap_only[0]); i++)
		if (strcmp(host, imap_only[i]) == 0)
			return true;
	return strncmp(host, "imap.", 5) == 0 || strncmp(host, "pop.", 4) == 0;
}

bool
se_mail_server_choose(const struct se_account *account, enum se_mail_protocol protocol,
	struct se_mail_server *server)
{
	for (size_t i = 0; account->servers[i] != NULL; i++)
		if (strcmp(account->servers[i], "*") != 0 &&
			!is_others(account->servers[i], protocol) &&
			se_mail_server_parse(account->servers[i], protocol, server)) {
			server->ca_file = account->value[SE_KEY_CA_FILE].text;
			return true;
		}
	return false;
}

bool
se_mail_server_serves(const struct se_account *account, enum se_mail_protocol protocol)
{
	const char *wanted = protocol == SE_MAIL_IMAP ? "imap" : "smtp";

	for (size_t i = 0; account->services[i] != NULL; i++)
		if (strcmp(account->services[i], wanted) == 0)
			return true;
	return false;
}

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tool/doctor_aside.h"
#include "tool/doctor_network.h"

enum { NAME_MS = 10000, HOST_MAX = 256 };

/* "https://login.example:8443/x", "http://proxy:3128" or "host" -> the host. */
static void
host_of(const char *url, char host[HOST_MAX])
{
	const char *from = strstr(url, "://");
	size_t len;

	from = from != NULL ? from + 3 : url;
	if (*from == '[')
		len = strcspn(++from, "]");
	else
		len = strcspn(from, ":/?#");
	if (len >= HOST_MAX)
		len = HOST_MAX - 1;
	memcpy(host, from, len);
	host[len] = '\0';
}

/* In the child: the system's resolver knows no end. */
static void
look_up(struct se_doctor *doctor, void *context)
{
	const char *host = context;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	const int code = getaddrinfo(host, NULL, &hints, &found);
	char address[64] = "";

	if (code != 0) {
		se_checkup_add(&doctor->checkup, "network-names", SE_PROBLEM,
			"look at the network and at the name servers in /etc/resolv.conf",
			"%s: no address is found (%s)", host, gai_strerror(code));
		return;
	}
	(void)getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof(address), NULL, 0,
		NI_NUMERICHOST);
	se_checkup_fine(&doctor->checkup, "network-names", "%s is %s", host, address);
	freeaddrinfo(found);
}

/* What was said of that host before; NULL: nothing. */
static const struct se_checked *
name_was_looked_up(const struct se_checkup *checkup, const char *host)
{
	const size_t len = strlen(host);

	for (size_t i = 0; i < checkup->count; i++) {
		const struct se_checked *checked = &checkup->list[i];

		if (strcmp(checked->id, "network-names") == 0 &&
			strncmp(checked->text, host, len) == 0 &&
			(checked->text[len] == ' ' || checked->text[len] == ':'))
			return checked;
	}
	return NULL;
}

bool
se_doctor_name_is_found(struct se_doctor *doctor, const char *url)
{
	char host[HOST_MAX];
	const struct se_doctor_part part = {
		.look = look_up,
		.context = host,
		.timeout = NAME_MS,
		.what = "waiting for an address",
	};
	const struct se_checked *before;
	struct se_error error;

	host_of(url, host);
	before = name_was_looked_up(&doctor->checkup, host);
	if (before == NULL && se_doctor_aside(doctor, &part, &error) != SE_OK)
		se_checkup_add(&doctor->checkup, "network-names", SE_PROBLEM,
			"look at the name servers in /etc/resolv.conf",
			"%s: its address was looked up in vain (%s)", host, error.text);
	before = name_was_looked_up(&doctor->checkup, host);
	return before != NULL && before->verdict == SE_FINE;
}

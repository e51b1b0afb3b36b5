#include <stdbool.h>
#include <string.h>

#include "engine/characters.h"
#include "engine/urls.h"

/* Whether `text` begins with a scheme, which is in lower case: curl takes either case, and so do
 * people. */
static bool
has_scheme(const char *text, const char *scheme)
{
	size_t i;

	for (i = 0; scheme[i] != '\0'; i++)
		if (text[i] != scheme[i] &&
			!(se_is_letter(text[i]) && (text[i] | 0x20) == scheme[i]))
			return false;
	return true;
}

static bool
is_host(const char *text, size_t len)
{
	bool literal = len > 2 && text[0] == '[' && text[len - 1] == ']';
	size_t i;

	if (literal) {
		text++;
		len -= 2;
	}
	for (i = 0; i < len; i++)
		if (literal ? !se_is_hex(text[i]) && text[i] != ':' && text[i] != '.'
			    : !se_is_letter(text[i]) && !se_is_digit(text[i]) && text[i] != '.' &&
					text[i] != '-')
			return false;
	return len > 0 && len <= 253 && text[0] != '-' && text[0] != '.';
}

static bool
is_port(const char *text, size_t len)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!se_is_digit(text[i]) || i == 5)
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* Judges HOST[:PORT], which ends at the first '/', '?', '#' or the text's end. */
static const char *
authority_problem(const char *text, bool needs_port, const char **rest)
{
	size_t len = strcspn(text, "/?#"), host = len;

	*rest = text + len;
	if (memchr(text, '@', len) != NULL)
		return "there is an '@' before the host; a user name and password have no place "
		       "here";
	while (host > 0 && se_is_digit(text[host - 1]))
		host--;
	if (host > 0 && text[host - 1] == ':') {
		if (!is_port(text + host, len - host))
			return "the port behind ':' is no number from 1 to 65535";
		host--;
	} else {
		host = len;
		if (needs_port)
			return "the port is missing; write SCHEME://HOST:PORT";
	}
	return is_host(text, host) ? NULL : "what stands behind :// is no host name";
}

static const char *
https_problem(const char *text, const char **rest)
{
	if (strpbrk(text, " \t") != NULL)
		return "there is a blank in it";
	if (has_scheme(text, "http://"))
		return "http:// would send tokens in the clear; write https://";
	if (!has_scheme(text, "https://"))
		return "does not begin with https://";
	return authority_problem(text + strlen("https://"), false, rest);
}

const char *
se_url_origin_problem(const char *text)
{
	const char *rest, *why = https_problem(text, &rest);

	if (why != NULL || rest[0] == '\0')
		return why;
	return strcmp(rest, "/") == 0
		       ? "write it without the '/' at its end"
		       : "there is a path in it; write https://HOST alone, the tenant is appended";
}

const char *
se_url_problem(const char *text)
{
	const char *rest, *why = https_problem(text, &rest);

	if (why != NULL)
		return why;
	if (rest[0] != '/' || rest[1] == '\0')
		return "there is no path in it; write https://HOST/PATH";
	return strchr(rest, '#') != NULL ? "there is a '#' in it" : NULL;
}

/* 127.x.x.x, 169.254.x.x, [::1] and [fe80::...]: addresses, so that no name server has a say. */
static bool
is_own_address(const char *text, size_t len)
{
	size_t i, dots = 0;

	if (len > 2 && text[0] == '[')
		return (len == 5 && strncmp(text, "[::1]", 5) == 0) ||
		       strncmp(text, "[fe80:", 6) == 0;
	for (i = 0; i < len; i++)
		if (text[i] == '.')
			dots++;
		else if (!se_is_digit(text[i]))
			return false;
	return dots == 3 && len <= 15 &&
	       (strncmp(text, "127.", 4) == 0 || strncmp(text, "169.254.", 8) == 0);
}

const char *
se_url_machine_problem(const char *text)
{
	const char *rest, *why, *host = text + strlen("http://");

	if (strpbrk(text, " \t\r\n") != NULL)
		return "there is a blank in it";
	if (strncmp(text, "http://", strlen("http://")) != 0)
		return "it does not begin with http://";
	why = authority_problem(host, false, &rest);
	if (why != NULL)
		return why;
	if (!is_own_address(
		    host, host[0] == '[' ? strcspn(host, "]/?#") + 1 : strcspn(host, ":/?#")))
		return "its host is no loopback or link-local address";
	return strchr(rest, '#') != NULL ? "there is a '#' in it" : NULL;
}

const char *
se_url_proxy_problem(const char *text)
{
	static const char *const schemes[] = {"http://", "https://", "socks5h://"};
	const char *rest, *why;
	size_t i;

	/* Before anything else: that password can be read by everybody on this machine. */
	if (strchr(text, '@') != NULL)
		return "a user name and password may not stand in a file that everybody can read; "
		       "use a "
		       "proxy that knows this machine by its address";
	if (strpbrk(text, " \t") != NULL)
		return "there is a blank in it";
	for (i = 0; i < 3 && !has_scheme(text, schemes[i]); i++)
		;
	if (i == 3)
		return "does not begin with http://, https:// or socks5h://";
	why = authority_problem(text + strlen(schemes[i]), true, &rest);
	if (why != NULL || rest[0] == '\0')
		return why;
	return "there is text behind the port; write SCHEME://HOST:PORT";
}

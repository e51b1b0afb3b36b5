#include <string.h>

#include "engine/characters.h"
#include "engine/identifiers.h"

enum { ADDRESS_MAX = 320, DOMAIN_MAX = 253, DOMAIN_LABEL_MAX = 63 };

/* Bytes beyond ASCII belong to an internationalised domain. */
static bool
is_domain_character(char c)
{
	return se_is_letter(c) || se_is_digit(c) || c == '_' || c == '-' ||
	       (unsigned char)c >= 0x80;
}

bool
se_is_domain(const char *text, size_t len)
{
	size_t i, label = 0;

	if (len == 0 || len > DOMAIN_MAX || text[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] == '.') {
			if (label == 0 || text[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!is_domain_character(text[i]) || (text[i] == '-' && label == 0) ||
			++label > DOMAIN_LABEL_MAX)
			return false;
	}
	return label > 0;
}

bool
se_is_guid(const char *text)
{
	size_t i;

	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !se_is_hex(text[i]))
			return false;
	return text[36] == '\0';
}

const char *
se_match_problem(const char *word, size_t len)
{
	const char *at = memchr(word, '@', len);
	size_t local = at != NULL ? (size_t)(at - word) : 0;

	if (len == 1 && word[0] == '*')
		return NULL;
	if (at == NULL && se_is_domain(word, len) && memchr(word, '.', len) != NULL)
		return "write *@ in front of a domain";
	if (at == NULL)
		return "write NAME@DOMAIN, *@DOMAIN or *";
	if (memchr(word, '*', len) != NULL &&
		(local != 1 || word[0] != '*' || memchr(at, '*', len - local) != NULL))
		return "'*' stands for a whole name only: *@DOMAIN or *";
	if (local == 0 || !se_is_domain(at + 1, len - local - 1))
		return "not an address; write NAME@DOMAIN, *@DOMAIN or *";
	return len > ADDRESS_MAX ? "longer than an address can be" : NULL;
}

const char *
se_host_problem(const char *word, size_t len)
{
	if (len == 1 && word[0] == '*')
		return NULL;
	if (len > 1 && word[len - 1] == '.')
		return se_is_domain(word, len - 1) ? NULL : "not a host name";
	if (se_is_domain(word, len))
		return NULL;
	if (memchr(word, '*', len) != NULL)
		return "'*' stands alone, for any host; otherwise write whole names";
	if (memchr(word, ':', len) != NULL || memchr(word, '[', len) != NULL ||
		memchr(word, '/', len) != NULL)
		return "write the host's name alone, without port, brackets or https://";
	return "not a host name";
}

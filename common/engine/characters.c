#include "engine/characters.h"

bool
se_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
se_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
se_is_hex(char c)
{
	return se_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool
se_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
se_trim(const char **text, size_t *len)
{
	while (*len > 0 && se_is_blank((*text)[*len - 1]))
		(*len)--;
	while (*len > 0 && se_is_blank((*text)[0])) {
		(*text)++;
		(*len)--;
	}
}

/* Reads one UTF-8 character (RFC 3629) and returns its length; 0 when the bytes are none. */
static size_t
read_character(const unsigned char *p, size_t len, unsigned long *character)
{
	static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n, i;

	if (p[0] < 0x80)
		n = 1;
	else if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	*character = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*character = *character << 6 | (p[i] & 0x3fu);
	}
	if (*character < least[n] || *character > 0x10ffff ||
		(*character >= 0xd800 && *character <= 0xdfff))
		return 0;
	return n;
}

/* Characters that come along when text is copied from a web page or a chat. */
static bool
is_invisible(unsigned long c)
{
	return c == 0xa0 || c == 0xad || (c >= 0x2000 && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x3000 ||
	       c == 0xfeff;
}

const char *
se_line_problem(const char *line, size_t len, bool comment)
{
	const unsigned char *p = (const unsigned char *)line;
	unsigned long c = 0;
	size_t n, i;

	for (i = 0; i < len; i += n) {
		n = read_character(p + i, len - i, &c);
		if (n == 0)
			return "there are bytes in this line that are not UTF-8; save the file as "
			       "UTF-8";
		if (c == 0)
			return "there is a NUL byte in this line; remove it";
		if ((c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0))
			return "there is a control character in this line; remove it";
		if (!comment && is_invisible(c))
			return "there is an invisible character in this line (a no-break space, "
			       "perhaps), as "
			       "copying from a web page gives; type the line anew";
	}
	return NULL;
}

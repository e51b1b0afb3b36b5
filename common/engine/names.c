#include <string.h>

#include "engine/names.h"

enum { NAME_MAX_LEN = 40, PREFIX_MIN = 4, NEAR = 2, PREFIX = 3, FAR = 4 };

char
se_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
se_name_compare(const char *a, const char *b)
{
	while (*a != '\0' && se_lower(*a) == se_lower(*b)) {
		a++;
		b++;
	}
	return (int)(unsigned char)se_lower(*a) - (int)(unsigned char)se_lower(*b);
}

bool
se_name_equal(const char *a, const char *b)
{
	return se_name_compare(a, b) == 0;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The restricted Damerau-Levenshtein distance, of which three rows are enough. */
static unsigned
edits(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= blen; j++)
		before[j] = last[j] = (unsigned)j;
	for (i = 1; i <= alen; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= blen; j++) {
			unsigned same = se_lower(a[i - 1]) == se_lower(b[j - 1]) ? 0 : 1;

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + same);
			if (i > 1 && j > 1 && se_lower(a[i - 1]) == se_lower(b[j - 2]) &&
				se_lower(a[i - 2]) == se_lower(b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[blen];
}

static bool
begins(const char *text, const char *with, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (se_lower(text[i]) != se_lower(with[i]))
			return false;
	return true;
}

unsigned
se_name_distance(const char *typed, const char *known)
{
	size_t tlen = strlen(typed), klen = strlen(known), shorter = tlen < klen ? tlen : klen;
	unsigned distance;

	if (tlen == 0 || tlen > NAME_MAX_LEN || klen > NAME_MAX_LEN)
		return FAR;
	distance = edits(typed, tlen, known, klen);
	/* Two letters of a word of four are a different word. */
	if (distance <= NEAR && (size_t)distance * 2 < klen)
		return distance;
	return shorter >= PREFIX_MIN && begins(typed, known, shorter) ? PREFIX : FAR;
}

/*
 * characters: what a configuration file's bytes may be.
 */
#ifndef SE_ENGINE_CHARACTERS_H
#define SE_ENGINE_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>

/* ASCII only, whatever the locale. */
bool se_is_letter(char c);
bool se_is_digit(char c);
bool se_is_hex(char c);
bool se_is_blank(char c); /* space or tab */

/* Takes blanks off both ends. */
void se_trim(const char **text, size_t *len);

/* What is wrong with a line: a control character, bytes that are not UTF-8 or, but for comments, a
 * character nobody can see. NULL: nothing. */
const char *se_line_problem(const char *line, size_t len, bool comment);

#endif

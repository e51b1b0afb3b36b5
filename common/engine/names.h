/*
 * names: comparing names as people type them. Only ASCII letters are folded, whatever the locale
 * of the program we are a guest of.
 */
#ifndef SE_ENGINE_NAMES_H
#define SE_ENGINE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

char se_lower(char c);

/* As strcmp, but upper and lower case are equal. */
int se_name_compare(const char *a, const char *b);
bool se_name_equal(const char *a, const char *b);

/* How near a mistyped name is to a known one: the number of letters to change, add, drop or swap,
 * at most 2; 3 when one is the beginning of the other; 4: not near. */
unsigned se_name_distance(const char *typed, const char *known);

#endif

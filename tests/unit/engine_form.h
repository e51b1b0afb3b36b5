/*
 * engine_form: reads a form back as a server reads it (WHATWG URL,
 * application/x-www-form-urlencoded).
 */
#ifndef SE_TESTS_UNIT_ENGINE_FORM_H
#define SE_TESTS_UNIT_ENGINE_FORM_H

#include <stddef.h>

enum { PARAMETERS = 12 };

/* The one that was read last. */
extern struct form {
	unsigned count;
	char names[PARAMETERS][64];
	char *values[PARAMETERS];
	size_t lens[PARAMETERS];
} form;

void read_form(const char *text);
void forget_form(void);

/* The value of a parameter, which must not stand there twice; NULL when it does not. */
const char *parameter(const char *name);

#endif

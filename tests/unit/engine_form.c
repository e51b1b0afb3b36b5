#include <stdlib.h>
#include <string.h>

#include "engine_form.h"
#include "engine_support.h"

enum { VALUE_MAX = 70000 };

struct form form;

void
forget_form(void)
{
	while (form.count > 0)
		free(form.values[--form.count]);
}

/* Decodes up to `end`, which it returns. */
static const char *
decode(const char *text, const char *ends, char *out, size_t size, size_t *len)
{
	for (*len = 0; *text != '\0' && strchr(ends, *text) == NULL; text++) {
		char digits[3] = {0};

		assert_true(*len < size - 1);
		if (*text == '%') {
			memcpy(digits, text + 1, 2);
			assert_int_equal(strspn(digits, "0123456789ABCDEF"), 2);
			out[(*len)++] = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			out[(*len)++] = *text == '+' ? ' ' : *text;
		}
	}
	out[*len] = '\0';
	return text;
}

void
read_form(const char *text)
{
	size_t len;

	forget_form();
	while (*text != '\0') {
		char *value = malloc(VALUE_MAX);

		assert_non_null(value);
		assert_true(form.count < PARAMETERS);
		text = decode(text, "=", form.names[form.count], sizeof(form.names[0]), &len);
		assert_int_equal(*text, '=');
		text = decode(text + 1, "&", value, VALUE_MAX, &len);
		form.values[form.count] = value;
		form.lens[form.count++] = len;
		if (*text == '&') {
			text++;
			assert_int_not_equal(*text, '\0');
		}
	}
}

const char *
parameter(const char *name)
{
	const char *found = NULL;
	unsigned i;

	for (i = 0; i < form.count; i++) {
		if (strcmp(form.names[i], name) == 0) {
			assert_null(found); /* never twice */
			found = form.values[i];
		}
	}
	return found;
}

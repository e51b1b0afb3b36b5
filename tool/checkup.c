#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/checkup.h"
#include "tool/output.h"
#include "tool/wrap.h"

enum { TEXT_MAX = 2048, INDENT = 10 };

static const struct {
	const char *word;   /* for a person, and for a program */
	const char *colour; /* how a terminal is told */
} verdicts[] = {
	[SE_FINE] = {"ok", "\033[32m"},
	[SE_WARNING] = {"warning", "\033[33m"},
	[SE_PROBLEM] = {"problem", "\033[31m"},
	[SE_LEFT_OUT] = {"left out", "\033[2m"},
};

void
se_checkup_section(struct se_checkup *checkup, const char *section)
{
	checkup->section = section;
}

static struct se_checked *
next(struct se_checkup *checkup)
{
	struct se_checked *list;

	/* doubled at powers of two */
	if ((checkup->count & (checkup->count - 1)) == 0) {
		const size_t size = checkup->count == 0 ? 1 : 2 * checkup->count;

		list = realloc(checkup->list, size * sizeof(*list));
		if (list == NULL)
			return NULL;
		checkup->list = list;
	}
	return &checkup->list[checkup->count];
}

/* The fix, and what is to be done after it (NULL: nothing). */
static char *
whole_fix(const char *fix, const char *then)
{
	const size_t size = strlen(fix) + (then != NULL ? strlen(then) : 0) + 2;
	char *text, *copy = NULL;

	text = malloc(size);
	if (text != NULL) {
		(void)snprintf(text, size, "%s%s%s", fix, then != NULL ? "\n" : "",
			then != NULL ? then : "");
		copy = se_output_clean(text);
	}
	free(text);
	return copy;
}

/* Of a server's refusal the rest is what to do: "... (invalid_client, AADSTS7000215, ...). Write ..." */
static const char *
split_sentence(char *text)
{
	char *at = strstr(text, "). ");
	size_t len;

	if (at == NULL || at[3] == '\0')
		return NULL;
	at[1] = '\0';
	at += 3;
	len = strlen(at);
	if (at[len - 1] == '.')
		at[len - 1] = '\0';
	return at;
}

/* The other sentences of core and engine end in what to do, after a semicolon. */
static const char *
split_off(char *text)
{
	static const char start[] = "start with: ";
	const char *sentence = split_sentence(text);
	char *at = NULL;

	if (sentence != NULL)
		return sentence;

	for (char *next = strstr(text, "; "); next != NULL; next = strstr(next + 1, "; "))
		at = next;
	if (at == NULL || at[2] == '\0')
		return NULL;
	*at = '\0';
	at += 2;
	return strncmp(at, start, sizeof(start) - 1) == 0 ? at + sizeof(start) - 1 : at;
}

void
se_checkup_add(struct se_checkup *checkup, const char *id, enum se_verdict verdict, const char *fix,
	const char *fmt, ...)
{
	struct se_checked *checked = next(checkup);
	const char *then = checkup->then;
	char text[TEXT_MAX];
	va_list args;

	checkup->then = NULL;
	checkup->warnings += verdict == SE_WARNING;
	checkup->problems += verdict == SE_PROBLEM;
	if (checked == NULL) {
		checkup->failed = true;
		return;
	}
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	se_text_clean(text);
	if (fix == NULL && (verdict == SE_WARNING || verdict == SE_PROBLEM))
		fix = split_off(text);
	memset(checked, 0, sizeof(*checked));
	checked->section = checkup->section;
	checked->id = id;
	checked->verdict = verdict;
	checked->text = strdup(text);
	if (fix != NULL)
		checked->fix = whole_fix(fix, then);
	if (checked->text == NULL || (fix != NULL && checked->fix == NULL)) {
		free(checked->text);
		free(checked->fix);
		checkup->failed = true;
		return;
	}
	checkup->count++;
	if (checkup->watch != NULL)
		checkup->watch(checkup, checked);
}

bool
se_checkup_has_problem(const struct se_checkup *checkup, const char *id)
{
	for (size_t i = 0; i < checkup->count; i++)
		if (checkup->list[i].verdict == SE_PROBLEM && strcmp(checkup->list[i].id, id) == 0)
			return true;
	return false;
}

/* What begins with two blanks is a command to copy, which no end of a line may break. */
static void
add_fix(const char *fix, unsigned width, struct se_buffer *out)
{
	size_t len;

	for (; *fix != '\0'; fix += len + (fix[len] == '\n')) {
		len = strcspn(fix, "\n");
		se_buffer_addf(out, "%*s", INDENT + 2, "");
		se_wrap(fix, len, INDENT + 2, strncmp(fix, "  ", 2) == 0 ? 0 : width, out);
		se_buffer_add_text(out, "\n");
	}
}

void
se_checkup_text(const struct se_checkup *checkup, const struct se_checked *checked, unsigned width,
	bool colour, struct se_buffer *out)
{
	const size_t i = (size_t)(checked - checkup->list);

	if (i == 0 || strcmp(checkup->list[i - 1].section, checked->section) != 0)
		se_buffer_addf(out, "%s%s%s%s\n", i > 0 ? "\n" : "", colour ? "\033[1m" : "",
			checked->section, colour ? "\033[0m" : "");
	se_buffer_addf(out, "%s%-*s%s", colour ? verdicts[checked->verdict].colour : "", INDENT,
		verdicts[checked->verdict].word, colour ? "\033[0m" : "");
	se_wrap(checked->text, strlen(checked->text), INDENT, width, out);
	se_buffer_add_text(out, "\n");
	if (checked->fix != NULL)
		add_fix(checked->fix, width, out);
}

void
se_checkup_total(const struct se_checkup *checkup, struct se_buffer *out)
{
	size_t fine = 0;

	for (size_t i = 0; i < checkup->count; i++)
		fine += checkup->list[i].verdict == SE_FINE;
	se_buffer_addf(out, "\n%zu problem%s, %zu warning%s, %zu ok\n", checkup->problems,
		checkup->problems == 1 ? "" : "s", checkup->warnings,
		checkup->warnings == 1 ? "" : "s", fine);
}

void
se_checkup_json(const struct se_checkup *checkup, struct se_buffer *out)
{
	se_buffer_addf(out, "{\"problems\": %zu, \"warnings\": %zu, \"checks\": [",
		checkup->problems, checkup->warnings);
	for (size_t i = 0; i < checkup->count; i++) {
		const struct se_checked *checked = &checkup->list[i];

		se_buffer_addf(out,
			"%s\n{\"section\": \"%s\", \"id\": \"%s\", \"verdict\": \"%s\", \"text\": ",
			i > 0 ? "," : "", checked->section, checked->id,
			verdicts[checked->verdict].word);
		se_output_json(out, checked->text);
		se_buffer_add_text(out, ", \"fix\": ");
		se_output_json(out, checked->fix);
		se_buffer_add_text(out, "}");
	}
	se_buffer_add_text(out, "\n]}\n");
}

void
se_checkup_free(struct se_checkup *checkup)
{
	for (size_t i = 0; i < checkup->count; i++) {
		free(checkup->list[i].text);
		free(checkup->list[i].fix);
	}
	free(checkup->list);
	memset(checkup, 0, sizeof(*checkup));
}

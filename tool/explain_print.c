/* explain_print: what is said of one finding, for a person, for a page and for a program. */
#include <string.h>

#include "tool/explain.h"
#include "tool/output.h"
#include "tool/wrap.h"

enum { INDENT = 10, PAGE_WIDTH = 100, ANCHOR_MAX = 48 };

/* The lines of a text behind a heading: sentences, and commands, which are not broken: they are to
 * be copied. */
static void
add_lines(const char *heading, const char *text, unsigned width, struct se_buffer *out)
{
	size_t len;

	if (text == NULL)
		return;
	for (; *text != '\0'; text += len + (text[len] == '\n'), heading = "") {
		const bool command = strncmp(text, "  ", 2) == 0;

		len = strcspn(text, "\n");
		se_buffer_addf(out, "  %-*s", INDENT - 2, heading);
		se_wrap(text, len, INDENT, command ? 0 : width, out);
		se_buffer_add_text(out, "\n");
	}
}

/* As the guide's readers show headings. */
static const char *
anchor(const char *id, char name[ANCHOR_MAX])
{
	size_t i;

	for (i = 0; id[i] != '\0' && i + 1 < ANCHOR_MAX; i++)
		name[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] - 'A' + 'a') : id[i];
	name[i] = '\0';
	return name;
}

void
se_explain_text(
	const struct se_explained_words *words, unsigned width, bool colour, struct se_buffer *out)
{
	const char *title = words->shown != NULL ? words->shown : words->id;
	char name[ANCHOR_MAX];

	se_buffer_add_text(out, colour ? "\033[1m" : "");
	se_wrap(title, strlen(title), 0, width, out);
	se_buffer_addf(out, "%s\n", colour ? "\033[0m" : "");
	add_lines("meaning", words->meaning, width, out);
	add_lines("cause", words->cause, width, out);
	add_lines("to do", words->todo, width, out);
	add_lines("waiting", words->waiting, width, out);
	add_lines("who", words->who, width, out);
	if (words->class != SE_INTERNAL)
		se_buffer_addf(out, "  %-*s%s%s\n", INDENT - 2, "guide", "troubleshooting.md#",
			anchor(words->id, name));
}

/* --- Markdown -------------------------------------------------------------------------------- */

/* A sentence, whose '*' and '<' are themselves. */
static void
add_paragraph(const char *label, const char *text, size_t len, struct se_buffer *out)
{
	struct se_buffer prose;

	se_buffer_init(&prose, SE_OUTPUT_MAX);
	se_buffer_add_text(&prose, label);
	for (size_t i = 0; i < len; i++) {
		se_buffer_add_text(&prose, text[i] == '*' || text[i] == '<' ? "\\" : "");
		se_buffer_add(&prose, &text[i], 1);
	}
	se_buffer_add_text(out, "\n");
	se_wrap(se_buffer_text(&prose), prose.len, 0, PAGE_WIDTH, out);
	se_buffer_add_text(out, "\n");
	out->failed |= prose.failed;
	se_buffer_free(&prose);
}

static void
add_text(const char *label, const char *text, struct se_buffer *out)
{
	if (text != NULL)
		add_paragraph(label, text, strlen(text), out);
}

/* Sentences, and commands below each other. */
static void
add_steps(const char *text, struct se_buffer *out)
{
	const char *label = "To do: ";
	bool commands = false;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		const bool command = strncmp(text, "  ", 2) == 0;

		len = strcspn(text, "\n");
		if (command) {
			se_buffer_add_text(out, commands ? "  " : "\n  ");
			se_buffer_add(out, text, len);
			se_buffer_add_text(out, "\n");
		} else {
			add_paragraph(label, text, len, out);
			label = "";
		}
		commands = command;
	}
}

void
se_explain_markdown(const struct se_explained_words *words, struct se_buffer *out)
{
	struct se_buffer last;

	se_buffer_addf(out, "\n### %s\n", words->id);
	if (words->shown != NULL)
		se_buffer_addf(out, "\n    %s\n", words->shown);
	add_text("", words->meaning, out);
	add_text("Why: ", words->cause, out);
	add_steps(words->todo, out);
	se_buffer_init(&last, SE_OUTPUT_MAX);
	se_buffer_addf(&last, "%s Who has to act: %s.", words->waiting, words->who);
	add_text("", se_buffer_text(&last), out);
	out->failed |= last.failed;
	se_buffer_free(&last);
}

/* --- JSON ------------------------------------------------------------------------------------ */

void
se_explain_json(const struct se_explained_words *words, struct se_buffer *out)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{"id", words->id},
		{"class", words->class == SE_INTERNAL ? "unknown" : se_code_name(words->class)},
		{"shown", words->shown},
		{"meaning", words->meaning},
		{"cause", words->cause},
		{"todo", words->todo},
		{"waiting", words->waiting},
		{"who", words->who},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		se_buffer_addf(out, "%s\"%s\": ", i == 0 ? "{" : ", ", members[i].name);
		se_output_json(out, members[i].value);
	}
	se_buffer_add_text(out, "}");
}

/*
 * report: what the rows of the benchmark recorded, as tables in Markdown on stdout and as one JSON
 * document.
 *
 *   report MACHINE RECORDS JSON
 *
 * MACHINE has lines "NAME<tab>VALUE", RECORDS one line of tests/bench/pairs a row; JSON is written:
 * {"machine": {...}, "rows": [...]}.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 65536, TEXT_SIZE = 64 };

static _Noreturn void
die(const char *why, const char *what)
{
	(void)fprintf(stderr, "report: %s: %s\n", why, what);
	exit(2);
}

/* --- reading ----------------------------------------------------------------------------------- */

static FILE *
open_or_die(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (file == NULL)
		die("cannot open", path);
	return file;
}

static struct json_object *
read_machine(const char *path)
{
	static char line[LINE_SIZE];
	struct json_object *machine = json_object_new_object();
	FILE *file = open_or_die(path, "r");
	char *value;

	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		value = strchr(line, '\t');
		if (value == NULL)
			die("no NAME<tab>VALUE", line);
		*value++ = '\0';
		json_object_object_add(machine, line, json_object_new_string(value));
	}
	(void)fclose(file);
	return machine;
}

static struct json_object *
read_records(const char *path)
{
	static char line[LINE_SIZE];
	struct json_object *records = json_object_new_array(), *record;
	FILE *file = open_or_die(path, "r");

	while (fgets(line, sizeof(line), file) != NULL) {
		record = json_tokener_parse(line);
		if (!json_object_is_type(record, json_type_object))
			die("no record", line);
		json_object_array_add(records, record);
	}
	(void)fclose(file);
	return records;
}

static struct json_object *
member(struct json_object *object, const char *name)
{
	struct json_object *found = NULL;

	(void)json_object_object_get_ex(object, name, &found);
	return found;
}

static const char *
text_of(struct json_object *object, const char *name)
{
	struct json_object *found = member(object, name);

	return found != NULL ? json_object_get_string(found) : "";
}

/* --- writing ----------------------------------------------------------------------------------- */

/* Three digits that count, and every whole thousand apart: 0.0213, 1.15, 48.2, 12,345. */
static const char *
number(struct json_object *object, const char *name, char text[TEXT_SIZE])
{
	struct json_object *found = member(object, name);
	double value = found != NULL ? json_object_get_double(found) : 0;
	long long whole = (long long)(value + 0.5);

	if (value < 999.5)
		(void)snprintf(text, TEXT_SIZE, "%.3g", value);
	else if (value < 1e6)
		(void)snprintf(text, TEXT_SIZE, "%lld,%03lld", whole / 1000, whole % 1000);
	else
		(void)snprintf(text, TEXT_SIZE, "%lld,%03lld,%03lld", whole / 1000000,
			whole / 1000 % 1000, whole % 1000);
	return text;
}

/* A cell of a table. */
static void
put(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			(void)putchar('\\');
		(void)putchar(*text == '\n' ? ' ' : *text);
	}
}

static void
put_limit(struct json_object *limit)
{
	char text[TEXT_SIZE];

	if (member(limit, "at_most") != NULL)
		(void)printf("at most %s", number(limit, "at_most", text));
	if (member(limit, "at_least") != NULL)
		(void)printf("at least %s", number(limit, "at_least", text));
}

static void
put_row(struct json_object *record)
{
	struct json_object *ratio = member(record, "ratio");
	const char *unit = text_of(record, "unit");
	char text[TEXT_SIZE], low[TEXT_SIZE], high[TEXT_SIZE];

	(void)printf("| ");
	put(text_of(record, "what"));
	(void)printf(" | %s %s | ", number(member(record, "ours"), "median", text), unit);
	put(text_of(record, "against"));
	(void)printf(": %s %s | ", number(member(record, "theirs"), "median", text), unit);
	(void)printf("%s (%s to %s) | ", number(ratio, "median", text), number(ratio, "low", low),
		number(ratio, "high", high));
	put_limit(member(record, "limit"));
	(void)printf(" | %s |\n", text_of(record, "verdict"));
}

static void
put_figures(struct json_object *record)
{
	struct json_object *figures = member(record, "figures"), *figure;
	char text[TEXT_SIZE];

	for (size_t i = 0; figures != NULL && i < json_object_array_length(figures); i++) {
		figure = json_object_array_get_idx(figures, i);
		(void)printf("| ");
		put(text_of(record, member(record, "ratio") != NULL ? "row" : "what"));
		(void)printf(" | ");
		put(text_of(figure, "name"));
		(void)printf(" | %s ", number(figure, "value", text));
		put(text_of(figure, "unit"));
		(void)printf(" | ");
		put_limit(figure);
		(void)printf(" |\n");
	}
}

static void
put_tables(struct json_object *records)
{
	size_t count = json_object_array_length(records);
	struct json_object *record;

	(void)printf("| what | ours | against | ratio (95 %% interval) | limit | |\n"
		     "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++) {
		record = json_object_array_get_idx(records, i);
		if (member(record, "ratio") != NULL)
			put_row(record);
	}
	(void)printf("\n| of | figure | value | limit |\n|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++)
		put_figures(json_object_array_get_idx(records, i));
}

static void
put_machine(struct json_object *machine)
{
	(void)printf("\nMeasured on: ");
	json_object_object_foreach(machine, name, value)
	{
		(void)printf("%s: ", name);
		put(json_object_get_string(value));
		(void)printf("; ");
	}
	(void)printf("medians of pairs that ran in turn.\n");
}

int
main(int argc, char **argv)
{
	struct json_object *all = json_object_new_object();

	if (argc != 4)
		die("wants", "MACHINE RECORDS JSON");
	json_object_object_add(all, "machine", read_machine(argv[1]));
	json_object_object_add(all, "rows", read_records(argv[2]));
	if (json_object_to_file_ext(argv[3], all,
		    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			    JSON_C_TO_STRING_NOSLASHESCAPE) != 0)
		die("cannot write", argv[3]);
	put_tables(member(all, "rows"));
	put_machine(member(all, "machine"));
	json_object_put(all);
	return fflush(stdout) == 0 ? 0 : 1;
}

/*
 * sasl-entra status: how the accounts are, once or again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/world.h"

#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/status_show.h"
#include "tool/screen.h"
#include "tool/verb.h"

enum { OPT_JSON = 1, OPT_PROMETHEUS, OPT_AGENT, OPT_WATCH, WATCH_S = 2, WATCH_MAX_S = 3600 };

struct wish {
	enum { TABLE, JSON, PROMETHEUS } form;
	unsigned watch;   /* seconds; 0: once */
	bool agent;       /* nobody else is asked */
	const char *name; /* NULL: all */
};

static void
show(const struct se_command *command, const struct wish *wish, const struct se_status_rows *rows,
	struct se_buffer *out)
{
	const struct se_screen screen = se_screen_of_stdout();

	if (wish->form == JSON)
		se_status_show_json(rows, command->identity.configuration, out);
	else if (wish->form == PROMETHEUS)
		se_status_show_prometheus(rows, se_world_system.wall(se_world_system.context), out);
	else
		se_status_show(rows, &screen, out);
}

/* Whoever writes metrics to a file wants it replaced above all when something is wrong. */
static int
exit_code_of(const struct wish *wish, const struct se_status_rows *rows)
{
	if (wish->form == PROMETHEUS || se_status_needing(rows) == 0)
		return SE_EXIT_OK;
	return SE_EXIT_FAILED;
}

static int
once(const struct se_command *command, const struct wish *wish)
{
	struct se_status_rows rows;
	struct se_buffer out;
	struct se_error error;
	int exit_code;

	if (se_status_gather(&command->identity, wish->name, wish->agent, &rows, &error) != SE_OK)
		return se_exit_error(&error);
	se_buffer_init(&out, SE_OUTPUT_MAX);
	show(command, wish, &rows, &out);
	exit_code = se_output_write(&out);
	if (exit_code == SE_EXIT_OK)
		exit_code = exit_code_of(wish, &rows);
	se_buffer_free(&out);
	se_status_rows_free(&rows);
	return exit_code;
}

/* --- again and again -------------------------------------------------------------------------- */

/* From the upper left corner, what is left of the last drawing wiped away, no more lines than
 * there are; a line that is too long takes several. */
static int
draw(const char *text, const struct se_screen *screen)
{
	struct se_buffer out;
	unsigned line = 1;
	size_t len;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_add_text(&out, "\033[H");
	for (; *text != '\0'; text += len + 1) {
		len = strcspn(text, "\n");
		line += 1 + (unsigned)len / (screen->width > 0 ? screen->width : 1);
		if (line > screen->height)
			break;
		se_buffer_add(&out, text, len);
		se_buffer_add_text(&out, "\033[K\n");
		if (text[len] == '\0')
			break;
	}
	se_buffer_add_text(&out, "\033[J");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

static int
draw_status(const struct se_command *command, const struct wish *wish, int *exit_code)
{
	const struct se_screen screen = se_screen_of_stdout();
	struct se_status_rows rows = {NULL, 0};
	struct se_buffer out;
	struct se_error error;
	int drawn;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	if (se_status_gather(&command->identity, wish->name, wish->agent, &rows, &error) == SE_OK) {
		show(command, wish, &rows, &out);
		*exit_code = exit_code_of(wish, &rows);
	} else {
		se_buffer_addf(&out, "sasl-entra: %s\n", error.text);
		*exit_code = se_exit_code(error.code);
	}
	drawn = out.failed ? SE_EXIT_FAILED : draw(se_buffer_text(&out), &screen);
	se_buffer_free(&out);
	se_status_rows_free(&rows);
	return drawn;
}

static int
watch(const struct se_command *command, const struct wish *wish)
{
	int exit_code = SE_EXIT_OK, drawn;

	se_screen_enter();
	do
		drawn = draw_status(command, wish, &exit_code);
	while (drawn == SE_EXIT_OK && se_screen_wait(wish->watch));
	se_screen_leave();
	return drawn != SE_EXIT_OK ? drawn : exit_code;
}

/* --- the command line ------------------------------------------------------------------------- */

static bool
parse_watch(const char *text, struct wish *wish)
{
	char *end = NULL;
	unsigned long seconds = WATCH_S;

	if (text != NULL) {
		seconds = strtoul(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end != '\0' || seconds < 1 ||
			seconds > WATCH_MAX_S)
			return false;
	}
	wish->watch = (unsigned)seconds;
	return true;
}

/* SE_OPTION_END, or what se_verb_end() or the caller ends with. */
static int
parse(struct se_command *command, int argc, char **argv, struct wish *wish)
{
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option == OPT_WATCH && parse_watch(optarg, wish))
			continue;
		if (option == OPT_AGENT) {
			wish->agent = true;
			continue;
		}
		if (option != OPT_JSON && option != OPT_PROMETHEUS)
			return option;
		if (wish->form != TABLE && wish->form != (option == OPT_JSON ? JSON : PROMETHEUS))
			return OPT_JSON;
		wish->form = option == OPT_JSON ? JSON : PROMETHEUS;
	}
	return SE_OPTION_END;
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {.form = TABLE};
	int option = parse(command, argc, argv, &wish);

	if (option == OPT_WATCH)
		return se_verb_usage(command, "--watch takes 1 to 3600 seconds");
	if (option == OPT_JSON || (wish.watch > 0 && wish.form != TABLE))
		return se_verb_usage(command, "give one of --json, --prometheus and --watch only");
	if (option != SE_OPTION_END)
		return se_verb_end(command, option);
	if (optind + 1 < argc)
		return se_verb_usage(command, "give one NAME only");
	if (optind < argc)
		wish.name = argv[optind];
	if (wish.watch > 0 && se_screen_of_stdout().width == 0)
		return se_verb_usage(command, "--watch draws on a terminal, and stdout is none");
	return wish.watch > 0 ? watch(command, &wish) : once(command, &wish);
}

static const struct se_option options[] = {
	{"json", OPT_JSON, .help = "print a JSON object"},
	{"prometheus", OPT_PROMETHEUS, .help = "print Prometheus' text format"},
	{"agent", OPT_AGENT, .help = "fail where no agent answers"},
	{"watch", OPT_WATCH, "[SECONDS]", .help = "draw it again every 2 or that many seconds"},
	{.name = NULL},
};

const struct se_verb se_verb_status = {
	.name = "status",
	.usage = "[NAME] [--agent] [--json | --prometheus | --watch[=SECONDS]]",
	.help = "Shows how the accounts are, and what needs a person, without the network.",
	.options = options,
	.takes_name = true,
	.run = begin,
};

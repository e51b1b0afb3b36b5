/*
 * sasl-entra explain: what a number, a reply or a line of a log means. It needs neither a
 * configuration nor the network, and shows nothing of what it is given.
 */
#include <stdio.h>
#include <string.h>

#include "engine/account.h"
#include "engine/config.h"

#include "tool/exit_code.h"
#include "tool/explain.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/verb.h"

enum { OPT_ALL = 1, OPT_FOR, OPT_FORMAT, OPT_JSON };

struct wish {
	bool all;
	enum { TEXT, MARKDOWN, JSON } format;
	const char *name; /* --for; or NULL */
};

/* --- what is asked --------------------------------------------------------------------------- */

/* The values of an account; without one, words stand for them. */
static enum se_code
load_places(const struct se_command *command, const char *name, struct se_config **config,
	struct se_places *places, struct se_error *error)
{
	const struct se_account *account = NULL;
	enum se_code code = se_config_load(command->identity.configuration, config, NULL, error);

	if (code == SE_OK)
		account = se_account_named(*config, name, error);
	if (account == NULL)
		return code != SE_OK ? code : error->code;
	se_places_of(account, name, places);
	places->missing = NULL;
	places->mailbox = strchr(name, '@') != NULL ? name : se_account_user(account, "smtp");
	return SE_OK;
}

/* --- what is said ---------------------------------------------------------------------------- */

static void
add_one(const struct wish *wish, const struct se_explained_words *words, bool first,
	struct se_buffer *out)
{
	const struct se_screen screen = se_screen_of_stdout();

	if (wish->format == JSON) {
		se_buffer_add_text(out, first ? "" : ",\n");
		se_explain_json(words, out);
	} else if (wish->format == MARKDOWN) {
		se_explain_markdown(words, out);
	} else {
		se_buffer_add_text(out, first ? "" : "\n");
		se_explain_text(words, screen.width, screen.colour, out);
	}
}

static void
add_all_found(const struct wish *wish, const struct se_explanation *explanation,
	const struct se_places *places, struct se_buffer *out)
{
	for (size_t i = 0; i < explanation->count; i++) {
		struct se_explained_words words;

		if (se_explain_words(&explanation->list[i], places, &words))
			add_one(wish, &words, i == 0, out);
		else
			out->failed = true;
		se_explain_words_free(&words);
	}
}

static void
say_unknown(const struct se_explanation *explanation)
{
	if (explanation->count == 0)
		fprintf(stderr,
			"sasl-entra: nothing in it is known. Looked for: AADSTS numbers, errors of "
			"OAuth (invalid_client), replies of SMTP, IMAP and POP servers, and what "
			"Postfix, mbsync, Mutt, libsasl2 and sasl-entra say. Microsoft explains "
			"its "
			"numbers at https://login.microsoftonline.com/error?code=NUMBER; "
			"\"sasl-entra doctor\" looks for itself\n");
}

static int
explain(const struct wish *wish, const char *text, const struct se_places *places)
{
	static struct se_explanation explanation;
	struct se_buffer out;
	int exit_code;

	se_explain_find(text, &explanation);
	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_add_text(&out, wish->format == JSON ? "{\"explanations\": [" : "");
	add_all_found(wish, &explanation, places, &out);
	se_buffer_add_text(&out, wish->format == JSON ? "]}\n" : "");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	if (exit_code == SE_EXIT_OK && explanation.known == 0) {
		say_unknown(&explanation);
		exit_code = SE_EXIT_FAILED;
	}
	return exit_code;
}

static int
print_all(const struct wish *wish)
{
	const struct se_screen screen = se_screen_of_stdout();
	struct se_buffer out, list;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_init(&list, SE_OUTPUT_MAX);
	if (wish->format == MARKDOWN) {
		se_explain_page(&out);
	} else if (wish->format == JSON) {
		se_explain_all_json(&list);
		se_buffer_addf(&out, "{\"explanations\": [");
		se_buffer_add(&out, list.data, list.len);
		se_buffer_add_text(&out, "]}\n");
		out.failed |= list.failed;
	} else {
		se_explain_all_text(screen.width, screen.colour, &out);
	}
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	se_buffer_free(&list);
	return exit_code;
}

static int
read_and_explain(struct se_command *command, const struct wish *wish, int argc, char **argv)
{
	struct se_places places = {.app = NULL};
	struct se_config *config = NULL;
	struct se_buffer text;
	struct se_error error;
	int exit_code;

	if (wish->name != NULL &&
		load_places(command, wish->name, &config, &places, &error) != SE_OK) {
		se_config_free(config);
		return se_exit_error(&error);
	}
	se_buffer_init(&text, SE_EXPLAIN_TEXT_MAX);
	exit_code = se_explain_read(argc - optind, argv + optind, &text);
	if (exit_code == SE_EXIT_OK)
		exit_code = explain(wish, se_buffer_text(&text), &places);
	se_buffer_free(&text);
	se_config_free(config);
	return exit_code;
}

/* --- the command line ------------------------------------------------------------------------ */

static bool
take_option(struct wish *wish, int option)
{
	switch (option) {
	case OPT_ALL:
		wish->all = true;
		return true;
	case OPT_FOR:
		wish->name = optarg;
		return true;
	case OPT_JSON:
		wish->format = JSON;
		return true;
	default:
		return false;
	}
}

static int
begin(struct se_command *command, int argc, char **argv)
{
	struct wish wish = {.format = TEXT};
	int option;

	while ((option = se_verb_option(command, argc, argv)) != SE_OPTION_END) {
		if (option == OPT_FORMAT) {
			if (strcmp(optarg, "markdown") != 0 && strcmp(optarg, "text") != 0)
				return se_verb_usage(command, "--format must be text or markdown");
			wish.format = optarg[0] == 'm' ? MARKDOWN : TEXT;
		} else if (!take_option(&wish, option)) {
			return se_verb_end(command, option);
		}
	}
	if (wish.all && (optind < argc || wish.name != NULL))
		return se_verb_usage(command, "--all takes neither a text nor --for");
	return wish.all ? print_all(&wish) : read_and_explain(command, &wish, argc, argv);
}

static const struct se_option options[] = {
	{"for", OPT_FOR, "NAME", .help = "put in the values of the account that serves NAME"},
	{"all", OPT_ALL, .help = "print everything that is known"},
	{"format", OPT_FORMAT, "FORMAT", .choices = "text markdown",
		.help = "for a person (text, the default) or for a page"},
	{"json", OPT_JSON, .help = "print a JSON object"},
	{.name = NULL},
};

const struct se_verb se_verb_explain = {
	.name = "explain",
	.usage = "[CODE | TEXT ... | -] [--for NAME] [--all] [--format text|markdown] [--json]",
	.help = "Says what an error number, a server's reply or a line of a log means, and what to "
		"do.",
	.options = options,
	.run = begin,
};

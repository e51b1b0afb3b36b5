/* explain_all: everything that the tables hold, in the order of the guide. */
#include "tool/explain.h"

static const char introduction[] =
	"# Troubleshooting\n"
	"\n"
	"<!-- Printed by: sasl-entra explain --all --format markdown. A test compares them. -->\n"
	"\n"
	"Do not read this page, search it. Two commands are quicker still:\n"
	"\n"
	"    sasl-entra doctor user@example.com        looks for what is wrong, and says it\n"
	"    sasl-entra explain \"535 5.7.139 ...\"      says what a reply or a line of a log "
	"means\n"
	"\n"
	"`sasl-entra explain` takes a number (7000222), a code (5.7.139) or any piece of a log, "
	"as\n"
	"arguments or from a pipe:\n"
	"\n"
	"    journalctl -t postfix/smtp -n 200 | sasl-entra explain\n"
	"\n"
	"It sends nothing anywhere, and shows nothing of what it was given. With `--for NAME` it "
	"puts the\n"
	"values of that account in the place of the words in capitals below:\n"
	"\n"
	"- MAILBOX: the mailbox's address.\n"
	"- APP-ID: the app's Application (client) ID; TENANT: its Directory (tenant) ID or a "
	"domain of it.\n"
	"- OBJECT-ID: the Object ID of the *enterprise application*: Entra admin center, "
	"Enterprise\n"
	"  applications, the app, Overview. The app registration has an Object ID too, which "
	"Exchange takes\n"
	"  without a word and which never works.\n"
	"- LABEL: the account's label in sasl-entra.conf; SCOPE and FILE: its scope and its "
	"credential's\n"
	"  file; NAME: the login name.\n"
	"\n"
	"PowerShell below is Exchange Online PowerShell (`Connect-ExchangeOnline`). What Exchange "
	"needs as a\n"
	"whole is in [entra-app-only.md](entra-app-only.md) and [entra-user.md](entra-user.md).\n";

static void
nothing(const char *title, void *context)
{
	(void)title;
	(void)context;
}

/* How the tables are walked: a heading, then each entry below it. */
struct walk {
	void (*heading)(const char *title, void *context);
	void (*entry)(const struct se_explained_words *words, void *context);
	void *context;
	bool failed;
};

static void
visit(struct walk *walk, const struct se_explained *explained)
{
	static const struct se_places none;
	struct se_explained_words words;

	if (se_explain_words(explained, &none, &words))
		walk->entry(&words, walk->context);
	else
		walk->failed = true;
	se_explain_words_free(&words);
}

static void
walk_replies(struct walk *walk)
{
	const struct se_reply_part *part;

	for (size_t n = 0; (part = se_reply_part(n)) != NULL; n++) {
		walk->heading(part->title, walk->context);
		for (size_t i = 0; i < part->count; i++)
			visit(walk, &(struct se_explained){.reply = &part->list[i]});
	}
}

static void
walk_reasons(struct walk *walk)
{
	size_t errors, suberrors;
	const struct se_reason *error = se_reason_errors(&errors);
	const struct se_reason *suberror = se_reason_suberrors(&suberrors);

	walk->heading("What token endpoints answer: error", walk->context);
	for (size_t i = 0; i < errors; i++)
		visit(walk, &(struct se_explained){.reason = &error[i]});
	walk->heading("What Entra answers beside it: suberror", walk->context);
	for (size_t i = 0; i < suberrors; i++)
		if (se_reason_error(suberror[i].word) == NULL)
			visit(walk, &(struct se_explained){.reason = &suberror[i]});
}

static void
walk_numbers(struct walk *walk)
{
	size_t count;
	const struct se_aadsts *table = se_aadsts_table(&count);

	walk->heading("What Entra answers: AADSTS numbers", walk->context);
	for (size_t i = 0; i < count; i++)
		visit(walk, &(struct se_explained){.aadsts = &table[i], .number = table[i].number});
}

static void
walk_all(struct walk *walk)
{
	walk_replies(walk);
	walk_reasons(walk);
	walk_numbers(walk);
}

/* --- a page ---------------------------------------------------------------------------------- */

static void
page_heading(const char *title, void *context)
{
	se_buffer_addf(context, "\n## %s\n", title);
}

static void
page_entry(const struct se_explained_words *words, void *context)
{
	se_explain_markdown(words, context);
}

void
se_explain_page(struct se_buffer *out)
{
	struct walk walk = {.heading = page_heading, .entry = page_entry, .context = out};

	se_buffer_add_text(out, introduction);
	walk_all(&walk);
	out->failed |= walk.failed;
}

/* --- a screen -------------------------------------------------------------------------------- */

struct screen {
	struct se_buffer *out;
	unsigned width;
	bool colour;
};

static void
screen_heading(const char *title, void *context)
{
	const struct screen *screen = context;

	se_buffer_addf(screen->out, "%s\n=== %s ===\n", screen->out->len > 0 ? "\n" : "", title);
}

static void
screen_entry(const struct se_explained_words *words, void *context)
{
	const struct screen *screen = context;

	se_buffer_add_text(screen->out, "\n");
	se_explain_text(words, screen->width, screen->colour, screen->out);
}

void
se_explain_all_text(unsigned width, bool colour, struct se_buffer *out)
{
	struct screen screen = {out, width, colour};
	struct walk walk = {.heading = screen_heading, .entry = screen_entry, .context = &screen};

	walk_all(&walk);
	out->failed |= walk.failed;
}

/* --- a program ------------------------------------------------------------------------------- */

static void
json_entry(const struct se_explained_words *words, void *context)
{
	struct se_buffer *out = context;

	se_buffer_add_text(out, out->len > 0 ? ",\n" : "");
	se_explain_json(words, out);
}

void
se_explain_all_json(struct se_buffer *out)
{
	struct walk walk = {.heading = nothing, .entry = json_entry, .context = out};

	walk_all(&walk);
	out->failed |= walk.failed;
}

#include <string.h>

#include "tool/login_page.h"

/* Colours for light and dark, one column that fits a telephone. */
static const char style[] =
	":root{color-scheme:light dark;--paper:#f4f6f8;--card:#fff;--ink:#1b2733;--soft:#5b6b7a;"
	"--line:#dde4ea;--good:#1a7f37;--bad:#b42318;--plain:#3b5b7a}"
	"@media(prefers-color-scheme:dark){:root{--paper:#10161c;--card:#18212a;--ink:#e6edf3;"
	"--soft:#93a4b4;--line:#2b3844;--good:#3fb950;--bad:#f97066;--plain:#7aa7d0}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;"
	"padding:1.5rem;background:var(--paper);color:var(--ink);"
	"font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}"
	"main{width:100%;max-width:34rem;padding:2.25rem;background:var(--card);"
	"border:1px solid var(--line);border-top:.3rem solid var(--tone);border-radius:.75rem;"
	"box-shadow:0 .5rem 2rem rgba(0,0,0,.06)}"
	".good{--tone:var(--good)}.bad{--tone:var(--bad)}.neutral{--tone:var(--plain)}"
	"svg{display:block;width:3rem;height:3rem;margin:0 0 1rem;fill:none;stroke:var(--tone);"
	"stroke-width:2;stroke-linecap:round;stroke-linejoin:round}"
	"h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}"
	".who{margin:-.5rem 0 1rem;font-size:1.125rem;color:var(--soft);overflow-wrap:anywhere}"
	"p{margin:0 0 .75rem;overflow-wrap:anywhere}"
	"ul{margin:0 0 1rem;padding:0;list-style:none;border:1px solid var(--line);"
	"border-radius:.5rem}"
	"li{padding:.5rem .875rem;overflow-wrap:anywhere}li+li{border-top:1px solid var(--line)}"
	".note{margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--line);"
	"font-size:.875rem;color:var(--soft)}";

static const struct {
	const char *name;
	const char *drawing; /* in a circle of radius 10 around 12,12 */
} kinds[] = {
	[SE_PAGE_GOOD] = {"good", "M7.5 12.5l3 3 6-6.5"},
	[SE_PAGE_BAD] = {"bad", "M12 7v6M12 16.5v.01"},
	[SE_PAGE_NEUTRAL] = {"neutral", "M12 11v6M12 7.5v.01"},
};

/* All that means something in a text or in a quoted attribute. */
static void
add_escaped(struct se_buffer *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '&':
			se_buffer_add_text(out, "&amp;");
			break;
		case '<':
			se_buffer_add_text(out, "&lt;");
			break;
		case '>':
			se_buffer_add_text(out, "&gt;");
			break;
		case '"':
			se_buffer_add_text(out, "&quot;");
			break;
		case '\'':
			se_buffer_add_text(out, "&#39;");
			break;
		default:
			se_buffer_add(out, text + i, 1);
			break;
		}
	}
}

/* Each line of `text` between `open` and `close`. */
static void
add_lines(struct se_buffer *out, const char *open, const char *text, const char *close)
{
	while (text != NULL && *text != '\0') {
		const size_t len = strcspn(text, "\n");

		se_buffer_add_text(out, open);
		add_escaped(out, text, len);
		se_buffer_add_text(out, close);
		text += len + (text[len] == '\n');
	}
}

static void
add_head(const struct se_login_page *page, const char *nonce, struct se_buffer *out)
{
	se_buffer_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				"<meta charset=\"utf-8\">\n"
				"<meta name=\"viewport\" content=\"width=device-width, "
				"initial-scale=1\">\n");
	add_lines(out, "<title>", page->title, " - sasl-entra</title>\n");
	se_buffer_addf(out, "<style nonce=\"%s\">%s</style>\n</head>\n", nonce, style);
}

void
se_login_page(const struct se_login_page *page, const char *nonce, struct se_buffer *out)
{
	add_head(page, nonce, out);
	se_buffer_addf(out,
		"<body>\n<main class=\"%s\">\n<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">"
		"<circle cx=\"12\" cy=\"12\" r=\"10\"/><path d=\"%s\"/></svg>\n",
		kinds[page->kind].name, kinds[page->kind].drawing);
	add_lines(out, "<h1>", page->title, "</h1>\n");
	add_lines(out, "<p class=\"who\">", page->who, "</p>\n");
	add_lines(out, "<p>", page->text, "</p>\n");
	if (page->list != NULL) {
		se_buffer_add_text(out, "<ul>\n");
		add_lines(out, "<li>", page->list, "</li>\n");
		se_buffer_add_text(out, "</ul>\n");
	}
	add_lines(out, "<p class=\"note\">", page->note, "</p>\n");
	se_buffer_add_text(out, "</main>\n</body>\n</html>\n");
}

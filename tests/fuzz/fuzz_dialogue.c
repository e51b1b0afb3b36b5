/* Fuzzes what is kept of a conversation with a mail server, and what of it is shown. An input is a byte
 * (bit 0: IMAP; bit 1: there is a token), and lines: "C" and what we sent, "S" and what came, "M" for a
 * piece of the message; "+" behind the letter: without a line end. */
#include <stdlib.h>
#include <string.h>

#include "engine/mail_dialogue.h"
#include "engine/replies.h"

#include "fuzz.h"

#define TOKEN \
	"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL291dGxvb2sub2ZmaWNlLmNvbSJ9." \
	"c2lnbmF0dXJlLW9mLXRoZS10b2tlbi10aGF0LW11c3Qtbm90LWJlLXNob3du"

enum { PIECE = 16, RUN_MAX = 64 };

static void
must_hide_token(const char *text)
{
	for (size_t i = 0; i + PIECE < sizeof(TOKEN); i++) {
		char piece[PIECE + 1] = "";

		memcpy(piece, &TOKEN[i], PIECE);
		must(strstr(text, piece) == NULL);
	}
}

/* Of a line of the server's: nothing that is as long as a token. */
static void
must_be_short(const char *line)
{
	size_t run = 0;

	for (const char *c = line; *c != '\0'; c++) {
		const bool base64 = strchr("+/=_-", *c) != NULL || (*c >= '0' && *c <= '9') ||
				    ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z');

		run = base64 ? run + 1 : 0;
		must(run <= RUN_MAX);
	}
}

/* Lines that a terminal shows as they are. Ours are as somebody here wrote them. */
static void
must_be_shown(const struct se_buffer *buffer, bool token)
{
	struct input input = {se_buffer_text(buffer), buffer->len};

	must(strlen(input.data) == buffer->len && buffer->len <= buffer->max);
	must(!buffer->failed);
	while (input.len > 0) {
		char *line = input_line(&input);

		must_be_printable(line);
		if (strncmp(line, "C: ", 3) != 0)
			must_be_short(line);
		if (token && strncmp(line, "C: ", 3) != 0)
			must_hide_token(line);
		free(line);
	}
}

static void
say(struct se_dialogue *dialogue, const char *line)
{
	const char who = line[0];
	const bool part = who != '\0' && line[1] == '+';
	const char *text = line + (who != '\0') + part;
	struct se_buffer whole;

	se_buffer_init(&whole, 1 << 16);
	se_buffer_addf(&whole, "%s%s", text, part ? "" : "\r\n");
	if (who == 'C')
		se_dialogue_sent(dialogue, whole.data, whole.len);
	else if (who == 'M')
		se_dialogue_message(dialogue, whole.len);
	else
		se_dialogue_heard(dialogue, whole.data, whole.len);
	se_buffer_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	const unsigned ways = input_byte(&input);
	struct se_secret *token = (ways & 2) != 0 ? se_secret_new(TOKEN, strlen(TOKEN)) : NULL;
	struct se_dialogue dialogue;

	se_dialogue_init(&dialogue, (ways & 1) != 0, token);
	while (input.len > 0) {
		char *line = input_line(&input);

		say(&dialogue, line);
		free(line);
	}
	must(dialogue.lines <= SE_DIALOGUE_LINES_MAX || dialogue.flooded);
	(void)se_dialogue_offers(&dialogue, "AUTH", "XOAUTH2");
	(void)se_dialogue_offers(&dialogue, "STARTTLS", NULL);
	(void)se_dialogue_offers(&dialogue, "AUTH=XOAUTH2", NULL);
	(void)se_reply_find_any(se_buffer_text(&dialogue.reply));
	must_be_shown(&dialogue.transcript, token != NULL);
	must_be_shown(&dialogue.reply, token != NULL);
	must_be_shown(&dialogue.offers, token != NULL);
	se_dialogue_free(&dialogue);
	se_secret_free(token);
	return 0;
}

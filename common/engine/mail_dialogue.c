#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "engine/base64url.h"
#include "engine/mail_dialogue.h"

enum {
	RUN_MAX = 64, /* of base64 that a server's line may have in one piece: a token is longer */
	PIECE = 16    /* bytes of the token that no line may have */
};

static const char not_shown[] = "[not shown]";

void
se_dialogue_init(struct se_dialogue *dialogue, bool imap, const struct se_secret *token)
{
	memset(dialogue, 0, sizeof(*dialogue));
	dialogue->imap = imap;
	dialogue->token = token;
	se_buffer_init(&dialogue->transcript, SE_DIALOGUE_MAX);
	se_buffer_init(&dialogue->reply, SE_DIALOGUE_MAX);
	se_buffer_init(&dialogue->offers, SE_DIALOGUE_MAX);
}

void
se_dialogue_free(struct se_dialogue *dialogue)
{
	se_buffer_free(&dialogue->transcript);
	se_buffer_free(&dialogue->reply);
	se_buffer_free(&dialogue->offers);
}

/* --- what is shown of a line ------------------------------------------------------------------ */

static bool
is_base64(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("+/=_-", c) != NULL);
}

static size_t
base64_run(const char *text)
{
	size_t len = 0;

	while (is_base64(text[len]))
		len++;
	return len;
}

/* Whether a piece of the token begins here. */
static bool
is_of_token(const struct se_dialogue *dialogue, const char *text)
{
	char piece[PIECE + 1];

	if (dialogue->token == NULL || strlen(text) < PIECE ||
		se_secret_len(dialogue->token) < PIECE)
		return false;
	memcpy(piece, text, PIECE);
	piece[PIECE] = '\0';
	return strstr(se_secret_reveal(dialogue->token), piece) != NULL;
}

/* How many bytes of the line from here on are not to be shown. */
static size_t
hidden(const struct se_dialogue *dialogue, const char *text)
{
	size_t len = base64_run(text);

	if (len > RUN_MAX)
		return len;
	if (!is_of_token(dialogue, text))
		return 0;
	for (len = 1; is_of_token(dialogue, text + len); len++)
		;
	return len + PIECE - 1;
}

/* The line as it may be shown. */
static void
add_shown(const struct se_dialogue *dialogue, const char *line, struct se_buffer *out)
{
	size_t len;

	while (*line != '\0') {
		len = hidden(dialogue, line);
		if (len > 0)
			se_buffer_add_text(out, not_shown);
		else
			se_buffer_add(out, line, 1);
		line += len > 0 ? len : 1;
	}
}

/* --- lines ------------------------------------------------------------------------------------- */

/* A transcript that is full stays as it is. */
static void
add_line(struct se_dialogue *dialogue, char who, const char *shown)
{
	struct se_buffer *transcript = &dialogue->transcript;

	if (transcript->len + strlen(shown) + 8 < transcript->max)
		se_buffer_addf(transcript, "%c: %s\n", who, shown);
}

/* Some servers send the reason of a refusal as a challenge, JSON in base64: "334 eyJz..." becomes
 * "334 {"status":"400"}", which is never longer. */
static void
open_challenge(const struct se_dialogue *dialogue, char *line)
{
	const size_t at = dialogue->imap ? 2 : 4;
	struct se_buffer out;

	if (strncmp(line, dialogue->imap ? "+ " : "334 ", at) != 0)
		return;
	for (char *c = line + at; *c != '\0'; c++)
		*c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
	line[at + strcspn(line + at, "=")] = '\0';
	se_buffer_init(&out, SE_DIALOGUE_LINE_MAX);
	if (se_base64url_decode(&out, line + at) && out.len > 0 && out.data[0] == '{' &&
		memchr(out.data, '\0', out.len) == NULL)
		memcpy(line + at, out.data, out.len + 1);
	se_buffer_free(&out);
}

static void
heard_line(struct se_dialogue *dialogue, char *line)
{
	struct se_buffer shown;

	if (++dialogue->lines > SE_DIALOGUE_LINES_MAX) {
		dialogue->flooded = true;
		return;
	}
	open_challenge(dialogue, line);
	se_text_clean(line);
	se_buffer_init(&shown, (size_t)16 * SE_DIALOGUE_LINE_MAX);
	add_shown(dialogue, line, &shown);
	add_line(dialogue, 'S', se_buffer_text(&shown));
	if (dialogue->reply.len + shown.len + 2 < dialogue->reply.max)
		se_buffer_addf(&dialogue->reply, "%s%s", dialogue->reply.len > 0 ? "\n" : "",
			se_buffer_text(&shown));
	if (dialogue->offering && dialogue->offers.len + shown.len + 2 < dialogue->offers.max)
		se_buffer_addf(&dialogue->offers, "%s\n", se_buffer_text(&shown));
	se_buffer_free(&shown);
}

static const struct {
	const char *command;
	enum se_mail_stage stage;
} known[] = {
	{"EHLO", SE_MAIL_GREETING},
	{"CAPABILITY", SE_MAIL_GREETING},
	{"STARTTLS", SE_MAIL_STARTTLS},
	{"AUTH", SE_MAIL_LOGIN},
	{"AUTHENTICATE", SE_MAIL_LOGIN},
	{"MAIL", SE_MAIL_MESSAGE},
	{"RCPT", SE_MAIL_MESSAGE},
	{"DATA", SE_MAIL_MESSAGE},
	{"STATUS", SE_MAIL_MESSAGE},
	{"QUIT", SE_MAIL_MESSAGE},
	{"LOGOUT", SE_MAIL_MESSAGE},
};

/* The entry of `known` for the line's command, or -1; a line of a login that goes on is none. */
static int
find_command(const struct se_dialogue *dialogue, const char *line)
{
	size_t len;

	if (dialogue->imap && strchr(line, ' ') != NULL)
		line = strchr(line, ' ') + 1;
	len = strcspn(line, " ");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len == strlen(known[i].command) && strncmp(line, known[i].command, len) == 0)
			return (int)i;
	return -1;
}

/* "AUTH XOAUTH2 dXNlcj1..." -> "AUTH XOAUTH2 [not shown]" */
static void
cut_login(const struct se_dialogue *dialogue, char *line)
{
	unsigned words = dialogue->imap ? 3 : 2;

	for (; *line != '\0'; line++)
		if (*line == ' ' && --words == 0) {
			memcpy(line + 1, not_shown, sizeof(not_shown));
			return;
		}
}

static void
sent_line(struct se_dialogue *dialogue, char *line)
{
	const int command = find_command(dialogue, line);

	se_buffer_reset(&dialogue->reply);
	dialogue->offering = false;
	if (command < 0) {
		add_line(dialogue, 'C', line[0] == '\0' ? "" : not_shown);
		return;
	}
	se_text_clean(line);
	dialogue->stage = known[command].stage;
	if (dialogue->stage == SE_MAIL_GREETING) {
		dialogue->offering = true;
		se_buffer_reset(&dialogue->offers);
	}
	if (dialogue->stage == SE_MAIL_LOGIN)
		cut_login(dialogue, line);
	add_line(dialogue, 'C', line);
}

/* Calls `line` with each line, the ends of lines away. */
static void
each_line(struct se_dialogue *dialogue, const char *data, size_t len,
	void (*line)(struct se_dialogue *dialogue, char *line))
{
	char copy[SE_DIALOGUE_LINE_MAX + sizeof(not_shown)] = "";

	while (len > 0) {
		const char *end = memchr(data, '\n', len);
		const size_t whole = end != NULL ? (size_t)(end - data) + 1 : len;
		size_t kept = whole;

		while (kept > 0 && (data[kept - 1] == '\n' || data[kept - 1] == '\r'))
			kept--;
		if (kept > SE_DIALOGUE_LINE_MAX)
			kept = SE_DIALOGUE_LINE_MAX;
		for (size_t i = 0; i < kept; i++)
			copy[i] = data[i] == '\0' ? '?' : data[i];
		copy[kept] = '\0';
		line(dialogue, copy);
		data += whole;
		len -= whole;
	}
	se_wipe(copy, sizeof(copy));
}

void
se_dialogue_sent(struct se_dialogue *dialogue, const char *data, size_t len)
{
	each_line(dialogue, data, len, sent_line);
}

void
se_dialogue_heard(struct se_dialogue *dialogue, const char *data, size_t len)
{
	each_line(dialogue, data, len, heard_line);
}

void
se_dialogue_message(struct se_dialogue *dialogue, size_t len)
{
	if (dialogue->data == 0)
		add_line(dialogue, 'C', "[the message]");
	se_buffer_reset(&dialogue->reply);
	dialogue->data += len;
}

/* --- what it offers ----------------------------------------------------------------------------- */

static bool
has_word(const char *line, const char *end, const char *word)
{
	const size_t len = strlen(word);

	while (line < end) {
		const size_t here = strcspn(line, " \n");

		if (here == len && strncasecmp(line, word, len) == 0)
			return true;
		line += here + 1;
	}
	return false;
}

bool
se_dialogue_offers(const struct se_dialogue *dialogue, const char *name, const char *word)
{
	const char *line = se_buffer_text(&dialogue->offers);
	const size_t len = strlen(name);

	while (*line != '\0') {
		const char *end = line + strcspn(line, "\n");
		const char *at = end - line > 4 ? line + 4 : end;

		if (dialogue->imap && has_word(line, end, name))
			return true;
		if (!dialogue->imap && (size_t)(end - at) >= len &&
			strncasecmp(at, name, len) == 0 &&
			(at + len == end || at[len] == ' ' || at[len] == '=') &&
			(word == NULL || has_word(at, end, word)))
			return true;
		line = end + (*end == '\n');
	}
	return false;
}

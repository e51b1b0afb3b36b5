/*
 * replies: what mail servers answer to AUTH and to a message, and what mail programs and this one make
 * of it: meaning, cause and what to do. It is the table behind `doctor`, `send`, `explain` and
 * doc/guide/troubleshooting.md.
 * Source: Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth", "Fix issues with
 * SMTP client submission", and what clients of Exchange Online have reported.
 */
#ifndef SE_ENGINE_REPLIES_H
#define SE_ENGINE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum se_reply_from {
	SE_REPLY_SMTP,
	SE_REPLY_IMAP,
	SE_REPLY_POP,
	SE_REPLY_CHALLENGE, /* the JSON with which a server of any protocol refuses a token */
	SE_REPLY_PROGRAM    /* what a mail program or this one says */
};

struct se_reply {
	const char *id; /* short, stable, a heading of the guide: "smtp-auth-disabled-tenant" */
	enum se_reply_from from;
	enum se_code class;  /* SE_OK, SE_AGAIN, SE_ADMIN, SE_CONFIG, SE_SIGN_IN, SE_NO_ACCOUNT or
	                        SE_DENIED */
	const char *code;    /* "535 5.7.139", "421 4.7.66", "|" between several; NULL: its words
	                        alone tell */
	const char *words;   /* words of the text, in lower case, "|" between others that serve as
	                        well, '*' for anything between two of them, ' ' for any blanks;
	                        NULL: the code alone tells */
	const char *shown;   /* as it looks, for a reader: whole, without names of servers */
	const char *meaning; /* a sentence */
	const char *cause;   /* sentences, or NULL */
	const char *todo;    /* sentences, a line each, and commands, a line each after two spaces;
	                        with places.h's places for values */
	const char *waiting; /* whether waiting helps, and how long; a sentence */
	bool elsewhere;      /* the reason stands in another line: of use only where that is not
	                        found */
};

/* Entries of one kind, in the order of the guide. */
struct se_reply_part {
	const char *title; /* a heading */
	const struct se_reply *list;
	size_t count;
};

/* NULL behind the last one. */
const struct se_reply_part *se_reply_part(size_t n);
size_t se_reply_part_count(void);

/* Where an entry was found in a text. */
struct se_reply_hit {
	const struct se_reply *reply;
	size_t at;
};

/* The entry that fits the line best, which may be a whole line of a log: the most exact one of those
 * whose code and words are in it. A challenge is of any protocol. NULL when there is none. */
const struct se_reply *se_reply_find(enum se_reply_from from, const char *line);

/* The same for any kind of line. A server's reply goes before what a program made of it. */
const struct se_reply *se_reply_find_any(const char *line);

/* All of a text of many lines, each once and the most exact one of each place, in the order of the
 * text; of `elsewhere` none where there is another one. A text that is nothing but a code ("5.7.139",
 * "535") has all entries with it. Returns how many there are in `hits`. */
size_t se_reply_find_all(const char *text, struct se_reply_hit *hits, size_t max);

/* NULL when there is none with that id. */
const struct se_reply *se_reply_named(const char *id);

#endif

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

enum se_reply_from { SE_REPLY_SMTP, SE_REPLY_IMAP, SE_REPLY_POP, SE_REPLY_PROGRAM };

struct se_reply {
	const char *id; /* short, stable, a heading of the guide: "smtp-auth-disabled-tenant" */
	enum se_reply_from from;
	const char *code;    /* "535 5.7.139", "421 4.7.66"; NULL: its words alone tell */
	const char *words;   /* words of the text, in lower case, "|" between others that serve as
	                         well; NULL: the code alone tells */
	const char *shown;   /* as it looks, for a reader: whole, without names of servers */
	enum se_code class;  /* SE_OK, SE_AGAIN, SE_ADMIN, SE_CONFIG or SE_SIGN_IN */
	const char *meaning; /* a sentence */
	const char *cause;   /* sentences, or NULL */
	const char *todo;    /* sentences or commands, a line each: {mailbox} {app} {tenant} {label}
	                         {object_id} stand for values, and for words where they are unknown */
	const char *waiting; /* whether waiting helps, and how long; a sentence */
};

/* The entry that fits the line best, which may be a whole line of a log: the most exact one of those
 * whose code and words are in it. NULL when there is none. */
const struct se_reply *se_reply_find(enum se_reply_from from, const char *line);

/* The same for any kind of line. */
const struct se_reply *se_reply_find_any(const char *line);

const struct se_reply *se_reply_named(const char *id);
const struct se_reply *se_reply_table(size_t *count);

#endif

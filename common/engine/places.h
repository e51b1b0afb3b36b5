/*
 * places: the names in braces in a sentence for a person, and what is put there: {app}, {tenant},
 * {label}, {scope}, {file}, {sign_in}, {mailbox}, {object_id}.
 */
#ifndef SE_ENGINE_PLACES_H
#define SE_ENGINE_PLACES_H

#include "core/buffer.h"
#include "engine/config.h"

/* NULL: not known. */
struct se_places {
	const char *app; /* Application (client) ID */
	const char *tenant;
	const char *label; /* of the account */
	const char *scope;
	const char *file;      /* of the credential */
	const char *login;     /* who has to sign in: {sign_in} is the command for it */
	const char *mailbox;   /* its address */
	const char *object_id; /* of the enterprise application */
	const char *missing; /* what stands for a value that is not known; NULL: a word for each in
	                          capitals, as in a manual: MAILBOX */
};

/* Those of an account, which live as long as it does; the others become NULL. `missing` is "(not
 * set)". */
void se_places_of(const struct se_account *account, const char *login, struct se_places *places);

/* Appends the text with all of them filled in; in a line that begins with two blanks, which is a command,
 * by se_places_word(). */
void se_places_fill(const char *text, const struct se_places *places, struct se_buffer *out);

/* Appends a name as a command of a shell or of PowerShell takes it: as it is, or in quotes where it has
 * characters that mean something there. One that quotes do not make harmless is replaced by
 * `instead`. */
void se_places_word(struct se_buffer *out, const char *name, const char *instead);

#endif

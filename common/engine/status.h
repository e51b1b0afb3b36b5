/*
 * status: how one account is, and whether a person has to do something about it: what `sasl-entra
 * status` shows. Pure functions of what is known; status_walk.h finds it out.
 */
#ifndef SE_ENGINE_STATUS_H
#define SE_ENGINE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "engine/config.h"
#include "engine/store.h"

enum {
	SE_SIGN_IN_OLD_DAYS = 80,    /* unused; Entra forgets a refresh token after 90 */
	SE_CERTIFICATE_SOON_DAYS = 7 /* so many days before its end somebody must act */
};

#define SE_DAYS_UNKNOWN INT64_MIN

struct se_status {
	/* what it is about */
	const struct se_account *account;
	const char *identity;  /* whose sign-in; NULL: the app's own, or nobody's yet */
	const char *token_key; /* its name; NULL: none */
	const char *kept; /* "file", "memory" (there is no state directory), "unsaved" (the file
	                          could not be written) or NULL (nothing yet) */
	const char *directory; /* of the state file; NULL: memory only */

	/* how it is */
	enum se_code code; /* SE_OK, or the class of the last failure */
	const char
		*needs; /* what a person must see to: "sign in", "admin", "config", "old sign-in",
	                      "certificate"; NULL: nothing */
	bool used;      /* a token or a failure is known */
	char text[SE_ERROR_TEXT_MAX]; /* what is wrong and what to do; "": nothing */

	/* the token; `fingerprint` is "" when there is none */
	char fingerprint[SE_FINGERPRINT_MAX + 1];
	struct se_times times;
	int64_t seconds_left;

	/* the last failure; all 0 without one */
	int64_t failure_first, failure_last, failure_until;
	unsigned failures;

	int64_t refresh_token_days; /* since it was used last, or SE_DAYS_UNKNOWN */
	int64_t certificate_days;   /* until it ends, below 0 afterwards, or SE_DAYS_UNKNOWN */
};

/* Begins the status of an account, of which nothing is known yet. */
void se_status_begin(struct se_status *status, const struct se_account *account);

/* Takes over what a token key's state says. `now`: seconds since 1970. */
void se_status_take(struct se_status *status, const struct se_state *state, int64_t now);

/* The account's certificate ends at `ends`, seconds since 1970. */
void se_status_certificate(struct se_status *status, int64_t ends, int64_t now);

/* Something is wrong that no request has told of. */
void se_status_wrong(struct se_status *status, enum se_code code, const char *text);

/* Decides `needs`, and writes `text` where no failure has. The last call before it is shown. */
void se_status_judge(struct se_status *status);

/* What NAME on the tool's command line is for this one: the login name where each has a sign-in of
 * his own, else the account's label. */
const char *se_status_name(const struct se_status *status);

/* Appends it as one line, a JSON object. The members are documented in sasl-entra(1), and stay. */
bool se_status_line(const struct se_status *status, struct se_buffer *out);

#endif

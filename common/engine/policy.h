/*
 * policy: when a token is used, renewed or waited for, and how long a failure is remembered.
 * Pure functions of the times given; the rules are in doc/internals/architecture.md.
 */
#ifndef SE_ENGINE_POLICY_H
#define SE_ENGINE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

enum {
	SE_LIFETIME_DEFAULT = 3600, /* seconds, where the endpoint does not say (RFC 6749 5.1) */
	SE_ROLELESS_LIFETIME = 300, /* an app-only token without roles is used for so long, */
	SE_ROLELESS_RENEW = 240,    /* and renewed after so long */
	SE_HVE_LIFETIME = 660,      /* High Volume Email refuses tokens with 600 s left or less */
	SE_BACKOFF_MAX = 300,       /* seconds, also for permanent errors */
	SE_RETRY_AFTER_MAX = 3600,
	SE_REMEMBER_MAX = SE_RETRY_AFTER_MAX + SE_BACKOFF_MAX, /* no failure is remembered longer */
	SE_CLOCK_SLACK = 5 /* seconds that the clocks of two processes may be apart */
};

/* The times of one token, all in seconds since 1970. */
struct se_times {
	int64_t obtained;
	int64_t expires;
	int64_t usable; /* handed out until then: `expires` or earlier */
	int64_t renew;  /* renewed ahead of need from then on */
};

/* What the endpoint and the account say of a token just fetched; -1: nothing. */
struct se_lifetime {
	int64_t expires_in;
	int64_t refresh_in;
	int64_t max_age;
	bool roleless;
};

/* `chance` is 0 to 255 and only ever makes renewal earlier. */
struct se_times se_policy_times(int64_t now, const struct se_lifetime *lifetime, unsigned chance);

enum se_use {
	SE_USE,           /* hand it out */
	SE_USE_AND_RENEW, /* hand it out, and somebody should fetch the next one */
	SE_USE_NOT        /* too little left: wait for the next one */
};

/* `min_lifetime` in seconds, what the account asks for. A clock that went back makes a token
 * unusable: nobody knows what it has left. */
enum se_use se_policy_judge(const struct se_times *times, int64_t now, unsigned min_lifetime);

/* Whether what was noted at `then` was noted by a clock that is ahead of ours: it was set back since,
 * and nothing that was reckoned from there means anything. */
bool se_policy_from_the_future(int64_t then, int64_t now);

/* Whether a token that should have been renewed may still be sent because renewing failed. */
bool se_policy_still_valid(const struct se_times *times, int64_t now);

/* The account's min_lifetime, or more where the server wants more. `server` may be "". */
unsigned se_policy_min_lifetime(unsigned min_lifetime, const char *server);

/* Seconds for which the same request is not made again. `count`: failures in a row, this one
 * included. `retry_after`: what the endpoint said, 0 for nothing. `chance` keeps relays apart that
 * failed together: earlier by up to a half, but never earlier than the endpoint said, and then later
 * by up to as much again, SE_BACKOFF_MAX at the most. */
unsigned
se_policy_backoff(enum se_code code, unsigned retry_after, unsigned count, unsigned chance);

#endif

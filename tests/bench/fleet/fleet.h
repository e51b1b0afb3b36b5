/*
 * fleet: many relays that share an app registration, or a mailbox, in a time of its own that passes
 * quickly. A relay is the agent's engine itself, all of it but for libcurl: its clock, its chance and
 * its network are the simulation's. The same seed gives the same figures.
 */
#ifndef SE_TESTS_BENCH_FLEET_H
#define SE_TESTS_BENCH_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- chance.c ------------------------------------------------------------------------------------ */

struct chance {
	uint64_t state;
};

/* Independent for each pair of seed and number. */
struct chance chance_make(uint64_t seed, uint64_t number);

uint64_t chance_next(struct chance *chance);

/* 0 to `most`, both included. */
int64_t chance_up_to(struct chance *chance, int64_t most);

/* --- turns.c ------------------------------------------------------------------------------------- */

struct turn {
	int64_t due; /* ms */
	void *whose;
};

/* All zero, or the end of the program. */
void *need(size_t count, size_t size);

/* `turns` has `count` of them from 1 on, and is a heap with the earliest at 1 but for the one at
 * `place`, which may be later than it was. Afterwards it is a heap. */
void turns_sink(struct turn *turns, size_t count, size_t place);

/* Makes a heap of them. */
void turns_begin(struct turn *turns, size_t count);

/* --- tenant.c: Entra's token endpoint, as far as it is known from outside -------------------------- */

enum outage {
	OUTAGE_REFUSED, /* the connection fails at once */
	OUTAGE_SILENT,  /* nothing answers, and the client's own time ends the try */
	OUTAGE_503      /* an answer, without Retry-After */
};

struct tenant {
	unsigned limit;                 /* tokens a second for the registration; 0: no limit */
	unsigned retry_after;           /* seconds, with the 429 above it */
	unsigned life_min, life_max;    /* seconds that a token is good for */
	int64_t outage_from, outage_to; /* ms; the same: none */
	enum outage outage;

	int64_t second; /* under way */
	unsigned granted;
};

/* What comes of one request. */
struct fate {
	int64_t after; /* ms */
	long status;   /* 0: no answer */
	unsigned life; /* seconds, with 200 */
	unsigned retry_after;
};

/* A tenant with tokens of 60 to 90 minutes and no limit. */
struct tenant tenant_usual(void);

struct fate tenant_ask(struct tenant *tenant, int64_t now, struct chance *chance);

/* --- run.c: a fleet for some hours ----------------------------------------------------------------- */

struct plan {
	uint64_t seed;
	unsigned relays;
	unsigned start_s; /* they start within so many seconds */
	unsigned seconds; /* from the first start to the end */
	unsigned mail_s;  /* a relay has a delivery about every so many seconds */
	struct tenant tenant;
};

struct count {
	uint32_t requests, granted, throttled, failed; /* requests that began in that second */
	uint32_t deliveries, refused;                  /* refused: for want of a token */
	uint32_t waited;                               /* deliveries that a fetch held up */
};

struct result {
	unsigned seconds, relays;
	struct count *each;    /* of `seconds` */
	uint32_t *first_token; /* of `relays`: ms from its start; UINT32_MAX: never */
};

/* To be freed by result_free(). Ends the program when memory runs out. */
struct result run(const struct plan *plan);

void result_free(struct result *result);

/* Sums over seconds from (included) to (not included). */
struct count result_sum(const struct result *result, unsigned from, unsigned to);

/* The most requests in any `width` seconds of that time, as requests a second. */
double result_busiest(const struct result *result, unsigned from, unsigned to, unsigned width);

/* Seconds after its start until `share` (0 to 1) of the relays had their first token. */
double result_first_token(const struct result *result, double share);

/* The first second from `from` on after which no delivery is refused any more. */
unsigned result_well(const struct result *result, unsigned from);

/* --- relay.c --------------------------------------------------------------------------------------- */

struct relay;
struct relay_times {
	int64_t *now; /* ms, of all of them */
	struct tenant *tenant;
	struct result *result;
	unsigned mail_s;
};

/* The directory with the relays' configuration; made and removed once a program. */
void relay_begin(void);
void relay_end(void);

struct relay *
relay_new(const struct relay_times *shared, uint64_t seed, unsigned number, int64_t start);
void relay_free(struct relay *relay);

/* Does what is due at *now; returns when it is to be called again, ms. */
int64_t relay_step(struct relay *relay);

/* --- mailbox.c: relays with a queue that send as one mailbox of Exchange Online ------------------------ */

struct mailbox_plan {
	uint64_t seed;
	unsigned relays;
	unsigned concurrency; /* of each relay */
	unsigned delay;       /* seconds between two messages of a relay; 0: none */
	unsigned seconds;
};

struct mailbox_result {
	unsigned sent;
	unsigned refused;          /* tries: 432, too many connections at once */
	unsigned most_in_a_minute; /* sent */
	unsigned most_at_once;     /* connections */
	unsigned full_after; /* seconds until the day's recipients were used up; 0: they were not */
};

struct mailbox_result mailbox_run(const struct mailbox_plan *plan);

#endif

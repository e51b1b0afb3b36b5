/*
 * fleet: what a fleet of relays asks of Entra and of Exchange, as the tables of doc/figures/fleet.md.
 *
 *   fleet [--most RELAYS] [--seed NUMBER] [--series FILE]
 *
 * --most leaves out the rows with more relays. The series is that of the plot, for as many relays as
 * there are in the largest row.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool/mailbox_share.h"

#include "fleet.h"

enum { HOUR = 3600, DAY = 24 * HOUR, SETTLED = 2 * HOUR };

static unsigned most = 10000;
static uint64_t seed = 1;
static FILE *series;

static const unsigned sizes[] = {1, 10, 100, 1000, 10000};

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* --- numbers ------------------------------------------------------------------------------------- */

/* 10,000 */
static void
put_whole(unsigned value)
{
	if (value >= 1000)
		(void)printf("%u,%03u", value / 1000, value % 1000);
	else
		(void)printf("%u", value);
}

/* Two digits that count. */
static void
put_rate(double value)
{
	if (value >= 10)
		put_whole((unsigned)(value + 0.5));
	else
		(void)printf(value >= 1 ? "%.1f" : value >= 0.1 ? "%.2f" : "%.2g", value);
}

static void
put_time(double seconds)
{
	if (seconds < 10)
		(void)printf("%.1f s", seconds);
	else if (seconds < 120)
		(void)printf("%.0f s", seconds);
	else
		(void)printf("%.0f min", seconds / 60);
}

static void
next_cell(void)
{
	(void)printf(" | ");
}

/* A new block for gnuplot's `index`. */
static void
begin_series(const char *what)
{
	static bool begun;

	if (series != NULL)
		(void)fprintf(series, "%s# %s\n", begun ? "\n\n" : "", what);
	begun = true;
}

/* --- a day --------------------------------------------------------------------------------------- */

static void
day_of(unsigned relays)
{
	const struct plan plan = {.seed = seed,
		.relays = relays,
		.start_s = HOUR,
		.seconds = SETTLED + DAY,
		.mail_s = HOUR,
		.tenant = tenant_usual()};
	struct result result = run(&plan);
	struct count sum = result_sum(&result, SETTLED, plan.seconds);

	(void)printf("| ");
	put_whole(relays);
	next_cell();
	put_rate((double)sum.requests / relays);
	next_cell();
	put_rate((double)sum.requests / DAY);
	next_cell();
	put_rate(result_busiest(&result, SETTLED, plan.seconds, 60));
	next_cell();
	put_rate(result_busiest(&result, SETTLED, plan.seconds, 1));
	(void)printf(" |\n");
	result_free(&result);
}

static void
days(void)
{
	size_t i;

	(void)printf(
		"### A day\n\n"
		"| relays | requests of a relay in a day | of all in a second | in the busiest "
		"minute, a second | in the busiest second |\n|---:|---:|---:|---:|---:|\n");
	for (i = 0; i < SIZES && sizes[i] <= most; i++)
		day_of(sizes[i]);
}

/* --- after a power cut --------------------------------------------------------------------------- */

/* How many have a token, in hundredths, each second of the first quarter of an hour. */
static void
power_series(const struct result *result, unsigned limit)
{
	unsigned second, i, have;
	char what[80];

	(void)snprintf(
		what, sizeof(what), "power cut, limit %u: seconds, per cent with a token", limit);
	begin_series(what);
	for (second = 0; second <= 900; second += 5) {
		for (have = 0, i = 0; i < result->relays; i++)
			have += result->first_token[i] <= second * 1000;
		(void)fprintf(series, "%u %.2f\n", second, 100.0 * have / result->relays);
	}
}

static void
power_of(unsigned relays, unsigned limit)
{
	struct plan plan = {.seed = seed,
		.relays = relays,
		.start_s = 1,
		.seconds = 90 * 60,
		.mail_s = HOUR,
		.tenant = tenant_usual()};
	struct result result;
	unsigned well;

	plan.tenant.limit = limit;
	result = run(&plan);
	well = (unsigned)result_first_token(&result, 1) + 1;
	(void)printf("| ");
	put_whole(relays);
	next_cell();
	if (limit > 0)
		put_whole(limit);
	else
		(void)printf("none");
	next_cell();
	put_rate((double)result_sum(&result, 0, well).throttled / relays);
	next_cell();
	put_time(result_first_token(&result, 0.5));
	next_cell();
	put_time(result_first_token(&result, 1));
	next_cell();
	put_rate(result_busiest(&result, 2, well + 600, 1));
	next_cell();
	put_rate(result_busiest(&result, well + 600, plan.seconds, 1));
	(void)printf(" |\n");
	if (series != NULL && relays == most)
		power_series(&result, limit);
	result_free(&result);
}

static void
power_cuts(void)
{
	static const unsigned limits[] = {0, 200, 20};
	size_t i, j;

	(void)printf(
		"\n### After a power cut: all start in one second, none has a token\n\n"
		"| relays | tokens a second for the registration | refusals a relay | half have a "
		"token "
		"after | all after | busiest second after the first two | busiest second of the "
		"next "
		"renewals |\n|---:|---:|---:|---:|---:|---:|---:|\n");
	for (i = 2; i < SIZES && sizes[i] <= most; i++)
		for (j = 0; j < 3; j++)
			power_of(sizes[i], limits[j]);
}

/* --- an outage ----------------------------------------------------------------------------------- */

static void
outage_series(const struct result *result)
{
	unsigned minute;
	struct count sum;

	begin_series(
		"outage: minutes from its begin, requests a second, busiest second, per cent of "
		"deliveries without a token");
	for (minute = 0; minute < 160; minute++) {
		unsigned from = SETTLED - HOUR + minute * 60;

		sum = result_sum(result, from, from + 60);
		(void)fprintf(series, "%d %.2f %.0f %.2f\n", (int)minute - 60, sum.requests / 60.0,
			result_busiest(result, from, from + 60, 1),
			sum.deliveries > 0 ? 100.0 * sum.refused / sum.deliveries : 0);
	}
}

static unsigned
first_refusal(const struct result *result)
{
	unsigned second = SETTLED;

	while (second < result->seconds && result->each[second].refused == 0)
		second++;
	return second - SETTLED;
}

static void
outage_of(unsigned relays, unsigned limit)
{
	struct plan plan = {.seed = seed,
		.relays = relays,
		.start_s = HOUR,
		.seconds = SETTLED + 3 * HOUR - 20 * 60,
		.mail_s = 900,
		.tenant = tenant_usual()};
	const unsigned end = SETTLED + HOUR;
	struct result result;
	unsigned well;

	plan.tenant.limit = limit;
	plan.tenant.outage = OUTAGE_SILENT;
	plan.tenant.outage_from = (int64_t)SETTLED * 1000;
	plan.tenant.outage_to = (int64_t)end * 1000;
	result = run(&plan);
	well = result_well(&result, end);
	(void)printf("| ");
	put_whole(relays);
	next_cell();
	if (limit > 0)
		put_whole(limit);
	else
		(void)printf("none");
	next_cell();
	put_rate((double)result_sum(&result, SETTLED - HOUR, SETTLED).requests / HOUR);
	next_cell();
	put_rate((double)result_sum(&result, SETTLED, end).requests / HOUR);
	next_cell();
	put_rate(result_busiest(&result, SETTLED, end, 1));
	next_cell();
	put_time(first_refusal(&result));
	next_cell();
	put_rate(result_busiest(&result, end, end + 600, 1));
	next_cell();
	put_time((double)well - end);
	next_cell();
	put_rate(result_busiest(&result, end + 600, plan.seconds, 1));
	(void)printf(" |\n");
	if (series != NULL && relays == most && limit == 0)
		outage_series(&result);
	result_free(&result);
}

static void
outages(void)
{
	static const unsigned limits[] = {0, 20};
	size_t i, j;

	(void)printf(
		"\n### An hour in which Entra does not answer\n\n"
		"| relays | tokens a second for the registration | requests a second before | "
		"during | busiest second during | first delivery without a token after | busiest "
		"second of the ten minutes after | all well after | busiest second of the next "
		"renewals |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
	for (i = 2; i < SIZES && sizes[i] <= most; i++)
		for (j = 0; j < 2; j++)
			outage_of(sizes[i], limits[j]);
}

/* --- one mailbox --------------------------------------------------------------------------------- */

static void
mailbox_of(unsigned relays, bool shared)
{
	const struct se_mailbox_share share = se_mailbox_share(relays, false);
	const struct mailbox_plan plan = {.seed = seed,
		.relays = relays,
		.concurrency = shared ? share.concurrency : 20,
		.delay = shared ? share.delay : 0,
		.seconds = DAY};
	struct mailbox_result result = mailbox_run(&plan);
	unsigned seconds = result.full_after > 0 ? result.full_after : plan.seconds;

	(void)printf("| ");
	put_whole(relays);
	(void)printf(" | %s | %u | %u s | ", shared ? "`setup --relays`" : "Postfix's own",
		plan.concurrency, plan.delay);
	put_rate(result.sent * 60.0 / seconds);
	next_cell();
	put_rate(100.0 * result.refused / (result.sent + result.refused));
	(void)printf(" %%");
	next_cell();
	put_whole(result.sent);
	next_cell();
	(void)printf("%u h %02u min |\n", seconds / 3600, seconds / 60 % 60);
}

static void
mailboxes(void)
{
	static const unsigned relays[] = {1, 3, 10, 40, 100};
	size_t i;

	(void)printf(
		"\n### One mailbox, all relays with mail to send\n\n"
		"| relays | settings | connections each | delay | messages a minute | refused | "
		"messages in the day | used up after "
		"|\n|---:|---|---:|---:|---:|---:|---:|---:|\n");
	for (i = 0; i < sizeof(relays) / sizeof(relays[0]); i++)
		mailbox_of(relays[i], true);
	mailbox_of(1, false);
	mailbox_of(10, false);
}

/* --- all ----------------------------------------------------------------------------------------- */

static unsigned long
number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0') {
		(void)fprintf(stderr, "fleet: not a number: %s\n", text);
		exit(2);
	}
	return value;
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"most", required_argument, NULL, 'm'},
		{"seed", required_argument, NULL, 's'},
		{"series", required_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm')
			most = (unsigned)number(optarg);
		else if (option == 's')
			seed = number(optarg);
		else if (option != 'f')
			exit(2);
		else if ((series = fopen(optarg, "w")) == NULL) {
			perror(optarg);
			exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	read_options(argc, argv);
	relay_begin();
	days();
	power_cuts();
	outages();
	mailboxes();
	relay_end();
	if (series != NULL && fclose(series) != 0)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}

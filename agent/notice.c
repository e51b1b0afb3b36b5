#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/token_key.h"

#include "agent/notice.h"
#include "agent/notice_run.h"

enum { ROWS = 256, VARIABLE_MAX = SE_ERROR_TEXT_MAX + 32 };

/* A token key that is in trouble, or that has been until a moment ago. */
struct record {
	struct record *next;   /* of the same row */
	struct record *queued; /* the next in the queue */
	bool in_queue, running;
	char key[SE_TOKEN_KEY_DIGITS + 1];
	char label[SE_NAME_MAX + 1];
	char login[SE_NAME_MAX + 1];
	char text[SE_ERROR_TEXT_MAX];
	char *program; /* NULL: nobody wants to know */
	enum se_code now, told;
	int64_t again_since; /* monotonic ms; -1: not "again" */
};

struct se_notice {
	const struct se_world *world;
	struct record *rows[ROWS]; /* by the key's first digits */
	struct record *first, **last;
	struct se_runs runs;
};

static int64_t
now_ms(const struct se_notice *notice)
{
	return notice->world->monotonic(notice->world->context);
}

/* --- records ---------------------------------------------------------------------------------- */

struct se_notice *
se_notice_new(const struct se_world *world)
{
	struct se_notice *notice = calloc(1, sizeof(*notice));

	if (notice != NULL) {
		notice->world = world;
		notice->last = &notice->first;
	}
	return notice;
}

static void
free_record(struct record *record)
{
	free(record->program);
	free(record);
}

void
se_notice_free(struct se_notice *notice)
{
	struct record *record;

	for (size_t i = 0; notice != NULL && i < ROWS; i++)
		while ((record = notice->rows[i]) != NULL) {
			notice->rows[i] = record->next;
			free_record(record);
		}
	free(notice);
}

static struct record **
row_of(struct se_notice *notice, const char *key)
{
	unsigned row = 0;

	for (size_t i = 0; i < 2 && key[i] != '\0'; i++)
		row = row * 31 + (unsigned char)key[i];
	return &notice->rows[row % ROWS];
}

static struct record *
find(struct se_notice *notice, const char *key)
{
	struct record *record = *row_of(notice, key);

	while (record != NULL && strcmp(record->key, key) != 0)
		record = record->next;
	return record;
}

static struct record *
add(struct se_notice *notice, const char *key)
{
	struct record **row = row_of(notice, key);
	struct record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		return NULL;
	(void)se_copy(record->key, sizeof(record->key), key);
	record->again_since = -1;
	record->next = *row;
	*row = record;
	return record;
}

/* Whoever is well again, has been told of, and has nothing under way, is forgotten. */
static void
tidy(struct se_notice *notice, struct record *record)
{
	struct record **at = row_of(notice, record->key);

	if (record->now != SE_OK || record->told != SE_OK || record->again_since >= 0 ||
		record->running || record->in_queue)
		return;
	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	free_record(record);
}

/* --- what has changed ------------------------------------------------------------------------- */

static bool
is_problem(enum se_code code)
{
	return code == SE_AGAIN || code == SE_SIGN_IN || code == SE_ADMIN || code == SE_CONFIG;
}

/* Whether it is known long enough to be told. */
static bool
has_lasted(struct se_notice *notice, struct record *record, enum se_code code)
{
	if (code != SE_AGAIN) {
		record->again_since = -1;
		return true;
	}
	if (record->again_since < 0)
		record->again_since = now_ms(notice);
	return now_ms(notice) - record->again_since >= SE_NOTICE_AGAIN_MS;
}

static void
fill(struct record *record, const struct se_outcome *outcome)
{
	const char *program = outcome->account->value[SE_KEY_ON_PROBLEM].text;

	record->now = outcome->code;
	(void)se_copy(record->label, sizeof(record->label), outcome->account->label);
	(void)se_copy(record->login, sizeof(record->login), outcome->login);
	(void)se_copy(record->text, sizeof(record->text), outcome->text);
	free(record->program);
	record->program = program != NULL ? strdup(program) : NULL;
}

static void
enqueue(struct se_notice *notice, struct record *record)
{
	if (record->in_queue || record->running || record->now == record->told)
		return;
	record->in_queue = true;
	record->queued = NULL;
	*notice->last = record;
	notice->last = &record->queued;
}

void
se_notice_take(void *context, const struct se_outcome *outcome)
{
	struct se_notice *notice = context;
	struct record *record = find(notice, outcome->token_key);

	if (outcome->code != SE_OK && !is_problem(outcome->code))
		return; /* ours, and nothing that the account could help */
	if (record == NULL) {
		if (outcome->code == SE_OK ||
			outcome->account->value[SE_KEY_ON_PROBLEM].text == NULL)
			return;
		record = add(notice, outcome->token_key);
	}
	if (record == NULL || !has_lasted(notice, record, outcome->code))
		return;
	if (outcome->code != record->now)
		fill(record, outcome);
	enqueue(notice, record);
	tidy(notice, record);
}

/* --- telling ---------------------------------------------------------------------------------- */

static void
tell(struct se_notice *notice, struct record *record)
{
	char account[VARIABLE_MAX], login[VARIABLE_MAX], state[VARIABLE_MAX], text[VARIABLE_MAX];
	const char *const environment[SE_VARIABLES_MAX] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", account, login,
		state, text, NULL};

	record->told = record->now; /* whether it works out or not: once a change */
	if (record->program == NULL)
		return;
	(void)snprintf(account, sizeof(account), "SASL_ENTRA_ACCOUNT=%s", record->label);
	(void)snprintf(login, sizeof(login), "SASL_ENTRA_LOGIN=%s", record->login);
	(void)snprintf(state, sizeof(state), "SASL_ENTRA_STATE=%s", se_code_name(record->now));
	(void)snprintf(text, sizeof(text), "SASL_ENTRA_TEXT=%s", record->text);
	record->running = se_run_start(
		&notice->runs, record->program, environment, record->label, record, now_ms(notice));
}

static void
tell_those_who_wait(struct se_notice *notice)
{
	struct record *record;

	while (notice->first != NULL && notice->runs.count < SE_NOTICE_AT_ONCE) {
		record = notice->first;
		notice->first = record->queued;
		if (notice->first == NULL)
			notice->last = &notice->first;
		record->in_queue = false;
		if (record->now != record->told)
			tell(notice, record);
		tidy(notice, record);
	}
}

void
se_notice_step(struct se_notice *notice)
{
	struct record *record;

	if (notice == NULL)
		return;
	while ((record = se_run_ended(&notice->runs, now_ms(notice))) != NULL) {
		record->running = false;
		enqueue(notice, record); /* it may have changed meanwhile */
		tidy(notice, record);
	}
	tell_those_who_wait(notice);
}

int64_t
se_notice_due(const struct se_notice *notice)
{
	if (notice == NULL)
		return INT64_MAX;
	if (notice->first != NULL && notice->runs.count < SE_NOTICE_AT_ONCE)
		return 0;
	return se_run_due(&notice->runs);
}

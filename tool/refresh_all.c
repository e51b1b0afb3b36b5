#include <stdio.h>
#include <string.h>

#include "core/json_text.h"
#include "core/source.h"

#include "tool/ask.h"
#include "tool/exit_code.h"
#include "tool/output.h"
#include "tool/refresh_all.h"
#include "tool/status_rows.h"

struct round {
	const struct se_identity *identity;
	bool json;
	struct se_buffer out;
	size_t done, failed;
	int exit_code;
};

static void
add_json(struct round *round, const char *name, const struct se_answer *answer,
	const struct se_error *error)
{
	struct se_buffer *out = &round->out;

	se_buffer_add_text(
		out, round->done + round->failed > 0 ? ",\n{\"name\": " : "\n{\"name\": ");
	(void)se_json_text_add(out, name);
	if (error == NULL) {
		se_buffer_addf(out, ", \"expires_in\": %lu, \"fingerprint\": ",
			(unsigned long)answer->seconds_left);
		(void)se_json_text_add(out, answer->fingerprint);
		se_buffer_add_text(out, ", \"changed\": true}");
	} else {
		se_buffer_addf(out, ", \"changed\": false, \"class\": \"%s\", \"text\": ",
			se_code_name(error->code));
		(void)se_json_text_add(out, error->text);
		se_buffer_add_text(out, "}");
	}
}

static void
refresh_one(struct round *round, const char *name)
{
	struct se_answer answer = {.token = NULL};
	struct se_request request;
	struct se_error error;
	enum se_code code = se_ask_prepare(&request, SE_OPERATION_REFRESH, name, &error);

	if (code == SE_OK)
		code = se_ask(round->identity, &request, &answer, &error);
	if (round->json)
		add_json(round, name, &answer, code == SE_OK ? NULL : &error);
	else if (code == SE_OK)
		se_buffer_addf(&round->out, "%s: new token %s, good for %lu seconds\n", name,
			answer.fingerprint, (unsigned long)answer.seconds_left);
	if (code == SE_OK && answer.warning)
		fprintf(stderr, "sasl-entra: warning: %s\n", answer.note);
	if (code == SE_OK) {
		round->done++;
	} else {
		round->failed++;
		fprintf(stderr, "sasl-entra: %s\n", error.text);
		if (round->exit_code != SE_EXIT_FAILED)
			round->exit_code = se_exit_code(code);
	}
	se_answer_free(&answer);
}

/* A token whose sign-in is not there cannot be had; `state` would say "sign in" as well where Entra
 * refused a sign-in that is, which may be worth another try. */
static bool
can_have_one(const struct se_status_row *row)
{
	return row->token_key != NULL &&
	       (strcmp(row->sign_in, "app") == 0 ||
		       se_status_number(row, "refresh_token_days", -1) >= 0);
}

static bool
came_before(const struct se_status_rows *rows, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (rows->list[k].token_key != NULL &&
			strcmp(rows->list[k].token_key, rows->list[i].token_key) == 0)
			return true;
	return false;
}

static void
refresh_each(struct round *round, const struct se_status_rows *rows)
{
	size_t left_out = 0;

	if (round->json)
		se_buffer_add_text(&round->out, "{\"accounts\": [");
	for (size_t i = 0; i < rows->count; i++)
		if (!can_have_one(&rows->list[i]))
			left_out++;
		else if (!came_before(rows, i))
			refresh_one(round, rows->list[i].name);
	if (round->json)
		se_buffer_add_text(&round->out, "\n]}\n");
	if (left_out > 0)
		fprintf(stderr,
			"sasl-entra: %zu left out, for which nobody has signed in or the mail "
			"program has the token; sasl-entra status shows which\n",
			left_out);
}

int
se_refresh_all(const struct se_identity *identity, bool json)
{
	struct round round = {.identity = identity, .json = json, .exit_code = SE_EXIT_OK};
	struct se_status_rows rows;
	struct se_error error;
	int written;

	if (se_status_gather(identity, NULL, false, &rows, &error) != SE_OK)
		return se_exit_error(&error);
	se_buffer_init(&round.out, SE_OUTPUT_MAX);
	refresh_each(&round, &rows);
	written = se_output_write(&round.out);
	se_buffer_free(&round.out);
	se_status_rows_free(&rows);
	return written != SE_EXIT_OK ? written : round.exit_code;
}

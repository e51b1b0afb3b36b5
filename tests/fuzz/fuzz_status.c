/* Fuzzes what an agent tells the tool of the accounts: any lines are shown so that a terminal, a
 * reader of JSON and Prometheus can take them, or refused with a sentence. */
#include <stdlib.h>
#include <string.h>

#include "core/json_text.h"
#include "engine/json.h"

#include "tool/ask.h"
#include "tool/identity.h"
#include "tool/status_show.h"

#include "fuzz.h"

enum { NOW = 1800000000, OUTPUT_MAX = 1 << 22 };

static char *lines; /* that the agent tells */

/* --- what the tool calls ------------------------------------------------------------------------ */

enum se_code
se_ask_agent(const struct se_identity *identity, const struct se_request *request,
	struct se_answer *answer, struct se_error *error)
{
	(void)identity;
	(void)error;
	must(request->operation == SE_OPERATION_STATUS && request->login[0] == '\0');
	memset(answer, 0, sizeof(*answer));
	answer->status = strdup(lines);
	must(answer->status != NULL);
	return SE_OK;
}

enum se_code
se_identity_become_owner(const struct se_identity *identity, bool for_good, struct se_error *error)
{
	(void)identity;
	(void)for_good;
	(void)error;
	abort(); /* there is an agent */
}

/* --- what must hold ----------------------------------------------------------------------------- */

/* Calls `each` with every line of the output. */
static void
each_line(struct se_buffer *out, void (*each)(const char *line))
{
	char *line = out->data, *end;

	must(!out->failed && out->len > 0 && out->data[out->len - 1] == '\n');
	must(strlen(out->data) == out->len);
	for (; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		each(line);
	}
}

static void
must_be_metric(const char *line)
{
	must_be_printable(line);
	must(strncmp(line, "# ", 2) == 0 || strncmp(line, "sasl_entra_", 11) == 0);
}

/* Whether it is for certain that what holds all lines is not too deep for our own parser. */
static bool
is_flat(const char *text)
{
	unsigned depth = 0;

	for (; *text != '\0' && depth <= 8; text++)
		depth = *text == '\n' ? 0 : depth + (*text == '{' || *text == '[');
	return depth <= 8;
}

static void
show(const struct se_status_rows *rows)
{
	const struct se_screen narrow = {.width = 60, .height = 24, .colour = false};
	struct se_json *json;
	struct se_buffer out;

	se_buffer_init(&out, OUTPUT_MAX);
	se_status_show(rows, &narrow, &out);
	each_line(&out, must_be_printable);
	se_buffer_reset(&out);
	se_status_show_prometheus(rows, NOW, &out);
	each_line(&out, must_be_metric);
	se_buffer_reset(&out);
	se_status_show_json(rows, "/etc/sasl-entra/sasl-entra.conf", &out);
	json = se_json_parse(out.data, out.len);
	must(json != NULL || !is_flat(lines));
	se_json_free(json);
	se_buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	const struct se_identity identity = {.system = true};
	struct se_status_rows rows;
	struct se_error error;
	enum se_code code;

	lines = input_text(&input, input.len);
	se_error_clear(&error);
	code = se_status_gather(&identity, NULL, false, &rows, &error);
	if (code == SE_OK) {
		must(se_status_needing(&rows) <= rows.count);
		show(&rows);
	} else {
		must(rows.count == 0);
		must_explain(&error, code);
	}
	se_status_rows_free(&rows);
	free(lines);
	return 0;
}

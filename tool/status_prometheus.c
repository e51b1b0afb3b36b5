/* status_prometheus: one metric after the other, each with all its accounts, as the format wants
 * it (https://prometheus.io/docs/instrumenting/exposition_formats/). */
#include <string.h>

#include "core/json_text.h"

#include "tool/status_show.h"

enum { DAY = 86400 };

static const int64_t unknown = INT64_MIN;

/* --- what each metric is of one account; `unknown` leaves it out ------------------------------ */

static int64_t
needs_person(const struct se_status_row *row)
{
	return row->needs != NULL;
}

static int64_t
is_failing(const struct se_status_row *row)
{
	return strcmp(row->state, "ok") != 0 && strcmp(row->state, "unused") != 0 &&
	       strcmp(row->state, "password") != 0;
}

static int64_t
failures(const struct se_status_row *row)
{
	return se_status_number(row, "failures", unknown);
}

static int64_t
seconds_left(const struct se_status_row *row)
{
	return se_status_number(row, "seconds_left", unknown);
}

static int64_t
obtained(const struct se_status_row *row)
{
	return se_status_number(row, "obtained", unknown);
}

static int64_t
renews(const struct se_status_row *row)
{
	return se_status_number(row, "renews", unknown);
}

static int64_t
of_days(const struct se_status_row *row, const char *member)
{
	int64_t days = se_status_number(row, member, unknown);

	return days == unknown ? unknown : days * DAY;
}

static int64_t
refresh_token_age(const struct se_status_row *row)
{
	return of_days(row, "refresh_token_days");
}

static int64_t
certificate(const struct se_status_row *row)
{
	return of_days(row, "certificate_days");
}

static int64_t
unsaved(const struct se_status_row *row)
{
	const char *kept = se_json_string(row->json, "kept");

	return kept != NULL && strcmp(kept, "unsaved") == 0;
}

static const struct {
	const char *name, *help;
	int64_t (*value)(const struct se_status_row *row);
} metrics[] = {
	{"needs_person", "1 while somebody has to do something about the account.", needs_person},
	{"failing", "1 while the last try to get a token failed.", is_failing},
	{"failures", "Failures in a row to get a token.", failures},
	{"token_expires_seconds", "Seconds until the access token expires.", seconds_left},
	{"token_obtained_timestamp_seconds", "When the access token was got.", obtained},
	{"token_renews_timestamp_seconds", "From when on the access token is renewed.", renews},
	{"refresh_token_unused_seconds", "How long the sign-in has not been used, in whole days.",
		refresh_token_age},
	{"certificate_expires_seconds", "Until the certificate ends, in whole days.", certificate},
	{"state_unsaved", "1 while the token could not be written to its state file.", unsaved},
};

/* --- the format ------------------------------------------------------------------------------- */

static bool
is_control(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;

	return byte[0] < ' ' || byte[0] == 0x7f || (byte[0] == 0xc2 && byte[1] < 0xa0);
}

/* Backslash, quotation mark and line end are escaped; what is no UTF-8 or a control character
 * becomes a question mark. */
static void
add_label_value(struct se_buffer *out, const char *text)
{
	size_t len;

	for (; *text != '\0'; text += len) {
		len = se_utf8_len(text);
		if (*text == '\\' || *text == '"')
			se_buffer_addf(out, "\\%c", *text);
		else if (*text == '\n')
			se_buffer_add_text(out, "\\n");
		else if (len == 0 || is_control(text))
			se_buffer_add_text(out, "?");
		else
			se_buffer_add(out, text, len);
		len = len > 0 ? len : 1;
	}
}

static void
add_sample(struct se_buffer *out, const char *name, const struct se_status_row *row, int64_t value)
{
	se_buffer_addf(out, "sasl_entra_%s{account=\"", name);
	add_label_value(out, row->account);
	if (row->identity != NULL) {
		se_buffer_add_text(out, "\",identity=\"");
		add_label_value(out, row->identity);
	}
	se_buffer_addf(out, "\"} %lld\n", (long long)value);
}

static void
add_head(struct se_buffer *out, const char *name, const char *help)
{
	se_buffer_addf(
		out, "# HELP sasl_entra_%s %s\n# TYPE sasl_entra_%s gauge\n", name, help, name);
}

void
se_status_show_prometheus(const struct se_status_rows *rows, int64_t now, struct se_buffer *out)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		add_head(out, metrics[i].name, metrics[i].help);
		for (size_t k = 0; k < rows->count; k++) {
			const int64_t value = metrics[i].value(&rows->list[k]);

			if (value != unknown)
				add_sample(out, metrics[i].name, &rows->list[k], value);
		}
	}
	add_head(out, "status_timestamp_seconds", "When this was found out.");
	se_buffer_addf(out, "sasl_entra_status_timestamp_seconds %lld\n", (long long)now);
}

#include <stdio.h>
#include <time.h>

#include "tool/certificate.h"
#include "tool/output.h"

void
se_certificate_day(int64_t seconds, char day[40])
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL || strftime(day, 40, "%Y-%m-%d", &parts) == 0)
		(void)snprintf(day, 40, "?");
}

void
se_certificate_add_json(struct se_buffer *out, const struct se_certificate_facts *facts)
{
	char day[40];

	se_certificate_day(facts->not_after, day);
	se_buffer_add_text(out, "\"subject\": ");
	se_output_json(out, facts->subject);
	se_buffer_addf(out,
		", \"thumbprint\": \"%s\", \"x5t#S256\": \"%s\", \"ends\": \"%s\", "
		"\"not_after\": %lld",
		facts->sha1_hex, facts->sha256, day, (long long)facts->not_after);
}

int
se_certificate_print(bool changed, const char *path, const struct se_certificate_facts *facts,
	const char *upload)
{
	struct se_buffer out;
	int exit_code;

	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_buffer_addf(&out, "{\"changed\": %s, \"certificate\": ", changed ? "true" : "false");
	se_output_json(&out, path);
	se_buffer_add_text(&out, ", ");
	se_certificate_add_json(&out, facts);
	if (upload != NULL) {
		se_buffer_add_text(&out, ", \"upload\": ");
		se_output_json(&out, upload);
	}
	se_buffer_add_text(&out, "}\n");
	exit_code = se_output_write(&out);
	se_buffer_free(&out);
	return exit_code;
}

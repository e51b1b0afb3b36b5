/*
 * certificate: what the parts of the verb `certificate` share. Each returns an exit code.
 */
#ifndef SE_TOOL_CERTIFICATE_H
#define SE_TOOL_CERTIFICATE_H

#include <stdbool.h>

#include "engine/crypto_certificate.h"

#include "tool/certificate_place.h"

enum { SE_CERTIFICATE_DAYS = 730, SE_CERTIFICATE_DAYS_MAX = 3650 };

/* `place` has been found. */
int se_certificate_new(struct se_certificate_place *place, unsigned days, bool json);
int se_certificate_try(struct se_certificate_place *place, const char *name, bool json);
int se_certificate_activate(struct se_certificate_place *place, bool json);
int se_certificate_rollback(struct se_certificate_place *place, bool json);

/* The same without a word, for `place` opened: makes PATH.new where there is none. One that is there is
 * never replaced: *changed is false, and where it cannot be used, the error says why, and to remove it
 * where that helps. */
enum se_code se_certificate_make_new(struct se_certificate_place *place, unsigned days,
	bool *changed, struct se_certificate_facts *facts, struct se_error *error);
/* Puts it in place. */
enum se_code
se_certificate_put_new(const struct se_certificate_place *place, struct se_error *error);
/* Appends the certificates of the active file, without the key, as PEM. */
enum se_code se_certificate_public(
	const struct se_certificate_place *place, struct se_buffer *out, struct se_error *error);

/* Appends the certificate's facts as members of a JSON object. */
void se_certificate_add_json(struct se_buffer *out, const struct se_certificate_facts *facts);

/* The day of a certificate's end, "2028-11-24". */
void se_certificate_day(int64_t seconds, char day[40]);

/* Prints an object with "changed", "certificate", the facts and, unless NULL, "upload". */
int se_certificate_print(bool changed, const char *path, const struct se_certificate_facts *facts,
	const char *upload);

#endif

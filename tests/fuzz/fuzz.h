/*
 * fuzz: what the fuzz targets share: what must hold of an error and its sentence, parts of an
 * input, a directory of the run's own. What does not hold ends the process by abort(), which
 * libFuzzer reports with the input that did it.
 */
#ifndef SE_TESTS_FUZZ_FUZZ_H
#define SE_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/world.h"
#include "engine/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void must(bool condition);

/* Both NULL, or the same text. */
void must_be_same(const char *a, const char *b);

/* UTF-8 without control characters, or whatever else a terminal would obey. */
void must_be_printable(const char *text);

/* It is an error of that class, with a sentence that can be printed. */
void must_explain(const struct se_error *error, enum se_code code);

/* Text for a person holds none of the secrets that an answer in JSON brings: its tokens, and codes
 * that stand for one. Short ones may be there by chance: only those of SECRET_MIN bytes count. */
enum { FUZZ_SECRET_MIN = 64 };
bool holds_secret(const char *text, const char *json, size_t len);
void must_hold_no_secret(const char *text, const char *json, size_t len);

/* --- an input, from its beginning ----------------------------------------------------------- */

struct input {
	const char *data;
	size_t len;
};

/* A decimal number and the blank or line end behind it; 0 where there is none. */
unsigned input_number(struct input *input);

/* The next byte, 0 at the end. */
unsigned input_byte(struct input *input);

/* The next line without its end, as a string to be freed by the caller; never NULL. */
char *input_line(struct input *input);

/* The first `len` bytes, or what there is, as a string; likewise. */
char *input_text(struct input *input, size_t len);

/* --- files ---------------------------------------------------------------------------------- */

/* A path below a directory that is made at the first call, below $TMPDIR or /tmp, and removed at
 * the end. It holds until the eighth call after this one. */
const char *scratch(const char *name);

/* Makes the file anew, mode 0600. */
void write_file(const char *path, const void *data, size_t len);

/* --- accounts ------------------------------------------------------------------------------- */

/* The configuration, which has to be right; to be kept until the end. */
const struct se_config *config_of(const char *text);

/* An app of its own with a client secret, and a person's account. */
const struct se_account *app_account(void);
const struct se_account *person_account(void);
#define FUZZ_LOGIN "anna@contoso.com"

/* --- a clock that stands still, but for `fuzz_clock_ms` ------------------------------------- */

extern int64_t fuzz_clock_ms;
extern const struct se_world fuzz_world;

#endif

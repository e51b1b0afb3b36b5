/*
 * secret: a token, client secret or password. The struct is opaque, so that no format string and
 * no log function takes one, and it wipes itself when freed.
 */
#ifndef SE_CORE_SECRET_H
#define SE_CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct se_secret;

/* A copy of `len` bytes, NUL-terminated; NULL when memory ran out. The caller frees it. */
struct se_secret *se_secret_new(const void *data, size_t len);

/* Another copy; NULL gives NULL. */
struct se_secret *se_secret_copy(const struct se_secret *secret);

/* The bytes, NUL-terminated, as long as the secret lives. Only for handing them to the function
 * that sends, stores or prints them on purpose. */
const char *se_secret_reveal(const struct se_secret *secret);
size_t se_secret_len(const struct se_secret *secret);

/* In a time that does not depend on the bytes. NULL equals only NULL. */
bool se_secret_equal(const struct se_secret *a, const struct se_secret *b);

/* Wipes and frees. NULL is fine. */
void se_secret_free(struct se_secret *secret);

/* Wipes memory in a way that no compiler leaves out. */
void se_wipe(void *data, size_t len);

#endif

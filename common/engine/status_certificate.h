/*
 * status_certificate: how long an account's certificate lasts. Reads its files; a key elsewhere (a
 * PKCS#11 token) is not asked, because that may take long.
 */
#ifndef SE_ENGINE_STATUS_CERTIFICATE_H
#define SE_ENGINE_STATUS_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/config.h"

/* Seconds since 1970; false: it has none, or one that cannot be read, which the next request for a
 * token will say. */
bool se_status_certificate_ends(const struct se_account *account, int64_t *ends);

#endif

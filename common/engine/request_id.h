/*
 * request_id: what is sent as client-request-id, so that a request is found in the tenant's logs.
 * Source: RFC 9562 section 5.4 (a random UUID).
 */
#ifndef SE_ENGINE_REQUEST_ID_H
#define SE_ENGINE_REQUEST_ID_H

#include <stdbool.h>

#include "core/world.h"

enum { SE_REQUEST_ID_SIZE = 37 }; /* with the NUL */

/* False when there is no randomness to be had. */
bool se_request_id_make(const struct se_world *world, char id[SE_REQUEST_ID_SIZE]);

#endif

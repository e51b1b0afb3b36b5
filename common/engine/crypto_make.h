/*
 * crypto_make: a new key and its self-signed certificate.
 */
#ifndef SE_ENGINE_CRYPTO_MAKE_H
#define SE_ENGINE_CRYPTO_MAKE_H

#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/secret.h"

struct se_certificate_wish {
	const char *name;                 /* its CN; cut to 64 bytes (RFC 5280, ub-common-name) */
	int64_t now;                      /* seconds since 1970; it is valid from then on */
	unsigned days;                    /* and for so long */
	const struct se_secret *password; /* the key is encrypted with it; NULL: it is not */
};

struct se_certificate_made {
	struct se_buffer key;         /* PEM, PKCS#8 */
	struct se_buffer certificate; /* PEM */
};

/* Makes an RSA key of 3072 bits and a certificate that is good for signatures only. Initialises and
 * fills `made`, to be freed by the caller, whatever is returned. Takes a second or so. */
enum se_code se_certificate_make(const struct se_certificate_wish *wish,
	struct se_certificate_made *made, struct se_error *error);

void se_certificate_made_free(struct se_certificate_made *made);

#endif

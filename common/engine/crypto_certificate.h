/*
 * crypto_certificate: X.509 certificates, and which of a file's belongs to a key.
 * Source: RFC 7515 sections 4.1.7 and 4.1.8 (thumbprints).
 */
#ifndef SE_ENGINE_CRYPTO_CERTIFICATE_H
#define SE_ENGINE_CRYPTO_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/error.h"
#include "engine/crypto_key.h"

struct se_certificates; /* those of one file */

struct se_certificate_facts {
	char subject[256];             /* "CN=relay,O=Contoso" */
	char sha256[44];               /* of the DER form, base64url: x5t#S256 */
	char sha1[28];                 /* the same by SHA-1: x5t */
	char sha1_hex[41];             /* capital letters: the thumbprint that Entra's pages show */
	int64_t not_before, not_after; /* seconds since 1970 */
	bool pss_only;                 /* its key is of type RSASSA-PSS */
};

/* Reads PEM (other blocks are left alone), PKCS#12, or one certificate in DER. SE_CONFIG with a
 * sentence that names `path` when there is none. The caller frees *list. */
enum se_code se_certificates_read(const char *path, const struct se_buffer *content,
	const struct se_key_password *password, struct se_certificates **list,
	struct se_error *error);

/* The certificate of that key, whatever place it has among its chain; false when none is. */
bool se_certificates_find(const struct se_certificates *list, const struct se_private_key *key,
	struct se_certificate_facts *facts);

/* The first one; there always is one. False when OpenSSL failed. */
bool se_certificates_first(const struct se_certificates *list, struct se_certificate_facts *facts);

/* Appends them as PEM. */
bool se_certificates_write(const struct se_certificates *list, struct se_buffer *out);

/* NULL is fine. */
void se_certificates_free(struct se_certificates *list);

#endif

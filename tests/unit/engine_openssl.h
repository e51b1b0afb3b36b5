/*
 * engine_openssl: keys and certificates made by the openssl command, and signatures verified by
 * OpenSSL itself.
 */
#ifndef SE_TESTS_UNIT_ENGINE_OPENSSL_H
#define SE_TESTS_UNIT_ENGINE_OPENSSL_H

#include "engine_support.h"

/* Makes all of these in the scratch directory: NAME.key and NAME.crt for NAME relay (RSA 2048),
 * other (RSA 2048), large (RSA 3072), small (RSA 1024), ec, pss (RSASSA-PSS); relay.pem with both;
 * and what the tests name. Ends the program when there is no openssl command. */
void openssl_fixtures(void);

/* Runs a shell command in the scratch directory; fails unless it succeeds. */
void openssl_run(const char *command);

/* Whether `signature` is that of the text under the first certificate of a file in the scratch
 * directory: RSASSA-PSS with exactly 32 bytes of salt, else PKCS#1 v1.5; SHA-256 both. */
bool openssl_verifies(const char *certificate, bool pss, const char *text, size_t len,
	const unsigned char *signature, size_t signature_len);

#endif

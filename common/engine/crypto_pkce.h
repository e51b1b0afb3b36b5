/*
 * crypto_pkce: what a sign-in proves itself with: texts that nobody can guess, and the challenge
 * that belongs to one of them.
 * Source: RFC 7636 sections 4.1 and 4.2; RFC 6749 section 10.12.
 */
#ifndef SE_ENGINE_CRYPTO_PKCE_H
#define SE_ENGINE_CRYPTO_PKCE_H

#include <stdbool.h>

#include "core/world.h"

enum { SE_RANDOM_TEXT_SIZE = 44 }; /* 43 characters of base64url and a NUL */

/* 256 bits of randomness in base64url: good as code verifier, `state` or nonce. False when there
 * is no randomness to be had. */
bool se_random_text(const struct se_world *world, char text[SE_RANDOM_TEXT_SIZE]);

/* The S256 challenge of a code verifier. False when OpenSSL failed. */
bool se_pkce_challenge(const char *verifier, char challenge[SE_RANDOM_TEXT_SIZE]);

#endif

/*
 * crypto_errors: the thread's queue of OpenSSL errors belongs to the program that we are in. libcurl
 * empties it, and leaves its own errors there, which a program that asks SSL_get_error() next would
 * take for its own.
 */
#ifndef SE_ENGINE_CRYPTO_ERRORS_H
#define SE_ENGINE_CRYPTO_ERRORS_H

#include <stddef.h>

enum { SE_CRYPTO_ERRORS_MAX = 16 /* as many as OpenSSL keeps */ };

struct se_crypto_errors {
	size_t count;
	struct se_crypto_error {
		unsigned long code;
		int line;
		char *file, *function, *data; /* NULL: none */
	} list[SE_CRYPTO_ERRORS_MAX];
};

/* Takes what is in the queue out of it. Where memory runs out, texts are missing. (Marks that the
 * program set in its queue are not kept.) */
void se_crypto_errors_take(struct se_crypto_errors *errors);

/* Empties the queue and puts back what was taken. */
void se_crypto_errors_put_back(struct se_crypto_errors *errors);

#endif

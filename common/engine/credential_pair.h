/*
 * credential_pair: an account's certificate and private key, read from where `certificate`,
 * `private_key` and `private_key_password_file` say. A file that holds a private key is read by the
 * rule for secrets, one that holds only certificates by the rule for configuration.
 */
#ifndef SE_ENGINE_CREDENTIAL_PAIR_H
#define SE_ENGINE_CREDENTIAL_PAIR_H

#include "core/error.h"
#include "engine/config.h"
#include "engine/crypto_certificate.h"
#include "engine/crypto_key.h"

enum {
	SE_CERTIFICATE_FILE_MAX = 256 * 1024, /* bytes */
	SE_KEY_PASSWORD_MAX = 1024
};

struct se_pair {
	struct se_private_key *key;
	struct se_certificate_facts facts; /* of the certificate that belongs to it */
	enum se_key about; /* where it could not be read: which value's file is to blame */
};

/* Fills `pair`, to be freed by the caller. The certificate's dates are not judged. A pair that is
 * being replaced meanwhile, certificate and key in two files, is read again. */
enum se_code
se_pair_read(const struct se_account *account, struct se_pair *pair, struct se_error *error);

void se_pair_free(struct se_pair *pair);

/* Reads a file of certificates or keys, judged by what it holds. `content` is initialised by the
 * caller, who frees it; `id` may be NULL. */
enum se_code se_pair_read_file(
	const char *path, struct se_buffer *content, struct se_file_id *id, struct se_error *error);

/* The password of the account's key: `private_key_password_file`. *secret is NULL where there is
 * none; the caller frees it. One line end at the end of the file is not part of it. */
enum se_code se_pair_read_password(
	const struct se_account *account, struct se_secret **secret, struct se_error *error);

#endif

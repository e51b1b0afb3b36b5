#include <openssl/ssl.h>

#include "engine/crypto_tls.h"

void
se_tls_no_key_log(void *ssl_ctx)
{
	SSL_CTX_set_keylog_callback(ssl_ctx, NULL);
}

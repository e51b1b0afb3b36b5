#include <openssl/ssl.h>

#include "engine/crypto_tls.h"

void
se_tls_keep_nothing(void *ssl_ctx)
{
	SSL_CTX_set_keylog_callback(ssl_ctx, NULL);
#ifdef SSL_OP_CLEANSE_PLAINTEXT /* OpenSSL 3.0 */
	(void)SSL_CTX_set_options(ssl_ctx, SSL_OP_CLEANSE_PLAINTEXT);
#endif
}

/*
 * crypto_tls: what libcurl leaves to be set on OpenSSL's own objects.
 */
#ifndef SE_ENGINE_CRYPTO_TLS_H
#define SE_ENGINE_CRYPTO_TLS_H

/* Takes the key log callback off an SSL_CTX: SSLKEYLOGFILE in a host's environment would
 * otherwise write the keys of the connection that carries our secrets. */
void se_tls_no_key_log(void *ssl_ctx);

#endif

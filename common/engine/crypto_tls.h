/*
 * crypto_tls: what libcurl leaves to be set on OpenSSL's own objects.
 */
#ifndef SE_ENGINE_CRYPTO_TLS_H
#define SE_ENGINE_CRYPTO_TLS_H

/* So that nothing of a connection that carries our secrets outlives it: takes the key log callback
 * off an SSL_CTX (SSLKEYLOGFILE in a host's environment would have the connection's keys written),
 * and has what was received wiped once it has been read. */
void se_tls_keep_nothing(void *ssl_ctx);

#endif

/*
 * http_tls: what every connection of libcurl's that carries our secrets sets on its TLS.
 */
#ifndef SE_ENGINE_HTTP_TLS_H
#define SE_ENGINE_HTTP_TLS_H

#include <stdbool.h>

#include <curl/curl.h>

/* For a libcurl that uses OpenSSL: nothing of the connection outlives it, see crypto_tls.h. */
bool se_http_keep_nothing(CURL *easy);

#endif

#include "engine/crypto_tls.h"
#include "engine/http_tls.h"

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *context)
{
	(void)easy;
	(void)context;
	se_tls_keep_nothing(ssl_ctx);
	return CURLE_OK;
}

bool
se_http_keep_nothing(CURL *easy)
{
	return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK;
}

/*
 * nothing: the plugin that costs a process the least: libsasl2 opens it and asks it what it has,
 * which is nothing. Built as `heavy` it links what a plugin would that got its tokens itself.
 */
#include <stddef.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#ifdef SE_BENCH_HEAVY
#include <curl/curl.h>
#include <json-c/json.h>
#include <openssl/ssl.h>

/* Exported, so that no linker finds out that nobody calls them. */
extern void (*const needed[])(void);
__attribute__((used, visibility("default"))) void (*const needed[])(void) = {
	(void (*)(void))curl_easy_init, (void (*)(void))SSL_new, (void (*)(void))json_tokener_new};
#endif

sasl_client_plug_init_t sasl_client_plug_init;

__attribute__((visibility("default"))) int
sasl_client_plug_init(const sasl_utils_t *utils, int max_version, int *out_version,
	sasl_client_plug_t **pluglist, int *plugcount)
{
	(void)utils;
	(void)max_version;
	*out_version = SASL_CLIENT_PLUG_VERSION;
	*pluglist = NULL;
	*plugcount = 0;
	return SASL_OK;
}

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#ifndef OPENSSL_NO_ENGINE
#include <openssl/engine.h>
#endif

#include "engine/crypto_parts.h"

static bool
scheme_of(const char *uri, char scheme[32])
{
	size_t len = strcspn(uri, ":");

	if (uri[len] == '\0' || len >= 32)
		return false;
	memcpy(scheme, uri, len);
	scheme[len] = '\0';
	return true;
}

static bool
store_knows(const char *scheme)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
	OSSL_STORE_LOADER *loader = OSSL_STORE_LOADER_fetch(NULL, scheme, NULL);

	OSSL_STORE_LOADER_free(loader);
	return loader != NULL;
#else
	return strcmp(scheme, "pkcs11") != 0;
#endif
}

static EVP_PKEY *
load_by_store(const char *uri, UI_METHOD *method, struct se_crypto_asked *asked)
{
	OSSL_STORE_CTX *store = OSSL_STORE_open(uri, method, asked, NULL, NULL);
	OSSL_STORE_INFO *info;
	EVP_PKEY *key = NULL;

	if (store == NULL)
		return NULL;
	(void)OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
	while (key == NULL && !OSSL_STORE_eof(store) && !OSSL_STORE_error(store)) {
		info = OSSL_STORE_load(store);
		if (info != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	(void)OSSL_STORE_close(store);
	return key;
}

#ifndef OPENSSL_NO_ENGINE
/* OpenSSL 3 calls engines deprecated; its successor for PKCS#11, a provider, is not packaged
 * everywhere yet. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif

/* The engine would complain on the host's stderr, and ask on its terminal for a PIN at each
 * signature of a key that wants one. */
static void
keep_quiet(ENGINE *engine)
{
	union {
		const UI_METHOD *method;
		void *pointer;
	} nobody = {.method = UI_null()};

	(void)ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
	(void)ENGINE_ctrl_cmd(engine, "SET_USER_INTERFACE", 0, nobody.pointer, NULL, 1);
}

static EVP_PKEY *
load_by_started_engine(
	ENGINE *engine, const char *uri, UI_METHOD *method, struct se_crypto_asked *asked)
{
	const struct se_secret *pin = asked->password->secret;
	EVP_PKEY *key = NULL;

	keep_quiet(engine);
	if (!ENGINE_init(engine))
		return NULL;
	if (pin == NULL || ENGINE_ctrl_cmd_string(engine, "PIN", se_secret_reveal(pin), 0))
		key = ENGINE_load_private_key(engine, uri, method, asked);
	(void)ENGINE_finish(engine);
	return key;
}

static EVP_PKEY *
load_by_engine(
	const char *uri, UI_METHOD *method, struct se_crypto_asked *asked, const char **missing)
{
	EVP_PKEY *key;
	ENGINE *engine;

	/* What finds an engine's file; no more of OpenSSL than that. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_ENGINE_DYNAMIC, NULL);
	engine = ENGINE_by_id("pkcs11");
	if (engine == NULL) {
		*missing = "neither a provider nor the engine for pkcs11 is installed (Debian: "
			   "apt install libengine-pkcs11-openssl; Fedora: dnf install "
			   "pkcs11-provider)";
		return NULL;
	}
	key = load_by_started_engine(engine, uri, method, asked);
	(void)ENGINE_free(engine);
	return key;
}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#else
static EVP_PKEY *
load_by_engine(
	const char *uri, UI_METHOD *method, struct se_crypto_asked *asked, const char **missing)
{
	(void)uri;
	(void)method;
	(void)asked;
	*missing = "no OpenSSL provider for pkcs11 is installed and switched on in openssl.cnf "
		   "(Fedora: dnf install pkcs11-provider)";
	return NULL;
}
#endif

static EVP_PKEY *
load(const char *uri, UI_METHOD *method, struct se_crypto_asked *asked, const char **missing)
{
	char scheme[32];

	if (!scheme_of(uri, scheme))
		return NULL;
	if (store_knows(scheme))
		return load_by_store(uri, method, asked);
	if (strcmp(scheme, "pkcs11") == 0)
		return load_by_engine(uri, method, asked, missing);
	*missing = "no OpenSSL store knows such addresses; is its provider switched on in "
		   "openssl.cnf?";
	return NULL;
}

/* What OpenSSL's queue says of a PIN, copied, because it may be the engine's text. Only where
 * nothing else was in the queue before: reading it empties it. */
static void
find_complaint(char *complaint, size_t size)
{
	unsigned long error;
	const char *text;

	while ((error = ERR_get_error()) != 0) {
		text = ERR_reason_error_string(error);
		if (complaint[0] == '\0' && text != NULL && strstr(text, "PIN") != NULL)
			(void)snprintf(complaint, size, "%s", text);
	}
}

static enum se_code
refuse(const char *uri, const struct se_key_password *password, const char *missing,
	const char *complaint, struct se_error *error)
{
	static const char look[] = "\"p11tool --list-tokens\" or \"pkcs11-tool --list-objects\" "
				   "shows what there is";

	if (missing != NULL)
		return se_error_set(error, SE_CONFIG, "private_key %s: %s", uri, missing);
	if (password->secret == NULL)
		return se_error_set(error, SE_CONFIG,
			"private_key %s: no such key, or its token wants a PIN; write the PIN to a "
			"file that nobody else may read and name that with "
			"private_key_password_file; %s",
			uri, look);
	if (complaint[0] != '\0')
		return se_error_set(error, SE_CONFIG,
			"private_key %s: the token does not take the PIN in %s (%s); write the "
			"right one to it soon: tokens lock themselves after a few wrong ones",
			uri, password->file, complaint);
	return se_error_set(error, SE_CONFIG,
		"private_key %s: no such token or key, or the PIN in %s is wrong; %s", uri,
		password->file, look);
}

enum se_code
se_crypto_find_key(const char *uri, const struct se_key_password *password, EVP_PKEY **key,
	struct se_error *error)
{
	struct se_crypto_asked asked = {.password = password};
	UI_METHOD *method = UI_UTIL_wrap_read_pem_callback(se_crypto_give_password, 0);
	bool alone = ERR_peek_error() == 0;
	const char *missing = NULL;
	char complaint[80] = "";

	if (method == NULL)
		return se_error_memory(error);
	*key = load(uri, method, &asked, &missing);
	UI_destroy_method(method);
	if (*key != NULL)
		return SE_OK;
	if (alone)
		find_complaint(complaint, sizeof(complaint));
	return refuse(uri, password, missing, complaint, error);
}

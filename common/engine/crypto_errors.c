#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "engine/crypto_errors.h"

static char *
copy(const char *text)
{
	return text != NULL && text[0] != '\0' ? strdup(text) : NULL;
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

static unsigned long
take_one(struct se_crypto_error *error)
{
	const char *file = NULL, *function = NULL, *data = NULL;
	int flags = 0;

	error->code = ERR_get_error_all(&file, &error->line, &function, &data, &flags);
	error->file = copy(file);
	error->function = copy(function);
	error->data = (flags & ERR_TXT_STRING) != 0 ? copy(data) : NULL;
	return error->code;
}

static void
put_one(const struct se_crypto_error *error)
{
	ERR_new();
	ERR_set_debug(error->file, error->line, error->function);
	if (error->data != NULL)
		ERR_set_error(
			ERR_GET_LIB(error->code), ERR_GET_REASON(error->code), "%s", error->data);
	else
		ERR_set_error(ERR_GET_LIB(error->code), ERR_GET_REASON(error->code), NULL);
}

#else /* where it was raised is not kept: OpenSSL 1.1.1 wants literals there */

static unsigned long
take_one(struct se_crypto_error *error)
{
	const char *data = NULL;
	int flags = 0;

	error->code = ERR_get_error_line_data(NULL, NULL, &data, &flags);
	error->data = (flags & ERR_TXT_STRING) != 0 ? copy(data) : NULL;
	return error->code;
}

static void
put_one(const struct se_crypto_error *error)
{
	ERR_put_error(ERR_GET_LIB(error->code), ERR_GET_FUNC(error->code),
		ERR_GET_REASON(error->code), "", 0);
	if (error->data != NULL)
		ERR_add_error_data(1, error->data);
}

#endif

void
se_crypto_errors_take(struct se_crypto_errors *errors)
{
	memset(errors, 0, sizeof(*errors));
	while (errors->count < SE_CRYPTO_ERRORS_MAX && take_one(&errors->list[errors->count]) != 0)
		errors->count++;
}

void
se_crypto_errors_put_back(struct se_crypto_errors *errors)
{
	size_t i;

	ERR_clear_error();
	for (i = 0; i < errors->count; i++) {
		put_one(&errors->list[i]);
		free(errors->list[i].file);
		free(errors->list[i].function);
		free(errors->list[i].data);
	}
	errors->count = 0;
}

#include "engine/base64url.h"
#include "engine/crypto_seal.h"
#include "engine/state_json.h"
#include "engine/state_seal.h"
#include "engine/store.h"

/* A version of its own: who does not know sealed files must not take one for an empty state. */
enum { SEALED_VERSION = 2, ASSOCIATED_MAX = 20480 };

#define MEMBER "sealed"

const char *
se_state_sealed_with(const struct se_json *file)
{
	return se_json_string(se_json_object(file, MEMBER), "key_id");
}

/* What the file is for, and that it is a state file: authenticated, not encrypted. */
static bool
associate(const struct se_token_key *key, struct se_buffer *associated)
{
	se_buffer_init(associated, ASSOCIATED_MAX);
	return se_buffer_addf(associated, "sasl-entra state %d\n", SEALED_VERSION) &&
	       se_token_key_text(key, associated);
}

/* --- sealing ---------------------------------------------------------------------------------- */

static bool
set_bytes(struct se_json *json, const char *name, const void *data, size_t len)
{
	struct se_buffer text;
	bool ok;

	se_buffer_init(&text, SE_STATE_SIZE_MAX);
	ok = se_base64url_add(&text, data, len) &&
	     se_json_set_string(json, name, se_buffer_text(&text));
	se_buffer_free(&text);
	return ok;
}

static bool
fill(struct se_json *file, const struct se_token_key *key, const struct se_seal_key *with,
	const unsigned char nonce[SE_SEAL_NONCE_BYTES], const struct se_buffer *sealed)
{
	struct se_json *inner;

	if (!se_json_set_integer(file, "version", SEALED_VERSION) || !se_state_set_key(file, key))
		return false;
	inner = se_json_new();
	if (inner != NULL && se_json_set_string(inner, "key_id", with->id) &&
		set_bytes(inner, "nonce", nonce, SE_SEAL_NONCE_BYTES) &&
		set_bytes(inner, "text", sealed->data, sealed->len))
		return se_json_set_object(file, MEMBER, inner);
	se_json_free(inner);
	return false;
}

enum se_code
se_state_seal(const struct se_seal_key *with, const struct se_world *world,
	const struct se_token_key *key, const struct se_buffer *text, struct se_json *file,
	struct se_error *error)
{
	unsigned char nonce[SE_SEAL_NONCE_BYTES];
	struct se_buffer associated, sealed;
	const struct se_seal seal = {with->secret, nonce, &associated};
	enum se_code code;

	if (!world->random(world->context, nonce, sizeof(nonce)))
		return se_error_set(error, SE_AGAIN,
			"the kernel gives no random numbers, without which nothing is sealed");
	se_buffer_init(&sealed, SE_STATE_SIZE_MAX);
	if (!associate(key, &associated))
		code = se_error_memory(error);
	else
		code = se_seal_close(&seal, text->data, text->len, &sealed, error);
	if (code == SE_OK && !fill(file, key, with, nonce, &sealed))
		code = se_error_memory(error);
	se_buffer_free(&associated);
	se_buffer_free(&sealed);
	return code;
}

/* --- opening ---------------------------------------------------------------------------------- */

static enum se_code
get_bytes(
	const struct se_json *json, const char *name, struct se_buffer *out, struct se_error *error)
{
	const char *text = se_json_string(json, name);

	if (text != NULL && se_base64url_decode(out, text))
		return SE_OK;
	return out->failed ? se_error_memory(error) : SE_ABSENT;
}

static enum se_code
open_parts(const struct se_seal_key *with, const struct se_token_key *key,
	const struct se_buffer *nonce, const struct se_buffer *sealed, struct se_buffer *text,
	struct se_error *error)
{
	struct se_buffer associated;
	const struct se_seal seal = {with->secret, (const unsigned char *)nonce->data, &associated};
	enum se_code code;

	if (nonce->len != SE_SEAL_NONCE_BYTES)
		return SE_ABSENT;
	if (associate(key, &associated))
		code = se_seal_open(&seal, sealed->data, sealed->len, text, error);
	else
		code = se_error_memory(error);
	se_buffer_free(&associated);
	return code;
}

enum se_code
se_state_unseal(const struct se_seal_key *with, const struct se_token_key *key,
	const struct se_json *file, struct se_buffer *text, struct se_error *error)
{
	const struct se_json *inner = se_json_object(file, MEMBER);
	struct se_buffer nonce, sealed;
	int64_t version = 0;
	enum se_code code;

	if (!se_json_integer(file, "version", &version) || version != SEALED_VERSION ||
		!se_state_is_for(file, key))
		return SE_ABSENT;
	se_buffer_init(&nonce, SE_STATE_SIZE_MAX);
	se_buffer_init(&sealed, SE_STATE_SIZE_MAX);
	code = get_bytes(inner, "nonce", &nonce, error);
	if (code == SE_OK)
		code = get_bytes(inner, "text", &sealed, error);
	if (code == SE_OK)
		code = open_parts(with, key, &nonce, &sealed, text, error);
	se_buffer_free(&nonce);
	se_buffer_free(&sealed);
	return code;
}

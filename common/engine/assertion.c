#include <string.h>

#include "core/buffer.h"
#include "engine/assertion.h"
#include "engine/base64url.h"
#include "engine/json.h"
#include "engine/request_id.h"

enum { ASSERTION_MAX = 64 * 1024, PART_MAX = 16 * 1024 };

static bool
fill_header(struct se_json *header, enum se_signature how, const struct se_certificate_facts *facts)
{
	return se_json_set_string(header, "alg", how == SE_PS256 ? "PS256" : "RS256") &&
	       se_json_set_string(header, "typ", "JWT") &&
	       (how == SE_PS256 ? se_json_set_string(header, "x5t#S256", facts->sha256)
				: se_json_set_string(header, "x5t", facts->sha1));
}

/* Entra allows for clocks that are a few minutes wrong. */
static bool
fill_claims(struct se_json *claims, const struct se_account *account, const struct se_world *world)
{
	const char *client_id = account->value[SE_KEY_CLIENT_ID].text;
	int64_t now = world->wall(world->context);
	char jti[SE_REQUEST_ID_SIZE];

	return se_request_id_make(world, jti) &&
	       se_json_set_string(claims, "aud", account->token_endpoint) &&
	       se_json_set_string(claims, "iss", client_id) &&
	       se_json_set_string(claims, "sub", client_id) &&
	       se_json_set_string(claims, "jti", jti) && se_json_set_integer(claims, "nbf", now) &&
	       se_json_set_integer(claims, "iat", now) &&
	       se_json_set_integer(claims, "exp", now + SE_ASSERTION_SECONDS);
}

static bool
add_part(struct se_buffer *out, struct se_json *json)
{
	struct se_buffer text;
	bool ok;

	se_buffer_init(&text, PART_MAX);
	ok = se_json_write_compact(json, &text) && se_base64url_add(out, text.data, text.len);
	se_buffer_free(&text);
	return ok;
}

static bool
write_unsigned(struct se_buffer *out, enum se_signature how, const struct se_account *account,
	const struct se_world *world, const struct se_certificate_facts *facts)
{
	struct se_json *header = se_json_new(), *claims = se_json_new();
	bool ok = header != NULL && claims != NULL && fill_header(header, how, facts) &&
		  fill_claims(claims, account, world) && add_part(out, header) &&
		  se_buffer_add_text(out, ".") && add_part(out, claims);

	se_json_free(header);
	se_json_free(claims);
	return ok;
}

/* Adds the signature; false when the key cannot sign so. */
static bool
add_signature(struct se_buffer *out, enum se_signature how, const struct se_private_key *key)
{
	struct se_buffer signature;
	bool ok;

	se_buffer_init(&signature, PART_MAX);
	ok = se_private_key_sign(key, how, out->data, out->len, &signature) &&
	     se_buffer_add_text(out, ".") && se_base64url_add(out, signature.data, signature.len);
	se_buffer_free(&signature);
	return ok;
}

enum se_code
se_assertion_make(const struct se_account *account, const struct se_world *world,
	const struct se_private_key *key, const struct se_certificate_facts *facts,
	struct se_secret **assertion, struct se_error *error)
{
	static const enum se_signature ways[] = {SE_PS256, SE_RS256};
	struct se_buffer text;
	enum se_code code = SE_ABSENT;
	size_t i;

	*assertion = NULL;
	se_buffer_init(&text, ASSERTION_MAX);
	/* Some tokens and engines only say when they are asked to sign that they cannot do PSS. */
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && code == SE_ABSENT; i++) {
		se_buffer_reset(&text);
		if (!write_unsigned(&text, ways[i], account, world, facts))
			code = se_error_memory(error);
		else if (add_signature(&text, ways[i], key))
			code = SE_OK;
	}
	if (code == SE_ABSENT)
		code = se_error_set(error, SE_CONFIG,
			"[account %s] the private key of %s cannot sign; may it be used for "
			"signatures?",
			account->label, facts->subject);
	else if (code == SE_OK && (*assertion = se_secret_new(text.data, text.len)) == NULL)
		code = se_error_memory(error);
	se_buffer_free(&text);
	return code;
}

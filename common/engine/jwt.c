#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "engine/crypto_digest.h"
#include "engine/jwt.h"

enum { PART_MAX = 3 * 64 * 1024 };

/* base64url (RFC 4648 section 5) by OpenSSL's decoder, which knows base64 with padding. */
static struct se_json *
decode_object(const char *part, size_t len)
{
	struct se_buffer text, bytes;
	struct se_json *json = NULL;
	int problem = EINVAL;
	size_t i, count;
	char *room;

	if (len > PART_MAX) {
		errno = EINVAL;
		return NULL;
	}
	se_buffer_init(&text, PART_MAX);
	se_buffer_init(&bytes, PART_MAX);
	se_buffer_add(&text, part, len);
	for (i = 0; i < text.len; i++)
		text.data[i] = part[i] == '-' ? '+' : part[i] == '_' ? '/' : part[i];
	while (text.len % 4 != 0 && !text.failed)
		se_buffer_add(&text, "=", 1);
	room = text.failed ? NULL : se_buffer_room(&bytes, text.len);
	if (room == NULL) {
		problem = ENOMEM;
	} else if (se_base64_decode(text.data, text.len, room, &count)) {
		json = se_json_parse(room, count);
		problem = errno;
	}
	se_buffer_grown(&bytes, room != NULL ? text.len : 0); /* so that all of it is wiped */
	se_buffer_free(&text);
	se_buffer_free(&bytes);
	errno = problem;
	return json;
}

struct se_json *
se_jwt_claims(const struct se_secret *token)
{
	const char *text = se_secret_reveal(token);
	const char *first = strchr(text, '.');
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;

	if (second == NULL || strchr(second + 1, '.') != NULL) {
		errno = EINVAL;
		return NULL;
	}
	return decode_object(first + 1, (size_t)(second - first - 1));
}

bool
se_jwt_is_roleless(const struct se_secret *token)
{
	struct se_json *claims = se_jwt_claims(token);
	bool roleless = claims != NULL && !se_json_has(claims, "roles");

	se_json_free(claims);
	return roleless;
}

#include <string.h>

#include "core/message.h"

#define SEPARATOR "\001"

enum { AROUND = 20 /* bytes around user and token */ };

/* No byte that ends a field or a line somewhere on the way, a NUL before `len` among them: whoever
 * gets one in writes a field of their own. libc looks at a token faster than a loop would. */
static bool
is_plain(const char *text, size_t len)
{
	return strcspn(text, "\001\r\n") == len;
}

static enum se_code
check_parts(const char *user, const struct se_secret *token, struct se_error *error)
{
	size_t len = se_secret_len(token);

	if (user == NULL || user[0] == '\0')
		return se_error_set(error, SE_CONFIG, "there is no user name to sign in with");
	if (!is_plain(user, strlen(user))) {
		return se_error_set(error, SE_CONFIG,
			"the user name \"%s\" has a control character in it, which the protocol "
			"does not allow",
			user);
	}
	if (len == 0)
		return se_error_set(error, SE_CONFIG, "the access token for %s is empty", user);
	if (!is_plain(se_secret_reveal(token), len)) {
		return se_error_set(error, SE_CONFIG,
			"the access token for %s has a control character or a line end in it; what "
			"hands it out must print one token and nothing else",
			user);
	}
	return SE_OK;
}

static enum se_code
add_token(struct se_buffer *out, const struct se_secret *token, struct se_error *error)
{
	se_buffer_add_text(out, "auth=Bearer ");
	se_buffer_add(out, se_secret_reveal(token), se_secret_len(token));
	se_buffer_add_text(out, SEPARATOR SEPARATOR);
	return out->failed ? se_error_memory(error) : SE_OK;
}

enum se_code
se_message_xoauth2(const char *user, const struct se_secret *token, struct se_buffer *out,
	struct se_error *error)
{
	enum se_code code = check_parts(user, token, error);

	if (code != SE_OK)
		return code;
	se_buffer_expect(out, strlen(user) + se_secret_len(token) + AROUND);
	se_buffer_add_text(out, "user=");
	se_buffer_add_text(out, user);
	se_buffer_add_text(out, SEPARATOR);
	return add_token(out, token, error);
}

/* RFC 5801 section 4, saslname. */
static void
add_saslname(struct se_buffer *out, const char *name)
{
	for (; *name != '\0'; name++)
		if (*name == ',')
			se_buffer_add_text(out, "=2C");
		else if (*name == '=')
			se_buffer_add_text(out, "=3D");
		else
			se_buffer_add(out, name, 1);
}

enum se_code
se_message_oauthbearer(const char *user, const char *host, unsigned port,
	const struct se_secret *token, struct se_buffer *out, struct se_error *error)
{
	enum se_code code = check_parts(user, token, error);

	if (code != SE_OK)
		return code;
	if (host != NULL && !is_plain(host, strlen(host))) {
		return se_error_set(error, SE_CONFIG,
			"the server's name \"%s\" has a control character in it", host);
	}
	if (port > 65535)
		return se_error_set(error, SE_CONFIG, "%u is no port number", port);
	se_buffer_add_text(out, "n,a=");
	add_saslname(out, user);
	se_buffer_add_text(out, "," SEPARATOR);
	if (host != NULL && host[0] != '\0') {
		se_buffer_add_text(out, "host=");
		se_buffer_add_text(out, host);
		se_buffer_add_text(out, SEPARATOR);
	}
	if (port != 0)
		se_buffer_addf(out, "port=%u" SEPARATOR, port);
	return add_token(out, token, error);
}

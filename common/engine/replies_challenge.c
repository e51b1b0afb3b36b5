/* The JSON with which Google, Dovecot and others refuse a token: as the plugin logs its status, as it
 * is, and the beginning of it in base64, as it is on the wire. */
#include "engine/replies_parts.h"

static const struct se_reply entries[] = {
	{.id = "challenge-400",
		.from = SE_REPLY_CHALLENGE,
		.words = "\"status\":\"400\"|\"status\": \"400\"|status "
			 "\"400\"|eyjzdgf0dxmioii0mdai",
		.shown = "{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://"
			 "mail.google.com/\"}",
		.class = SE_SIGN_IN,
		.meaning = "The server found the token malformed or expired.",
		.cause = "The token has expired, was cut, or is one of another provider.",
		.todo = "The next login asks for a new one by itself. If it comes back, sign in "
			"again:\n"
			"  {sign_in}",
		.waiting = "Waiting for one more try helps where the token had expired."},
	{.id = "challenge-401",
		.from = SE_REPLY_CHALLENGE,
		.words = "\"status\":\"401\"|\"status\": \"401\"|status "
			 "\"401\"|eyjzdgf0dxmioii0mdei",
		.shown = "{\"status\":\"401\",\"schemes\":\"bearer mac\","
			 "\"scope\":\"https://mail.google.com/\"}",
		.class = SE_SIGN_IN,
		.meaning = "The server does not accept the token for this user.",
		.cause = "The token is for another user than the login name, was revoked, or has "
			 "not the "
			 "scope that the challenge names.",
		.todo = "Sign in again, with the address that logs in:\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
	{.id = "challenge-invalid-token",
		.from = SE_REPLY_CHALLENGE,
		.words = "\"status\":\"invalid_token\"|\"status\": \"invalid_token\"|status "
			 "\"invalid_token\"|eyjzdgf0dxmioijpbnzhbglkx3rva2vu",
		.shown = "{\"status\":\"invalid_token\",\"scope\":\"...\"}",
		.class = SE_ADMIN,
		.meaning = "The server does not accept the token (RFC 7628).",
		.cause = "It has expired, is for another audience or another user, or is signed by "
			 "an "
			 "issuer whom the server does not know.",
		.todo = "The next login asks for a new one by itself. If it comes back, see what "
			"the token "
			"holds, and compare it with the server's settings for OAuth:\n"
			"  sasl-entra doctor {mailbox}",
		.waiting = "Waiting for one more try helps where the token had expired."},
	{.id = "challenge-insufficient-scope",
		.from = SE_REPLY_CHALLENGE,
		.words = "\"status\":\"insufficient_scope\"|\"status\": "
			 "\"insufficient_scope\"|status "
			 "\"insufficient_scope\"|eyjzdgf0dxmioijpbnn1zmzpy2llbnrfc2nvcg",
		.shown = "{\"status\":\"insufficient_scope\",\"scope\":\"...\"}",
		.class = SE_CONFIG,
		.meaning = "The token is good, but has not the scope that the server wants.",
		.todo = "Write the scope that the challenge names into \"scope\" of [account "
			"{label}]; it is "
			"now: {scope}. Then sign in again:\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_challenge =
	SE_REPLY_PART("Challenges: a server says in JSON why it refuses a token", entries);

#include <errno.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/json.h"
#include "engine/request.h"
#include "engine/sign_in_device.h"

enum { EXPIRES_DEFAULT = 900, EXPIRES_MAX = 3600, MARGIN_MS = 1000 };

void
se_device_free(struct se_device *device)
{
	se_secret_free(device->device_code);
	memset(device, 0, sizeof(*device));
}

/* --- the code --------------------------------------------------------------------------------- */

/* A terminal and a QR code show it: printable, and no more than fits. */
static bool
take_text(const struct se_json *json, const char *name, char *to, size_t size)
{
	const char *text = se_json_string(json, name);
	size_t i;

	to[0] = '\0';
	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return false;
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return se_copy(to, size, text);
}

static bool
take_address(const struct se_json *json, const char *name, char *to, size_t size)
{
	if (take_text(json, name, to, size) && strncmp(to, "https://", 8) == 0 &&
		strchr(to, ' ') == NULL)
		return true;
	to[0] = '\0';
	return false;
}

static int64_t
take_seconds(const struct se_json *json, const char *name, int64_t fallback, int64_t max)
{
	int64_t seconds;

	if (!se_json_integer(json, name, &seconds) || seconds <= 0)
		return fallback;
	return seconds < max ? seconds : max;
}

static bool
take_device(const struct se_json *json, struct se_device *device)
{
	const char *code = se_json_string(json, "device_code");

	if (code == NULL || code[0] == '\0' || strlen(code) > SE_TOKEN_MAX)
		return false;
	device->device_code = se_secret_new(code, strlen(code));
	device->expires_in = take_seconds(json, "expires_in", EXPIRES_DEFAULT, EXPIRES_MAX);
	device->interval =
		take_seconds(json, "interval", SE_DEVICE_INTERVAL, SE_DEVICE_INTERVAL_MAX);
	(void)take_address(
		json, "verification_uri_complete", device->complete, sizeof(device->complete));
	return device->device_code != NULL &&
	       take_text(json, "user_code", device->user_code, sizeof(device->user_code)) &&
	       /* the second is Google's spelling */
	       (take_address(json, "verification_uri", device->address, sizeof(device->address)) ||
		       take_address(
			       json, "verification_url", device->address, sizeof(device->address)));
}

enum se_code
se_sign_in_device_read(const struct se_sign_in *sign_in, const struct se_post_reply *reply,
	struct se_device *device, struct se_error *error)
{
	struct se_json *json;
	struct se_grant none;
	bool taken;

	memset(device, 0, sizeof(*device));
	if (reply->status != 200)
		return se_answer_read(sign_in->account, sign_in->login, reply->status,
			se_buffer_text(&reply->body), reply->body.len, reply->retry_after, &none,
			error);
	json = se_json_parse(se_buffer_text(&reply->body), reply->body.len);
	if (json == NULL && errno == ENOMEM)
		return se_error_memory(error);
	taken = json != NULL && take_device(json, device);
	se_json_free(json);
	if (taken)
		return SE_OK;
	se_device_free(device);
	return se_error_set(error, SE_CONFIG,
		"%s said yes but sent no code that could be used; look at device_endpoint of "
		"[account %s]",
		sign_in->account->device_endpoint, sign_in->account->label);
}

/* What people do where this way is closed. */
#define OTHER_WAYS \
	"sasl-entra login %s --paste signs in with a browser on any other machine; with --port " \
	"8400, a browser elsewhere reaches this machine through ssh -L 8400:localhost:8400"

/* Many tenants forbid device codes and allow a browser: whoever was refused should know. */
static enum se_code
refused(const struct se_sign_in *sign_in, struct se_error *error)
{
	struct se_error first = *error;

	if (first.code != SE_ADMIN)
		return first.code;
	return se_error_set(error, first.code,
		"%s Perhaps only this way of signing in is forbidden: " OTHER_WAYS, first.text,
		sign_in->login);
}

enum se_code
se_sign_in_device_begin(const struct se_sign_in *sign_in, struct se_poster *poster,
	struct se_device *device, struct se_error *error)
{
	const char *endpoint = sign_in->account->device_endpoint;
	struct se_secret *form = NULL;
	struct se_post_reply reply;
	enum se_code code;

	memset(device, 0, sizeof(*device));
	if (endpoint == NULL)
		return se_error_set(error, SE_CONFIG,
			"[account %s] has no way to sign in by a code (device_endpoint): "
			"" OTHER_WAYS,
			sign_in->account->label, sign_in->login);
	code = se_request_device_form(sign_in->account, sign_in->scope, &form, error);
	if (code != SE_OK)
		return code;
	code = se_poster_post(poster, endpoint, form, &reply, error);
	if (code == SE_OK && se_sign_in_device_read(sign_in, &reply, device, error) != SE_OK)
		code = refused(sign_in, error);
	se_buffer_free(&reply.body);
	return code;
}

/* --- polling ---------------------------------------------------------------------------------- */

static void
slow_down(struct se_device *device, int64_t interval)
{
	device->interval = interval < SE_DEVICE_INTERVAL_MAX ? interval : SE_DEVICE_INTERVAL_MAX;
}

enum se_device_step
se_sign_in_device_step(struct se_device *device, const struct se_post_reply *reply)
{
	enum se_device_step step = SE_DEVICE_ANSWERED;
	struct se_json *json;
	const char *reason;

	if (reply == NULL || reply->status == 429 || reply->status >= 500) {
		slow_down(device, 2 * device->interval);
		if (reply != NULL && reply->retry_after > device->interval)
			slow_down(device, reply->retry_after);
		return SE_DEVICE_WAIT;
	}
	json = se_json_parse(se_buffer_text(&reply->body), reply->body.len);
	reason = json != NULL ? se_json_string(json, "error") : NULL;
	if (reply->status != 200 && reason != NULL) {
		if (strcmp(reason, "slow_down") == 0)
			slow_down(device, device->interval + SE_DEVICE_SLOW_DOWN);
		if (strcmp(reason, "slow_down") == 0 ||
			strcmp(reason, "authorization_pending") == 0)
			step = SE_DEVICE_WAIT;
	}
	se_json_free(json);
	return step;
}

static enum se_code
poll_once(const struct se_sign_in *sign_in, struct se_poster *poster, struct se_device *device,
	struct se_signed_in *signed_in, struct se_error *error)
{
	const struct se_request_parts parts = {
		.grant = SE_GRANT_DEVICE, .device_code = device->device_code};
	struct se_post_reply reply;
	enum se_code code = se_sign_in_ask_token(sign_in, poster, &parts, &reply, error);

	if (code == SE_OK && se_sign_in_device_step(device, &reply) == SE_DEVICE_ANSWERED) {
		code = se_sign_in_accept(sign_in, &reply, signed_in, error);
		if (code != SE_OK && reply.status != 200)
			code = refused(sign_in, error);
		/* Asking again would not help, whatever class the trouble is of. */
		se_buffer_free(&reply.body);
		return code == SE_AGAIN ? (error->code = SE_SIGN_IN) : code;
	}
	se_buffer_free(&reply.body);
	if (code == SE_AGAIN)
		(void)se_sign_in_device_step(device, NULL);
	if (code == SE_OK)
		(void)se_error_set(error, SE_AGAIN, "nobody has signed in yet");
	return code == SE_OK ? SE_AGAIN : code;
}

enum se_code
se_sign_in_device_wait(const struct se_sign_in *sign_in, struct se_poster *poster,
	struct se_device *device, int64_t until, struct se_signed_in *signed_in,
	struct se_error *error)
{
	const struct se_world *world = poster->world;
	struct se_error last = {.text = "nobody has signed in yet"};
	enum se_code code;

	memset(signed_in, 0, sizeof(*signed_in));
	for (;;) {
		int64_t next = world->monotonic(world->context) + device->interval * 1000;

		/* The last poll comes shortly before the code has expired. */
		if (next > until - MARGIN_MS)
			return se_error_set(error, SE_AGAIN,
				"the time of code %s is over (%s). Start again: sasl-entra login "
				"%s --device",
				device->user_code, last.text, sign_in->login);
		code = se_poster_wait(poster, next, NULL, error);
		if (code != SE_OK)
			return code;
		code = poll_once(sign_in, poster, device, signed_in, &last);
		if (code != SE_AGAIN) {
			*error = last;
			return code;
		}
	}
}

/* Fuzzes what a sign-in by a code on another device is answered with: the code itself, and each
 * poll. An input is "STATUS RETRY_AFTER", a line end, and the body. */
#include <string.h>

#include "engine/sign_in.h"
#include "engine/sign_in_device.h"

#include "fuzz.h"

static void
must_be_https(const char *address)
{
	must_be_printable(address);
	must(strncmp(address, "https://", 8) == 0 && strchr(address, ' ') == NULL);
}

static void
read_code(const struct se_sign_in *sign_in, const struct se_post_reply *reply)
{
	struct se_device device;
	struct se_error error;
	enum se_code code;

	se_error_clear(&error);
	code = se_sign_in_device_read(sign_in, reply, &device, &error);
	if (code == SE_OK) {
		must(reply->status == 200);
		must(device.device_code != NULL && se_secret_len(device.device_code) > 0);
		must(device.user_code[0] != '\0');
		must_be_printable(device.user_code);
		must_be_https(device.address);
		if (device.complete[0] != '\0')
			must_be_https(device.complete);
		must(device.expires_in > 0 && device.interval > 0);
		must(device.interval <= SE_DEVICE_INTERVAL_MAX);
	} else {
		must(device.device_code == NULL);
		must_explain(&error, code);
		must_hold_no_secret(error.text, reply->body.data, reply->body.len);
	}
	se_device_free(&device);
}

/* However often the same answer comes, polling neither stops for ever nor gets quicker. */
static void
poll_often(const struct se_post_reply *reply)
{
	struct se_device device = {.interval = SE_DEVICE_INTERVAL};
	int64_t before;
	int i;

	for (i = 0; i < 4; i++) {
		before = device.interval;
		if (se_sign_in_device_step(&device, reply) == SE_DEVICE_ANSWERED)
			must(device.interval == before);
		must(device.interval >= before && device.interval <= SE_DEVICE_INTERVAL_MAX);
	}
}

static void
sign_in_with(const struct se_sign_in *sign_in, const struct se_post_reply *reply)
{
	struct se_signed_in signed_in;
	struct se_error error;
	enum se_code code;

	se_error_clear(&error);
	code = se_sign_in_accept(sign_in, reply, &signed_in, &error);
	must_be_printable(signed_in.person);
	if (code == SE_OK) {
		must(signed_in.grant.access_token != NULL && signed_in.grant.refresh_token != NULL);
	} else {
		must(signed_in.grant.access_token == NULL && signed_in.grant.refresh_token == NULL);
		must_explain(&error, code);
		must_hold_no_secret(error.text, reply->body.data, reply->body.len);
	}
	se_signed_in_free(&signed_in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {(const char *)data, size};
	struct se_post_reply reply = {.status = (long)input_number(&input)};
	struct se_sign_in sign_in;
	struct se_error error;

	reply.retry_after = input_number(&input);
	se_buffer_init(&reply.body, SE_HTTP_BODY_MAX);
	/* As http.c has it: what is larger is no answer. */
	if (input.len <= SE_HTTP_BODY_MAX && se_buffer_add(&reply.body, input.data, input.len)) {
		must(se_sign_in_begin(&sign_in, person_account(), FUZZ_LOGIN, &error) == SE_OK);
		read_code(&sign_in, &reply);
		poll_often(&reply);
		sign_in_with(&sign_in, &reply);
		se_sign_in_end(&sign_in);
	}
	se_buffer_free(&reply.body);
	return 0;
}

/*
 * sign_in_device: a person signs in on another device, by a code shown here.
 * Source: RFC 8628; Microsoft, "OAuth 2.0 device authorization grant flow".
 */
#ifndef SE_ENGINE_SIGN_IN_DEVICE_H
#define SE_ENGINE_SIGN_IN_DEVICE_H

#include "engine/sign_in_token.h"

enum {
	SE_DEVICE_USER_CODE_MAX = 64,
	SE_DEVICE_ADDRESS_MAX = 1024,
	SE_DEVICE_INTERVAL = 5,      /* seconds, where the server does not say (3.2) */
	SE_DEVICE_SLOW_DOWN = 5,     /* seconds more, for good (3.5) */
	SE_DEVICE_INTERVAL_MAX = 120 /* seconds, however often no answer came */
};

struct se_device {
	struct se_secret *device_code;
	char user_code[SE_DEVICE_USER_CODE_MAX + 1];
	char address[SE_DEVICE_ADDRESS_MAX + 1];  /* where the person types it */
	char complete[SE_DEVICE_ADDRESS_MAX + 1]; /* where it is typed already; "": not known */
	int64_t expires_in;                       /* seconds */
	int64_t interval;                         /* seconds between two polls */
};

/* Asks the device endpoint for a code; se_device_free() frees what is in it. SE_CONFIG when the
 * account has no device endpoint. */
enum se_code se_sign_in_device_begin(const struct se_sign_in *sign_in, struct se_poster *poster,
	struct se_device *device, struct se_error *error);

/* Polls until the person has signed in or declined, or `until` (monotonic milliseconds).
 * As se_sign_in_redeem(). */
enum se_code se_sign_in_device_wait(const struct se_sign_in *sign_in, struct se_poster *poster,
	struct se_device *device, int64_t until, struct se_signed_in *signed_in,
	struct se_error *error);

/* For tests: reads the device endpoint's answer. */
enum se_code se_sign_in_device_read(const struct se_sign_in *sign_in,
	const struct se_post_reply *reply, struct se_device *device, struct se_error *error);

enum se_device_step {
	SE_DEVICE_ANSWERED, /* the answer is final */
	SE_DEVICE_WAIT      /* ask again after device->interval */
};

/* For tests: what an answer means for polling. `reply` NULL: none came. Lengthens the interval
 * where it has to. */
enum se_device_step
se_sign_in_device_step(struct se_device *device, const struct se_post_reply *reply);

void se_device_free(struct se_device *device);

#endif

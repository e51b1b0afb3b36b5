#include <stdio.h>

#include "engine/sign_in_device.h"

#include "tool/interrupt.h"
#include "tool/login.h"
#include "tool/login_say.h"
#include "tool/terminal.h"

struct countdown {
	const struct se_login *login;
	int64_t until; /* 0: nothing to count yet */
};

static size_t
prepare(void *context, struct pollfd *fds, int *wait)
{
	const struct countdown *countdown = context;

	if (countdown->until > 0 && *wait > 500)
		*wait = 500;
	return se_login_prepare_interrupt(NULL, fds, wait);
}

static bool
turn(void *context)
{
	const struct countdown *countdown = context;

	if (countdown->until > 0 && !countdown->login->options->json)
		se_terminal_countdown("Waiting for the sign-in",
			(countdown->until - se_login_now() + 999) / 1000);
	return !se_interrupted();
}

static int64_t
end_of(const struct se_login *login, const struct se_device *device)
{
	int64_t seconds = device->expires_in;

	if (login->options->timeout != 0 && login->options->timeout < seconds)
		seconds = login->options->timeout;
	return se_login_now() + seconds * 1000;
}

enum se_code
se_login_by_device(struct se_login *login, struct se_error *error)
{
	struct countdown countdown = {.login = login};
	struct se_device device = {.device_code = NULL};
	enum se_code code;

	login->watch = (struct se_watch){prepare, turn, &countdown};
	code = se_login_watch(login, error);
	if (code == SE_OK)
		code = se_sign_in_device_begin(&login->sign_in, &login->poster, &device, error);
	if (code == SE_OK) {
		se_login_say_device(login, &device);
		countdown.until = end_of(login, &device);
		code = se_sign_in_device_wait(&login->sign_in, &login->poster, &device,
			countdown.until, &login->signed_in, error);
		se_terminal_end_line();
	}
	se_device_free(&device);
	return code == SE_OK ? se_login_keep(login, error) : code;
}

#include "core/world.h"

#include "tool/login.h"
#include "tool/login_say.h"
#include "tool/read_secret.h"

/* Nothing listens there: the browser shows an error page with the answer in its address. */
#define REDIRECT_URI "http://localhost"

static enum se_code
show_address(struct se_login *login, struct se_error *error)
{
	struct se_buffer url;
	enum se_code code;

	se_buffer_init(&url, SE_SIGN_IN_URL_MAX);
	code = se_sign_in_url(&login->sign_in, &se_world_system, REDIRECT_URI, &url, error);
	if (code == SE_OK)
		se_login_say_address(login, se_buffer_text(&url), SE_WHERE_ANY, 0);
	se_buffer_free(&url);
	return code;
}

/* People look for their second factor: without --timeout there is no end. */
static int64_t
end_of(const struct se_login_options *options)
{
	return options->timeout != 0 ? se_login_now() + (int64_t)options->timeout * 1000
				     : SE_READ_FOR_EVER;
}

static enum se_code
nothing_came(const struct se_login *login, struct se_error *error)
{
	return se_error_set(error, SE_AGAIN,
		"no address has been pasted within %u seconds; sign in again: sasl-entra login %s "
		"--paste",
		login->options->timeout, login->name);
}

static enum se_code
read_answer(struct se_login *login, struct se_secret **code, struct se_error *error)
{
	struct se_secret *pasted = NULL;
	enum se_code result = se_read_secret_until(
		"address", SE_SIGN_IN_ANSWER_MAX, end_of(login->options), &pasted, error);

	if (result == SE_AGAIN)
		return nothing_came(login, error);
	if (result == SE_OK)
		result = se_sign_in_answer(&login->sign_in, se_secret_reveal(pasted),
			se_secret_len(pasted), code, error);
	se_secret_free(pasted);
	if (result == SE_ABSENT) {
		result = error->code = SE_CONFIG;
		se_error_about(error, "what was pasted");
	}
	return result;
}

enum se_code
se_login_by_paste(struct se_login *login, struct se_error *error)
{
	struct se_secret *authorization = NULL;
	enum se_code code;

	login->watch = (struct se_watch){se_login_prepare_interrupt, se_login_turn_interrupt, NULL};
	code = se_login_watch(login, error);
	if (code == SE_OK)
		code = show_address(login, error);
	if (code == SE_OK)
		code = read_answer(login, &authorization, error);
	if (code == SE_OK)
		code = se_sign_in_redeem(
			&login->sign_in, &login->poster, authorization, &login->signed_in, error);
	se_secret_free(authorization);
	return code == SE_OK ? se_login_keep(login, error) : code;
}

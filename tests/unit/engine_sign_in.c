/*
 * sign_in: the address for the browser, what it brings back, who signed in, and device codes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/crypto_pkce.h"
#include "engine/sign_in.h"
#include "engine/sign_in_device.h"
#include "engine/sign_in_person.h"

#include "engine_support.h"

#define LOGIN "anna@contoso.com"
#define HEAD "[account a]\nmatch = *\ntenant = contoso.com\nclient_id = " ID "\n"
#define ID "55556666-dddd-7777-eeee-8888ffff9999"

struct scene {
	struct se_config *config;
	struct se_sign_in sign_in;
	struct se_buffer url;
};

static void
begin(struct scene *scene, const char *text, const char *login)
{
	scene->config = config_of(text);
	se_buffer_init(&scene->url, SE_SIGN_IN_URL_MAX);
	assert_int_equal(
		se_sign_in_begin(&scene->sign_in, &scene->config->accounts[0], login, NULL), SE_OK);
}

static const char *
address(struct scene *scene)
{
	se_buffer_reset(&scene->url);
	assert_int_equal(
		se_sign_in_url(&scene->sign_in, &world, "http://localhost:8400", &scene->url, NULL),
		SE_OK);
	return se_buffer_text(&scene->url);
}

static void
end(struct scene *scene)
{
	se_sign_in_end(&scene->sign_in);
	se_buffer_free(&scene->url);
	se_config_free(scene->config);
}

/* --- proofs ------------------------------------------------------------------------------------ */

static void
challenge_is_rfc_7636s(void **state)
{
	char challenge[SE_RANDOM_TEXT_SIZE];

	(void)state;
	assert_true(se_pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge));
	assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void
random_texts_differ(void **state)
{
	char one[SE_RANDOM_TEXT_SIZE], other[SE_RANDOM_TEXT_SIZE];

	(void)state;
	assert_true(se_random_text(&se_world_system, one));
	assert_true(se_random_text(&se_world_system, other));
	assert_int_equal(strlen(one), 43);
	assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_"),
		43);
	assert_string_not_equal(one, other);
}

static bool
no_randomness(void *context, void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return false;
}

static void
without_randomness_there_is_no_address(void **state)
{
	struct se_world poor = world;
	struct se_error error;
	struct scene scene;

	(void)state;
	poor.random = no_randomness;
	begin(&scene, HEAD, LOGIN);
	assert_int_equal(
		se_sign_in_url(&scene.sign_in, &poor, "http://localhost", &scene.url, &error),
		SE_INTERNAL);
	end(&scene);
}

/* --- the address ------------------------------------------------------------------------------- */

static void
address_for_entra(void **state)
{
	char challenge[SE_RANDOM_TEXT_SIZE];
	struct scene scene;
	const char *url;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	url = address(&scene);
	assert_int_equal(strncmp(url,
				 "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/"
				 "authorize?client_id=" ID "&",
				 90),
		0);
	assert_says(url, "&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A8400&");
	assert_says(url, "SMTP.Send%20https%3A");
	assert_says(url, "%20offline_access%20openid%20profile&");
	assert_says(url, scene.sign_in.state);
	assert_true(se_pkce_challenge(se_secret_reveal(scene.sign_in.verifier), challenge));
	assert_says(url, challenge);
	assert_says(url, "&code_challenge_method=S256&response_mode=query&");
	assert_says(url, "&login_hint=anna%40contoso.com");
	assert_silent_about(url, "prompt");
	assert_silent_about(url, se_secret_reveal(scene.sign_in.verifier));
	end(&scene);
}

static void
scope_says_nothing_twice(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, HEAD "scope = openid https://outlook.office.com/profile offline_access\n",
		LOGIN);
	assert_string_equal(scene.sign_in.scope,
		"openid https://outlook.office.com/profile offline_access profile");
	end(&scene);
}

static void
identity_is_the_hint(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, HEAD "identity = carol@contoso.com\n", LOGIN);
	assert_says(address(&scene), "login_hint=carol%40contoso.com");
	end(&scene);
	begin(&scene, HEAD, "scanner");
	assert_says(address(&scene), "prompt=select_account");
	assert_silent_about(se_buffer_text(&scene.url), "login_hint");
	end(&scene);
}

static void
each_address_is_new(void **state)
{
	char first[SE_RANDOM_TEXT_SIZE];
	struct scene scene;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	scene.sign_in.state[0] = '\0';
	address(&scene);
	memcpy(first, scene.sign_in.state, sizeof(first));
	address(&scene);
	assert_string_not_equal(first, scene.sign_in.state);
	end(&scene);
}

static void
address_for_google(void **state)
{
	struct scene scene;
	const char *url;

	(void)state;
	write_text(scratch("google.secret"), "x\n");
	begin(&scene,
		"[account a]\nmatch = *\nprovider = google\nclient_id = "
		"1-a.apps.googleusercontent.com\n",
		"gina@gmail.com");
	url = address(&scene);
	assert_says(url, "https://accounts.google.com/");
	assert_says(url, "scope=https%3A%2F%2Fmail.google.com%2F&");
	assert_says(url, "&access_type=offline&prompt=consent&login_hint=gina%40gmail.com");
	assert_silent_about(url, "response_mode");
	assert_silent_about(url, "openid");
	end(&scene);
}

static void
address_for_others(void **state)
{
	static const struct {
		const char *endpoint, *begins;
	} cases[] = {
		{"https://login.test/a", "https://login.test/a?client_id="},
		{"https://login.test/a?", "https://login.test/a?client_id="},
		{"https://login.test/a?x=y", "https://login.test/a?x=y&client_id="},
		{"https://login.test/a?x=y&", "https://login.test/a?x=y&client_id="},
	};
	char text[1024];
	struct scene scene;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text),
			"[account a]\nmatch = *\nprovider = custom\nclient_id = my-app\nscope = "
			"mail\nservers = localhost\ntoken_endpoint = https://login.test/token\n"
			"authorization_endpoint = %s\n",
			cases[i].endpoint);
		begin(&scene, text, "x");
		assert_int_equal(
			strncmp(address(&scene), cases[i].begins, strlen(cases[i].begins)), 0);
		assert_silent_about(se_buffer_text(&scene.url), "response_mode");
		assert_silent_about(se_buffer_text(&scene.url), "prompt");
		end(&scene);
	}
}

static void
no_address_without_an_endpoint(void **state)
{
	struct se_error error;
	struct scene scene;

	(void)state;
	begin(&scene,
		"[account a]\nmatch = *\nprovider = custom\nclient_id = x\nscope = mail\nservers = "
		"localhost\ntoken_endpoint = https://login.test/token\n",
		"x");
	assert_int_equal(
		se_sign_in_url(&scene.sign_in, &world, "http://localhost", &scene.url, &error),
		SE_CONFIG);
	assert_says(error.text, "authorization_endpoint");
	assert_says(error.text, "[account a]");
	end(&scene);
}

/* --- what comes back --------------------------------------------------------------------------- */

/* %s stands for the state. */
static enum se_code
answer(struct scene *scene, const char *fmt, struct se_secret **code, struct se_error *error)
{
	const char *hole = strstr(fmt, "%s");
	struct se_buffer text;
	enum se_code result;

	se_buffer_init(&text, 2 * SE_SIGN_IN_ANSWER_MAX);
	se_buffer_add(&text, fmt, hole != NULL ? (size_t)(hole - fmt) : strlen(fmt));
	if (hole != NULL)
		se_buffer_addf(&text, "%s%s", scene->sign_in.state, hole + 2);
	result = se_sign_in_answer(&scene->sign_in, se_buffer_text(&text), text.len, code, error);
	se_buffer_free(&text);
	return result;
}

static void
good_answers(void **state)
{
	static const char *const answers[] = {
		"code=4%2f0Ab-_.~c&state=%s",
		"state=%s&code=4%2F0Ab-_.~c",
		"http://localhost:8400/?code=4%2F0Ab-_.~c&state=%s&session_state=x",
		"http://localhost/?code=4/0Ab-_.~c&state=%s#code=evil&state=evil",
		"?x&&y=&code=4/0Ab-_.~c&state=%s&=&z=%",
	};
	struct se_secret *code;
	struct se_error error;
	struct scene scene;
	size_t i;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	address(&scene);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_int_equal(answer(&scene, answers[i], &code, &error), SE_OK);
		assert_string_equal(se_secret_reveal(code), "4/0Ab-_.~c");
		se_secret_free(code);
	}
	end(&scene);
}

static void
answers_that_are_none(void **state)
{
	static const char *const answers[] = {"", "?", "&&&", "code", "state=%s", "code=&state=%s",
		"code=x", "code=x&state=", "code=x&state=wrong", "code=x&state=%sx",
		"code=x&state=x%s", "code=x&code=y&state=%s", "code=x&state=%s&state=a",
		"code=x%00y&state=%s", "code=x%2&state=%s", "code=x%&state=%s", "code=%zz&state=%s",
		"code=x&state=%s%00", "code&state=%s", "CODE=x&state=%s", "cod=x&state=%s",
		"codex=x&state=%s", "error=access_denied", "error=access_denied&state=wrong",
		"http://localhost/#code=x&state=%s"};
	struct se_secret *code;
	struct se_error error;
	struct scene scene;
	size_t i;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	address(&scene);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answer(&scene, answers[i], &code, &error) != SE_ABSENT)
			fail_msg("'%s' was taken", answers[i]);
		assert_null(code);
		assert_says(error.text, "no answer to the sign-in");
	}
	end(&scene);
}

/* No answer is taken before there was an address, whose state it could have. */
static void
empty_state_is_no_state(void **state)
{
	struct se_secret *code;
	struct scene scene;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	assert_int_equal(answer(&scene, "code=x&state=", &code, NULL), SE_ABSENT);
	end(&scene);
}

static void
long_answers(void **state)
{
	size_t len = SE_SIGN_IN_ANSWER_MAX + 10;
	char *text = malloc(len + 1);
	struct se_secret *code;
	struct scene scene;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	begin(&scene, HEAD, LOGIN);
	address(&scene);
	assert_int_equal(se_sign_in_answer(&scene.sign_in, text, len, &code, NULL), SE_ABSENT);
	end(&scene);
	free(text);
}

/* Every cut and every changed byte of an answer: never taken with another state, never a crash. */
static void
mangled_answers(void **state)
{
	struct se_secret *code;
	struct scene scene;
	char text[256];
	size_t len, i;
	int c;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	address(&scene);
	len = (size_t)snprintf(
		text, sizeof(text), "http://localhost/?state=%s&code=ab%%2Fc", scene.sign_in.state);
	for (i = 0; i < len; i++) {
		char *cut = malloc(i + 1); /* so that a memory checker sees a read behind it */

		memcpy(cut, text, i);
		if (se_sign_in_answer(&scene.sign_in, cut, i, &code, NULL) == SE_OK)
			assert_true(i > len - 6);
		se_secret_free(code);
		free(cut);
		for (c = 0; c < 256; c++) {
			char old = text[i];

			text[i] = (char)c;
			(void)se_sign_in_answer(&scene.sign_in, text, len, &code, NULL);
			se_secret_free(code);
			text[i] = old;
		}
	}
	end(&scene);
}

static void
refusals(void **state)
{
	static const struct {
		const char *answer;
		enum se_code code;
		const char *says;
	} cases[] = {
		{"error=access_denied&state=%s&error_description=AADSTS65004%3A+User+declined+to+"
		 "consent.+Trace+ID%3A+7a1c0000-aaaa-bbbb-cccc-000000000001+Correlation+ID%3A+x",
			SE_SIGN_IN,
			"(access_denied, AADSTS65004, trace 7a1c0000-aaaa-bbbb-cccc-000000000001)"},
		{"error=access_denied&state=%s", SE_SIGN_IN, "(access_denied). If the person"},
		{"error=server_error&state=%s", SE_AGAIN, "(server_error)"},
		{"error=consent_required&state=%s", SE_SIGN_IN, "sasl-entra login " LOGIN},
		{"error=access_denied&error_description=AADSTS90094:+x&state=%s", SE_ADMIN,
			"AADSTS90094"},
		{"error=unauthorized_client&state=%s&code=x", SE_ADMIN, "unauthorized_client"},
		{"error=%3Cb%3E&state=%s", SE_CONFIG, "(no reason)"},
		{"error=&state=%s", SE_CONFIG, "(no reason)"},
	};
	struct se_secret *code;
	struct se_error error;
	struct scene scene;
	size_t i;

	(void)state;
	begin(&scene, HEAD, LOGIN);
	address(&scene);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			answer(&scene, cases[i].answer, &code, &error), (int)cases[i].code);
		assert_null(code);
		assert_says(error.text, cases[i].says);
	}
	end(&scene);
}

/* --- who signed in ----------------------------------------------------------------------------- */

/* {"alg":"none"}.CLAIMS.x */
static void
add_jwt(struct se_buffer *out, const char *claims)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(claims), i;
	unsigned bits = 0, have = 0;

	se_buffer_add_text(out, "eyJhbGciOiJub25lIn0.");
	for (i = 0; i < len; i++) {
		bits = bits << 8 | (unsigned char)claims[i];
		for (have += 8; have >= 6; have -= 6)
			se_buffer_add(out, &digits[bits >> (have - 6) & 63], 1);
	}
	if (have > 0)
		se_buffer_add(out, &digits[bits << (6 - have) & 63], 1);
	se_buffer_add_text(out, ".x");
}

static void
persons(void **state)
{
	static const struct {
		const char *id_token, *access_token, *person;
		bool right;
	} cases[] = {
		{"{\"preferred_username\":\"Anna@Contoso.com\"}", NULL, "Anna@Contoso.com", true},
		{"{\"preferred_username\":\"carol@contoso.com\"}", NULL, "carol@contoso.com",
			false},
		{"{\"preferred_username\":\"a.smith@contoso.com\",\"email\":\"anna@contoso.com\"}",
			NULL, "anna@contoso.com", true},
		{"{\"preferred_username\":\"a.smith@contoso.com\"}",
			"{\"upn\":\"anna@contoso.com\"}", "anna@contoso.com", true},
		{NULL, "{\"upn\":\"carol@contoso.com\"}", "carol@contoso.com", false},
		{NULL, "{\"unique_name\":\"anna@contoso.com\"}", "anna@contoso.com", true},
		{NULL, NULL, "", true},
		{"{\"preferred_username\":\"anna\",\"sub\":\"x@y\"}", NULL, "", true},
		{"{\"preferred_username\":7}", "{\"upn\":null}", "", true},
		{"[]", "", "", true},
		{"{\"upn\":\"a@b\\u001b[31m\"}", NULL, "a@b?[31m", false},
	};
	char person[SE_NAME_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct se_post_reply reply = {.status = 200};
		struct se_secret *access_token = NULL;
		struct se_buffer token;

		se_buffer_init(&reply.body, 4096);
		se_buffer_init(&token, 4096);
		if (cases[i].id_token != NULL)
			add_jwt(&token, cases[i].id_token);
		se_buffer_addf(&reply.body, "{\"id_token\": \"%s\"}", se_buffer_text(&token));
		se_buffer_reset(&token);
		if (cases[i].access_token != NULL)
			add_jwt(&token, cases[i].access_token);
		else
			se_buffer_add_text(&token, "EwAopaque");
		access_token = se_secret_new(token.data, token.len);
		if (se_sign_in_person(&reply, access_token, LOGIN, person) !=
			(cases[i].right ? SE_OK : SE_DENIED))
			fail_msg("case %zu", i);
		assert_string_equal(person, cases[i].person);
		se_secret_free(access_token);
		se_buffer_free(&token);
		se_buffer_free(&reply.body);
	}
}

static void
grant_without_refresh_token(void **state)
{
	struct se_post_reply reply = {.status = 200};
	struct se_signed_in signed_in;
	struct se_error error;
	struct scene scene;

	(void)state;
	begin(&scene, HEAD "scope = https://outlook.office.com/SMTP.Send\n", LOGIN);
	se_buffer_init(&reply.body, 4096);
	se_buffer_add_text(
		&reply.body, "{\"access_token\": \"EwAsecret\", \"token_type\": \"Bearer\"}");
	assert_int_equal(se_sign_in_accept(&scene.sign_in, &reply, &signed_in, &error), SE_CONFIG);
	assert_says(error.text, "offline_access");
	assert_silent_about(error.text, "EwAsecret");
	assert_null(signed_in.grant.access_token);
	se_buffer_free(&reply.body);
	end(&scene);
}

/* --- device codes ------------------------------------------------------------------------------ */

static enum se_code
read_device(const char *body, long status, struct se_device *device, struct se_error *error)
{
	struct se_post_reply reply = {.status = status};
	struct scene scene;
	enum se_code code;

	begin(&scene, HEAD, LOGIN);
	se_buffer_init(&reply.body, SE_HTTP_BODY_MAX);
	se_buffer_add_text(&reply.body, body);
	code = se_sign_in_device_read(&scene.sign_in, &reply, device, error);
	se_buffer_free(&reply.body);
	end(&scene);
	return code;
}

static void
device_answers(void **state)
{
	struct se_device device;

	(void)state;
	assert_int_equal(
		read_device("{\"device_code\": \"D\", \"user_code\": \"ABCD 1234\", "
			    "\"verification_uri\": \"https://microsoft.com/devicelogin\", "
			    "\"expires_in\": \"600\", \"interval\": 7, \"message\": \"m\"}",
			200, &device, NULL),
		SE_OK);
	assert_string_equal(device.user_code, "ABCD 1234");
	assert_string_equal(device.address, "https://microsoft.com/devicelogin");
	assert_string_equal(device.complete, "");
	assert_string_equal(se_secret_reveal(device.device_code), "D");
	assert_int_equal(device.expires_in, 600);
	assert_int_equal(device.interval, 7);
	se_device_free(&device);
	assert_int_equal(read_device("{\"device_code\": \"D\", \"user_code\": \"X\", "
				     "\"verification_url\": \"https://www.google.com/device\", "
				     "\"verification_uri_complete\": \"https://g.test/?c=X\"}",
				 200, &device, NULL),
		SE_OK);
	assert_string_equal(device.address, "https://www.google.com/device");
	assert_string_equal(device.complete, "https://g.test/?c=X");
	assert_int_equal(device.interval, SE_DEVICE_INTERVAL);
	assert_int_equal(device.expires_in, 900);
	se_device_free(&device);
}

static void
bad_device_answers(void **state)
{
	static const char *const bodies[] = {"", "[]", "{}",
		"{\"device_code\": \"\", \"user_code\": \"X\", \"verification_uri\": "
		"\"https://a\"}",
		"{\"device_code\": \"D\", \"user_code\": \"X\\u001b[2J\", \"verification_uri\": "
		"\"https://a\"}",
		"{\"device_code\": \"D\", \"user_code\": \"X\", \"verification_uri\": "
		"\"http://a\"}",
		"{\"device_code\": \"D\", \"user_code\": \"X\", \"verification_uri\": "
		"\"https://a b\"}",
		"{\"device_code\": \"D\", \"user_code\": \"X\", \"verification_uri\": "
		"\"javascript:x\"}",
		"{\"device_code\": \"D\", \"user_code\": 7, \"verification_uri\": \"https://a\"}"};
	struct se_device device;
	struct se_error error;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(read_device(bodies[i], 200, &device, &error), SE_CONFIG);
		assert_null(device.device_code);
		assert_says(error.text, "device_endpoint");
	}
	assert_int_equal(read_device("{\"error\": \"invalid_client\", \"error_codes\": [7000218]}",
				 401, &device, &error),
		SE_CONFIG);
	assert_says(error.text, "Allow public client flows");
}

static void
device_steps(void **state)
{
	static const struct {
		long status; /* 0: no answer came */
		const char *body;
		int step;
		int64_t interval; /* from 5 */
		unsigned retry_after;
	} cases[] = {
		{400, "{\"error\": \"authorization_pending\"}", SE_DEVICE_WAIT, 5, 0},
		{428, "{\"error\": \"authorization_pending\"}", SE_DEVICE_WAIT, 5, 0},
		{400, "{\"error\": \"slow_down\"}", SE_DEVICE_WAIT, 10, 0},
		{403, "{\"error\": \"slow_down\"}", SE_DEVICE_WAIT, 10, 0},
		{400, "{\"error\": \"authorization_declined\"}", SE_DEVICE_ANSWERED, 5, 0},
		{400, "{\"error\": \"access_denied\"}", SE_DEVICE_ANSWERED, 5, 0},
		{400, "{\"error\": \"expired_token\"}", SE_DEVICE_ANSWERED, 5, 0},
		{400, "{\"error\": \"bad_verification_code\"}", SE_DEVICE_ANSWERED, 5, 0},
		{400, "nonsense", SE_DEVICE_ANSWERED, 5, 0},
		{200, "{\"error\": \"authorization_pending\"}", SE_DEVICE_ANSWERED, 5, 0},
		{503, "{\"error\": \"expired_token\"}", SE_DEVICE_WAIT, 10, 0},
		{429, "Too Many Requests", SE_DEVICE_WAIT, 60, 60},
		{0, NULL, SE_DEVICE_WAIT, 10, 0},
	};
	struct se_device device = {.interval = 5};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct se_post_reply reply = {
			.status = cases[i].status, .retry_after = cases[i].retry_after};

		device.interval = 5;
		se_buffer_init(&reply.body, 4096);
		if (cases[i].body != NULL)
			se_buffer_add_text(&reply.body, cases[i].body);
		assert_int_equal(
			se_sign_in_device_step(&device, cases[i].status != 0 ? &reply : NULL),
			cases[i].step);
		assert_int_equal(device.interval, cases[i].interval);
		se_buffer_free(&reply.body);
	}
	for (i = 0; i < 40; i++)
		(void)se_sign_in_device_step(&device, NULL);
	assert_int_equal(device.interval, SE_DEVICE_INTERVAL_MAX);
}

static int
setup(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenge_is_rfc_7636s),
		cmocka_unit_test(random_texts_differ),
		cmocka_unit_test(without_randomness_there_is_no_address),
		cmocka_unit_test(address_for_entra),
		cmocka_unit_test(scope_says_nothing_twice),
		cmocka_unit_test(identity_is_the_hint),
		cmocka_unit_test(each_address_is_new),
		cmocka_unit_test(address_for_google),
		cmocka_unit_test(address_for_others),
		cmocka_unit_test(no_address_without_an_endpoint),
		cmocka_unit_test(good_answers),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(empty_state_is_no_state),
		cmocka_unit_test(long_answers),
		cmocka_unit_test(mangled_answers),
		cmocka_unit_test(refusals),
		cmocka_unit_test(persons),
		cmocka_unit_test(grant_without_refresh_token),
		cmocka_unit_test(device_answers),
		cmocka_unit_test(bad_device_answers),
		cmocka_unit_test(device_steps),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

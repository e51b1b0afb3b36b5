/*
 * engine_grants: the forms of the grants that a sign-in ends with, and federated tokens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secret.h"
#include "engine/credential_federated.h"
#include "engine/request.h"

#include "engine_form.h"
#include "engine_support.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln" /* {"alg":"RS256"}.{"iss":"a"}.sig */
#define JWT2 "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJiIn0.c2ln"
#define BEARER "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static struct se_config *config;
static const struct se_account *person, *pod, *web;
static struct se_error error;

static int
set_up(void **state)
{
	char text[2000];

	(void)state;
	scratch_make();
	snprintf(text, sizeof(text),
		"[account scanner]\n"
		"match = *@fabrikam.com\n"
		"tenant = fabrikam.com\n"
		"client_id = " APP "\n"
		"[account pod]\n"
		"match = *@contoso.com\n"
		"tenant = contoso.com\n"
		"client_id = " APP "\n"
		"credential = federated\n"
		"federated_token_file = %s\n"
		"[account web]\n"
		"match = *@adatum.com\n"
		"provider = google\n"
		"client_id = 1-a.apps.googleusercontent.com\n"
		"credential = secret\n"
		"client_secret_file = %s\n",
		scratch("token"), scratch("secret"));
	config = config_of(text);
	person = &config->accounts[0];
	pod = &config->accounts[1];
	web = &config->accounts[2];
	write_text(scratch("secret"), "s3cr3t");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	forget_form();
	se_config_free(config);
	scratch_remove();
	return 0;
}

static enum se_code
make(const struct se_account *account, const struct se_request_parts *parts)
{
	struct se_secret *made = NULL;
	enum se_code code;

	memset(&error, 0, sizeof(error));
	forget_form();
	code = se_request_form(account, &se_world_system, parts, &made, &error);
	if (code == SE_OK)
		read_form(se_secret_reveal(made));
	else
		assert_null(made);
	se_secret_free(made);
	return code;
}

static void
authorization_code(void **state)
{
	struct se_secret *code = se_secret_new("0.A+/=", 6);
	struct se_secret *verifier = se_secret_new("verifier", 8);
	const struct se_request_parts parts = {.grant = SE_GRANT_CODE,
		.scope = "a b",
		.code = code,
		.redirect_uri = "http://localhost:4711",
		.verifier = verifier};

	(void)state;
	assert_int_equal(make(person, &parts), SE_OK);
	assert_int_equal(form.count, 6);
	assert_string_equal(parameter("client_id"), APP);
	assert_string_equal(parameter("grant_type"), "authorization_code");
	assert_string_equal(parameter("scope"), "a b");
	assert_string_equal(parameter("code"), "0.A+/=");
	assert_string_equal(parameter("redirect_uri"), "http://localhost:4711");
	assert_string_equal(parameter("code_verifier"), "verifier");
	/* Google's desktop apps have a secret, which is sent with every grant. */
	assert_int_equal(make(web, &parts), SE_OK);
	assert_string_equal(parameter("client_secret"), "s3cr3t");
	se_secret_free(code);
	se_secret_free(verifier);
}

static void
device_code(void **state)
{
	struct se_secret *code = se_secret_new("d-c", 3), *asked = NULL;
	const struct se_request_parts parts = {.grant = SE_GRANT_DEVICE, .device_code = code};

	(void)state;
	assert_int_equal(make(person, &parts), SE_OK);
	assert_int_equal(form.count, 3);
	assert_string_equal(
		parameter("grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
	assert_string_equal(parameter("device_code"), "d-c");
	se_secret_free(code);

	assert_int_equal(se_request_device_form(person, NULL, &asked, &error), SE_OK);
	read_form(se_secret_reveal(asked));
	assert_int_equal(form.count, 2);
	assert_string_equal(parameter("scope"),
		"https://outlook.office.com/SMTP.Send https://outlook.office.com/"
		"IMAP.AccessAsUser.All offline_access");
	se_secret_free(asked);
}

static void
federated(void **state)
{
	const struct se_request_parts parts = {.grant = SE_GRANT_APP};

	(void)state;
	write_file(scratch("token"), JWT "\n", strlen(JWT) + 1, 0644); /* as kubelet does */
	assert_int_equal(make(pod, &parts), SE_OK);
	assert_string_equal(parameter("client_assertion_type"), BEARER);
	assert_string_equal(parameter("client_assertion"), JWT);
	assert_string_equal(parameter("scope"), "https://outlook.office365.com/.default");
	/* Read anew: kubelet replaces it. */
	write_file(scratch("token"), JWT2, strlen(JWT2), 0644);
	assert_int_equal(make(pod, &parts), SE_OK);
	assert_string_equal(parameter("client_assertion"), JWT2);
}

static void
assertion_of_a_managed_identity(void **state)
{
	struct se_secret *assertion = se_secret_new(JWT2, strlen(JWT2));
	const struct se_request_parts parts = {.grant = SE_GRANT_APP, .assertion = assertion};

	(void)state;
	unlink(scratch("token"));
	assert_int_equal(make(pod, &parts), SE_OK); /* the account's own is not looked at */
	assert_string_equal(parameter("client_assertion"), JWT2);
	se_secret_free(assertion);
}

static void
refused(const char *says)
{
	const struct se_request_parts parts = {.grant = SE_GRANT_APP};

	assert_int_equal(make(pod, &parts), SE_CONFIG);
	if (strstr(error.text, says) == NULL || strstr(error.text, scratch("token")) == NULL)
		fail_msg("not \"%s\": %s", says, error.text);
	if (strstr(error.text, "eyJ") != NULL)
		fail_msg("the token is in: %s", error.text);
}

static void
wrong_federated_token_files(void **state)
{
	char *much = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(much);
	unlink(scratch("token"));
	refused("does not exist");
	mkdir(scratch("token"), 0700);
	refused("directory");
	rmdir(scratch("token"));
	write_text(scratch("token"), "");
	refused("is empty");
	write_text(scratch("token"), "\n");
	refused("is empty");
	write_text(scratch("token"), "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0");
	refused("no signed token");
	write_text(scratch("token"), JWT "\n" JWT);
	refused("no signed token");
	write_text(scratch("token"), APP);
	refused("no signed token");
	memset(much, 'e', (1 << 20) - 1);
	write_text(scratch("token"), much);
	refused("larger than the 32768 bytes");
	write_file(scratch("token"), JWT, strlen(JWT), 0666);
	refused("can be changed by everyone");
	free(much);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorization_code),
		cmocka_unit_test(device_code),
		cmocka_unit_test(federated),
		cmocka_unit_test(assertion_of_a_managed_identity),
		cmocka_unit_test(wrong_federated_token_files),
	};

	return cmocka_run_group_tests_name("engine/grants", tests, set_up, tear_down);
}

/*
 * engine_request: the form that asks for a token, read back as a server reads it, and the client
 * secret's file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secret.h"
#include "engine/credential_secret.h"
#include "engine/request.h"

#include "engine_form.h"
#include "engine_support.h"

#define APP "00001111-aaaa-2222-bbbb-3333cccc4444"
#define GUID "0a1b2c3d-4e5f-6789-abcd-ef0123456789"

static const char odd[] = "s+e&c=r%t/~ \xc3\xbc";

static struct se_config *config;
static const struct se_account *app, *person, *confidential;
static struct se_error error;

static int
set_up(void **state)
{
	char text[2000];

	(void)state;
	scratch_make();
	snprintf(text, sizeof(text),
		"[account relay]\n"
		"match = *@contoso.com\n"
		"tenant = contoso.com\n"
		"client_id = " APP "\n"
		"credential = secret\n"
		"client_secret_file = %s\n"
		"[account scanner]\n"
		"match = *@fabrikam.com\n"
		"tenant = fabrikam.com\n"
		"services = smtp imap\n"
		"client_id = " APP "\n"
		"[account web]\n"
		"match = *@adatum.com\n"
		"tenant = adatum.com\n"
		"sign_in = user\n"
		"client_id = " APP "\n"
		"credential = secret\n"
		"client_secret_file = %s\n"
		"scope = https://outlook.office.com/SMTP.Send  offline_access\n",
		scratch("secret"), scratch("secret"));
	config = config_of(text);
	app = &config->accounts[0];
	person = &config->accounts[1];
	confidential = &config->accounts[2];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	se_config_free(config);
	scratch_remove();
	return 0;
}

static enum se_code
make_form(const struct se_account *account, const char *refresh_token)
{
	struct se_secret *token =
		refresh_token != NULL ? se_secret_new(refresh_token, strlen(refresh_token)) : NULL;
	struct se_request_parts parts = {
		.grant = account->app_only ? SE_GRANT_APP : SE_GRANT_REFRESH,
		.refresh_token = token,
	};
	struct se_secret *made = NULL;
	enum se_code code;

	memset(&error, 0, sizeof(error));
	forget_form();
	code = se_request_form(account, &se_world_system, &parts, &made, &error);
	if (code == SE_OK) {
		assert_int_equal(strlen(se_secret_reveal(made)), se_secret_len(made));
		read_form(se_secret_reveal(made));
	} else {
		assert_null(made);
		assert_int_equal(error.code, code);
	}
	se_secret_free(made);
	se_secret_free(token);
	return code;
}

/* --- the grants -------------------------------------------------------------------------------- */

static void
test_app(void **state)
{
	(void)state;
	write_text(scratch("secret"), "plain");
	assert_int_equal(make_form(app, NULL), SE_OK);
	assert_int_equal(form.count, 4);
	assert_string_equal(parameter("client_id"), APP);
	assert_string_equal(parameter("scope"), "https://outlook.office365.com/.default");
	assert_string_equal(parameter("grant_type"), "client_credentials");
	assert_string_equal(parameter("client_secret"), "plain");
	/* One that somebody left in the state file is not this grant's. */
	assert_int_equal(make_form(app, "refresh"), SE_OK);
	assert_int_equal(form.count, 4);
	forget_form();
}

static void
test_public_client(void **state)
{
	(void)state;
	write_text(scratch("secret"), "never-sent");
	assert_int_equal(make_form(person, odd), SE_OK);
	assert_int_equal(form.count, 4);
	assert_string_equal(parameter("client_id"), APP);
	assert_string_equal(parameter("scope"),
		"https://outlook.office.com/SMTP.Send "
		"https://outlook.office.com/IMAP.AccessAsUser.All offline_access");
	assert_string_equal(parameter("grant_type"), "refresh_token");
	assert_string_equal(parameter("refresh_token"), odd);
	assert_null(parameter("client_secret"));
	/* Nor is its file needed. */
	assert_int_equal(unlink(scratch("secret")), 0);
	assert_int_equal(make_form(person, odd), SE_OK);
	forget_form();
}

static void
test_confidential_client(void **state)
{
	(void)state;
	write_text(scratch("secret"), odd);
	assert_int_equal(make_form(confidential, "1.refresh"), SE_OK);
	assert_int_equal(form.count, 5);
	assert_string_equal(
		parameter("scope"), "https://outlook.office.com/SMTP.Send offline_access");
	assert_string_equal(parameter("grant_type"), "refresh_token");
	assert_string_equal(parameter("refresh_token"), "1.refresh");
	assert_string_equal(parameter("client_secret"), odd);
	forget_form();
}

static void
test_long_refresh_token(void **state)
{
	char *token = malloc(65537);

	(void)state;
	assert_non_null(token);
	memset(token, '/', 65536);
	token[65536] = '\0';
	assert_int_equal(make_form(person, token), SE_OK);
	assert_string_equal(parameter("refresh_token"), token);
	forget_form();
	free(token);
}

/* Every byte comes back, and only what RFC 3986 reserves for nothing travels as it is. */
static void
test_encoding(void **state)
{
	char all[256];
	struct se_request_parts parts = {.grant = SE_GRANT_REFRESH};
	struct se_secret *token, *made = NULL;
	const char *text, *at;
	size_t i;

	(void)state;
	for (i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	token = se_secret_new(all, 256); /* with the NUL */
	parts.refresh_token = token;
	assert_int_equal(se_request_form(person, &se_world_system, &parts, &made, &error), SE_OK);
	text = se_secret_reveal(made);
	assert_int_equal(
		strspn(text,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%&="),
		strlen(text));
	at = strstr(text, "refresh_token=%01%02%03");
	assert_non_null(at);
	assert_non_null(
		strstr(text, "%1F%20%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A"));
	assert_non_null(strstr(text, "%7D~%7F%80%81"));
	assert_non_null(strstr(text, "%FE%FF%00"));
	read_form(text);
	for (i = 0; i < form.count && strcmp(form.names[i], "refresh_token") != 0;)
		i++;
	assert_int_equal(form.lens[i], 256);
	assert_memory_equal(form.values[i], all, 256);
	forget_form();
	se_secret_free(made);
	se_secret_free(token);
}

/* --- the client secret's file ------------------------------------------------------------------ */

static void
expect_secret(const char *content, const char *secret)
{
	write_text(scratch("secret"), content);
	if (make_form(app, NULL) != SE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(parameter("client_secret"), secret);
	forget_form();
}

static void
expect_refusal(const char *words)
{
	assert_int_equal(make_form(app, NULL), SE_CONFIG);
	assert_says(error.text, scratch("secret"));
	assert_says(error.text, words);
	assert_silent_about(error.text, "s3cr3t");
}

static void
test_secret_file(void **state)
{
	(void)state;
	expect_secret(odd, odd);
	expect_secret("s3cr3t\n", "s3cr3t");
	expect_secret("s3cr3t\r\n", "s3cr3t");
	expect_secret("s3cr3t ", "s3cr3t ");
	expect_secret(" s3cr3t\n", " s3cr3t");
	/* Read anew each time: a rotated secret needs no restart. */
	expect_secret("an0th3r\n", "an0th3r");
}

static void
test_wrong_content(void **state)
{
	static const char nul[] = "s3cr3t\0more";

	(void)state;
	write_text(scratch("secret"), "");
	expect_refusal("is empty; write the client secret's value to it");
	write_text(scratch("secret"), "\n");
	expect_refusal("is empty");
	write_text(scratch("secret"), "\r\n");
	expect_refusal("is empty");
	write_text(scratch("secret"), "s3cr3t\nmore\n");
	expect_refusal("more than one line");
	write_text(scratch("secret"), "s3cr3t\n\n");
	expect_refusal("more than one line");
	write_text(scratch("secret"), "s3cr3t\tmore");
	expect_refusal("control characters");
	write_file(scratch("secret"), nul, sizeof(nul) - 1, 0600);
	expect_refusal("control characters");
	write_text(scratch("secret"), "s3cr3t\x7f");
	expect_refusal("and nothing else");
}

static void
test_secret_id(void **state)
{
	struct se_secret *id = se_secret_new(GUID, strlen(GUID));
	struct se_secret *longer = se_secret_new(GUID "0", strlen(GUID) + 1);
	struct se_secret *value = se_secret_new("abc8Q~1234567890-abcdefghijklmnopqrs", 36);

	(void)state;
	/* Entra refuses it and says why: it could be a value, so that it is sent. */
	expect_secret(GUID, GUID);
	assert_true(se_credential_secret_is_id(id));
	assert_false(se_credential_secret_is_id(longer));
	assert_false(se_credential_secret_is_id(value));
	se_secret_free(id);
	se_secret_free(longer);
	se_secret_free(value);
}

static void
test_size(void **state)
{
	char *much = malloc(1 << 20);

	(void)state;
	assert_non_null(much);
	memset(much, 's', 1 << 20);
	write_file(scratch("secret"), much, 1 << 20, 0600);
	expect_refusal("larger than the 4096 bytes");
	write_file(scratch("secret"), much, SE_CLIENT_SECRET_MAX + 1, 0600);
	expect_refusal("larger than the 4096 bytes");
	much[SE_CLIENT_SECRET_MAX - 1] = '\0';
	expect_secret(much, much);
	free(much);
}

static void
test_modes(void **state)
{
	(void)state;
	write_file(scratch("secret"), "s3cr3t", 6, 0644);
	expect_refusal("can be read by everyone (mode 0644); chmod 0640 ");
	write_file(scratch("secret"), "s3cr3t", 6, 0602);
	expect_refusal("can be changed by everyone (mode 0602); chmod 0600 ");
	write_file(scratch("secret"), "s3cr3t", 6, 0640);
	assert_int_equal(make_form(app, NULL), SE_OK);
	write_file(scratch("secret"), "s3cr3t", 6, 0400);
	assert_int_equal(make_form(app, NULL), SE_OK);
	forget_form();
}

static void
test_owners(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("needs root: files of somebody else\n");
		skip();
	}
	write_text(scratch("secret"), "s3cr3t");
	assert_int_equal(chown(scratch("secret"), NOBODY, (gid_t)-1), 0);
	expect_refusal("belongs to uid 65534");
	assert_int_equal(chown(scratch("secret"), 0, NOBODY), 0);
	assert_int_equal(chmod(scratch("secret"), 0640), 0);
	expect_refusal("can be read by group 65534");
}

static void
test_no_file(void **state)
{
	(void)state;
	(void)unlink(scratch("secret"));
	expect_refusal("does not exist");
	assert_int_equal(mkdir(scratch("secret"), 0700), 0);
	expect_refusal("is a directory, not a file");
	assert_int_equal(rmdir(scratch("secret")), 0);
	assert_int_equal(mkfifo(scratch("secret"), 0600), 0);
	expect_refusal("is a special file");
	(void)unlink(scratch("secret"));
	assert_int_equal(symlink("nowhere", scratch("secret")), 0);
	expect_refusal("does not exist");

	/* Kubernetes and systemd show files through links. */
	write_text(scratch("behind"), "behind-a-link\n");
	assert_int_equal(unlink(scratch("secret")), 0);
	assert_int_equal(symlink("behind", scratch("secret")), 0);
	assert_int_equal(make_form(app, NULL), SE_OK);
	assert_string_equal(parameter("client_secret"), "behind-a-link");
	forget_form();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_app),
		cmocka_unit_test(test_public_client),
		cmocka_unit_test(test_confidential_client),
		cmocka_unit_test(test_long_refresh_token),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_secret_file),
		cmocka_unit_test(test_wrong_content),
		cmocka_unit_test(test_secret_id),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests_name("engine_request", tests, set_up, tear_down);
}

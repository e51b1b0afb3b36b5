/* Which account serves whom, where its token may go, and who may use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/account.h"

#define REGISTRATION \
	"tenant = contoso.onmicrosoft.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"

static const char text[] =
	"[account all]\nmatch = *\n" REGISTRATION
	"sasl_user = all@contoso.com\nsasl_user_imap = box@contoso.com\n"
	"[account relay]\nmatch = *@contoso.com\n" REGISTRATION
	"allow = 1001 @2001\nservers = smtp.office365.com, mx.contoso.com\n"
	"[account scanner]\nmatch = Scanner@contoso.com\n" REGISTRATION
	"identity = anna@contoso.com\nservers = *\nsasl_user_smtp = s@contoso.com\n";

static int
set_up(void **state)
{
	struct se_config *config;

	if (se_config_parse(text, sizeof(text) - 1, "/etc/x/t.conf", &config, NULL, NULL) != SE_OK)
		return -1;
	*state = config;
	return 0;
}

static int
tear_down(void **state)
{
	se_config_free(*state);
	return 0;
}

static const struct se_account *
label(const struct se_config *config, const char *name)
{
	const struct se_account *account = se_account_named(config, name, NULL);

	assert_non_null(account);
	assert_string_equal(account->label, name);
	return account;
}

static void
matches(const struct se_config *config, const char *login, const char *name)
{
	const struct se_account *account = se_account_match(config, login, NULL);

	assert_non_null(account);
	assert_string_equal(account->label, name);
}

static void
the_most_exact_match_wins(void **state)
{
	const struct se_config *config = *state;

	matches(config, "scanner@contoso.com", "scanner");
	matches(config, "SCANNER@Contoso.COM", "scanner");
	matches(config, "anna@contoso.com", "relay");
	matches(config, "anna@CONTOSO.com", "relay");
	matches(config, "anna@mail.contoso.com", "all");
	matches(config, "anna@notcontoso.com", "all");
	matches(config, "anna", "all");
	matches(config, "contoso.com", "all");
	matches(config, "a@b@contoso.com", "relay");
	matches(config, "", "all");
}

/* A login name comes from a host program: what looks like a pattern there is none. */
static void
a_login_name_is_no_pattern(void **state)
{
	const struct se_config *config = *state;

	matches(config, "*@contoso.com", "relay");
	matches(config, "*", "all");
}

static void
a_label_names_an_account(void **state)
{
	const struct se_config *config = *state;

	label(config, "relay");
	assert_string_equal(se_account_named(config, "RELAY", NULL)->label, "relay");
	assert_string_equal(
		se_account_named(config, "scanner@contoso.com", NULL)->label, "scanner");
	assert_string_equal(se_account_named(config, "nothing", NULL)->label, "all");
}

static void
no_match(const char *configuration, const char *login, const char *sentence)
{
	struct se_config *config;
	struct se_error error;

	assert_int_equal(se_config_parse(configuration, strlen(configuration), "/etc/x/t.conf",
				 &config, NULL, &error),
		SE_OK);
	assert_null(se_account_match(config, login, &error));
	assert_int_equal(error.code, SE_NO_ACCOUNT);
	assert_string_equal(error.text, sentence);
	assert_null(se_account_match(config, login, NULL));
	se_config_free(config);
}

static void
no_account_says_what_to_add(void **state)
{
	static const char one[] = "[account a]\nmatch = *@contoso.com\n" REGISTRATION;

	(void)state;
	no_match(one, "bob@x",
		"no account of /etc/x/t.conf matches bob@x; add bob@x to the match of one, "
		"or write *@x");
	no_match(one, "bob",
		"no account of /etc/x/t.conf matches bob; write match = * in one, or give the "
		"program a login name that is an address");
	no_match("", "bob@x",
		"there is no account in /etc/x/t.conf; add one, as sasl-entra.conf(5) shows");
}

static void
a_server_must_be_listed(void **state)
{
	const struct se_account *relay = label(*state, "relay"), *any = label(*state, "scanner");
	struct se_error error;

	assert_int_equal(se_account_check_server(relay, "smtp.office365.com", &error), SE_OK);
	assert_int_equal(se_account_check_server(relay, "SMTP.Office365.com.", &error), SE_OK);
	assert_int_equal(se_account_check_server(any, "anything.example", &error), SE_OK);
	assert_int_equal(se_account_check_server(relay, "mail.evil.example", &error), SE_DENIED);
	assert_int_equal(error.code, SE_DENIED);
	assert_string_equal(error.text,
		"the token of account relay may not be sent to mail.evil.example: "
		"its servers are smtp.office365.com mx.contoso.com; correct the relay host's name, "
		"or add "
		"the host to \"servers\" of [account relay]");
	assert_int_equal(
		se_account_check_server(relay, "smtp.office365.com.evil.example", NULL), SE_DENIED);
	assert_int_equal(se_account_check_server(relay, "smtp.office365.com..", NULL), SE_DENIED);
	assert_int_equal(se_account_check_server(relay, ".smtp.office365.com", NULL), SE_DENIED);
	assert_int_equal(se_account_check_server(relay, "*", NULL), SE_DENIED);
	assert_int_equal(se_account_check_server(relay, ".", NULL), SE_DENIED);
	assert_int_equal(se_account_check_server(relay, "", NULL), SE_DENIED);
}

static void
default_servers_hold_for_the_cloud(void **state)
{
	const struct se_account *all = label(*state, "all");

	assert_int_equal(se_account_check_server(all, "smtp.office365.com", NULL), SE_OK);
	assert_int_equal(se_account_check_server(all, "outlook.office365.com", NULL), SE_OK);
	assert_int_equal(se_account_check_server(all, "smtp.hve.mx.microsoft", NULL), SE_OK);
	assert_int_equal(se_account_check_server(all, "smtp.office365.us", NULL), SE_DENIED);
}

static void
allow_holds_users_and_groups(void **state)
{
	const struct se_account *relay = label(*state, "relay"), *all = label(*state, "all");
	struct se_peer peer = {.uid = 1002, .gid = 100};
	struct se_error error;

	assert_int_equal(se_account_check_peer(all, &peer, &error), SE_OK);
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_DENIED);
	assert_string_equal(error.text,
		"the user with uid 1002 may not use account relay; add the user, "
		"or a group as @GROUP, to \"allow\" of [account relay]");
	peer.uid = 0;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_OK);
	peer.uid = 1001;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_OK);
	/* The number of a user is not that of a group. */
	peer.uid = 2001;
	peer.gid = 1001;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_DENIED);
	peer.gid = 2001;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_OK);
	peer.gid = 100;
	peer.groups[0] = 5;
	peer.groups[1] = 2001;
	peer.group_count = 1;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_DENIED);
	peer.group_count = 2;
	assert_int_equal(se_account_check_peer(relay, &peer, &error), SE_OK);
}

static void
the_user_depends_on_the_service(void **state)
{
	const struct se_account *all = label(*state, "all"), *scanner = label(*state, "scanner");

	assert_string_equal(se_account_user(all, "smtp"), "all@contoso.com");
	assert_string_equal(se_account_user(all, "imap"), "box@contoso.com");
	assert_string_equal(se_account_user(all, "pop"), "all@contoso.com");
	assert_string_equal(se_account_user(all, ""), "all@contoso.com");
	assert_string_equal(se_account_user(scanner, "smtp"), "s@contoso.com");
	assert_string_equal(se_account_user(scanner, "lmtp"), "s@contoso.com");
	assert_null(se_account_user(scanner, "imap"));
	assert_null(se_account_user(label(*state, "relay"), "smtp"));
}

static void
the_identity_is_the_login_name_by_default(void **state)
{
	assert_string_equal(
		se_account_identity(label(*state, "scanner"), "x@y"), "anna@contoso.com");
	assert_string_equal(se_account_identity(label(*state, "all"), "x@y"), "x@y");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_exact_match_wins),
		cmocka_unit_test(a_login_name_is_no_pattern),
		cmocka_unit_test(a_label_names_an_account),
		cmocka_unit_test(no_account_says_what_to_add),
		cmocka_unit_test(a_server_must_be_listed),
		cmocka_unit_test(default_servers_hold_for_the_cloud),
		cmocka_unit_test(allow_holds_users_and_groups),
		cmocka_unit_test(the_user_depends_on_the_service),
		cmocka_unit_test(the_identity_is_the_login_name_by_default),
	};

	return cmocka_run_group_tests_name("engine/account", tests, set_up, tear_down);
}

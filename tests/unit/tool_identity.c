/*
 * tool_identity: root that becomes the owner of the tokens stays hidden.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "tool/identity.h"

#include "engine_support.h"

#ifdef PR_SET_DUMPABLE

int __real_seteuid(uid_t uid);
int __wrap_seteuid(uid_t uid);
int __real_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);

/* As the kernel does it where fs.suid_dumpable is not 0. */
int
__wrap_seteuid(uid_t uid)
{
	const int result = __real_seteuid(uid);

	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return result;
}

int
__wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
	const int result = __real_setresuid(real, effective, saved);

	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return result;
}

static void
choose(struct se_identity *identity)
{
	char text[300];

	if (geteuid() != 0) {
		print_message("# needs root, who becomes somebody else\n");
		skip();
	}
	snprintf(text, sizeof(text), "[defaults]\nstate_dir = %s\n", scratch("state"));
	write_text(scratch("identity.conf"), text);
	(void)mkdir(scratch("state"), 0700);
	assert_int_equal(chown(scratch("state"), NOBODY, NOBODY), 0);
	assert_true(se_identity_choose(scratch("identity.conf"), identity));
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static bool
is_hidden(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static void
stays_hidden_there_and_back(void **state)
{
	struct se_identity identity;
	struct se_error error;

	(void)state;
	choose(&identity);
	assert_int_equal(se_identity_become_owner(&identity, false, &error), SE_OK);
	assert_int_equal(geteuid(), NOBODY);
	assert_true(is_hidden());
	se_identity_return();
	assert_int_equal(geteuid(), 0);
	assert_true(is_hidden());
}

static int
become_for_good(void *context)
{
	struct se_error error;

	CHECK(se_identity_become_owner(context, true, &error) == SE_OK);
	CHECK(getuid() == NOBODY);
	CHECK(is_hidden());
	return 0;
}

static void
stays_hidden_for_good(void **state)
{
	struct se_identity identity;

	(void)state;
	choose(&identity);
	assert_int_equal(end_child(start_child(become_for_good, &identity)), 0);
}

static int
begin(void **state)
{
	(void)state;
	scratch_make();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	end_if_child();
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* a leak checker wants to look */
	scratch_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_hidden_there_and_back),
		cmocka_unit_test(stays_hidden_for_good),
	};

	return cmocka_run_group_tests_name("tool_identity", tests, begin, end);
}

#else

int
main(void)
{
	printf("1..0 # SKIP there is no prctl(2) here\n");
	return 0;
}

#endif

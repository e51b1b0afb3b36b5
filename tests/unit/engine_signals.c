/*
 * engine_signals: while a library works the program's signals wait; a SIGPIPE of the library's never
 * comes, one of the program's own does.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/signals.h"

#include "engine_support.h"

static volatile sig_atomic_t handled, piped;

static void
on_signal(int number)
{
	if (number == SIGPIPE)
		piped++;
	else
		handled++;
}

static int
set_up(void **state)
{
	(void)state;
	handled = piped = 0;
	(void)signal(SIGUSR1, on_signal);
	(void)signal(SIGPIPE, on_signal);
	return 0;
}

static void
write_to_nobody(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[1]);
	assert_int_equal(write(ends[0], "x", 1), -1);
	close(ends[0]);
}

static bool
is_pending(int number)
{
	sigset_t pending;

	assert_int_equal(sigpending(&pending), 0);
	return sigismember(&pending, number) == 1;
}

static bool
is_blocked(int number)
{
	sigset_t set;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, number) == 1;
}

static void
test_signals_wait(void **state)
{
	struct se_signals_held outer, inner;

	(void)state;
	se_signals_hold(&outer);
	assert_int_equal(raise(SIGUSR1), 0);
	se_signals_hold(&inner);
	assert_true(is_blocked(SIGTERM));
	assert_false(is_blocked(SIGSEGV));
	se_signals_release(&inner);
	assert_int_equal(handled, 0);
	se_signals_release(&outer);
	assert_int_equal(handled, 1);
	assert_false(is_blocked(SIGTERM));
}

static void
test_pipe_of_the_library(void **state)
{
	struct se_signals_held outer, inner;

	(void)state;
	write_to_nobody();
	assert_int_equal(piped, 1); /* so it would be */
	se_signals_hold(&outer);
	write_to_nobody();
	se_signals_hold(&inner);
	write_to_nobody();
	se_signals_release(&inner);
	se_signals_release(&outer);
	assert_int_equal(piped, 1);
	assert_false(is_pending(SIGPIPE));
}

static void
test_pipe_of_the_program(void **state)
{
	struct se_signals_held held;
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(raise(SIGPIPE), 0);
	se_signals_hold(&held);
	write_to_nobody();
	se_signals_release(&held);
	assert_true(is_pending(SIGPIPE));
	assert_true(is_blocked(SIGPIPE));
	assert_int_equal(piped, 0);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	assert_int_equal(piped, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_signals_wait, set_up),
		cmocka_unit_test_setup(test_pipe_of_the_library, set_up),
		cmocka_unit_test_setup(test_pipe_of_the_program, set_up),
	};

	return cmocka_run_group_tests_name("engine_signals", tests, NULL, NULL);
}

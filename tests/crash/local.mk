# What stops a process at its system calls, what is run under it, and the tests that do so.
check_PROGRAMS += tests/crash/inject tests/crash/driver
tests_crash_inject_SOURCES = tests/crash/inject.c
# It forks by hand, which a sanitizer does not like.
tests_crash_inject_CFLAGS = -std=c11 $(SE_WARNINGS)
tests_crash_inject_LDFLAGS =
tests_crash_driver_SOURCES = tests/crash/driver.c
tests_crash_driver_LDADD = libse-engine.la

# Short enough for `make check`.
crash_quick_tests = tests/crash/test_power_cut.py tests/crash/test_client.py
crash_tests = $(crash_quick_tests) tests/crash/test_store.py tests/crash/test_engine.py \
	tests/crash/test_agent.py tests/crash/test_tool.py tests/crash/test_login.py
TESTS += $(crash_quick_tests)
EXTRA_DIST += $(crash_tests) tests/crash/crash_case.py tests/crash/power.py

# All of them; with SE_LONG=1 each system call instead of one of each kind. To see leaks as well, in a
# build with --enable-sanitizers=address.
check-crash: all $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(crash_tests)'
.PHONY: check-crash

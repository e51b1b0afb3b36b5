# What stops a process at its system calls, what is run under it, and the tests that do so.
check_PROGRAMS += tests/crash/inject tests/crash/driver
tests_crash_inject_SOURCES = tests/crash/inject.c
# It forks by hand, which a sanitizer does not like.
tests_crash_inject_CFLAGS = -std=c11 $(SE_WARNINGS)
tests_crash_inject_LDFLAGS =
tests_crash_driver_SOURCES = tests/crash/driver.c
tests_crash_driver_LDADD = libse-engine.la

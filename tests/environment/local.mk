# Odd environments: files, limits, places and clocks, with a host program, the agent and the tool as
# they are run. In root directories of their own, as root.
environment_tests = tests/environment/test_files.py tests/environment/test_secure.py \
	tests/environment/test_limits.py tests/environment/test_places.py \
	tests/environment/test_clock.py
TESTS += $(environment_tests)
EXTRA_DIST += $(environment_tests) tests/environment/environment_case.py

check_PROGRAMS += tests/environment/odd_host
tests_environment_odd_host_SOURCES = tests/environment/odd_host.c
tests_environment_odd_host_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_environment_odd_host_LDADD = $(SASL_LIBS)

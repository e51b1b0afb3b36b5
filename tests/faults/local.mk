# The HTTPS server that misbehaves on purpose; the engine's tests start it.
EXTRA_DIST += tests/faults/fault_server.py tests/faults/answers.py tests/faults/certificates.py

# Hostile peers, one a listener, against an engine in a process of its own, against the agent, and
# where names and addresses are hostile. Mostly they wait, all at a time: make check-hostile; with
# SE_LONG=1 again and again, with names that hang for a minute.
check_PROGRAMS += tests/faults/hostile_engine
tests_faults_hostile_engine_SOURCES = tests/faults/hostile_engine.c
tests_faults_hostile_engine_LDADD = libse-engine.la
hostile_tests = tests/faults/test_hostile.py tests/faults/test_hostile_agent.py \
	tests/faults/test_hostile_names.py
EXTRA_DIST += $(hostile_tests) tests/faults/hostile_answers.py tests/faults/hostile_wires.py \
	tests/faults/hostile_cases.py tests/faults/hostile_server.py tests/faults/hostile_case.py \
	tests/faults/hostile_agent.py tests/faults/name_server.py

check-hostile: $(check_PROGRAMS)
	$(MAKE) $(AM_MAKEFLAGS) -j3 check TESTS='$(hostile_tests)'
.PHONY: check-hostile

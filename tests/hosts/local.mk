# Real mail programs, each test run by `make check-hosts` with the tree installed at its prefix.
host_tests = \
	tests/hosts/postfix_chroot.sh \
	tests/hosts/postfix_inprocess.sh \
	tests/hosts/postfix_spawn.sh \
	tests/hosts/postfix_ways.sh \
	tests/hosts/single_flight.sh \
	tests/hosts/load_order.sh \
	tests/hosts/credentials.sh \
	tests/hosts/load.sh \
	tests/hosts/limits.sh \
	tests/hosts/mbsync.sh \
	tests/hosts/mutt.sh \
	tests/hosts/token_command.sh \
	tests/hosts/sasl_programs.sh \
	tests/hosts/mechanisms.sh \
	tests/hosts/kde.sh \
	tests/hosts/cores.py \
	tests/faults/test_hostile_inprocess.py
# The operator's tool with real Postfixes and Dovecot: `make check-operator`, in a tree with a prefix of
# its own where it runs beside the others.
operator_host_tests = \
	tests/hosts/demonstration.sh \
	tests/hosts/pains.sh \
	tests/hosts/pains_files.sh \
	tests/hosts/doctor.sh \
	tests/hosts/doctor_postfix.sh \
	tests/hosts/doctor_server.sh \
	tests/hosts/setup_postfix.sh \
	tests/hosts/postfix_group.sh \
	tests/hosts/import_sasl_xoauth2.sh
host_test_parts = \
	tests/hosts/lib/agent.sh \
	tests/hosts/lib/core_search.py \
	tests/hosts/lib/credentials.sh \
	tests/hosts/lib/doctor_checks.py \
	tests/hosts/lib/dovecot.sh \
	tests/hosts/lib/get_mutt.sh \
	tests/hosts/lib/get_postfix.sh \
	tests/hosts/lib/guide.sh \
	tests/hosts/lib/operator.sh \
	tests/hosts/lib/pains.sh \
	tests/hosts/lib/person.sh \
	tests/hosts/lib/postfix.sh \
	tests/hosts/lib/postfix_cases.sh \
	tests/hosts/lib/postfix_memory.sh \
	tests/hosts/lib/scene.sh \
	tests/hosts/lib/tap.sh \
	tests/hosts/lib/tenant.sh \
	tests/hosts/lib/transcript.py
EXTRA_DIST += $(host_tests) $(operator_host_tests) $(host_test_parts) tests/demo/demo.sh tests/hosts/sender.pl \
	tests/hosts/kde/CMakeLists.txt tests/hosts/kde/driver.cpp

check_PROGRAMS += tests/hosts/sasl_client tests/hosts/sasl_load tests/hosts/sasl_choice
tests_hosts_sasl_choice_SOURCES = tests/hosts/sasl_choice.c
tests_hosts_sasl_choice_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_hosts_sasl_choice_LDADD = $(SASL_LIBS)
tests_hosts_sasl_load_SOURCES = tests/hosts/sasl_load.c
tests_hosts_sasl_load_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_hosts_sasl_load_LDADD = $(SASL_LIBS)
tests_hosts_sasl_client_SOURCES = tests/hosts/sasl_client.c
tests_hosts_sasl_client_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_hosts_sasl_client_LDADD = $(SASL_LIBS)

# Fuzz targets, one a format that comes from somebody else. With --enable-fuzzing (clang) they are
# libFuzzer's, and `make check-fuzz` runs each for a while; without, main_stdin.c gives them the
# corpus in `make check`. To fuzz:
#   ../../configure CC=clang --enable-fuzzing --enable-sanitizers=fuzzer-no-link,address,undefined
#   make && make check-fuzz                        SE_LONG=1 or SE_FUZZ_SECONDS=N: for longer
#   tests/fuzz/fuzz_config new-inputs ../../tests/fuzz/corpus/config          one of them, for ever
fuzz_programs = \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_answer \
	tests/fuzz/fuzz_device \
	tests/fuzz/fuzz_authorize \
	tests/fuzz/fuzz_machine \
	tests/fuzz/fuzz_arc \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_credential \
	tests/fuzz/fuzz_certificate \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_wire \
	tests/fuzz/fuzz_client \
	tests/fuzz/fuzz_agent \
	tests/fuzz/fuzz_status \
	tests/fuzz/fuzz_explain \
	tests/fuzz/fuzz_dialogue \
	tests/fuzz/fuzz_discovery \
	tests/fuzz/fuzz_import \
	tests/fuzz/fuzz_postfix \
	tests/fuzz/fuzz_journal \
	tests/fuzz/fuzz_sasl
fuzz_support = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
if FUZZING
noinst_PROGRAMS += $(fuzz_programs)
fuzz_main = $(fuzz_support)
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_programs)
TESTS += tests/fuzz/test_corpus.sh
fuzz_main = $(fuzz_support) tests/fuzz/main_stdin.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_main)
tests_fuzz_fuzz_config_LDADD = libse-engine.la
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz_answer.c $(fuzz_main)
tests_fuzz_fuzz_answer_LDADD = libse-engine.la
tests_fuzz_fuzz_answer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_device_SOURCES = tests/fuzz/fuzz_device.c $(fuzz_main)
tests_fuzz_fuzz_device_LDADD = libse-engine.la
tests_fuzz_fuzz_device_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_authorize_SOURCES = tests/fuzz/fuzz_authorize.c $(fuzz_main)
tests_fuzz_fuzz_authorize_LDADD = libse-engine.la
tests_fuzz_fuzz_authorize_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_machine_SOURCES = tests/fuzz/fuzz_machine.c $(fuzz_main)
tests_fuzz_fuzz_machine_LDADD = libse-engine.la
tests_fuzz_fuzz_machine_LDFLAGS = $(fuzz_ldflags)
# The directory of Azure Arc's agent is one of ours.
tests_fuzz_fuzz_arc_SOURCES = tests/fuzz/fuzz_arc.c $(fuzz_main)
tests_fuzz_fuzz_arc_LDADD = libse-engine.la
tests_fuzz_fuzz_arc_LDFLAGS = $(fuzz_ldflags) -Wl,--wrap=open,--wrap=open64
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c $(fuzz_main)
tests_fuzz_fuzz_token_LDADD = libse-engine.la
tests_fuzz_fuzz_token_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_credential_SOURCES = tests/fuzz/fuzz_credential.c $(fuzz_main)
tests_fuzz_fuzz_credential_LDADD = libse-engine.la
tests_fuzz_fuzz_credential_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_certificate_SOURCES = tests/fuzz/fuzz_certificate.c $(fuzz_main)
tests_fuzz_fuzz_certificate_LDADD = libse-engine.la
tests_fuzz_fuzz_certificate_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_state_SOURCES = tests/fuzz/fuzz_state.c $(fuzz_main)
tests_fuzz_fuzz_state_LDADD = libse-engine.la
tests_fuzz_fuzz_state_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c $(fuzz_main)
tests_fuzz_fuzz_wire_LDADD = libse-engine.la
tests_fuzz_fuzz_wire_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_client_SOURCES = tests/fuzz/fuzz_client.c $(fuzz_main)
tests_fuzz_fuzz_client_LDADD = libse-engine.la
tests_fuzz_fuzz_client_LDFLAGS = $(fuzz_ldflags)
# Agent, tool and plugin are no libraries: what is fuzzed of them is compiled in.
tests_fuzz_fuzz_agent_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_agent_SOURCES = tests/fuzz/fuzz_agent.c agent/connection.c agent/again.c agent/peer.c agent/summary.c \
	agent/log.c $(fuzz_main)
tests_fuzz_fuzz_agent_LDADD = libse-engine.la
tests_fuzz_fuzz_agent_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_status_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_status_SOURCES = tests/fuzz/fuzz_status.c tool/status_rows.c tool/status_show.c \
	tool/status_prometheus.c tool/table.c $(fuzz_main)
tests_fuzz_fuzz_status_LDADD = libse-engine.la
tests_fuzz_fuzz_status_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_explain_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_explain_SOURCES = tests/fuzz/fuzz_explain.c tool/explain_find.c tool/explain_words.c \
	tool/explain_print.c tool/output.c tool/wrap.c $(fuzz_main)
tests_fuzz_fuzz_explain_LDADD = libse-engine.la
tests_fuzz_fuzz_explain_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_dialogue_SOURCES = tests/fuzz/fuzz_dialogue.c common/engine/mail_dialogue.c $(fuzz_main)
tests_fuzz_fuzz_dialogue_LDADD = libse-engine.la
tests_fuzz_fuzz_dialogue_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_discovery_SOURCES = tests/fuzz/fuzz_discovery.c $(fuzz_main)
tests_fuzz_fuzz_discovery_LDADD = libse-engine.la
tests_fuzz_fuzz_discovery_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_import_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_import_SOURCES = tests/fuzz/fuzz_import.c tool/import_map.c tool/import_account.c \
	tool/import_endpoint.c tool/import_file.c tool/import_sections.c tool/findings.c tool/output.c tool/wrap.c \
	$(fuzz_main)
tests_fuzz_fuzz_import_LDADD = libse-engine.la
tests_fuzz_fuzz_import_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_postfix_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_postfix_SOURCES = tests/fuzz/fuzz_postfix.c tool/postfix_config.c tool/postfix_map.c \
	$(fuzz_main)
tests_fuzz_fuzz_postfix_LDADD = libse-engine.la
tests_fuzz_fuzz_postfix_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_journal_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_fuzz_fuzz_journal_SOURCES = tests/fuzz/fuzz_journal.c tool/journal.c tool/journal_copy.c \
	tool/import_file.c tool/install_file.c $(fuzz_main)
tests_fuzz_fuzz_journal_LDADD = libse-engine.la
tests_fuzz_fuzz_journal_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_sasl_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(SASL_CFLAGS)
tests_fuzz_fuzz_sasl_SOURCES = tests/fuzz/fuzz_sasl.c plugin/mechanism.c plugin/prompt.c \
	plugin/sasl_error.c $(fuzz_main)
tests_fuzz_fuzz_sasl_LDADD = libse-engine.la
tests_fuzz_fuzz_sasl_LDFLAGS = $(fuzz_ldflags)

# Ends with a finding, or with a line for each target.
check-fuzz: $(fuzz_programs)
if FUZZING
	$(AM_TESTS_ENVIRONMENT) $(SHELL) $(top_srcdir)/tests/fuzz/run.sh
else
	@echo 'This wants a build for it: tests/fuzz/local.mk says how to configure one.' >&2; exit 1
endif
.PHONY: check-fuzz
dist_check_SCRIPTS += tests/fuzz/test_corpus.sh
EXTRA_DIST += tests/fuzz/main_stdin.c tests/fuzz/run.sh tests/fuzz/corpus tests/fuzz/dictionary

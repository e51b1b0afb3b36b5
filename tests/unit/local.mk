TESTS += tests/unit/test_rooms.sh tests/unit/test_mechanism_man.py
EXTRA_DIST += tests/unit/test_rooms.sh tests/unit/test_mechanism_man.py tests/unit/tap_skips.sh

# Unit tests: one program a module, cmocka, TAP. A program links the room it tests and nothing
# above it.
if HAVE_CMOCKA
core_unit_tests = \
	tests/unit/core_error \
	tests/unit/core_buffer \
	tests/unit/core_secret \
	tests/unit/core_world \
	tests/unit/core_file \
	tests/unit/core_message \
	tests/unit/core_wire \
	tests/unit/core_client
tests_unit_core_error_SOURCES = tests/unit/core_error.c
tests_unit_core_error_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_error_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_buffer_SOURCES = tests/unit/core_buffer.c
tests_unit_core_buffer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
# They look at what free() is given.
tests_unit_core_buffer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
tests_unit_core_buffer_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_secret_SOURCES = tests/unit/core_secret.c
tests_unit_core_secret_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
# With link-time optimization it would not get to see it.
tests_unit_core_secret_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free -fno-lto
tests_unit_core_secret_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_world_SOURCES = tests/unit/core_world.c
tests_unit_core_world_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_world_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_file_SOURCES = tests/unit/core_file.c \
	tests/unit/core_support.c tests/unit/core_support.h
tests_unit_core_file_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_file_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_message_SOURCES = tests/unit/core_message.c
tests_unit_core_message_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_message_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_wire_SOURCES = tests/unit/core_wire.c
tests_unit_core_wire_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_wire_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_core_client_SOURCES = tests/unit/core_client.c \
	tests/unit/core_support.c tests/unit/core_support.h
tests_unit_core_client_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_core_client_LDADD = libse-core.la $(CMOCKA_LIBS)
engine_unit_tests = \
	tests/unit/engine_keys \
	tests/unit/engine_config \
	tests/unit/engine_config_wrong \
	tests/unit/engine_account \
	tests/unit/engine_aadsts \
	tests/unit/engine_replies
tests_unit_engine_keys_SOURCES = tests/unit/engine_keys.c
tests_unit_engine_keys_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_keys_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_config_SOURCES = tests/unit/engine_config.c
tests_unit_engine_config_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_config_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_config_wrong_SOURCES = tests/unit/engine_config_wrong.c
tests_unit_engine_config_wrong_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_config_wrong_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_account_SOURCES = tests/unit/engine_account.c
tests_unit_engine_account_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_account_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_aadsts_SOURCES = tests/unit/engine_aadsts.c
tests_unit_engine_aadsts_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_aadsts_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_replies_SOURCES = tests/unit/engine_replies.c
tests_unit_engine_replies_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_replies_LDADD = libse-engine.la $(CMOCKA_LIBS)
# Against tests/faults, and on their own.
engine_support = tests/unit/engine_support.c tests/unit/engine_support.h
engine_form = $(engine_support) tests/unit/engine_form.c tests/unit/engine_form.h
engine_asking = $(engine_support) tests/unit/engine_asking.c tests/unit/engine_asking.h
engine_one = $(engine_asking) tests/unit/engine_one.c tests/unit/engine_one.h
engine_unit_tests += \
	tests/unit/engine_derive \
	tests/unit/engine_machine \
	tests/unit/engine_certificate \
	tests/unit/engine_certificate_wrong \
	tests/unit/engine_pkcs12 \
	tests/unit/engine_json \
	tests/unit/engine_policy \
	tests/unit/engine_answer \
	tests/unit/engine_sign_in \
	tests/unit/engine_request \
	tests/unit/engine_grants \
	tests/unit/engine_store \
	tests/unit/engine_store_sealed \
	tests/unit/engine_seal \
	tests/unit/engine_seal_keys \
	tests/unit/engine_status \
	tests/unit/engine_http \
	tests/unit/engine_http_tls \
	tests/unit/engine_http_name \
	tests/unit/engine_signals \
	tests/unit/engine_engine \
	tests/unit/engine_failures \
	tests/unit/engine_signed_in \
	tests/unit/engine_moved \
	tests/unit/engine_ahead \
	tests/unit/engine_answered \
	tests/unit/engine_processes
tests_unit_engine_derive_SOURCES = tests/unit/engine_derive.c $(engine_support)
tests_unit_engine_derive_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_derive_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_machine_SOURCES = tests/unit/engine_machine.c $(engine_support)
tests_unit_engine_machine_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_machine_LDADD = libse-engine.la $(CMOCKA_LIBS)
# OpenSSL itself verifies what was signed; the openssl command makes keys and certificates.
engine_openssl = $(engine_support) tests/unit/engine_openssl.c tests/unit/engine_openssl.h
tests_unit_engine_certificate_SOURCES = tests/unit/engine_certificate.c $(engine_openssl)
tests_unit_engine_certificate_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
# They play keys that cannot do PSS.
tests_unit_engine_certificate_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=EVP_PKEY_CTX_set_rsa_padding,--wrap=EVP_DigestSign
tests_unit_engine_certificate_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_engine_certificate_wrong_SOURCES = tests/unit/engine_certificate_wrong.c \
	$(engine_openssl)
tests_unit_engine_certificate_wrong_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_engine_certificate_wrong_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_engine_pkcs12_SOURCES = tests/unit/engine_pkcs12.c $(engine_openssl)
tests_unit_engine_pkcs12_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_engine_pkcs12_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_engine_json_SOURCES = tests/unit/engine_json.c $(engine_support)
tests_unit_engine_json_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_json_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_policy_SOURCES = tests/unit/engine_policy.c $(engine_support)
tests_unit_engine_policy_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_policy_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_answer_SOURCES = tests/unit/engine_answer.c $(engine_support)
tests_unit_engine_answer_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_answer_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_sign_in_SOURCES = tests/unit/engine_sign_in.c $(engine_support)
tests_unit_engine_sign_in_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_sign_in_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_grants_SOURCES = tests/unit/engine_grants.c $(engine_form)
tests_unit_engine_grants_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_grants_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_request_SOURCES = tests/unit/engine_request.c $(engine_form)
tests_unit_engine_request_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_request_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_store_SOURCES = tests/unit/engine_store.c $(engine_support)
tests_unit_engine_store_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_store_LDADD = libse-engine.la $(CMOCKA_LIBS)
# The same with sealed state files.
tests_unit_engine_store_sealed_SOURCES = tests/unit/engine_store.c $(engine_support)
tests_unit_engine_store_sealed_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -DSE_TEST_SEALED
tests_unit_engine_store_sealed_LDADD = libse-engine.la $(CMOCKA_LIBS)
engine_sealing = $(engine_support) tests/unit/engine_sealing.c tests/unit/engine_sealing.h
# OpenSSL's error queue is looked at, and it is made to fail.
tests_unit_engine_seal_SOURCES = tests/unit/engine_seal.c $(engine_sealing)
tests_unit_engine_seal_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_engine_seal_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=EVP_CipherInit_ex
tests_unit_engine_seal_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
tests_unit_engine_seal_keys_SOURCES = tests/unit/engine_seal_keys.c $(engine_sealing)
tests_unit_engine_seal_keys_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_seal_keys_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fsync -Wl,--wrap=strdup
tests_unit_engine_seal_keys_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_status_SOURCES = tests/unit/engine_status.c $(engine_support)
tests_unit_engine_status_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_status_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_signals_SOURCES = tests/unit/engine_signals.c $(engine_support)
tests_unit_engine_signals_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_signals_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_http_SOURCES = tests/unit/engine_http.c $(engine_support)
tests_unit_engine_http_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_http_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_http_tls_SOURCES = tests/unit/engine_http_tls.c $(engine_support)
# libcurl alone, to show what it would do by itself.
tests_unit_engine_http_tls_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CURL_CFLAGS)
tests_unit_engine_http_tls_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CURL_LIBS)
tests_unit_engine_http_name_SOURCES = tests/unit/engine_http_name.c $(engine_support)
tests_unit_engine_http_name_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CURL_CFLAGS)
# getaddrinfo() is its own, and it looks at what libcurl is told.
tests_unit_engine_http_name_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=curl_easy_setopt
tests_unit_engine_http_name_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CURL_LIBS) $(DL_LIBS) \
	-lpthread
tests_unit_engine_engine_SOURCES = tests/unit/engine_engine.c $(engine_one)
tests_unit_engine_engine_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_engine_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_failures_SOURCES = tests/unit/engine_failures.c $(engine_one)
tests_unit_engine_failures_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_failures_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_signed_in_SOURCES = tests/unit/engine_signed_in.c $(engine_one)
tests_unit_engine_signed_in_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
# What is kept when the certificate is looked at is looked at.
tests_unit_engine_signed_in_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=se_credential_certificate_warning
tests_unit_engine_signed_in_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_moved_SOURCES = tests/unit/engine_moved.c $(engine_one)
tests_unit_engine_moved_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_moved_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_ahead_SOURCES = tests/unit/engine_ahead.c $(engine_one)
tests_unit_engine_ahead_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_ahead_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_engine_answered_SOURCES = tests/unit/engine_answered.c $(engine_one)
tests_unit_engine_answered_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_answered_LDADD = libse-engine.la $(CMOCKA_LIBS)
# OpenSSL is made to fail.
tests_unit_engine_processes_SOURCES = tests/unit/engine_processes.c $(engine_asking)
tests_unit_engine_processes_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) $(CRYPTO_CFLAGS)
tests_unit_engine_processes_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=EVP_CipherInit_ex
tests_unit_engine_processes_LDADD = libse-engine.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)
# A program that has become root entirely cannot be killed.
engine_unit_tests += tests/unit/engine_secret_command
tests_unit_engine_secret_command_SOURCES = tests/unit/engine_secret_command.c $(engine_support)
tests_unit_engine_secret_command_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_secret_command_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=kill
tests_unit_engine_secret_command_LDADD = libse-engine.la $(CMOCKA_LIBS)
engine_unit_tests += tests/unit/engine_dialogue
tests_unit_engine_dialogue_SOURCES = tests/unit/engine_dialogue.c
tests_unit_engine_dialogue_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_unit_engine_dialogue_LDADD = libse-mail.la libse-engine.la $(CMOCKA_LIBS)
# Agent and tool are programs: what is tested of them is compiled in.
upper_unit_tests = tests/unit/agent_notice tests/unit/agent_again tests/unit/tool_identity tests/unit/tool_table \
	tests/unit/tool_setup tests/unit/tool_aside tests/unit/tool_doctor_aside \
	tests/unit/tool_run
tests_unit_agent_notice_SOURCES = tests/unit/agent_notice.c agent/notice.c agent/notice_run.c \
	agent/log.c $(engine_support)
tests_unit_agent_notice_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_agent_notice_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_agent_again_SOURCES = tests/unit/agent_again.c agent/connection.c agent/again.c agent/peer.c \
	agent/summary.c agent/log.c $(engine_asking)
tests_unit_agent_again_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
# The kernel takes little at a time.
tests_unit_agent_again_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=send
tests_unit_agent_again_LDADD = libse-engine.la $(CMOCKA_LIBS)
# What the kernel does to a process that becomes another user is made worse.
tests_unit_tool_identity_SOURCES = tests/unit/tool_identity.c tool/identity.c $(engine_support)
tests_unit_tool_identity_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_identity_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=seteuid -Wl,--wrap=setresuid
tests_unit_tool_identity_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_tool_aside_SOURCES = tests/unit/tool_aside.c tool/aside.c tool/terminal.c
tests_unit_tool_aside_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_aside_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_tool_doctor_aside_SOURCES = tests/unit/tool_doctor_aside.c tool/doctor_aside.c tool/checkup.c \
	tool/checkup_ids.c tool/aside.c tool/terminal.c tool/output.c tool/wrap.c
tests_unit_tool_doctor_aside_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_doctor_aside_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_unit_tool_run_SOURCES = tests/unit/tool_run.c tool/run.c
tests_unit_tool_run_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_run_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_tool_table_SOURCES = tests/unit/tool_table.c tool/table.c
tests_unit_tool_table_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_table_LDADD = libse-core.la $(CMOCKA_LIBS)
tests_unit_tool_setup_SOURCES = tests/unit/tool_setup.c tool/setup_text.c
tests_unit_tool_setup_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) $(CMOCKA_CFLAGS)
tests_unit_tool_setup_LDADD = libse-engine.la $(CMOCKA_LIBS)
check_PROGRAMS += $(core_unit_tests) $(engine_unit_tests) $(upper_unit_tests)
TESTS += $(core_unit_tests) $(engine_unit_tests) $(upper_unit_tests)
endif

# The manual page of the configuration against the table of keys.
check_PROGRAMS += tests/unit/conf_table
tests_unit_conf_table_SOURCES = tests/unit/conf_table.c
tests_unit_conf_table_LDADD = libse-engine.la
dist_check_SCRIPTS += tests/unit/test_conf_man.sh
TESTS += tests/unit/test_conf_man.sh

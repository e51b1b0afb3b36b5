# Unit tests: one program a module, cmocka, TAP. A program links the room it tests and nothing
# above it.
if HAVE_CMOCKA
core_unit_tests =
engine_unit_tests = \
	tests/unit/engine_keys \
	tests/unit/engine_config \
	tests/unit/engine_config_wrong \
	tests/unit/engine_account \
	tests/unit/engine_aadsts
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
check_PROGRAMS += $(core_unit_tests) $(engine_unit_tests)
TESTS += $(core_unit_tests) $(engine_unit_tests)
endif

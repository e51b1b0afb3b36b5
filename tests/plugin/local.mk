# The plugin, loaded by libsasl2 as the host programs do it, against an agent and an engine module
# that answer what a test wants.
if HAVE_CMOCKA
plugin_unit_tests = tests/plugin/host tests/plugin/errors tests/plugin/engine tests/plugin/life \
	tests/plugin/memory
check_PROGRAMS += $(plugin_unit_tests)
TESTS += $(plugin_unit_tests)

plugin_test_support = tests/plugin/support.c tests/plugin/support.h
plugin_test_cppflags = $(AM_CPPFLAGS) $(SASL_CFLAGS) $(CMOCKA_CFLAGS)
plugin_test_libs = libse-core.la $(SASL_LIBS) $(CMOCKA_LIBS)

tests_plugin_host_SOURCES = tests/plugin/host.c $(plugin_test_support)
tests_plugin_host_CPPFLAGS = $(plugin_test_cppflags)
tests_plugin_host_LDADD = $(plugin_test_libs)

tests_plugin_errors_SOURCES = tests/plugin/errors.c $(plugin_test_support)
tests_plugin_errors_CPPFLAGS = $(plugin_test_cppflags)
tests_plugin_errors_LDADD = $(plugin_test_libs)

tests_plugin_engine_SOURCES = tests/plugin/engine.c tests/plugin/engine_fake.h \
	$(plugin_test_support)
tests_plugin_engine_CPPFLAGS = $(plugin_test_cppflags)
tests_plugin_engine_LDADD = $(plugin_test_libs) $(DL_LIBS)

tests_plugin_life_SOURCES = tests/plugin/life.c $(plugin_test_support)
tests_plugin_life_CPPFLAGS = $(plugin_test_cppflags)
tests_plugin_life_LDADD = $(plugin_test_libs) $(DL_LIBS) -lpthread

tests_plugin_memory_SOURCES = tests/plugin/memory.c $(plugin_test_support)
tests_plugin_memory_CPPFLAGS = $(plugin_test_cppflags)
tests_plugin_memory_LDADD = $(plugin_test_libs) -lpthread

# -rpath makes libtool build a shared object of what is not installed.
check_LTLIBRARIES += tests/plugin/engine_fake.la
tests_plugin_engine_fake_la_SOURCES = tests/plugin/engine_fake.c tests/plugin/engine_fake.h
tests_plugin_engine_fake_la_LIBADD = libse-core.la
tests_plugin_engine_fake_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-rpath /nowhere
# As an engine beside libraries that are too old for it.
check_LTLIBRARIES += tests/plugin/engine_unbound.la
tests_plugin_engine_unbound_la_SOURCES = $(tests_plugin_engine_fake_la_SOURCES)
tests_plugin_engine_unbound_la_CPPFLAGS = $(AM_CPPFLAGS) -DENGINE_FAKE_UNBOUND
tests_plugin_engine_unbound_la_LIBADD = libse-core.la
tests_plugin_engine_unbound_la_LDFLAGS = $(tests_plugin_engine_fake_la_LDFLAGS) -Wl,-z,now
endif

TESTS += tests/plugin/test_exports.sh
EXTRA_DIST += tests/plugin/test_exports.sh

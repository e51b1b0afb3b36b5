# Our life in other people's programs: the real plugin and engine, against the fault server.
if HAVE_CMOCKA
guest_unit_tests = tests/guest/undisturbed tests/guest/hung \
	tests/guest/shared tests/guest/neighbour
thread_tests = tests/guest/shared tests/plugin/memory tests/plugin/life tests/plugin/engine
check_PROGRAMS += $(guest_unit_tests)
TESTS += $(guest_unit_tests)

guest_support = tests/guest/guest.c tests/guest/guest.h $(plugin_test_support)
guest_cppflags = $(plugin_test_cppflags)

tests_guest_undisturbed_SOURCES = tests/guest/undisturbed.c $(guest_support)
tests_guest_undisturbed_CPPFLAGS = $(guest_cppflags) $(CRYPTO_CFLAGS) $(CURL_CFLAGS)
tests_guest_undisturbed_LDADD = $(plugin_test_libs) $(CRYPTO_LIBS) $(CURL_LIBS) -lpthread

tests_guest_hung_SOURCES = tests/guest/hung.c $(guest_support)
tests_guest_hung_CPPFLAGS = $(guest_cppflags)
# Its getaddrinfo() stands before libc's.
tests_guest_hung_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic-symbol=getaddrinfo
tests_guest_hung_LDADD = $(plugin_test_libs) $(DL_LIBS) -lpthread

tests_guest_shared_SOURCES = tests/guest/shared.c $(guest_support)
tests_guest_shared_CPPFLAGS = $(guest_cppflags)
tests_guest_shared_LDADD = $(plugin_test_libs) -lpthread

tests_guest_neighbour_SOURCES = tests/guest/neighbour.c $(guest_support)
tests_guest_neighbour_CPPFLAGS = $(guest_cppflags)
tests_guest_neighbour_LDADD = $(plugin_test_libs) $(DL_LIBS)

# As others' plugins are. -rpath makes libtool build a shared object of what is not installed.
check_LTLIBRARIES += tests/guest/foreign_xoauth2.la
tests_guest_foreign_xoauth2_la_SOURCES = tests/guest/foreign_xoauth2.c
tests_guest_foreign_xoauth2_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_guest_foreign_xoauth2_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-rpath /nowhere
endif

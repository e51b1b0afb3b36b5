# Our life in other people's programs: the real plugin and engine, against the fault server.
if HAVE_CMOCKA
guest_unit_tests = tests/guest/undisturbed tests/guest/hung \
	tests/guest/shared
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
endif

# Many relays in a time of their own: the engine itself, with the simulation's network.
fleet_sources = tests/bench/fleet/fleet.h tests/bench/fleet/chance.c tests/bench/fleet/turns.c \
	tests/bench/fleet/tenant.c tests/bench/fleet/relay.c tests/bench/fleet/run.c \
	tests/bench/fleet/mailbox.c tool/mailbox_share.c tool/mailbox_share.h
fleet_wraps = $(AM_LDFLAGS) -Wl,--wrap=se_http_new -Wl,--wrap=se_http_free \
	-Wl,--wrap=se_http_start -Wl,--wrap=se_http_cancel -Wl,--wrap=se_http_turn \
	-Wl,--wrap=se_credential_secret_read
bench_programs += tests/bench/fleet/fleet
tests_bench_fleet_fleet_SOURCES = tests/bench/fleet/main.c $(fleet_sources)
tests_bench_fleet_fleet_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_bench_fleet_fleet_LDFLAGS = $(fleet_wraps)
tests_bench_fleet_fleet_LDADD = libse-engine.la
if HAVE_CMOCKA
check_PROGRAMS += tests/bench/fleet/test_fleet
TESTS += tests/bench/fleet/test_fleet
tests_bench_fleet_test_fleet_SOURCES = tests/bench/fleet/test_fleet.c $(fleet_sources)
tests_bench_fleet_test_fleet_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)
tests_bench_fleet_test_fleet_LDFLAGS = $(fleet_wraps)
tests_bench_fleet_test_fleet_LDADD = libse-engine.la $(CMOCKA_LIBS)
endif
TESTS += tests/bench/fleet/test_page.sh
EXTRA_DIST += tests/bench/fleet/test_page.sh
bench_scripts += tests/bench/row_fleet.sh

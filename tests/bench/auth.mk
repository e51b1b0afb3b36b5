# --- one AUTH by the agent and without it, many at once, and tokens that expire ------------------
bench_programs += tests/bench/alternate tests/bench/bare_socket tests/bench/first_auth \
	tests/bench/storm
tests_bench_alternate_SOURCES = tests/bench/alternate.c tests/bench/clock.h
tests_bench_bare_socket_SOURCES = tests/bench/bare_socket.c tests/bench/auth.c tests/bench/auth.h tests/bench/clock.h
tests_bench_bare_socket_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_bare_socket_LDADD = libse-core.la $(SASL_LIBS)
tests_bench_first_auth_SOURCES = tests/bench/first_auth.c tests/bench/auth.c tests/bench/auth.h tests/bench/clock.h
tests_bench_first_auth_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_first_auth_LDADD = $(SASL_LIBS)
tests_bench_storm_SOURCES = tests/bench/storm.c tests/bench/auth.c tests/bench/auth.h tests/bench/clock.h
tests_bench_storm_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_storm_LDADD = $(SASL_LIBS)
bench_scripts += tests/bench/users.sh tests/bench/row_agent.sh tests/bench/row_cold.sh \
	tests/bench/row_storm.sh tests/bench/row_expiry.sh
bench: tests/hosts/sasl_load$(EXEEXT)

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
# The plugin itself, at the socket of a package: it judges each directory on the way, and a test's prefix
# is deep.
bench_modules += tests/bench/packaged.la
tests_bench_packaged_la_SOURCES = $(libsasl_entra_la_SOURCES)
tests_bench_packaged_la_DEPENDENCIES = $(libsasl_entra_la_DEPENDENCIES)
tests_bench_packaged_la_CPPFLAGS = $(libsasl_entra_la_CPPFLAGS) -USE_SOCKET_PATH \
	-DSE_SOCKET_PATH='"/run/sasl-entra/agent.sock"'
tests_bench_packaged_la_LIBADD = $(libsasl_entra_la_LIBADD)
tests_bench_packaged_la_LDFLAGS = $(libsasl_entra_la_LDFLAGS) -rpath /nowhere

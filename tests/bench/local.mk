# Figures, not tests: built with the tests, run by `make bench` or by hand. A row's programs and
# plugins are added to the first two, its scripts to the third.
bench_programs = tests/bench/pairs tests/bench/report
bench_modules =
bench_scripts = tests/bench/lib.sh tests/bench/bench.sh tests/bench/machine.sh
check_PROGRAMS += $(bench_programs)
check_LTLIBRARIES += $(bench_modules)
EXTRA_DIST += $(bench_scripts)

TESTS += tests/bench/test_pairs.sh
EXTRA_DIST += tests/bench/test_pairs.sh

tests_bench_pairs_SOURCES = tests/bench/pairs.c tests/bench/samples.c tests/bench/samples.h \
	tests/bench/statistics.c tests/bench/statistics.h
tests_bench_pairs_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
tests_bench_pairs_LDADD = $(JSON_LIBS) -lm

tests_bench_report_SOURCES = tests/bench/report.c
tests_bench_report_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
tests_bench_report_LDADD = $(JSON_LIBS)

# As root, with the tree installed at its prefix, which is below /tmp (`./bootstrap bench` does all
# that). SE_BENCH=short: a few seconds a row. bench-figures writes doc/figures as well.
bench: $(bench_programs) $(bench_modules)
	SE_STAGE="$${SE_STAGE:-$(prefix)}" top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		PYTHON='$(PYTHON)' bash $(top_srcdir)/tests/bench/bench.sh
bench-figures:
	SE_BENCH_WRITE=1 $(MAKE) $(AM_MAKEFLAGS) bench
.PHONY: bench bench-figures

# --- what a program pays for the plugin; one AUTH from a warm token -------------------------------
bench_programs += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c
tests_bench_load_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_load_LDADD = $(SASL_LIBS)

# -rpath makes libtool build a shared object of what is not installed.
bench_plugin_flags = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
bench_modules += tests/bench/nothing.la
tests_bench_nothing_la_SOURCES = tests/bench/nothing.c
tests_bench_nothing_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_nothing_la_LDFLAGS = $(bench_plugin_flags)
# What a plugin would cost that got its tokens itself.
bench_modules += tests/bench/heavy.la
tests_bench_heavy_la_SOURCES = tests/bench/nothing.c
tests_bench_heavy_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS) $(CURL_CFLAGS) $(CRYPTO_CFLAGS) \
	$(JSON_CFLAGS) -DSE_BENCH_HEAVY
tests_bench_heavy_la_LDFLAGS = $(bench_plugin_flags)
tests_bench_heavy_la_LIBADD = $(CURL_LIBS) $(CRYPTO_LIBS) $(JSON_LIBS)
bench_scripts += tests/bench/row_load.sh

if HAVE_CMOCKA
bench_programs += tests/bench/scale
tests_bench_scale_SOURCES = tests/bench/scale.c $(engine_asking)
tests_bench_scale_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_scale_LDADD = libse-engine.la $(CMOCKA_LIBS)
endif
include tests/bench/fleet/local.mk

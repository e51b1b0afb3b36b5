# Figures, not tests: built with the tests, run by `make bench` or by hand. A row's programs and
# plugins are added to the first two, its scripts to the third.
bench_programs = tests/bench/pairs tests/bench/report
bench_modules =
bench_scripts = tests/bench/lib.sh tests/bench/bench.sh tests/bench/machine.sh
check_PROGRAMS += $(bench_programs)
check_LTLIBRARIES += $(bench_modules)
EXTRA_DIST += $(bench_scripts)

TESTS += tests/bench/test_pairs.sh tests/bench/test_report.sh
EXTRA_DIST += tests/bench/test_pairs.sh tests/bench/test_report.sh

tests_bench_pairs_SOURCES = tests/bench/pairs.c tests/bench/samples.c tests/bench/samples.h \
	tests/bench/statistics.c tests/bench/statistics.h
tests_bench_pairs_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
tests_bench_pairs_LDADD = $(JSON_LIBS) -lm

tests_bench_report_SOURCES = tests/bench/report.c
tests_bench_report_CPPFLAGS = $(AM_CPPFLAGS) $(JSON_CFLAGS)
tests_bench_report_LDADD = $(JSON_LIBS)

# As root, with the tree installed at its prefix, which is below /tmp (`./bootstrap bench` does all
# that). SE_BENCH=short: a few seconds a row. bench-figures writes doc/figures as well.
bench: $(bench_programs) $(bench_modules) tests/budget/subject$(EXEEXT) tests/environment/odd_host$(EXEEXT)
	SE_STAGE="$${SE_STAGE:-$(prefix)}" top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		PYTHON='$(PYTHON)' bash $(top_srcdir)/tests/bench/bench.sh
bench-figures:
	SE_BENCH_WRITE=1 $(MAKE) $(AM_MAKEFLAGS) bench
.PHONY: bench bench-figures

# --- what a program pays for the plugin; one AUTH from a warm token -------------------------------
bench_programs += tests/bench/load
tests_bench_load_SOURCES = tests/bench/load.c tests/bench/clock.h
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
tests_bench_heavy_la_LIBADD = $(CRYPTO_LIBS) $(CURL_LIBS) $(JSON_LIBS)
bench_scripts += tests/bench/row_load.sh

bench_programs += tests/bench/warm
tests_bench_warm_SOURCES = tests/bench/warm.c tests/bench/clock.h
tests_bench_warm_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_warm_LDADD = $(SASL_LIBS)
bench_modules += tests/bench/constant.la
tests_bench_constant_la_SOURCES = tests/bench/constant.c
tests_bench_constant_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS)
tests_bench_constant_la_LDFLAGS = $(bench_plugin_flags)
bench_scripts += tests/bench/row_warm.sh

include tests/bench/auth.mk

# --- a real Postfix -------------------------------------------------------------------------------
bench_modules += tests/bench/constant_xoauth2.la
tests_bench_constant_xoauth2_la_SOURCES = tests/bench/constant.c
tests_bench_constant_xoauth2_la_CPPFLAGS = $(AM_CPPFLAGS) $(SASL_CFLAGS) -DSE_BENCH_MECHANISM='"XOAUTH2"'
tests_bench_constant_xoauth2_la_LDFLAGS = $(bench_plugin_flags)
bench_scripts += tests/bench/row_postfix.sh tests/bench/postfix_arms.sh

# --- the agent under load; what one use costs without a clock --------------------------------------
bench_programs += tests/bench/underload
bench_ask = tests/bench/ask.c tests/bench/ask.h
tests_bench_underload_SOURCES = tests/bench/underload.c tests/bench/look.c tests/bench/look.h $(bench_ask)
tests_bench_underload_LDADD = libse-core.la
bench_scripts += tests/bench/row_underload.sh tests/bench/row_cost.sh

# --- many login names, many token keys ------------------------------------------------------------
bench_programs += tests/bench/answers
tests_bench_answers_SOURCES = tests/bench/answers.c $(bench_ask)
tests_bench_answers_LDADD = libse-core.la
bench_scripts += tests/bench/row_scale.sh
if HAVE_CMOCKA
bench_programs += tests/bench/scale
tests_bench_scale_SOURCES = tests/bench/scale.c $(engine_asking)
tests_bench_scale_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_scale_LDADD = libse-engine.la $(CMOCKA_LIBS)
endif
include tests/bench/fleet/local.mk

# Plots, by gnuplot: only bench-figures makes them.
EXTRA_DIST += tests/bench/plot/plot.sh tests/bench/plot/style.gnuplot tests/bench/plot/load.gnuplot \
	tests/bench/plot/storm.gnuplot tests/bench/plot/expiry.gnuplot tests/bench/plot/postfix.gnuplot \
	tests/bench/plot/scale.gnuplot tests/bench/plot/underload.gnuplot tests/bench/plot/fleet.gnuplot

# Figures, not tests: built with the tests, run by hand.
if HAVE_CMOCKA
check_PROGRAMS += tests/bench/scale
tests_bench_scale_SOURCES = tests/bench/scale.c $(engine_asking)
tests_bench_scale_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_bench_scale_LDADD = libse-engine.la $(CMOCKA_LIBS)
endif

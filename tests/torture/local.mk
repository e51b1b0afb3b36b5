# Allocations that fail: the promise programs alone in `make check`, where nothing fails, and with
# all other programs of cmocka's in `make check-torture` (README.md).
if HAVE_CMOCKA
torture_promises = tests/torture/promise_engine tests/torture/promise_plugin \
	tests/torture/promise_agent tests/torture/promise_tool
check_PROGRAMS += $(torture_promises)
TESTS += $(torture_promises)
tests_torture_promise_engine_SOURCES = tests/torture/promise_engine.c tests/torture/alloc.h \
	$(engine_asking)
tests_torture_promise_engine_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_torture_promise_engine_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_torture_promise_plugin_SOURCES = tests/torture/promise_plugin.c tests/torture/alloc.h \
	$(plugin_test_support)
tests_torture_promise_plugin_CPPFLAGS = $(plugin_test_cppflags) -I$(top_srcdir)/tests/plugin
tests_torture_promise_plugin_LDADD = $(plugin_test_libs)
tests_torture_promise_agent_SOURCES = tests/torture/promise_agent.c tests/torture/alloc.h \
	agent/connection.c agent/again.c agent/peer.c agent/summary.c agent/log.c $(engine_asking)
tests_torture_promise_agent_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_torture_promise_agent_LDADD = libse-engine.la $(CMOCKA_LIBS)
tests_torture_promise_tool_SOURCES = tests/torture/promise_tool.c tests/torture/alloc.h \
	tool/verb.c tool/wrap.c tool/exit_code.c tool/identity.c tool/ask.c tool/output.c tool/read_secret.c \
	tool/place.c tool/interrupt.c tool/login.c tool/verb_import.c \
	tool/keep_sign_in.c tool/next.c $(engine_asking)
tests_torture_promise_tool_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS) -I$(top_srcdir)/tests/unit
tests_torture_promise_tool_LDADD = libse-engine.la $(CMOCKA_LIBS)

# Preloaded in front of libasan, so that it is built without.
check_LTLIBRARIES += tests/torture/alloc_torture.la
tests_torture_alloc_torture_la_SOURCES = tests/torture/alloc.h tests/torture/alloc_fail.c \
	tests/torture/alloc_run.c tests/torture/alloc_places.c tests/torture/alloc_places.h
tests_torture_alloc_torture_la_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)
tests_torture_alloc_torture_la_CFLAGS = -std=c11 $(SE_WARNINGS) -fno-omit-frame-pointer -fno-builtin
tests_torture_alloc_torture_la_LIBADD = $(DL_LIBS) -lgcc_s
tests_torture_alloc_torture_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif

# In a build by gcc with --enable-sanitizers=address,undefined. SE_LONG=1: every allocation, of a
# test that makes more than 4,000 so many.
# Four at a time, since tests wait for what does not come.
torture_short = --most 8 --all-most 40 --jobs 4
check-torture: $(check_PROGRAMS) $(check_LTLIBRARIES)
	@case '$(SE_SANITIZE)' in *address*) ;; *) echo "configure by gcc with" \
		"--enable-sanitizers=address,undefined CFLAGS='-g -O0' for this" >&2; exit 1;; esac
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) -B $(top_srcdir)/tests/torture/test_alloc.py \
		`test "$$SE_LONG" = 1 && echo --every --most 4000 || echo $(torture_short)` \
		$(memory_tests) $(torture_promises)
.PHONY: check-torture

EXTRA_DIST += tests/torture/README.md tests/torture/known.txt tests/torture/test_alloc.py

# Fuzz targets. With --enable-fuzzing (clang) they are libFuzzer's; without, main_stdin.c gives
# them the corpus in `make check`. To fuzz:
#   ./configure CC=clang --enable-fuzzing --enable-sanitizers=fuzzer-no-link,address,undefined
#   make && tests/fuzz/fuzz_config -max_len=4096 new-inputs tests/fuzz/corpus/config
fuzz_programs = tests/fuzz/fuzz_config tests/fuzz/fuzz_answer tests/fuzz/fuzz_wire
if FUZZING
noinst_PROGRAMS += $(fuzz_programs)
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_programs)
TESTS += tests/fuzz/test_corpus.sh
fuzz_main = tests/fuzz/main_stdin.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(fuzz_main)
tests_fuzz_fuzz_config_LDADD = libse-engine.la
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz_answer.c $(fuzz_main)
tests_fuzz_fuzz_answer_LDADD = libse-engine.la
tests_fuzz_fuzz_answer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/fuzz_wire.c $(fuzz_main)
tests_fuzz_fuzz_wire_LDADD = libse-core.la
tests_fuzz_fuzz_wire_LDFLAGS = $(fuzz_ldflags)
dist_check_SCRIPTS += tests/fuzz/test_corpus.sh
EXTRA_DIST += tests/fuzz/main_stdin.c tests/fuzz/corpus

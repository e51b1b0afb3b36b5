#!/bin/sh
# Runs each fuzz target for a while, one after the other, on one core, starting from its corpus:
# 10 s each, SE_LONG=1: 10 minutes, SE_FUZZ_SECONDS=N: N seconds. SE_FUZZ_TARGETS="config wire": these
# alone. SE_FUZZ_KEEP=DIRECTORY keeps the inputs that reached something new, by target.
: "${top_srcdir:=.}" "${top_builddir:=.}" "${PYTHON:=python3}"
seconds=${SE_FUZZ_SECONDS:-$([ "${SE_LONG:-0}" = 1 ] && echo 600 || echo 10)}
found=$PWD/fuzz-findings
figures=$top_srcdir/tests/reliability/figures.py
failed=0
total=0

# In memory, where that can be: a few targets write files.
above=/tmp
[ -w /dev/shm ] && above=/dev/shm
TMPDIR=$(mktemp -d "$above/sasl-entra-fuzz.XXXXXX") || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' INT TERM

# Short memories of who allocated what: OpenSSL allocates a lot. A finding runs again without them.
ASAN_OPTIONS=strict_string_checks=1:malloc_context_size=3:quarantine_size_mb=32
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS

# figure LOG NAME: the number that libFuzzer's last lines say.
figure() { sed -n "s/^stat::$2: *//p" "$1"; }

# fuzz PROGRAM. A minute for one input: a certificate's is read four times, and each time may be as much
# work as crypto_work.c lets a password be, which took 16 s under the sanitizers on a busy machine.
fuzz() {
	target=${1##*/fuzz_}
	log=$TMPDIR/log
	new=${SE_FUZZ_KEEP:-$TMPDIR/new}/$target
	dictionary=$top_srcdir/tests/fuzz/dictionary/$target
	mkdir -p "$new" "$found"
	set -- "$1" -max_total_time="$seconds" -max_len=8192 -timeout=60 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$found/$target-"
	[ -f "$dictionary" ] && set -- "$@" -dict="$dictionary"
	"$@" "$new" "$top_srcdir/tests/fuzz/corpus/$target" > "$log" 2>&1
	code=$?
	runs=$(figure "$log" number_of_executed_units)
	features=$(sed -n 's/.* cov: *\([0-9]*\) ft: *\([0-9]*\) .*/\2/p' "$log" | tail -n 1)
	echo "$target: ${runs:-0} executions in $seconds s, ${features:-0} features"
	if [ $code -ne 0 ] || [ -z "$runs" ]; then
		failed=1
		tail -n 60 "$log" >&2
		echo "$target: FOUND SOMETHING; the input is in $found" >&2
		return
	fi
	total=$((total + runs))
	"$PYTHON" "$figures" add "hostile input: $target" "make check-fuzz" inputs="$runs"
}

for target in ${SE_FUZZ_TARGETS:-$(cd "$top_srcdir/tests/fuzz" && ls fuzz_*.c)}; do
	target=${target#fuzz_}
	program=$top_builddir/tests/fuzz/fuzz_${target%.c}
	[ -x "$program" ] || { echo "$program is not built" >&2; exit 1; }
	fuzz "$program"
done
echo "$total executions in all"
rmdir "$found" 2> /dev/null
exit $failed

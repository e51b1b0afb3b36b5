#!/bin/sh
# Every file of the corpora goes through its target, and so does each one cut in half.
: "${top_srcdir:=.}" "${top_builddir:=.}" "${PYTHON:=python3}"
count=0
inputs=0
failed=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=1
	fi
}

# In memory, where that can be: a few targets write files.
above=/tmp
[ -w /dev/shm ] && above=/dev/shm
TMPDIR=$(mktemp -d "$above/sasl-entra-corpus.XXXXXX") || exit 99
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

for program in "$top_builddir"/tests/fuzz/fuzz_*; do
	[ -x "$program" ] && [ -f "$program" ] || continue
	target=${program##*/fuzz_}
	corpus=$top_srcdir/tests/fuzz/corpus/$target
	set -- "$corpus"/*
	[ $# -ge 10 ]
	result $? "$target: there is a corpus"
	"$program" "$@" >&2
	result $? "$target: $# inputs"
	"$program" < /dev/null >&2
	result $? "$target: nothing at all"
	inputs=$((inputs + 2 * $# + 1))
done
[ $count -ge 63 ]
result $? "there are 21 targets"
echo "1..$count"
[ $failed = 0 ] && "$PYTHON" "$top_srcdir/tests/reliability/figures.py" add \
	"hostile input: seeds and earlier findings" "tests/fuzz/test_corpus.sh" inputs=$inputs
exit $failed

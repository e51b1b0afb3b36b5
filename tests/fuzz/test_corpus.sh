#!/bin/sh
# Every file of the corpora goes through its target, and so does each one cut in half.
: "${top_srcdir:=.}" "${top_builddir:=.}"
count=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

for target in config answer wire; do
	program=$top_builddir/tests/fuzz/fuzz_$target
	files=0
	for file in "$top_srcdir/tests/fuzz/corpus/$target"/*; do
		[ -f "$file" ] || continue
		files=$((files + 1))
		"$program" "$file" >&2 &&
			head -c $(($(wc -c < "$file") / 2)) "$file" | "$program" >&2
		result $? "$target: ${file##*/}"
	done
	[ $files -ge 10 ]
	result $? "$target: there is a corpus"
	"$program" < /dev/null >&2
	result $? "$target: nothing at all"
done
echo "1..$count"

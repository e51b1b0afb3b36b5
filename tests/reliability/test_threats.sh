#!/bin/sh
# doc/internals/threats.md: each test that it names is in the tree, with the case that it names, and
# `make check` or one of its sisters runs it.
: "${top_srcdir:=.}"
page=$top_srcdir/doc/internals/threats.md
count=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

# FILE or FILE: CASE, one a line: in the last cell of a row, and at the end of an item.
named() {
	grep -oE 'tests/[a-z_/]+\.(c|py|sh)(: [^|]*)?' "$page" | sed 's/ *$//' | sort -u
}

# run_by_make FILE: some makefile fragment names it.
run_by_make() {
	program=${1%.c}
	cat "$top_srcdir"/tests/*/local.mk | grep -qF -e "$program"
}

named > "threats.$$"
while IFS= read -r line; do
	file=${line%%: *}
	case=
	case $line in *': '*) case=${line#*: } ;; esac
	[ -f "$top_srcdir/$file" ] && run_by_make "$file" &&
		{ [ -z "$case" ] || grep -qF -e "$case" "$top_srcdir/$file"; }
	result $? "$line"
done < "threats.$$"
rm -f "threats.$$"
rows=$(grep -c '^| ' "$page")
tests=$(grep '^| ' "$page" | grep -c '| tests/[^|]* |$')
heads=$(grep -c '^|---' "$page")
assets=$(sed -n '/^| asset/,/^$/p' "$page" | grep -c '^| ')
[ "$rows" -eq $((tests + heads + assets - 1)) ]
result $? "every row names a test ($rows rows, $tests with one)"
[ "$count" -ge 40 ]
result $? 'there is something to look at'
echo "1..$count"

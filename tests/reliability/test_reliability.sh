#!/bin/sh
# doc/internals/reliability.md: nothing lost and no secret found in any row, and each row names a test
# that is there.
: "${top_srcdir:=.}"
page=$top_srcdir/doc/internals/reliability.md
count=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

# is_there TEST: "make TARGET", or a file or program of the tests.
is_there() {
	case $1 in
	'make check'*) cat "$top_srcdir"/Makefile.am "$top_srcdir"/tests/*/local.mk | grep -q "^${1#make }:" ||
		[ "$1" = 'make check' ] ;;
	*) [ -e "$top_srcdir/$1" ] || [ -e "$top_srcdir/$1.c" ] ;;
	esac
}

grep '^| [^w]' "$page" | grep -v '^| what ' > "rows.$$"
while IFS= read -r row; do
	name=$(echo "$row" | cut -d'|' -f2 | sed 's/^ *//; s/ *$//')
	[ "$(echo "$row" | cut -d'|' -f4 | tr -d ' ')" = "$(echo "$row" | cut -d'|' -f5 | tr -d ' ')" ]
	held=$?
	case $(echo "$row" | cut -d'|' -f7 | tr -d ' ') in '' | 0) ;; *) held=1 ;; esac
	echo "$row" | cut -d'|' -f8 | tr '`' '\n' | grep -E '^(make|tests)' > "tests.$$"
	[ -s "tests.$$" ] || held=1
	while IFS= read -r test; do is_there "${test%% SE_*}" || held=1; done < "tests.$$"
	result $held "$name"
done < "rows.$$"
rm -f "rows.$$" "tests.$$"
[ "$count" -ge 30 ]
result $? 'there is something to look at'
echo "1..$count"

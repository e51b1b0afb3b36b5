#!/bin/sh
# doc/guide: every link leads somewhere, every test that it names is there with its words and is run,
# and every row of the table of programs that says "works" names one.
: "${top_srcdir:=.}"
guide=$top_srcdir/doc/guide
count=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

for page in "$guide"/*.md; do
	missing=
	for link in $(grep -o '](\([a-z./A-Z0-9-]*\)' "$page" | sed 's/^](//'); do
		[ -e "$guide/$link" ] || missing="$missing $link"
	done
	[ -z "$missing" ]
	result $? "${page##*/}: links$missing"
done

grep -ohE 'tests/[a-z_/]+\.(sh|c|py)(: [^|]*)?' "$guide/README.md" | sed 's/ *$//' | sort -u > "guide.$$"
while IFS= read -r line; do
	file=${line%%: *}
	case=
	case $line in *': '*) case=${line#*: } ;; esac
	[ -f "$top_srcdir/$file" ] &&
		cat "$top_srcdir"/tests/*/local.mk | grep -qF -e "${file%.c}" &&
		{ [ -z "$case" ] || grep -qF -e "$case" "$top_srcdir/$file"; }
	result $? "$line"
done < "guide.$$"
rm -f "guide.$$"

unproven=$(grep '| works |' "$guide/README.md" | grep -vc '| works | tests/')
[ "$unproven" = 0 ]
result $? 'every row that says "works" names its test'
[ "$count" -ge 25 ]
result $? 'there is something to look at'
echo "1..$count"

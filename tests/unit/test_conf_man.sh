#!/bin/sh
# The manual page of the configuration says what the table of keys says: the same keys, choices,
# defaults and limits; and its examples load without a complaint.
: "${top_srcdir:=.}" "${top_builddir:=.}"
page=$top_srcdir/doc/man/sasl-entra.conf.5
table=$top_builddir/tests/unit/conf_table
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
count=0

# result STATUS NAME
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

# What the page says of a key: the macros and text of its item.
item() {
	awk -v key="$1" '
		/^\.Sh / { in_keys = $2 == "KEYS" }
		/^\.(El|It|Ss)/ { mine = 0 }
		in_keys && /^\.It Ic / && $3 == key { mine = 1; next }
		mine' "$page"
}

"$table" keys > "$work/table" || { echo "Bail out! $table does not run"; exit 1; }

cut -d' ' -f1 "$work/table" | sort > "$work/known"
awk '/^\.Sh / { in_keys = $2 == "KEYS" } in_keys && /^\.It Ic / { print $3 }' "$page" |
	sort > "$work/written"
diff "$work/known" "$work/written" | sed 's/^/# /'
cmp -s "$work/known" "$work/written"
result $? "the page has every key once, and no other"

awk '$2 != "account" { print $1 }' "$work/table" | sort > "$work/known"
awk '/^\.It Sy \[defaults\]/ { here = 1; next } /^\.El/ { here = 0 } here && /^\.Ic / { print $2 }' \
	"$page" | sort > "$work/written"
diff "$work/known" "$work/written" | sed 's/^/# /'
cmp -s "$work/known" "$work/written"
result $? "the page says what may stand in [defaults]"

while read -r key where default least most choices; do
	item "$key" > "$work/item"
	status=0
	if [ "$default" != - ] && ! tr '\n' ' ' < "$work/item" | grep -q "Default: \.Cm $default "; then
		echo "# $key: the default is $default"
		status=1
	fi
	if [ "$least" != - ] &&
		! tr '\n' ' ' < "$work/item" | grep -q "from $least to $most\([ .,]\)"; then
		echo "# $key: takes $least to $most seconds"
		status=1
	fi
	sed -n 's/^\.Cm \([^ ]*\).*/\1/p' "$work/item" | sort -u > "$work/written"
	for choice in $choices; do
		grep -qx -e "$choice" "$work/written" || { echo "# $key: may be $choice"; status=1; }
	done
	# Nor does the page name a choice that the table does not have.
	if [ -n "$choices" ]; then
		for word in $(cat "$work/written"); do
			case " $choices " in
			*" $word "*) ;;
			*) echo "# $key: there is no $word"; status=1 ;;
			esac
		done
	fi
	result $status "$key is as the table has it ($where)"
done < "$work/table"

awk -v work="$work" '
	/^\.Bd -literal/ { n++; inside = 1; next }
	/^\.Ed/ { inside = 0 }
	inside { gsub(/\\&/, ""); gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print > (work "/example." n) }
' "$page"
examples=0
for example in "$work"/example.*; do
	[ -f "$example" ] || continue
	examples=$((examples + 1))
	"$table" load "example $examples" < "$example"
	result $? "example $examples loads"
done
[ "$examples" -ge 4 ]
result $? "there are examples"

if command -v "${MANDOC:-mandoc}" > /dev/null; then
	# Whether other pages are installed here is no matter of this one.
	"${MANDOC:-mandoc}" -Tlint "$page" | grep -v 'referenced manual not found' > "$work/lint"
	sed 's/^/# /' "$work/lint"
	[ ! -s "$work/lint" ]
	result $? "mandoc has no complaint"
else
	count=$((count + 1))
	echo "ok $count - mandoc has no complaint # SKIP there is no mandoc"
fi
echo "1..$count"

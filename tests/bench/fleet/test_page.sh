# doc/figures/fleet.md has the figures that the simulation gives; the large rows are left to a full run.
set -u
# shellcheck source=/dev/null
. "$top_srcdir/tests/hosts/lib/tap.sh"
work=$(mktemp -d) || bail 'no temporary directory'
trap 'rm -rf "$work"' EXIT

"$top_builddir/tests/bench/fleet/fleet" --most 100 > "$work/tables" || bail 'no tables'
grep . "$work/tables" > "$work/rows"
check 'there are tables' [ "$(grep -c -- '^|---' "$work/rows")" -eq 4 ]
missing=$(grep -vxF -f "$top_srcdir/doc/figures/fleet.md" "$work/rows")
equal 'each row is in doc/figures/fleet.md as it is' "$missing" ''
finish

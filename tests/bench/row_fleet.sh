#!/bin/bash
# Many relays in a time of their own: nothing is measured, so that the figures are the same on any
# machine. The tables of doc/figures/fleet.md and the series of its plot; the short form leaves out the
# largest fleets.
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"
bench_begin
page=$top_srcdir/doc/figures/fleet.md

"$bench_programs/fleet/fleet" --most "$(amount 10000 1000)" --series "$work/series" > "$work/tables" ||
  bail 'no simulation'
mv "$work/series" "$SE_BENCH_DATA/fleet.dat"
cat "$work/tables"

# cell TABLE ROW COLUMN : a number of the table with that heading, in the row that begins so.
cell() {
  awk -F ' *\\| *' -v heading="### $1" -v row="| $2 |" -v column="$3" '
    /^###/ { here = index($0, heading) == 1 }
    here && index($0, row) == 1 { gsub(/,/, "", $(column + 1)); print $(column + 1) + 0; exit }' "$work/tables"
}
relays=$(amount 10,000 1,000)
record --row fleet --no-samples --what "$relays relays with one registration (simulated)" \
  --figure "token requests of a relay in a day=$(cell 'A day' "$relays" 2):requests" \
  --figure "token requests of all=$(cell 'A day' "$relays" 3):a second" \
  --figure "the same, in the busiest second=$(cell 'A day' "$relays" 5):requests" \
  --figure "the same, while Entra does not answer for an hour=$(cell 'An hour' "$relays | none" 4):a second" \
  --figure "the busiest second of the ten minutes after=$(cell 'An hour' "$relays | none" 7):requests"

# The page's words stay; what is between the marks is replaced.
if [ "${SE_BENCH_WRITE-}" = 1 ] && [ "$SE_BENCH" = full ]; then
  awk -v tables="$work/tables" '
    /^<!-- tables -->/ { print; while ((getline line < tables) > 0) print line; skip = 1 }
    /^<!-- end of tables -->/ { skip = 0 }
    !skip && !/^<!-- tables -->/ { print }' "$page" > "$work/page" && cat "$work/page" > "$page"
fi

# The tables and the JSON document that the benchmark makes of its records.
set -u
# shellcheck source=/dev/null
. "$top_srcdir/tests/hosts/lib/tap.sh"
bench=$top_builddir/tests/bench
work=$(mktemp -d) || bail 'no temporary directory'
trap 'rm -rf "$work"' EXIT

printf '%s\t%s\n' processor 'of 2 kinds' day 2026-01-02 > "$work/machine"
{
  seq 101 120 | awk '{print $1, 100}' | "$bench/pairs" --row fast --what 'one | thing' \
    --against another --unit us --at-most 1.15 --figure 'objects=1:objects:1'
  yes '1234 2' | head -n 10 | "$bench/pairs" --row slow --what many --against few --at-least 0.97
  "$bench/pairs" --row size --what 'what is installed' --no-samples --figure plugin=1234567.8:B
} > "$work/records"

report() { "$bench/report" "$work/machine" "$work/records" "$work/json"; }
report > "$work/tables" || bail 'no report'
has() { check "$1" grep -qxF -- "$2" "$work/tables"; }
has 'a row with a limit' \
  '| one \| thing | 110 us | another: 100 us | 1.1 (1.06 to 1.15) | at most 1.15 | met |'
has 'a row that has to be fast enough' \
  '| many | 1,234  | few: 2  | 617 (617 to 617) | at least 0.97 | met |'
has 'a figure of a row' '| fast | objects | 1 objects | at most 1 |'
has 'a figure that stands alone' '| what is installed | plugin | 1,234,568 B |  |'
equal 'a row without samples is in no table of ratios' \
  "$(grep -c 'what is installed' "$work/tables")" 1
check 'the machine is described' grep -q 'processor: of 2 kinds; day: 2026-01-02' "$work/tables"

equal 'the document has everything' "$("$PYTHON" - "$work/json" << 'END'
import json, sys
found = json.load(open(sys.argv[1]))
print(found['machine']['processor'], [row['row'] for row in found['rows']],
      found['rows'][0]['ratio'], found['rows'][2]['figures'])
END
)" "of 2 kinds ['fast', 'slow', 'size'] {'median': 1.105, 'low': 1.06, 'high': 1.15} [{'name': 'plugin', 'value': 1234568, 'unit': 'B'}]"

echo 'no record' >> "$work/records"
check 'refused: a line that is no record' fails report
finish

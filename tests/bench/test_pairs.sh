# The records of the benchmark: medians, intervals and verdicts of samples whose answers are known.
set -u
# shellcheck source=/dev/null
. "$top_srcdir/tests/hosts/lib/tap.sh"
pairs=$top_builddir/tests/bench/pairs

# of SAMPLES ARGUMENT... : the record of pairs that `SAMPLES` writes.
of() {
  local samples=$1
  shift
  eval "$samples" | "$pairs" --row r --what w "$@"
}
value() { sed 's/.*"'"$1"'":\({[^}]*}\|"[^"]*"\|[0-9.]*\).*/\1/'; }

# says NAME SAMPLES MEMBER WANTED ARGUMENT...
says() {
  local name=$1 samples=$2 member=$3 wanted=$4
  shift 4
  equal "$name" "$(of "$samples" "$@" | value "$member")" "$wanted"
}

# --- medians, and the ranks that tables of the sign test give for 95 % ----------------------------

ones='awk "{print \$1, 1}"'
says 'the median of an odd number is one of them' "seq 1 7 | $ones" ours \
  '{"median":4,"low":1,"high":7}'
says 'of an even number it is between two' "seq 1 6 | $ones" ours '{"median":3.5,"low":1,"high":6}'
says 'of 10 values the 2nd and the 9th' "seq 1 10 | $ones" ratio '{"median":5.5,"low":2,"high":9}'
says 'of 20 the 6th and the 15th' "seq 1 20 | $ones" ratio '{"median":10.5,"low":6,"high":15}'
says 'of 25 the 8th and the 18th' "seq 1 25 | $ones" ratio '{"median":13,"low":8,"high":18}'
says 'of 100 the 40th and the 61st' "seq 1 100 | $ones" ratio '{"median":50.5,"low":40,"high":61}'
says 'of 2000 the 956th and the 1045th' "seq 1 2000 | $ones" ratio \
  '{"median":1000.5,"low":956,"high":1045}'
says 'the order in which they come does not matter' "seq 10 -1 1 | $ones" ratio \
  '{"median":5.5,"low":2,"high":9}'
says 'the ratio is that of the pairs, not that of the medians' \
  'printf "%s\n" "1 1" "2 1" "30 10" "3 1" "40 10" "50 10" "6 1"' ratio '{"median":3,"low":1,"high":6}'
says 'their own median is there as well' \
  'printf "%s\n" "1 1" "2 1" "30 10" "3 1" "40 10" "50 10" "6 1"' theirs '{"median":1,"low":1,"high":10}'

# --- verdicts -------------------------------------------------------------------------------------

fast='seq 101 120 | awk "{print \$1, 100}"'
says 'below the limit' "$fast" verdict '"met"' --at-most 1.15
says 'the whole interval is beyond' "$fast" verdict '"missed"' --at-most 1.05
says 'the median is beyond, the interval reaches across' "$fast" verdict '"undecided"' --at-most 1.10
says 'the interval reaches beyond, the median does not' "$fast" verdict '"met"' --at-most 1.11
says 'at least: above' "$fast" verdict '"met"' --at-least 0.97
says 'at least: all of it is below' "$fast" verdict '"missed"' --at-least 1.16
says 'at least: the interval reaches across' "$fast" verdict '"undecided"' --at-least 1.12
says 'five pairs decide nothing' 'yes "2 1" | head -n 5' verdict '"undecided"' --at-most 1.1
says 'six do' 'yes "2 1" | head -n 6' verdict '"missed"' --at-most 1.1
says 'without a limit it is only said' "$fast" verdict '"stated"'

# --- figures --------------------------------------------------------------------------------------

says 'a figure beyond its limit' "$fast" verdict '"missed"' --at-most 1.15 --figure objects=2:objects:1
says 'a figure at its limit' "$fast" verdict '"met"' --at-most 1.15 --figure objects=1:objects:1
says 'figures alone' 'true' verdict '"met"' --no-samples --figure size=63.5:kB:64
says 'figures alone, without a limit' 'true' verdict '"stated"' --no-samples --figure size=63.5
equal 'a figure as it is written' "$(of true --no-samples --figure 'bytes a key=1234567:B:2e6' |
  sed 's/.*"figures"://')" '[{"name":"bytes a key","value":1234567,"unit":"B","at_most":2000000}]}'

# --- what is refused ------------------------------------------------------------------------------

refused() {
  local name=$1
  shift
  check "refused: $name" fails of "$@"
}
refused 'no samples' true
refused 'one number' 'echo 1'
refused 'three numbers' 'echo 1 2 3'
refused 'nothing to compare with' 'echo 1 0'
refused 'words' 'echo fast slow'
refused 'a limit that is no number' "$fast" --at-most fast
refused 'a figure without a value' "$fast" --figure size
finish

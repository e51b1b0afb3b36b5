#!/bin/bash
# The benchmark: every row in its order, a description of the machine, and what came out as tables
# on stdout and as bench/figures.json in the build tree.
#
#   SE_BENCH        full (the default) or short
#   SE_BENCH_WRITE  1, for all rows in full: the tables go into doc/figures/README.md, between its two
#                   marks, and figures.json, the series and their plots beside it
#   SE_BENCH_ROWS   names of rows to run, instead of all
set -uo pipefail
shopt -s nullglob

: "${top_srcdir:?}" "${top_builddir:?}" "${SE_STAGE:?}"
here=$top_srcdir/tests/bench
out=$top_builddir/bench
page=$top_srcdir/doc/figures/README.md
export SE_BENCH=${SE_BENCH:-full} SE_BENCH_RECORDS=$out/records SE_BENCH_DATA=$out/data
failed=()
if [ "${SE_BENCH_WRITE-}" = 1 ] && [ "$SE_BENCH${SE_BENCH_ROWS-}" != full ]; then
  echo 'bench: doc/figures is written by all rows in their full form' >&2
  exit 2
fi

# In the order of the page; a row that is not named here comes last.
order=(load warm agent cold storm expiry postfix scale underload cost fleet)

rows() {
  local name script
  for name in "${order[@]}"; do if [ -e "$here/row_$name.sh" ]; then echo "$name"; fi; done
  for script in "$here"/row_*.sh; do
    name=${script##*/row_}
    name=${name%.sh}
    [[ " ${order[*]} " = *" $name "* ]] || echo "$name"
  done
}

# The page's words stay; what is between the marks is replaced.
write_page() {
  awk -v tables="$out/tables.md" '
    /^<!-- tables -->/ { print; while ((getline line < tables) > 0) print line; skip = 1 }
    /^<!-- end of tables -->/ { skip = 0 }
    !skip && !/^<!-- tables -->/ { print }' "$page" > "$out/page" && cp "$out/page" "$page"
}

rm -rf "$out"
mkdir -p "$SE_BENCH_DATA"
: > "$SE_BENCH_RECORDS"
for row in ${SE_BENCH_ROWS:-$(rows)}; do
  printf '== %s\n' "$row" >&2
  bash "$here/row_$row.sh" >&2 || failed+=("$row")
done
bash "$here/machine.sh" > "$out/machine"
"$top_builddir/tests/bench/report" "$out/machine" "$SE_BENCH_RECORDS" "$out/figures.json" \
  > "$out/tables.md" || exit 1
cat "$out/tables.md"

if [ ${#failed[@]} -gt 0 ]; then
  echo "bench: not measured: ${failed[*]}" >&2
  exit 1
fi
if [ "${SE_BENCH_WRITE-}" = 1 ]; then
  mkdir -p "${page%/*}/data"
  [ -e "$page" ] || printf '# Figures\n\n<!-- tables -->\n<!-- end of tables -->\n' > "$page"
  write_page
  cp "$out/figures.json" "${page%/*}/"
  for series in "$SE_BENCH_DATA"/*.dat; do cp "$series" "${page%/*}/data/"; done
  bash "$here/plot/plot.sh" "${page%/*}/data" "${page%/*}" || exit 1
fi

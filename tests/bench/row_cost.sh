#!/bin/bash
# What one use costs, in numbers that no clock has a part in: those that tests/budget measures, each with
# the limit of its table.
here=${top_srcdir:?}/tests/bench
# shellcheck source=/dev/null
. "$here/lib.sh"
bench_begin

# It sets up a root directory of its own. What is over its limit is a record, too; what is missing is none.
"$PYTHON" "$top_srcdir/tests/budget/test_budget.py" > "$work/budget" 2>&1
table=$top_srcdir/tests/budget/table.txt
[ "$(grep -c '^# budget ' "$work/budget")" -eq "$(grep -c '^[a-z]' "$table")" ] ||
  bail "tests/budget: $(grep -m 3 -e '^not ok' -e '^Bail' -e SKIP "$work/budget" || tail -n 1 "$work/budget")"

figures=()
while read -r _ _ name value unit limit; do
  what=$(sed -n "s/^${name//./\\.} |.*| //p" "$table")
  figures+=(--figure "$what=$value:$unit:$limit")
done < <(grep '^# budget ' "$work/budget" | sort -k3,3)
record --row cost --no-samples \
  --what 'one use: objects, memory, system calls, instructions, token requests, installed size' "${figures[@]}"

# shellcheck shell=bash
# postfix_memory: what an smtp(8) has in memory while it is held in a delivery, by
# submission_control exchange '{"message": {"delay": 2}}'.

auths=0

# The one smtp(8) that is in a delivery.
smtp_pid() { pgrep -g "$(postfix_master)" -x smtp | head -n 1; }

# After AUTH: the server knows who it is. $auths: how many had logged in before.
smtp_holds() { [ -n "$(smtp_pid)" ] && [ "$(lines "$work/exchange/auth.jsonl")" -gt "$auths" ]; }

smtp_core() {
  rm -f "$work"/core.*
  at_end rm -f "$work"/core.*
  gcore -o "$work/core" "$(smtp_pid)" > "$work/log/gcore" 2>&1
}

# seek NAME SECRET : from here on it goes by that name, so that no line of the test shows it.
seek() { printf '%s\n' "$2" > "$work/sought.$1"; }

# core_has NAME : the access token that was sent lies there, so that the search would find another
# secret, too.
core_has() {
  [ -n "$(cat "$work/sought.$1")" ] && [ -s "$(echo "$work"/core.*)" ] &&
    grep -qaFf "$work/sought.$1" "$work"/core.*
}

# core_fits PROCESS COLUMN=NAME... : of these secrets no more is there than the table of
# doc/internals/secrets.md allows.
core_fits() {
  local process=$1 sought=() argument
  shift
  for argument in "$@"; do sought+=("${argument%=*}=$work/sought.${argument#*=}"); done
  "$PYTHON" "$top_srcdir/tests/hosts/lib/core_search.py" "$work"/core.* "$process" \
    'make check-hosts' "${sought[@]}"
}

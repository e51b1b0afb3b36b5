# shellcheck shell=bash
# tap: one line of TAP a check. A test that goes wrong goes on; one that cannot go on bails out.

tap_count=0
tap_failed=0

diag() { sed 's/^/# /' <<< "$*"; }

# check NAME COMMAND... : passes when the command does; what it printed is shown when not.
check() {
  local name=$1 output
  shift
  tap_count=$((tap_count + 1))
  if output=$("$@" 2>&1); then
    printf 'ok %d - %s\n' $tap_count "$name"
    return 0
  fi
  printf 'not ok %d - %s\n' $tap_count "$name"
  diag "failed: $*"
  if [ -n "$output" ]; then diag "$output"; fi
  tap_failed=$((tap_failed + 1))
  return 1
}

# equal NAME GOT WANTED
equal() { check "$1" same "$2" "$3"; }

same() {
  [ "$1" = "$2" ] && return 0
  printf 'got "%s", wanted "%s"\n' "$1" "$2"
  return 1
}

# at_least GOT MINIMUM
at_least() {
  [ "$1" -ge "$2" ] && return 0
  printf 'got %s, wanted %s or more\n' "$1" "$2"
  return 1
}

# For `check`: the command must fail.
fails() { ! "$@"; }

# figure ROW COLUMN=NUMBER... : what the test did, for doc/internals/reliability.md.
figure() {
  local row=$1
  shift
  "$PYTHON" "$top_srcdir/tests/reliability/figures.py" add "$row" "${figure_test-make check-hosts}" "$@"
}

# wait_for SECONDS COMMAND... : polls until the command passes; fails when the time is up.
wait_for() {
  local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
  shift
  until "$@" > /dev/null 2>&1; do
    if [ "${EPOCHREALTIME/./}" -ge $deadline ]; then
      echo "not within the time: $*"
      return 1
    fi
    sleep 0.05
  done
}

skip_all() {
  printf '1..0 # SKIP %s\n' "$*"
  exit 0
}

bail() {
  printf 'Bail out! %s\n' "$*"
  exit 1
}

# The plan, and the exit status of the test.
finish() {
  printf '1..%d\n' $tap_count
  [ $tap_failed -eq 0 ]
  exit
}

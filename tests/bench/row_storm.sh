#!/bin/bash
# 200 processes that want a token at one moment and find none, or an expired one: how long until the
# last has its own, against one fetch and the same 200 processes with a warm token, added. With the
# agent, and in-process with a state directory that they share. The tenant counts the requests.
#
# A token expires under the agent only while it stands still, as on a machine that sleeps: it is
# stopped until then, and let go with the 200.
# shellcheck source=/dev/null
. "${top_srcdir:?}/tests/bench/lib.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/bench/users.sh"

processes=200
shared=$SE_STAGE/var/lib/bench
bench_begin
bench_tenant
bench_install storm
at_end agent_stop

# storm COUNT [PID] : the microseconds that each needed, the fastest first.
storm() {
  bench_as "$bench_user" "$work/storm" "$1" contoso.com localhost ${2+"$2"} > "$work/times" ||
    bail "a login failed"
}
last_ms() { awk 'END {printf "%.3f", $1 / 1000}' "$work/times"; }

# --- the two ways ---------------------------------------------------------------------------------

agent_begin() {
  config_write "$(id -gn "$agent_user")"
  agent_start "$bench_user"
}
agent_cold() {
  agent_stop
  rm -rf "$scene_state"
  agent_start "$bench_user"
}
agent_expired() {
  agent_cold
  token_lifetime 2
  storm 1
  kill -STOP "$agent_pid"
  sleep 2.1
  token_lifetime 3600
  released=$agent_pid
}
agent_end() { agent_stop; }

inprocess_begin() {
  install -d -m 700 -o "$bench_user" "$shared"
  config_write "$(id -gn "$bench_user")"
  sed -i "1i [defaults]\nstate_dir = $shared\n" "$scene_conf/sasl-entra.conf"
}
inprocess_cold() { find "$shared" -mindepth 1 -delete; }
inprocess_expired() {
  inprocess_cold
  token_lifetime 1
  storm 1
  sleep 1.1
  token_lifetime 3600
}
inprocess_end() { :; }

# --- one storm, and what it is measured against -----------------------------------------------------

# wanting WAY STATE COUNT : with exactly one token request, or none with a warm token.
wanting() {
  local wanted=1
  released=
  if [ "$2" = warm ]; then wanted=0; else "$1_$2"; fi
  tenant_set reset -d '{}'
  storm "$3" ${released:+"$released"}
  requests=$(token_requests)
  [ "$requests" -eq "$wanted" ] || diag "$1, $2: $requests token requests"
}

# sample WAY STATE FIRST : a line "OURS THEIRS" in milliseconds; FIRST is whose turn comes first.
sample() {
  local ours='' fetch warm
  if [ "$3" = ours ]; then ours_of "$1" "$2"; fi
  wanting "$1" cold 1
  fetch=$(last_ms)
  wanting "$1" warm "$processes"
  warm=$(last_ms)
  cp "$work/times" "$work/$1-warm"
  if [ "$3" = theirs ]; then ours_of "$1" "$2"; fi
  awk -v ours="$ours" -v fetch="$fetch" -v warm="$warm" \
    'BEGIN {printf "%.3f %.3f\n", ours, fetch + warm}'
}
ours_of() {
  wanting "$1" "$2" "$processes"
  ours=$(last_ms)
  if [ "$requests" -gt "$most_requests" ]; then most_requests=$requests; fi
  cp "$work/times" "$work/$1-$2"
}

# row WAY STATE WHAT PAIRS
row() {
  local pairs=$4 i
  most_requests=0
  : > "$work/samples"
  for ((i = 0; i < pairs; i++)); do
    if ((i % 2)); then sample "$1" "$2" theirs; else sample "$1" "$2" ours; fi >> "$work/samples"
  done
  [ "$(lines "$work/samples")" -eq "$pairs" ] || bail "not all storms were measured"
  record --row "storm-$1-$2" --unit ms --at-most 1.2 --what "$3" \
    --against "one fetch by one process plus the last of the same $processes processes with a warm token" \
    --figure "token-requests=$most_requests:requests:1" < "$work/samples"
}

agent_begin
row agent cold "$processes processes at once through an agent that has no token: when the last is done" \
  "$(amount 12 2)"
row agent expired "$processes processes at once through an agent that slept until its token expired: when the last is done" \
  "$(amount 12 2)"
agent_end
inprocess_begin
row inprocess cold "$processes processes at once without an agent, with a state directory that has no token: when the last is done" \
  "$(amount 8 2)"
row inprocess expired "$processes processes at once without an agent, with an expired token in the state directory: when the last is done" \
  "$(amount 8 2)"
inprocess_end

columns=(agent-cold agent-expired agent-warm inprocess-cold inprocess-expired inprocess-warm)
(cd "$work" && paste "${columns[@]}") | awk '{print NR, $0}' |
  series storm "process ${columns[*]}, microseconds after the start until each was done"

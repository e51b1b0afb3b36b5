#!/bin/bash
# AUTH through the agent while tokens expire under load, against the same load with a token that does
# not expire: two agents of one user, each with its window of load, in turn. The tenant takes a second
# for each token, so that whoever waits for a refresh shows.
# shellcheck source=/dev/null
. "${top_srcdir:?}/tests/bench/lib.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/bench/users.sh"

lifetime=12 delay=1 senders=8 pause_ms=5
window=8 pairs=$(amount 8 1)
bench_begin
bench_tenant
bench_install first_auth
install -m 755 "$top_builddir/tests/hosts/sasl_load" "$work" || bail "sasl_load has not been built"
secret_write "$(id -gn "$bench_user")" "$tenant_secret"

# --- two agents -------------------------------------------------------------------------------------

# become_user_of NAME COMMAND... : with the configuration and the agent of that name.
become_user_of() {
  local home=$work/$1
  shift
  bench_become "$bench_user" env XDG_CONFIG_HOME="$home/config" XDG_RUNTIME_DIR="$home/run" "$@"
}
as_user_of() { (become_user_of "$@"); }

# own_agent NAME : has a token when it is back.
own_agent() {
  local home=$work/$1 configuration=$work/$1/config/sasl-entra/sasl-entra.conf
  install -d -m 700 -o "$bench_user" "$home" "$home/state" "$home/run" "$home/run/sasl-entra" \
    "$home/config" "$home/config/sasl-entra"
  { printf '[defaults]\nstate_dir = %s\n' "$home/state"; cat "$scene_conf/sasl-entra.conf"; } \
    > "$configuration"
  chmod 644 "$configuration"
  become_user_of "$1" "$SE_STAGE/sbin/sasl-entrad" --config "$configuration" \
    --socket "$home/run/sasl-entra/agent.sock" >> "$work/log/agent-$1" 2>&1 &
  at_end end_process $!
  wait_for 10 grep -q 'listening at' "$work/log/agent-$1" || bail "an agent does not start"
  as_user_of "$1" "$work/first_auth" first@contoso.com localhost > /dev/null || bail "no token"
}

# --- windows ----------------------------------------------------------------------------------------

# load NAME : one window; what each login took goes to $work/NAME/series, and after all of them to
# $work/NAME/all. Prints the 99th percentile.
load() {
  as_user_of "$1" "$work/sasl_load" "$senders" "$window" "$pause_ms" localhost contoso.com \
    "$work/$1/series" > "$work/$1/summary" || bail "a login failed: $(cat "$work/$1/summary")"
  cat "$work/$1/series" >> "$work/$1/all"
  summary "$1" p99
}
summary() { sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$work/$1/summary"; }
most() { awk '$2 > most {most = $2} END {print most + 0}' "$work/$1/all"; }
waited() { awk -v limit=$((delay * 500000)) '$2 >= limit {n++} END {print n + 0}' "$work/$1/all"; }

token_lifetime 86400
own_agent never
token_lifetime $lifetime
own_agent expiring
tenant_set reset -d '{}'
tenant_set fault -d '{"match": {"path": "/token"}, "action": {"delay": '$delay'}, "count": -1}'
asked=$(lines "$work/tenant/requests.jsonl")

for ((i = 0; i < pairs; i++)); do
  if ((i % 2)); then
    theirs=$(load never) && ours=$(load expiring)
  else
    ours=$(load expiring) && theirs=$(load never)
  fi || exit 1
  printf '%s %s\n' "$ours" "$theirs"
done > "$work/samples"
refreshes=$(token_requests)
[ "$refreshes" -ge "$pairs" ] || bail "only $refreshes refreshes: the tokens did not expire"

record --row expiry --unit us --at-most 1.1 \
  --what "99th percentile of AUTH through the agent, $senders senders, while tokens of $lifetime s expire and each takes the tenant $delay s; windows of $window s" \
  --against "the same with a token that does not expire" \
  --figure "auths=$(lines "$work/expiring/all")" --figure "refreshes=$refreshes" \
  --figure "longest=$(most expiring):us" \
  --figure "longest-never-expiring=$(most never):us" \
  --figure "waited-for-a-refresh=$(waited expiring):auths:0" < "$work/samples"

# --- the series: the last window of each, and the refreshes in it ----------------------------------

# binned NAME : of every 20 ms when they began, the median and the longest.
binned() {
  local from
  from=$(sort -n "$work/$1/series" | head -n 1 | cut -d' ' -f1)
  sort -n -k1,1 "$work/$1/series" |
    awk -v from="$from" '{print int(($1 - from) * 50), $2}' | sort -n -k1,1 -k2,2 | awk '
      function put() { if (n) printf "%.2f %d %d\n", bin / 50, all[int((n + 1) / 2)], all[n] }
      $1 != bin {put(); n = 0; bin = $1}
      {all[++n] = $2}
      END {put()}'
}
# When a token was asked for, and when it came, in seconds of that window.
refreshes() {
  local from
  from=$(sort -n "$work/expiring/series" | head -n 1 | cut -d' ' -f1)
  tail -n +$((asked + 1)) "$work/tenant/requests.jsonl" | sed -n 's/^{"time": "\([^"]*\)".*/\1/p' |
    date -f - +%s.%N | awk -v from="$from" -v delay=$delay -v window="$window" '
      {at = $1 - from}
      at > -delay && at < window {printf "%.3f %.3f\n", at, at + delay}'
}
{
  binned expiring
  printf '\n\n# refreshes: seconds when a token was asked for, and when it came\n'
  refreshes
  printf '\n\n# seconds median longest, microseconds; a token that does not expire\n'
  binned never
} | series expiry "seconds median longest, microseconds; tokens expire"

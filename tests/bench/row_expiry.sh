#!/bin/bash
# AUTH through the agent while tokens expire under load, against the same load on the same agent with a
# token that does not expire, each with its window of load, in turn. The tenant takes a second for each
# token, so that whoever waits for a refresh shows.
# shellcheck source=/dev/null
. "${top_srcdir:?}/tests/bench/lib.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/bench/users.sh"

lifetime=6 forever=86400 delay=1 senders=8 pause_ms=1
window=4 pairs=$(amount 24 1)
bench_begin
bench_tenant
bench_agent "$bench_user"
bench_install first_auth
install -m 755 "$top_builddir/tests/hosts/sasl_load" "$work" || bail "sasl_load has not been built"
mkdir "$work/expiring" "$work/never"
chown "$bench_user" "$work/expiring" "$work/never"

# --- windows ----------------------------------------------------------------------------------------

# load NAME SECONDS : one window, with tokens that live so long; what each login took goes to
# $work/NAME/series, and after all of them to $work/NAME/all. Prints the 99th percentile.
load() {
  token_lifetime "$2"
  "$SE_STAGE/bin/sasl-entra" refresh relay > "$work/log/refresh" 2>&1 || bail "$(cat "$work/log/refresh")"
  bench_as "$bench_user" "$work/sasl_load" "$senders" "$window" "$pause_ms" localhost contoso.com \
    "$work/$1/series" > "$work/$1/summary" || bail "a login failed: $(cat "$work/$1/summary")"
  cat "$work/$1/series" >> "$work/$1/all"
  summary "$1" p99
}
summary() { sed -n "s/.*$2 \([0-9]*\).*/\1/p" "$work/$1/summary"; }
most() { awk '$2 > most {most = $2} END {print most + 0}' "$work/$1/all"; }
waited() { awk -v limit=$((delay * 500000)) '$2 >= limit {n++} END {print n + 0}' "$work/$1/all"; }

tenant_set fault -d '{"match": {"path": "/token"}, "action": {"delay": '$delay'}, "count": -1}'
asked=$(lines "$work/tenant/requests.jsonl")

for ((i = 0; i < pairs; i++)); do
  if ((i % 2)); then
    theirs=$(load never $forever) && ours=$(load expiring $lifetime)
  else
    ours=$(load expiring $lifetime) && theirs=$(load never $forever)
  fi || exit 1
  printf '%s %s\n' "$ours" "$theirs"
done > "$work/samples"
refreshes=$(($(token_requests) - 2 * pairs)) # without those that we have asked for
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

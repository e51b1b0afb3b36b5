#!/bin/bash
# A real Postfix with the plugin and the agent, chrooted: messages a second through 20 connections with
# 10 senders that each log in for themselves. Compared with the same Postfix, the same server and
#   plain     AUTH PLAIN in as many round trips. Postfix sends an AUTH line of more than 512 bytes in
#             two of them, as every token is, so that this password is as long as the token
#   short     AUTH PLAIN with a password of 15 bytes: one round trip less
#   constant  XOAUTH2 by a plugin with a constant token: what plugin and agent cost, without what
#             Postfix, TLS and the server have to do for any token
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"
for part in get_postfix postfix dovecot; do
  # shellcheck source=/dev/null
  . "$bench_lib/$part.sh"
done
# shellcheck source=tests/bench/postfix_arms.sh
. "$top_srcdir/tests/bench/postfix_arms.sh"

bench_begin
reason=$(postfix_get "$top_builddir") || bail "$reason"
postfix_get "$top_builddir" > /dev/null
count=$(amount 2000 100)
few=$(amount 500 100)

bench_tenant
for arm in ours plain constant short; do sockets+=("$(arm_queue_directory $arm)$scene_socket"); done
bench_agent "$postfix_group" "${sockets[@]}"
token=$("$SE_STAGE/bin/sasl-entra" token relay 2>> "$work/log/agent") || bail 'no token'
long=$(printf '%*s' ${#token} '' | tr ' ' A)
short=k3pt.in.a.table
server_start
arm_start ours contoso.com placeholder xoauth2 "$SE_STAGE/lib/sasl2/libsasl-entra.so"
arm_start plain example.com "$long" plain
arm_start short example.net $short plain
# shellcheck disable=SC2034  # read by postfix.sh
postfix_environment=SE_BENCH_TOKEN_LENGTH=${#token}
arm_start constant example.com placeholder xoauth2 "$(module constant_xoauth2)"

# measure ROUNDS COUNT SAMPLES ARM... : each round the other way round; a line of SAMPLES.ARM a round.
measure() {
  local rounds=$1 messages=$2 samples=$work/$3 round arms arm
  shift 3
  for ((round = 1; round <= rounds; round++)); do
    arms=("$@")
    ((round % 2)) || mapfile -t arms < <(printf '%s\n' "$@" | tac)
    for arm in "${arms[@]}"; do
      in_arm "$arm" arm_send "$messages"
      echo "$rate $cpu $server_cpu $agent_cpu" >> "$samples.$arm"
    done
  done
}

# median COLUMN < SAMPLES
median() {
  awk -v column="$1" '{print $column}' | sort -n |
    awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}'
}
rates() { paste -d ' ' "$work/$1.$2" "$work/$1.$3" | awk '{print $1, $5}'; }
# time_of SAMPLES COLUMN PROGRAM ARM [WORDS] : arguments for `record`.
time_of() { printf '%s\n' --figure "processor time of $3 a message${5-}=$(median "$2" < "$work/$1.$4"):ms"; }

measure 1 "$few" warm_up ours plain constant short
had=$(logins XOAUTH2 contoso.com) had_plain=$(logins PLAIN example.com)
measure "$(amount 9 2)" "$count" main ours plain
auths=$(($(logins XOAUTH2 contoso.com) - had)) auths_plain=$(($(logins PLAIN example.com) - had_plain))
measure "$(amount 6 2)" "$few" other ours constant short

mapfile -t times < <(
  time_of main 2 Postfix ours
  time_of main 2 Postfix plain ' with PLAIN'
  time_of main 3 Dovecot ours
  time_of main 3 Dovecot plain ' with PLAIN'
  time_of main 4 'the agent' ours
)
rates main ours plain | record --row postfix --unit messages/s --at-least 0.97 \
  --what "Postfix, chrooted, XOAUTH2 with the agent: $count messages of 10 senders through $connections connections" \
  --against "AUTH PLAIN in as many round trips (a password as long as the token) to the same Dovecot" \
  --figure "AUTHs for $(awk -v count="$count" 'END {print NR * count}' "$work/main.ours") messages=$auths" \
  --figure "AUTHs with PLAIN for as many=$auths_plain" \
  --figure "token requests=$(token_requests)::1" "${times[@]}"
mapfile -t times < <(
  time_of other 2 Postfix ours
  time_of other 2 Postfix constant ' with a constant token'
)
rates other ours constant | record --row postfix-constant --unit messages/s \
  --what "the same, $few messages" --against 'XOAUTH2 by a plugin with a constant token' "${times[@]}"
mapfile -t times < <(time_of other 2 Postfix short ' with PLAIN and a short password')
rates other ours short | record --row postfix-short --unit messages/s \
  --what "the same, $few messages" \
  --against 'AUTH PLAIN with a password of 15 bytes, and so one round trip less' "${times[@]}"
paste -d ' ' "$work"/main.{ours,plain} | awk '{print NR, $1, $5, $2, $6}' |
  series postfix 'round; messages a second: ours, AUTH PLAIN; ms of Postfix a message: the same'

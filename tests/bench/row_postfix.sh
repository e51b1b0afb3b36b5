#!/bin/bash
# A real Postfix with the plugin and the agent, chrooted: messages a second through 20 connections with
# 10 senders that each log in for themselves. Compared with the same Postfix that logs in with AUTH
# PLAIN at the same server, in as many round trips; and with one whose plugin has a constant token: what
# is left then is what our plugin and the agent cost, without what a token costs on the wire.
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
rounds=$(amount 9 2)
count=$(amount 2000 100)

bench_tenant
for arm in ours theirs constant; do sockets+=("$(arm_queue_directory $arm)$scene_socket"); done
bench_agent "$postfix_group" "${sockets[@]}"
token=$("$SE_STAGE/bin/sasl-entra" token relay 2>> "$work/log/agent") || bail 'no token'
constant=$(printf '%*s' ${#token} '' | tr ' ' A)
server_start
arm_start ours contoso.com xoauth2 "$SE_STAGE/lib/sasl2/libsasl-entra.so"
arm_start theirs contoso.com plain
# shellcheck disable=SC2034  # read by postfix.sh
postfix_environment=SE_BENCH_TOKEN_LENGTH=${#token}
arm_start constant example.com xoauth2 "$(module constant_xoauth2)"

# measure ARM... : a round; a line of figures for each of them.
measure() {
  local arm
  for arm; do
    in_arm "$arm" arm_send "$count"
    echo "$rate $cpu $server_cpu $agent_cpu" >> "$work/$arm.samples"
  done
}

measure ours theirs constant
rm "$work"/*.samples
before="$(logins XOAUTH2 contoso.com) $(logins PLAIN contoso.com)"
for ((round = 1; round <= rounds; round++)); do
  if ((round % 2)); then measure ours theirs constant; else measure constant theirs ours; fi
done
read -r auths_ours auths_theirs <<< "$before"
auths_ours=$(($(logins XOAUTH2 contoso.com) - auths_ours))
auths_theirs=$(($(logins PLAIN contoso.com) - auths_theirs))

# median ARM COLUMN
median() {
  awk -v column="$2" '{print $column}' "$work/$1.samples" | sort -n |
    awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}'
}
columns() { paste -d ' ' "$work/$1.samples" "$work/$2.samples" | awk '{print $1, $5}'; }

columns ours theirs | record --row postfix --unit messages/s --at-least 0.97 \
  --what "Postfix, chrooted, $count messages of 10 senders through $connections connections, XOAUTH2 with the agent" \
  --against 'AUTH PLAIN, to the same Dovecot' \
  --figure "messages sent=$((rounds * count))" \
  --figure "AUTHs=$auths_ours" --figure "AUTHs with PLAIN=$auths_theirs" \
  --figure "token requests=$(token_requests)::1" \
  --figure "processor time of Postfix a message=$(median ours 2):ms" \
  --figure "processor time of Postfix a message with PLAIN=$(median theirs 2):ms" \
  --figure "processor time of the agent a message=$(median ours 4):ms" \
  --figure "processor time of Dovecot a message=$(median ours 3):ms" \
  --figure "processor time of Dovecot a message with PLAIN=$(median theirs 3):ms"
columns ours constant | record --row postfix-constant --unit messages/s \
  --what 'the same' --against 'XOAUTH2 by a plugin with a constant token of the same length' \
  --figure "processor time of Postfix a message=$(median ours 2):ms" \
  --figure "processor time of Postfix a message with a constant token=$(median constant 2):ms"
paste -d ' ' "$work"/{ours,theirs,constant}.samples | awk '{print NR, $1, $5, $9, $2, $6, $10}' |
  series postfix 'round; messages a second: ours, plain, constant; ms of Postfix a message: the same'

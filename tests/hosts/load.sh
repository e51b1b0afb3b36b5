#!/bin/bash
# Logins without a pause while tokens expire under them: every one is answered at once, none fails.
# And an agent that is killed while a hundred wait.
#
# SE_LONG=1: tokens of 20 s and ten expiries, as the figures in the documentation were made; else
# tokens of 6 s and three.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent; do . "$lib/$part.sh"; done

other=mail
lifetime=6 expiries=3
if [ -n "${SE_LONG-}" ]; then lifetime=20 expiries=10; fi

scene_begin
at_end standins_stop
at_end agent_stop
tenant_start
plugins=$work/plugins
mkdir "$plugins"
ln -s "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugins/"
cp "$top_builddir/tests/hosts/sasl_client" "$top_builddir/tests/hosts/sasl_load" "$work/" ||
  bail "tests/hosts has not been built"

as() {
  local user=$1
  shift
  setpriv --reuid "$user" --regid "$user" --init-groups \
    env -i PATH=/usr/bin:/bin LC_ALL=C SASL_PATH="$plugins" "$@"
}

config_write "$(id -gn "$agent_user")"
agent_start "$other"

# --- expiries under load ---------------------------------------------------------------------------

tenant_set reset -d '{}'
token_lifetime $lifetime
check 'a first login gets a token' as "$other" "$work/sasl_client" first@contoso.com localhost
# Whoever waits for the tenant waits for two seconds.
tenant_set fault -d '{"match": {"path": "/token"}, "action": {"delay": 2}, "count": -1}'
as "$other" "$work/sasl_load" 8 $((lifetime * expiries)) 5 localhost contoso.com \
  > "$work/log/load" 2> "$work/log/load-failures"
diag "tokens of $lifetime s: $(cat "$work/log/load"), microseconds of the plugin"
requests=$(token_requests)
diag "$requests token requests"
number() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" "$work/log/load"; }
equal 'while tokens expire under load no login fails' "$(number failed)" 0 ||
  diag "$(sort "$work/log/load-failures" | uniq -c | head -n 3)"
check '... and the tokens did expire' at_least "$requests" $((expiries + 1))
check '... each renewed once and ahead of need' at_least $((expiries * 3 + 2)) "$requests"
check '... so that none of many thousands waited for the tenant' at_least 1999999 "$(number most)"
check '... and there were as many' at_least "$(number logins)" 2000
tenant_set fault -X DELETE
figure 'logins while tokens expire and the tenant is slow' load="$(number logins)" \
  injected=$((requests - 1)) survived=$((requests - 1 - ($(number failed) > 0)))

# --- many at once, and an agent that dies ----------------------------------------------------------------------------

# crowd COUNT [kill] : so many processes at once; when all of them wait, the agent is killed.
crowd() {
  local n pids=()
  rm -rf "$work/out"
  mkdir "$work/out"
  for n in $(seq -w "$1"); do
    as "$other" "$work/sasl_client" "sender$n@contoso.com" localhost > "$work/out/$n" 2>&1 &
    pids+=($!)
  done
  if [ -n "${2-}" ]; then
    wait_for 20 queue_is "$1"
    kill -9 "$agent_pid"
    wait "$agent_pid" 2> /dev/null
  fi
  wait "${pids[@]}"
}
# Clients that are connected and wait: the other ends are the agent's.
queue_is() { [ "$(ss -xH state connected 2> /dev/null | grep -c "$scene_socket")" -ge "$1" ]; }
lines_of() { cat "$work"/out/* | grep -c "$1"; }

agent_stop
rm -rf "$scene_state"
token_lifetime 3600
agent_start "$other"
tenant_set reset -d '{}'
crowd 200
check '200 processes at once, with no token there, all succeed' same "$(lines_of '^ok ')" 200
equal '... with exactly one token request' "$(token_requests)" 1

agent_stop
rm -rf "$scene_state"
tenant_set fault -d '{"match": {"path": "/token"}, "action": {"delay": 15}, "count": 1}'
agent_start "$other"
from=$SECONDS
crowd 100 kill
check 'when the agent is killed, each of 100 that wait is told' same "$(lines_of '^failed: ')" 100
check '... long before its 20 s are over' at_least 18 $((SECONDS - from))
diag "$(cat "$work"/out/* | sort | uniq -c | sed 's/sender[0-9]*/senderN/' | head -n 1)"
agent_start "$other"
tenant_set fault -X DELETE
crowd 100
check '... and after a restart all 100 succeed' same "$(lines_of '^ok ')" 100
figure 'an agent is killed while processes wait' load="$(lines_of '^ok ')" injected=1 \
  survived=$(($(lines_of '^ok ') == 100))

# --- a permission that was granted late ------------------------------------------------------------

roles() { tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "roles": '"$1"'}]}'; }
agent_stop
rm -rf "$scene_state"
roles '[]'
agent_start "$other"
tenant_set reset -d '{}'
check 'a token without roles is handed out' as "$other" "$work/sasl_client" a@contoso.com localhost
roles '["SMTP.SendAsApp"]'
"$SE_STAGE/bin/sasl-entra" refresh relay > /dev/null 2>&1
has_roles() {
  "$SE_STAGE/bin/sasl-entra" token relay | cut -d. -f2 | tr '_-' '/+' |
    base64 -d 2> /dev/null | grep -q SMTP.SendAsApp
}
check '... and after a refresh one with the role that was granted meanwhile' has_roles

check 'no secret is in any log or process argument' no_secrets
finish

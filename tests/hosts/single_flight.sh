#!/bin/bash
# Fifty processes at once with an expired token: one request, fifty tokens; with the agent and
# without it. And what such a process has mapped.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent; do . "$lib/$part.sh"; done

# Any user that owns nothing of the agent's; Debian always has it.
other=mail

scene_begin
at_end standins_stop
at_end agent_stop
tenant_start
plugins=$work/plugins
mkdir "$plugins"
ln -s "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugins/"
cp "$top_builddir/tests/hosts/sasl_client" "$work/" 2> /dev/null ||
  bail "tests/hosts/sasl_client has not been built"

# as USER COMMAND... : nothing of root's environment, as a daemon has it.
as() {
  local user=$1
  shift
  setpriv --reuid "$user" --regid "$user" --init-groups \
    env -i PATH=/usr/bin:/bin LC_ALL=C SASL_PATH="$plugins" "$@"
}

client() { as "$other" "$work/sasl_client" "$@" localhost; }

# fifty : the clients of fifty login names at once; what they printed goes to $work/out.
fifty() {
  local number pids=()
  rm -rf "$work/out"
  mkdir "$work/out"
  for number in {01..50}; do
    client "sender$number@contoso.com" > "$work/out/$number" 2>&1 &
    pids+=($!)
  done
  wait "${pids[@]}"
  look_at_processes
}

successes() { cat "$work"/out/* | grep -c '^ok [0-9]'; }
failures() { cat "$work"/out/* | grep -v '^ok' | sort | uniq -c | head -n 3; }

fifty_succeed() {
  fifty
  [ "$(successes)" -eq 50 ] && return 0
  failures
  return 1
}

# Fetches a token that is over at once, then starts the fifty.
expired_then_fifty() {
  tenant_set reset -d '{}'
  token_lifetime 1
  check "$1: a first process gets a token" client first@contoso.com
  sleep 1.5
  token_lifetime 3600
  tenant_set reset -d '{}'
  check "$1: 50 processes at once with an expired token all succeed" fifty_succeed
  equal "$1: ... with exactly one token request" "$(token_requests)" 1
  diag "$1: 50 processes, $(token_requests) token request"
}

# --- with the agent -------------------------------------------------------------------------------

config_write "$(id -gn "$agent_user")"
agent_start "$other"
expired_then_fifty 'agent'

maps_have() { grep -q "$1" "$work/maps"; }
# Beside what the same program maps without our plugin there is the plugin, and nothing else.
only_the_plugin() {
  local more
  [ -s "$work/maps" ] || { echo "no memory map"; return 1; }
  more=$(comm -13 <(objects "$work/maps-without") <(objects "$work/maps"))
  same "$more" "$SE_STAGE/lib/sasl2/libsasl-entra.so"
}
objects() { grep -oE '/[^ ]*\.so[^ ]*$' "$1" | sort -u; }
fresh_maps() {
  rm -f "$work/maps"
  install -m 666 /dev/null "$work/maps"
}

mkdir "$work/no-plugins"
fresh_maps
as "$other" SASL_PATH="$work/no-plugins" "$work/sasl_client" --idle "$work/maps" > /dev/null
mv "$work/maps" "$work/maps-without"

fresh_maps
check 'a client of the agent logs in' client anna@contoso.com
as "$other" "$work/sasl_client" anna@contoso.com localhost "$work/maps" > /dev/null
check '... and has the plugin mapped' maps_have libsasl-entra.so
check '... and no library more than without it: no libcurl, libssl, json-c' only_the_plugin
for user in "$other" root; do
  fresh_maps
  check "a process of $user that never logs in runs" as "$user" "$work/sasl_client" --idle "$work/maps"
  check '... and has the plugin mapped' maps_have libsasl-entra.so
  check '... and no library more than without it: no libcurl, libssl, json-c' only_the_plugin
done
agent_stop

# --- without it, sharing a state directory, sealed ----------------------------------------------

shared=$work/state
install -d -m 700 -o "$other" -g "$other" "$shared"
config_write "$other"
sed -i "1i [defaults]\nstate_dir = $shared\nstate_key_file = $work/state.key\n" \
  "$scene_conf/sasl-entra.conf"
install -m 600 -o "$other" /dev/null "$work/state.key"
openssl rand -hex 32 > "$work/state.key"
rm -rf "$SE_STAGE/run"
expired_then_fifty 'in-process'
state_is_sealed() { grep -q '"sealed"' "$shared"/*.json && ! grep -q '"access_token"' "$shared"/*.json; }
check '... and what they share is sealed' state_is_sealed

# --- without a state directory ------------------------------------------------------------------

config_write "$other"
tenant_set reset -d '{}'
token_lifetime 1
check 'without a state directory an app-only login works' client first@contoso.com
sleep 1.2
tenant_set reset -d '{}'
check '... and 50 processes at once all succeed' fifty_succeed
equal '... each with a token request of its own' "$(token_requests)" 50

# --- the disk is full ---------------------------------------------------------------------------

install -d -m 755 "$work/full"
mount -t tmpfs -o size=16k,mode=700,uid="$(id -u "$other")" tmpfs "$work/full"
at_end umount "$work/full"
head -c 32768 /dev/zero > "$work/full/filler" 2> /dev/null
chmod 644 "$work/full/filler"
config_write "$other"
sed -i "1i [defaults]\nstate_dir = $work/full\n" "$scene_conf/sasl-entra.conf"
check 'with a full disk the token in hand is still used' client full@contoso.com
equal '... and nothing half-written stays' \
  "$(find "$work/full" -name '*.json*' -o -name '.*.json*' | wc -l)" 0

check 'no secret is in any log or process argument' no_secrets
finish

#!/bin/bash
# A private Postfix whose smtp(8) runs in its chroot, as Debian ships it; tokens come from the agent.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix postfix_memory postfix_cases; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"

tenant_start
submission_start exchange
secret_group=$(id -gn "$agent_user")
config_write "$secret_group"
plugin_path=$SE_STAGE/lib/sasl2
postfix_setup y "${submission_port[exchange]}"
# The agent makes run/sasl-entra in a queue directory; this prefix lies deeper than that.
mkdir -p "$postfix_queue$SE_STAGE"

source_start() { [ -n "$agent_pid" ] || agent_start "$postfix_group" "$postfix_queue$scene_socket"; }
source_forget() {
  agent_stop
  rm -rf "$scene_state"
}

case_no_agent() {
  case_begin
  agent_stop
  postfix_start
  send_mail "$sender"
  check 'without an agent the message is deferred' is_deferred
  diag "$(plugin_line)"
  check '... with a line that names the login name' plugin_says "$sender"
  check '... and the socket' plugin_says "$scene_socket"
  check '... and the chroot' plugin_says "the chroot $postfix_queue"
  check '... and the command that helps' plugin_says 'sasl-entrad --user sasl-entra --socket'
  check '... and the message is kept, not bounced' never_bounced 1
  source_start
  postfix_flush
  check 'when the agent is there, it is delivered at a flush' arrives 1
}

maps_have() { grep -q "$1" "$work/maps"; }

# What an smtp(8) that got its token from the agent has mapped, held open after the end of DATA.
case_maps() {
  case_begin
  submission_control exchange '{"message": {"delay": 2}}'
  postfix_start
  send_mail "$sender"
  wait_for 20 smtp_holds
  check 'an smtp(8) in a delivery is chrooted' same "$(readlink "/proc/$(smtp_pid)/root")" \
    "$postfix_queue"
  cat "/proc/$(smtp_pid)/maps" > "$work/maps"
  look_at_processes
  check '... has the plugin mapped' maps_have libsasl-entra.so
  check '... has no engine module mapped' fails maps_have engine.so
  check '... has no libcurl mapped' fails maps_have libcurl
  check '... has no json-c mapped' fails maps_have libjson-c
  smtp_core
  seek token "$("$SE_STAGE/bin/sasl-entra" token relay)"
  seek secret "$tenant_secret"
  check '... has the access token in its memory' core_has token
  check '... no oftener than is known, and no client secret' core_fits \
    'smtp(8) with agent, in a delivery' 'access token=token' 'client secret=secret'
  check '... and delivers' arrives 1
}

auths=$(lines "$work/exchange/auth.jsonl")
run_cases
case_no_agent
auths=$(lines "$work/exchange/auth.jsonl")
case_maps
check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# A private Postfix whose smtp(8) runs in its chroot, and no daemon of ours: Postfix's own master
# listens at private/sasl-entra, and spawn(8) starts the agent for each request.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant get_postfix postfix postfix_memory postfix_cases; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
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
printf '%s\n' "sasl-entra unix - n n - 50 spawn" \
  "    user=$agent_user argv=$SE_STAGE/sbin/sasl-entrad --inetd" >> "$work/postfix/master.cf"

source_start() {
  install -d -m 700 -o "$agent_user" -g "$(id -gn "$agent_user")" "$scene_state"
}
source_forget() { rm -rf "$scene_state"; }

no_daemon() { ! pgrep -f "^$SE_STAGE/sbin/sasl-entrad.*--socket" && [ ! -e "$scene_socket" ]; }

case_one_token() {
  local number names=()
  case_begin
  for number in {01..20}; do
    names+=("sender$number@contoso.com sender$number@contoso.com:placeholder")
  done
  passwords "${names[@]}"
  postfix_start
  for number in {01..20}; do send_mail "sender$number@contoso.com"; done
  look_at_processes
  check '20 messages are delivered' wait_for 90 arrived 20
  equal '... with one token request' "$(token_requests)" 1
  check '... with no daemon of ours' no_daemon
  equal '... and no word of trouble' "$(log_new | grep -c 'warning:.*\(smtp\|spawn\)')" 0
}

# What is said by the agent of one request reaches the log of smtp(8).
case_broken() {
  case_begin
  sed -i 's/^client_id /client_idd /' "$scene_conf/sasl-entra.conf"
  postfix_start
  send_mail "$sender"
  check 'with a broken configuration the message is deferred' is_deferred
  diag "$(plugin_line)"
  check '... and the mail log names file, line and key' plugin_says 'sasl-entra.conf:5: client_idd'
  config_write "$secret_group"
  postfix_flush
  check 'after it is corrected and a flush it is delivered' arrives 1
}

case_not_allowed() {
  case_begin
  config_write "$secret_group" 'allow              = nobody'
  postfix_start
  send_mail "$sender"
  check "with an allow that leaves out Postfix's user the message is deferred" is_deferred
  check '... in words' plugin_says 'may not use account relay'
  config_write "$secret_group" "allow              = $postfix_owner"
  postfix_flush
  check 'when allow names it, the message is delivered' arrives 1
  config_write "$secret_group"
}

case_memory() {
  case_begin
  auths=$(lines "$work/exchange/auth.jsonl")
  submission_control exchange '{"message": {"delay": 2}}'
  postfix_start
  send_mail "$sender"
  wait_for 20 smtp_holds
  check 'an smtp(8) in a delivery has no libcurl mapped' fails \
    grep -q libcurl "/proc/$(smtp_pid)/maps"
  smtp_core
  seek token "$(setpriv --reuid "$agent_user" --regid "$agent_user" --clear-groups \
    "$SE_STAGE/bin/sasl-entra" token relay 2> /dev/null)"
  seek secret "$tenant_secret"
  check '... has the access token in its memory' core_has token
  check '... no oftener than is known, and no client secret' core_fits \
    'smtp(8) with agent, in a delivery' 'access token=token' 'client secret=secret'
  check '... and delivers' arrives 1
}

case_delivery
case_memory
case_one_token
case_expired
case_wrong_secret
case_tenant_down_with_token
case_broken
case_not_allowed
check 'no secret is in any log, message or process argument' no_secrets
finish

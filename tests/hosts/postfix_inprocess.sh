#!/bin/bash
# A private Postfix whose smtp(8) keeps the root directory, without an agent: each smtp(8) loads the
# engine, and they share tokens in a state directory of Postfix's own.
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
secret_group=$postfix_group
config_write "$secret_group"
sed -i "1i [defaults]\nstate_dir          = $scene_state\n" "$scene_conf/sasl-entra.conf"
plugin_path=$SE_STAGE/lib/sasl2
postfix_setup n "${submission_port[exchange]}"

source_start() { install -d -m 700 -o "$postfix_owner" -g "$postfix_group" "$scene_state"; }
source_forget() { rm -rf "$scene_state"; }

case_memory() {
  case_begin
  auths=$(lines "$work/exchange/auth.jsonl")
  submission_control exchange '{"message": {"delay": 2}}'
  postfix_start
  send_mail "$sender"
  wait_for 20 smtp_holds
  smtp_core
  seek token "$(sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p' "$scene_state"/*.json)"
  seek secret "$tenant_secret"
  check 'an smtp(8) in a delivery has the access token in its memory' core_has token
  check '... no oftener than is known, and no client secret' core_fits \
    'smtp(8) with engine, in a delivery' 'access token=token' 'client secret=secret'
  check '... and delivers' arrives 1
}

# The agent is down, and smtp(8) tries what only the agent could have done.
case_no_agent() {
  case_begin
  mkdir -p "${scene_socket%/*}"
  secret_write root "$tenant_secret"
  postfix_start
  send_mail "$sender"
  check 'where the user postfix may not read the secret the message is deferred' is_deferred
  equal '... with one line that says why' "$(plugin_lines)" 1
  diag "$(plugin_line)"
  check '... first that there is no agent, and how to start it' plugin_says \
    "$sender: no agent at $scene_socket (No such file or directory; start it: systemctl enable --now sasl-entrad.socket), and without one: "
  check '... then what failed without one' plugin_says \
    "and without one: $scene_conf/contoso.secret cannot be opened by uid "
  equal '... which the tool explains in this order' "$("$SE_STAGE/bin/sasl-entra" explain --json "$(plugin_line)" |
    sed -n 's/.*"id": "\([^"]*\)".*/\1/p' | head -n 1)" no-agent
  check '... and the message is kept, not bounced' never_bounced 1
  secret_write "$secret_group" "$tenant_secret"
  postfix_flush
  check 'after the file is readable and a flush it is delivered' arrives 1
}

run_cases
case_no_agent
case_memory
check 'no secret is in any log, message or process argument' no_secrets
finish

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

run_cases
case_memory
check 'no secret is in any log, message or process argument' no_secrets
finish

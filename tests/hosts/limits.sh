#!/bin/bash
# What sasl-entra cannot stop, shown with a real Postfix, so that doc/internals/threats.md says what
# is so: a certificate that Postfix was not told to look at, and a Postfix that is told to log all.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix postfix_cases; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null

tenant_start
submission_start exchange
secret_group=$(id -gn "$agent_user")
config_write "$secret_group"
plugin_path=$SE_STAGE/lib/sasl2
postfix_setup y "${submission_port[exchange]}"
mkdir -p "$postfix_queue$SE_STAGE"

source_start() { [ -n "$agent_pid" ] || agent_start "$postfix_group" "$postfix_queue$scene_socket"; }
source_forget() {
  agent_stop
  rm -rf "$scene_state"
}

# An impostor: the right name, and a certificate that no authority of Postfix's has signed.
case_certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost \
    -addext 'subjectAltName = DNS:localhost' -keyout "$work/impostor.key" \
    -out "$work/impostor.pem" 2> /dev/null
  case_begin
  submission_start impostor --cert "$work/impostor.pem" --key "$work/impostor.key"
  postfix_set "relayhost = [localhost]:${submission_port[impostor]}"
  postfix_start
  send_mail "$sender"
  check 'with smtp_tls_security_level = secure an impostor gets no mail' is_deferred
  equal '... and no token' "$(lines "$work/impostor/auth.jsonl")" 0
  postfix_stop
  postfix_set 'smtp_tls_security_level = encrypt'
  postfix_start
  postfix_flush
  check 'with encrypt he gets the token: Postfix does not tell a plugin about TLS' \
    wait_for 30 grep -q '"mechanism": *"XOAUTH2"' "$work/impostor/auth.jsonl"
  postfix_stop
  submission_stop impostor
  postfix_set "relayhost = [localhost]:${submission_port[exchange]}" \
    'smtp_tls_security_level = secure'
}

# By their beginnings: Postfix cuts lines that long.
token_logged() {
  awk 'length >= 1000 {print substr($0, 1, 600)}' "$work/tenant/secrets.txt" > "$work/tokens"
  [ -s "$work/tokens" ] && grep -qaFf "$work/tokens" "$postfix_log"
}

case_verbose() {
  case_begin
  postfix_start
  send_mail "$sender"
  check 'a message is delivered' arrives 1
  check '... and its token is in no log' fails token_logged
  postfix_stop
  sed -i 's/^\(smtp  *unix .*\) smtp$/\1 smtp -v/' "$work/postfix/master.cf"
  postfix_start
  send_mail "$sender"
  check 'by smtp -v another one is' arrives 2
  check '... and Postfix itself has logged its token' token_logged
  postfix_stop
  rm -f "$postfix_log" "$work/tokens"
}

case_certificate
case_verbose
finish

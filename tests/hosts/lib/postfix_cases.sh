# shellcheck shell=bash
# postfix_cases: what a Postfix that relays through Exchange must do, whichever way its smtp(8)
# gets tokens. The test that runs them says which, by two functions:
#   source_start   the source of tokens is there (the agent, or nothing to start)
#   source_forget  it has no token any more, neither in memory nor in a file
# and $secret_group, the group that may read the client secret.

sender=scanner@contoso.com

# case_begin [LIFETIME] : nothing queued, no token anywhere, all as it should be; Postfix stopped.
case_begin() {
  postfix_stop
  postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  tenant_set reset -d '{}'
  token_lifetime "${1-3600}"
  secret_write "$secret_group" "$tenant_secret"
  submission_control exchange '{}'
  mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
  passwords "$sender $sender:placeholder"
  source_forget
  source_start
  had=$(delivered exchange)
  mark
}

arrived() { [ "$(delivered exchange)" -ge $((had + $1)) ]; }
arrives() { wait_for 30 arrived "$1"; }
is_deferred() { wait_for 30 log_has 'status=deferred'; }

never_bounced() {
  ! log_has 'status=bounced' && [ "$(postfix_queued | wc -l)" -eq "$1" ]
}

# The line that Postfix logs with the plugin's own text.
plugin_line() { log_new | grep 'SASL authentication failure: ' | head -n 1; }
plugin_says() {
  plugin_line | grep -qF -- "$1" && return 0
  plugin_line
  return 1
}
plugin_lines() { log_count 'SASL authentication failure: '; }

# Faults of the cases below: a wrong secret, a tenant that is down twice, a server that refuses, one
# that may not have the token.
run_cases() {
  local failed=$tap_failed
  case_delivery
  case_many_senders
  case_expired
  case_wrong_secret
  case_tenant_down_with_token
  case_tenant_down_without_token
  case_refused_by_server
  case_other_server
  figure 'messages while the tenant or the server fails: none lost, none bounced' injected=5 \
    survived=$((5 - tap_failed + failed)) load="$(delivered exchange)"
}

case_delivery() {
  case_begin
  postfix_start
  send_mail "$sender"
  check 'a message is delivered' arrives 1 || {
    diag "$(log_new | tail -n 20)"
    bail 'without that, nothing else is worth a try'
  }
  check '... with XOAUTH2, as the login name' \
    grep -q '"user": *"'$sender'".*"mechanism": *"XOAUTH2"' "$work/exchange/deliveries.jsonl"
  wait_for 10 log_has 'status=sent (250'
  check '... which Postfix logs with the 250' log_has 'status=sent (250'
  equal '... with one token request' "$(token_requests)" 1
  equal '... and no word of trouble' "$(log_new | grep -c 'smtp.*warning:')" 0
}

# 200 login names of one registration through 20 smtp(8) processes that all start with nothing.
case_many_senders() {
  local number names=() processes from
  case_begin
  for number in {001..200}; do
    names+=("sender$number@contoso.com sender$number@contoso.com:placeholder")
  done
  passwords "${names[@]}"
  for number in {001..200}; do send_mail "sender$number@contoso.com"; done
  tenant_set fault -d '{"match": {"path": "/token"}, "action": {"delay": 1}, "count": -1}'
  from=${EPOCHREALTIME/./}
  postfix_start
  wait_for 10 pgrep -g "$(postfix_master)" -x smtp
  look_at_processes
  check '200 messages of 200 senders are delivered' wait_for 90 arrived 200
  processes=$(log_new | sed -n 's/.*postfix\/smtp\[\([0-9]*\)\].*status=sent.*/\1/p' | sort -u | wc -l)
  diag "200 messages, $processes smtp(8) processes, $(token_requests) token requests," \
    "$(((${EPOCHREALTIME/./} - from) / 1000)) ms"
  check '... by 20 smtp(8) processes or more' at_least "$processes" 20
  equal '... each with its own login name' "$(tail -n 200 "$work/exchange/deliveries.jsonl" |
    sed 's/.*"user": *"\([^"]*\)".*/\1/' | sort -u | wc -l)" 200
  equal '... with exactly one token request' "$(token_requests)" 1
}

case_expired() {
  local number names=() expired
  case_begin 4
  for number in {01..20}; do
    names+=("sender$number@contoso.com sender$number@contoso.com:placeholder")
  done
  passwords "$sender $sender:placeholder" "${names[@]}"
  postfix_start
  send_mail "$sender"
  check 'a message goes with a token that lives for 4 seconds' arrives 1
  expired=$((${EPOCHREALTIME/./} + 4000000))
  equal '... with one token request' "$(token_requests)" 1
  token_lifetime 3600
  wait_for 10 is_past $expired
  for number in {01..20}; do send_mail "sender$number@contoso.com"; done
  check 'after it has expired 20 more go' wait_for 60 arrived 21
  equal '... with exactly one more token request' "$(token_requests)" 2
}

is_past() { [ "${EPOCHREALTIME/./}" -ge "$1" ]; }

case_wrong_secret() {
  case_begin
  secret_write "$secret_group" 'WRONG~secret+&%=value'
  postfix_start
  send_mail "$sender"
  check 'with a wrong client secret the message is deferred' is_deferred
  equal '... with one line that says why' "$(plugin_lines)" 1
  diag "$(plugin_line)"
  check '... names the login name' plugin_says "$sender"
  check '... and the AADSTS number' plugin_says AADSTS7000215
  check '... in plain words' plugin_says 'client secret'
  check '... and the file to correct' plugin_says "$scene_conf/contoso.secret"
  check '... and the message is kept, not bounced' never_bounced 1
  secret_write "$secret_group" "$tenant_secret"
  postfix_flush
  check 'after the file is corrected and a flush it is delivered' arrives 1
}

case_tenant_down_with_token() {
  local number
  case_begin
  postfix_start
  send_mail "$sender"
  check 'a first message fetches a token' arrives 1
  equal '... with one token request' "$(token_requests)" 1
  postfix_stop
  tenant_stop
  postfix_start
  # Exchange takes no more than three connections of a mailbox at once.
  for number in 1 2 3; do send_mail "$sender" "number $number"; done
  check 'while the tenant is down and the token is valid, mail flows' arrives 4
  equal '... with no word of trouble' "$(plugin_lines)" 0
  tenant_start
}

case_tenant_down_without_token() {
  case_begin
  tenant_stop
  postfix_start
  send_mail "$sender"
  check 'without a token, and the tenant down, the message is deferred' is_deferred
  diag "$(plugin_line)"
  check '... with a line that names the login name' plugin_says "$sender"
  check '... and the message is kept, not bounced' never_bounced 1
  tenant_start
  check 'when the tenant is back it is delivered at a flush' wait_for 60 flush_delivers
}

# A queue run may come while the source still waits before it asks again.
flush_delivers() {
  postfix_flush
  wait_for 1 arrived 1
}

case_refused_by_server() {
  case_begin
  mailboxes exchange '{"*@contoso.com": {"apps": ["*"], "smtp_auth_disabled": true}}'
  postfix_start
  send_mail "$sender"
  check 'with a 535 the message is deferred' is_deferred
  diag "$(log_new | grep -F '535 ' | head -n 1)"
  check "... with the server's own text" log_has '535 5.7.139 Authentication unsuccessful'
  check '... and the message is kept, not bounced' never_bounced 1
  mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
  postfix_flush
  check 'when the server lets the mailbox in, it is delivered at a flush' arrives 1
}

# A relayhost that no account names: it would get the token if the plugin did not look.
case_other_server() {
  case_begin
  submission_start elsewhere
  postfix_set "relayhost = [127.0.0.1]:${submission_port[elsewhere]}" \
    'smtp_tls_security_level = encrypt'
  postfix_start
  send_mail "$sender"
  check 'with a relayhost that is not in servers the message is deferred' is_deferred
  diag "$(plugin_line)"
  check '... with a line that names the host' plugin_says 127.0.0.1
  check '... and the key to look at' plugin_says servers
  check '... and the login name' plugin_says "$sender"
  check '... and the message is kept, not bounced' never_bounced 1
  equal '... and that server was sent no token' "$(lines "$work/elsewhere/auth.jsonl")" 0
  submission_stop elsewhere
  postfix_set "relayhost = [localhost]:${submission_port[exchange]}" \
    'smtp_tls_security_level = secure'
}

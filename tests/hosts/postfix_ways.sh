#!/bin/bash
# The ways in which a Postfix can be set up to relay with OAuth, one after the other, with a chrooted
# client and the agent: TLS from the first byte, LMTP, senders of several tenants, one connection for
# many messages, two instances, and servers that nobody here wrote.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent dovecot guide get_postfix postfix postfix_cases; do . "$lib/$part.sh"; done

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
mkdir -p "$postfix_queue$SE_STAGE"
main_cf=$(cat "$work/postfix/main.cf")

more_sockets=()
source_start() {
  [ -n "$agent_pid" ] || agent_start "$postfix_group" "$postfix_queue$scene_socket" "${more_sockets[@]}"
}
source_forget() {
  agent_stop
  rm -rf "$scene_state"
}

# set_up LINE... : main.cf as it was at the start, and these.
set_up() {
  printf '%s\n' "$main_cf" > "$work/postfix/main.cf"
  [ $# -eq 0 ] || postfix_set "$@"
}

# --- as the guide says --------------------------------------------------------------------------------

case_begin
guide_block postfix.md main.cf | guide_here |
  sed -e "s#hash:/etc/postfix/#texthash:$work/postfix/#" -e "/_CAfile/d" > "$work/guide.cf"
printf '%s\n' "$main_cf" | grep -v '^relayhost\|^smtp_sasl\|^smtp_tls_security\|^smtp_sender_dep' \
  > "$work/postfix/main.cf"
cat "$work/guide.cf" >> "$work/postfix/main.cf"
mapfile -t guide_lines < <(guide_block postfix.md sasl_passwd | guide_here)
passwords "${guide_lines[@]}"
postfix_start
send_mail "$sender"
check "with the guide's own lines a message is delivered" arrives 1

# as_guided INFO FILE : a block of the guide, in a file of the configuration; tables as text.
as_guided() {
  guide_block postfix.md "$1" | guide_here | sed -e "s#hash:/etc/postfix/#texthash:$work/postfix/#" \
    -e "s/smtp\.example\.net\(\]*\):587/localhost\1:${submission_port[shop]-0}/" >> "$2"
  touch -d '1 hour ago' "$2"
}

# Exchange takes a message only from the mailbox itself.
case_begin
set_up
passwords "[localhost]:${submission_port[exchange]} $sender:placeholder"
postfix_start
send_mail root@host.contoso.com
check 'a message of root@host is refused' wait_for 30 log_has '5.2.252 SendAsDenied'
postfix_stop
had=$(delivered exchange)
as_guided main.cf-generic "$work/postfix/main.cf"
as_guided generic "$work/postfix/generic"
postfix_start
send_mail root@host.contoso.com
check "... and taken with the guide's generic map" arrives 1
postfix_stop

# --- beside another provider's app password -----------------------------------------------------------

case_begin
echo '{"shop": "app-password"}' > "$work/users.json"
submission_start shop --mode google --mechs 'LOGIN PLAIN XOAUTH2' --users "$work/users.json"
set_up "import_environment = $(postfix_run sbin/postconf -h import_environment |
  sed "s#SASL_PATH=#&$(dirname "$(find /usr/lib -name libplain.so -path '*sasl2*' | head -n 1)"):#")"
sed -i '/^relayhost\|^smtp_sasl_mech\|^smtp_sender_dep/d' "$work/postfix/main.cf"
as_guided main.cf-beside "$work/postfix/main.cf"
cp "$work/postfix/master.cf" "$work/master.cf"
as_guided master.cf "$work/postfix/master.cf"
as_guided transports "$work/postfix/transports"
: > "$work/postfix/sasl_passwd"
as_guided sasl_passwd-beside "$work/postfix/sasl_passwd"
postfix_start
send_mail "$sender" 'by exchange'
send_mail shop@example.net 'by the shop'
check 'beside a provider with an app password: Exchange gets its message' arrives 1
check '... by XOAUTH2' grep -q '"mechanism": *"XOAUTH2"' "$work/exchange/deliveries.jsonl"
check '... and the provider its own' wait_for 30 has_delivered shop 1
check '... by the password, although it offers XOAUTH2 too' \
  grep -q '"mechanism": *"PLAIN"\|"mechanism": *"LOGIN"' "$work/shop/auth.jsonl"
postfix_stop
mv "$work/master.cf" "$work/postfix/master.cf"
submission_stop shop

# --- TLS from the first byte ------------------------------------------------------------------------

case_begin
submission_start wrapper --wrapper
mailboxes wrapper '{"*@contoso.com": {"apps": ["*"]}}'
set_up "relayhost = [localhost]:${submission_port[wrapper]}" 'smtp_tls_wrappermode = yes'
had=0
postfix_start
send_mail "$sender"
check 'wrapper mode: a message is delivered' wait_for 30 has_delivered wrapper 1
submission_stop wrapper

# --- lmtp(8) ----------------------------------------------------------------------------------------

case_begin
set_up 'relayhost =' "default_transport = lmtp:[localhost]:${submission_port[exchange]}" \
  'lmtp_host_lookup = native' 'lmtp_sasl_auth_enable = yes' 'lmtp_sasl_mechanism_filter = xoauth2' \
  "lmtp_sasl_password_maps = static:$sender:placeholder" \
  'lmtp_tls_security_level = secure' "lmtp_tls_CAfile = $work/tenant/ca.pem"
postfix_start
send_mail "$sender"
check 'lmtp(8): a message is delivered' arrives 1
check '... with XOAUTH2' grep -q "lmtp.*status=sent" "$postfix_log"

# --- three accounts in two tenants --------------------------------------------------------------------

tenant_set apps -d '{"tenants": [{"id": "bbbbcccc-1111-dddd-2222-eeee3333ffff", "name": "Fabrikam",
    "domains": ["fabrikam.com", "fabrikam.onmicrosoft.com"]}],
  "apps": [{"client_id": "77770000-1111-2222-3333-444455556666", "name": "relay of fabrikam",
    "tenant": "bbbbcccc-1111-dddd-2222-eeee3333ffff", "object_id": "77770000-aaaa-bbbb-cccc-444455556666",
    "roles": ["SMTP.SendAsApp"], "secrets": [{"value": "Fabrikams~secret/+value=1"}]}]}'
echo 'Fabrikams~secret/+value=1' >> "$work/secrets"
install -m 640 -o root -g "$secret_group" /dev/null "$scene_conf/fabrikam.secret"
echo 'Fabrikams~secret/+value=1' > "$scene_conf/fabrikam.secret"
person=anna@contoso.com
senders=(alerts@contoso.com orders@fabrikam.com "$person")
case_begin
set_up
{
  printf '%s\n' '[account fabrikam]' 'match = *@fabrikam.com' 'tenant = fabrikam.onmicrosoft.com' \
    'client_id = 77770000-1111-2222-3333-444455556666' 'credential = secret' \
    "client_secret_file = $scene_conf/fabrikam.secret" 'servers = localhost' \
    "authority = $tenant_authority" "ca_file = $scene_conf/ca.pem"
  printf '%s\n' '[account anna]' 'match = anna@contoso.com' 'tenant = contoso.onmicrosoft.com' \
    'client_id = 55556666-dddd-7777-eeee-8888ffff9999' 'servers = localhost' \
    "authority = $tenant_authority" "ca_file = $scene_conf/ca.pem"
} >> "$scene_conf/sasl-entra.conf"
agent_stop
install -d -m 700 -o "$agent_user" -g "$secret_group" "$scene_state"
tenant_control 'mint_refresh_token?only=refresh_token' -d '{"client_id":
  "55556666-dddd-7777-eeee-8888ffff9999", "upn": "anna@contoso.com", "scope":
  "https://outlook.office.com/SMTP.Send offline_access"}' |
  "$SE_STAGE/bin/sasl-entra" import token anna@contoso.com >> "$work/log/import" 2>&1
equal 'the sign-in of a person is imported' $? 0
source_start
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}, "*@fabrikam.com": {"apps": ["*"]},
  "anna@contoso.com": {}}'
sed -i '/^smtp_sender_dep/d' "$work/postfix/main.cf"
as_guided main.cf-senders "$work/postfix/main.cf"
echo "$person $person:placeholder" > "$work/postfix/sasl_passwd"
as_guided sasl_passwd-senders "$work/postfix/sasl_passwd"
postfix_start
for name in "${senders[@]}"; do send_mail "$name"; done
check 'three senders, two tenants, an app each and a person: all is delivered' arrives 3
for name in "${senders[@]}"; do
  check "... as $name" grep -q '"user": *"'"$name"'"' "$work/exchange/deliveries.jsonl"
done
equal '... with two apps and a person' "$(tail -n 3 "$work/exchange/auth.jsonl" |
  grep -o '"token": *"[^"]*"\|"fingerprint": *"[^"]*"' | sort -u | wc -l)" 3
config_write "$secret_group"

# --- tokens that the server refuses ------------------------------------------------------------------

# refused NAME REPLY : a message waits, the server's reply is quoted; nothing bounces.
refused() {
  postfix_start
  send_mail "$sender"
  check "$1: the message is deferred" is_deferred
  check "... with the server's reply" log_has "$2"
  check '... and kept' never_bounced 1
  postfix_stop
}
case_begin
set_up
config_write "$secret_group" 'scope = https://graph.microsoft.com/.default'
agent_stop
source_start
refused 'a token for something else (Graph)' '535 5.7.3'
check "... and the agent's log says what is wrong with it" grep -q \
  "$sender: the access token is for https://graph.microsoft.com and not for a mail server" "$work/log/agent"
config_write "$secret_group"
case_begin
submission_control exchange '{"clock_offset": 7200}'
refused 'a token that is over for the server, whose clock is ahead' '535 5.7.3'
submission_control exchange '{}'
case_begin
tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "disabled": true}]}'
mark
postfix_start
send_mail "$sender"
check 'an app that was disabled: the message is deferred' is_deferred
diag "$(plugin_line)"
check '... and the mail log names login name and cause' plugin_says AADSTS7000112
tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "disabled": false}]}'
postfix_stop

# --- many messages on one connection ----------------------------------------------------------------

case_begin
set_up 'smtp_connection_reuse_count_limit = 100' 'smtp_connection_cache_destinations = localhost' \
  'smtp_destination_concurrency_limit = 1' 'initial_destination_concurrency = 1' \
  "smtp_sasl_password_maps = static:$sender:placeholder" 'smtp_sender_dependent_authentication = no' \
  'smtp_tls_connection_reuse = yes'
auths=$(lines "$work/exchange/auth.jsonl")
for number in {1..20}; do send_mail "$sender" "number $number"; done
postfix_start
check '20 messages by few connections are delivered' arrives 20
logins=$(($(lines "$work/exchange/auth.jsonl") - auths))
diag "20 messages, $logins logins"
check '... with fewer logins than messages' test "$logins" -ge 1 -a "$logins" -lt 20

# --- two instances ------------------------------------------------------------------------------------

# As `postmulti -e create` leaves it: its own configuration, queue and data, the same programs.
case_begin
set_up
second=$work/postfix-second second_queue=$work/queue-second
cp -a "$work/postfix" "$second"
mkdir -p "$second_queue$SE_STAGE"
cp -a "$postfix_queue/etc" "$second_queue/"
[ ! -d "$postfix_queue/lib" ] || cp -a "$postfix_queue/lib" "$second_queue/"
install -d -m 700 -o "$postfix_owner" "$work/data-second"
sed -i -e "s#^queue_directory .*#queue_directory = $second_queue#" \
  -e "s#^data_directory .*#data_directory = $work/data-second#" \
  -e "s#^maillog_file .*#maillog_file = $work/log/mail-second#" "$second/main.cf"
printf '%s\n' 'multi_instance_enable = yes' 'multi_instance_name = postfix-second' >> "$second/main.cf"
printf '%s\n' "multi_instance_directories = $second" 'multi_instance_enable = yes' \
  "multi_instance_wrapper = $(postfix_program sbin/postmulti) -p --" >> "$work/postfix/main.cf"
# postmulti insists on the default place of the first instance's configuration: here it is that,
# for nobody else. (Where Postfix is only unpacked, that place is in a copy of /etc.)
postmulti() {
  unshare -m sh -c 'mount --make-rprivate / && { [ -d /etc/postfix ] ||
      { cp -a /etc "$2" && mkdir "$2/postfix" && mount --bind "$2" /etc; }; } &&
    mount --bind "$1" /etc/postfix && shift 2 && exec timeout 60 "$@"' \
    sh "$work/postfix" "$work/etc" "$(postfix_program sbin/postmulti)" "$@"
}
cp -a "$postfix_root"/etc/postfix/dynamicmaps.cf* "$postfix_root"/etc/postfix/postfix-files* \
  "$work/postfix/" 2>> "$work/log/postmulti"
check 'postmulti knows two instances' same "$(postmulti -l | awk '{print $1}' | tr '\n' ' ')" \
  '- postfix-second '
more_sockets=("$second_queue$scene_socket")
source_forget
source_start
check '... and starts them' postmulti -p start
second_stop() {
  local first=$postfix_queue
  postfix_queue=$second_queue
  postfix_stop
  postfix_queue=$first
}
at_end second_stop
send_mail "$sender" 'by the first'
printf 'From: %s\nSubject: by the second\n\nA test.\n' "$sender" |
  timeout 30 "$(postfix_program sbin/sendmail)" -C "$second" -f "$sender" recipient@fabrikam.com
check 'each delivers a message' arrives 2
check '... the second by its own smtp(8)' wait_for 10 grep -q 'smtp.*status=sent' "$work/log/mail-second"
equal '... with one token request' "$(token_requests)" 1
second_stop

# --- a server that nobody here wrote ------------------------------------------------------------------

# Dovecot's submission server hands on to a program of Postfix's that takes all mail.
case_begin
dovecot_mechanisms='plain login xoauth2 oauthbearer'
dovecot_relay_port=$(free_port)
sink_start() {
  mkdir -p "$work/sink"
  chown "$postfix_owner" "$work/sink"
  "$(postfix_program sbin/smtp-sink)" -u "$postfix_owner" -R "$work/sink" -d m. \
    "127.0.0.1:$dovecot_relay_port" 100 > "$work/log/sink" 2>&1 &
  sink_pid=$!
}
sink_stop() { end_process "$sink_pid"; }
sink_has() { [ "$(find "$work/sink" -type f | wc -l)" -ge "$1" ]; }
at_end sink_stop
at_end dovecot_stop
sink_start
dovecot_setup "$sender" nothing
dovecot_start
set_up "relayhost = [localhost]:$dovecot_submission_port"
imap_mark
postfix_start
send_mail "$sender"
check 'Dovecot, XOAUTH2: a message is handed on' wait_for 30 sink_has 1
equal '...' "$(imap_method)" XOAUTH2
postfix_stop
set_up "relayhost = [localhost]:$dovecot_submission_port" 'smtp_sasl_mechanism_filter = oauthbearer'
imap_mark
postfix_start
send_mail "$sender"
check 'Dovecot, OAUTHBEARER: a message is handed on' wait_for 30 sink_has 2
equal '...' "$(imap_method)" OAUTHBEARER
postfix_stop

# Its refusal is a challenge with a reason in it, 334, then 535.
mv "$work/dovecot/keys" "$work/dovecot/no-keys"
dovecot_restart
for mechanism in xoauth2 oauthbearer; do
  postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  set_up "relayhost = [localhost]:$dovecot_submission_port" "smtp_sasl_mechanism_filter = $mechanism"
  mark
  postfix_start
  send_mail "$sender"
  check "Dovecot refuses by $mechanism: the message is deferred" is_deferred
  diag "$(log_new | grep -F 'status=deferred' | head -n 1)"
  check "... with the server's own 535" log_has '535 5.7.8'
  check '... and what its challenge said is in the log' log_has 'the server refused the access token'
  postfix_stop
done

check 'no secret is in any log, message or process argument' no_secrets
finish

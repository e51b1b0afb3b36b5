#!/bin/bash
# The demonstration: a relay that was set up for sasl-xoauth2, with 500 messages in its queue, is taken
# over; then what goes wrong at Microsoft's end goes wrong, one thing after the other, doctor names it,
# and what doctor prints is typed. At the end 500 messages are delivered, each once, and none bounced.
# With SE_TRANSCRIPT=FILE, what an administrator saw is written there: doc/guide/demonstration.md.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix operator; do . "$lib/$part.sh"; done

messages=500 batch=40
mailbox=anna@contoso.com
object_id=11112222-bbbb-3333-cccc-4444dddd5555 # of the enterprise application
wrong_object_id=99998888-7777-6666-5555-444433332222

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"
plugin_path=$work/sasl2
mkdir "$plugin_path"
cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugin_path/"

tenant_start
submission_start exchange
operator_begin

# --- what was there before ------------------------------------------------------------------------

# The old plugin's file, its configuration, a person's token file in the jail, as its manual says.
old_world() {
  local token
  cp "$top_builddir"/tests/guest/.libs/foreign_xoauth2.so "$plugin_path/libsasl-xoauth2.so"
  token=$(tenant_control 'mint_refresh_token?only=refresh_token' -d '{"client_id":
    "55556666-dddd-7777-eeee-8888ffff9999", "upn": "'$mailbox'", "issued_ago": 0,
    "scope": "https://outlook.office.com/SMTP.Send offline_access"}')
  echo "$token" >> "$work/secrets"
  cat > "$work/sasl-xoauth2.conf" << END
{
  "client_id": "55556666-dddd-7777-eeee-8888ffff9999",
  "client_secret": "",
  "token_endpoint": "$tenant_authority/contoso.onmicrosoft.com/oauth2/v2.0/token",
  "ca_bundle_file": "$work/tenant/ca.pem",
  "log_full_trace_on_failure": "yes"
}
END
  mkdir -p "$postfix_queue/etc/tokens"
  cat > "$postfix_queue/etc/tokens/$mailbox" << END
{
  "access_token" : "an-old-one",
  "expiry" : "1700000000",
  "refresh_token" : "$token"
}
END
  chown -R "$postfix_owner" "$postfix_queue/etc/tokens"
  chmod 600 "$postfix_queue/etc/tokens/$mailbox"
  passwords "[localhost]:${submission_port[exchange]} $mailbox:/etc/tokens/$mailbox"
}

sender_of_all=$mailbox
fill_queue() {
  local number
  for ((number = 1; number <= messages; number++)); do
    send_mail "$sender_of_all" "message $number"
  done
}

# --- the mail that flows --------------------------------------------------------------------------

# What is queued is held; a step lets so many go.
hold_all() { postfix_run sbin/postsuper -h ALL >> "$work/log/postfix" 2>&1; }
released=0
release() {
  local ids
  mapfile -t ids < <(postfix_run sbin/postqueue -j 2>> "$work/log/sendmail" |
    "$PYTHON" -c 'import json, sys
held = [entry["queue_id"] for entry in map(json.loads, sys.stdin) if entry["queue_name"] == "hold"]
print("".join(name + "\n" for name in held[:int(sys.argv[1])]), end="")' "$1")
  released=$((released + ${#ids[@]}))
  printf '%s\n' "${ids[@]}" | postfix_run sbin/postsuper -H - >> "$work/log/postfix" 2>&1
  postfix_flush
}

flows() { wait_for 90 all_released; }
all_released() {
  [ "$(delivered exchange)" -ge $released ] && return 0
  postfix_flush
  sleep 1
  return 1
}
waits_in_queue() { wait_for 40 log_has 'status=deferred'; }

# doctor_of ARGUMENT... : for the transcript, and for the checks.
doctor_of() {
  shown doctor "$@" > /dev/null
  doctor "$@"
}

# --- the steps ------------------------------------------------------------------------------------

step_import() {
  told '# The relay was set up for sasl-xoauth2; 500 messages wait. What would be taken over?'
  check 'import says what it would do' shown import sasl-xoauth2 --conf "$work/sasl-xoauth2.conf" \
    "--postfix=$work/postfix"
  check '... and changes nothing' test -e "$plugin_path/libsasl-xoauth2.so"
  check 'import --apply' shown import sasl-xoauth2 --conf "$work/sasl-xoauth2.conf" \
    "--postfix=$work/postfix" --apply
  check '... moves the old plugin aside' test ! -e "$plugin_path/libsasl-xoauth2.so"
  typed "sasl-entrad --user $agent_user --socket $scene_socket,$postfix_group" \
    "--socket $postfix_queue$scene_socket,$postfix_group &"
  agent_start "$postfix_group" "$postfix_queue$scene_socket"
  release $batch
  check '... and mail flows' flows || diag "$(log_new | tail -n 5)"
}

# From a person's sign-in to an app with a certificate of its own: what setup prints is done, but for one
# mistake that everybody makes once.
step_setup() {
  told '# From the sign-in of a person to an app with a certificate'
  check 'setup makes the account an app with a certificate' shown setup --non-interactive --yes --no-doctor \
    --label anna --sign-in app --credential certificate --client-id $tenant_app --tenant contoso.onmicrosoft.com \
    --match $mailbox --servers localhost --authority "$tenant_authority" --ca-file "$scene_conf/ca.pem"
  cp "$work/log/shown" "$work/steps"
  check '... the portal takes the certificate' portal_uploads "$scene_conf/anna.pem"
  told '# The administrator of Exchange takes the object id of the app registration: the classic mistake'
  check '... and the PowerShell that it prints is typed, with a wrong object id' exchange_types \
    "$(sed "s/^ *\\\$id = .*/\$id = \"$wrong_object_id\"/" "$work/steps")"
  check '... and the agent has been told' grep -q '^The agent has been told' "$work/steps"
}

# broken WHAT ID WORDS : doctor names it, in those words.
broken() {
  doctor_of $mailbox "--postfix=$work/postfix" "--server=localhost:${submission_port[exchange]}"
  check "$1: doctor says $2" doctor_names "$2" "${@:4}"
  check "... in words: $3" doctor_says "$2" "$3"
}

mended() {
  doctor_of $mailbox "--postfix=$work/postfix" "--server=localhost:${submission_port[exchange]}"
  check '... which doctor sees' same "$(doctor_ids problem)" ''
  check '... the printed command lets what waits go' here_types "$(doctor_fix postfix-queue)"
  release $batch
  check '... and mail flows' flows || diag "$(log_new | tail -n 5)"
}

# An smtp(8) remembers its last token for a minute.
waits() {
  postfix_run sbin/postfix reload >> "$work/log/postfix" 2>&1
  mark
  release 5
  check '... mail waits, and is not bounced' waits_in_queue
}

step_object_id() {
  waits
  broken 'wrong object id' server-login 'object id'
  check '... the printed PowerShell is typed' exchange_types "$(doctor_fix server-login)"
  mended
}

step_audience() {
  told '# A scope that was copied from somewhere: a token for Microsoft Graph'
  sed -i "/^\[account anna\]/a scope = https://graph.microsoft.com/.default" "$scene_conf/sasl-entra.conf"
  reload_agent
  waits
  broken 'wrong audience' token-audience 'graph.microsoft.com'
  check '... the printed commands are typed' reloads here_types "$(doctor_fix token-audience)"
  mended
}

step_smtp_auth() {
  told '# Somebody switches SMTP AUTH off for the mailbox'
  exchange_types "Set-CASMailbox -Identity $mailbox -SmtpClientAuthenticationDisabled \$true"
  waits
  broken 'SMTP AUTH off' server-login 'SMTP AUTH is off'
  check '... the printed PowerShell is typed' exchange_types "$(doctor_fix server-login)"
  mended
}

step_certificate() {
  told '# Two years later: the certificate has expired'
  token_lifetime 5
  tool refresh $mailbox > /dev/null 2>&1
  expire_certificate
  reload_agent
  sleep 6 # until the token has
  waits
  broken 'expired certificate' certificate-end 'expired'
  token_lifetime 3600
  check '... the printed commands are typed' renew_certificate "$(doctor_fix certificate-end)"
  mended
}

# A certificate that has ended, in the file and with the app.
expire_certificate() {
  "$PYTHON" - "$scene_conf/anna.pem" << 'END'
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anna")])
ended = datetime.datetime.utcnow() - datetime.timedelta(days=1)
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(1).not_valid_before(ended - datetime.timedelta(days=730)).not_valid_after(ended)
               .sign(key, hashes.SHA256()))
with open(sys.argv[1], "r+b") as file:
    file.truncate()
    file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    file.write(certificate.public_bytes(serialization.Encoding.PEM))
END
  portal_uploads "$scene_conf/anna.pem"
}

# certificate new, the upload, try, activate: as printed.
renew_certificate() {
  local line
  while read -r line; do
    [[ $line = sasl-entra* ]] || continue
    # shellcheck disable=SC2086  # words
    shown ${line#sasl-entra } || return 1
    if [[ $line = *' new '* ]]; then portal_uploads "$scene_conf/anna.pem.new"; fi
  done < <(commands_of "$1")
}

step_outage() {
  told '# The tenant cannot be reached for a while, with tokens of ten seconds'
  postfix_run sbin/postfix reload >> "$work/log/postfix" 2>&1
  token_lifetime 10
  tool refresh $mailbox > /dev/null
  tenant_stop
  release $batch
  sleep 12
  release $batch
  check 'the tenant is away: mail waits' wait_for 30 log_has 'status=deferred'
  shown status > /dev/null
  tenant_start
  token_lifetime 3600
  check '... and flows when it is back' flows
}

step_rotation() {
  told '# The certificate is renewed while mail flows'
  release $messages
  check 'a new certificate' shown certificate new anna
  portal_uploads "$scene_conf/anna.pem" "$scene_conf/anna.pem.new"
  check '... is tried' shown certificate try anna
  check '... and put in place' shown certificate activate anna
  check '... while mail flows' flows
  shown status
}

# --- the whole ------------------------------------------------------------------------------------

reload_agent() { reloads kill -HUP "$agent_pid"; }

# reloads COMMAND... : what makes the agent read its configuration; until it has.
reloads() {
  local before
  before=$(grep -c . "$work/log/agent")
  "$@" && wait_for 10 agent_wrote_more "$before"
}
agent_wrote_more() { [ "$(grep -c . "$work/log/agent")" -gt "$1" ]; }

mailboxes exchange '{"'$mailbox'": {"users": ["'$mailbox'"]}, "service_principals": {}}'
postfix_setup y "${submission_port[exchange]}" 'smtp_destination_concurrency_limit = 3' \
  'myorigin = contoso.com' 'relay_domains =' 'minimal_backoff_time = 5s' 'maximal_backoff_time = 10s'
postfix_set 'initial_destination_concurrency = 3' 'smtp_sender_dependent_authentication = no'
mkdir -p "$postfix_queue$SE_STAGE"
cp "$work/tenant/ca.pem" "$scene_conf/ca.pem"
old_world
# What the package brings: a state directory of the agent's user.
install -d -m 700 -o "$agent_user" -g "$(id -gn "$agent_user")" "$scene_state"
postfix_start
fill_queue
hold_all
equal '500 messages wait' "$(postfix_queued | wc -l)" $messages

step_import
step_setup
step_object_id
step_audience
step_smtp_auth
step_certificate
step_outage
step_rotation
has_no_doubles() {
  same "$(grep -h '^Subject: message ' "$work"/exchange/mail/*.eml | sort | uniq -d | head -n 3)" ''
}
equal 'delivered' "$(delivered exchange)" $messages
check '... each once' has_no_doubles
equal '... none bounced' "$(grep -c 'status=bounced' "$postfix_log")" 0
equal '... and nothing waits' "$(postfix_queued | wc -l)" 0
rm -r "$postfix_queue/etc/tokens" # the old plugin's own
check 'no secret in any log, transcript or argument' no_secrets
told "# The end: $(delivered exchange) messages delivered, none twice, none bounced"
if [ -n "${SE_TRANSCRIPT-}" ]; then transcript_write "$SE_TRANSCRIPT"; fi
finish

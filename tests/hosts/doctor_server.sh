#!/bin/bash
# doctor's Server section with real parties: the installed plugin through libsasl2, the agent, and a
# Dovecot that judges tokens by itself. Two opinions of every server, and what it means when they differ.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent dovecot; do . "$lib/$part.sh"; done

login=relay@contoso.com

scene_begin
at_end standins_stop
at_end agent_stop
at_end dovecot_stop
tenant_start
tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "roles": ["SMTP.SendAsApp", "IMAP.AccessAsApp"]}]}'
submission_start exchange
dovecot_setup "$login" 'a-Password.27'
dovecot_start
config_write "$(id -gn "$agent_user")" 'services           = smtp imap'
agent_start "$(id -gn "$agent_user")"
export SASL_PATH=$SE_STAGE/lib/sasl2

# doctor : the checks of the section, "ID VERDICT TEXT" a line each.
doctor() {
  "$SE_STAGE/bin/sasl-entra" doctor "$login" --json --server "localhost:${submission_port[exchange]}" \
    --imap-server "localhost:$dovecot_port" > "$work/log/doctor" 2> "$work/log/doctor.errors"
  "$PYTHON" -c '
import json, sys
for each in json.load(open(sys.argv[1]))["checks"]:
    if each["section"] == "Server":
        print(each["id"], each["verdict"].replace(" ", "-"), each["text"],
              (each["fix"] or "").replace("\n", " / "))' "$work/log/doctor" \
    > "$work/log/server"
}

# verdicts WANTED : the section's, as "ID=VERDICT", without those that are ok.
verdicts() {
  same "$(sed -n 's/^\([^ ]*\) \([^ ]*\) .*/\1=\2/p' "$work/log/server" | grep -v '=ok$' | paste -sd ' ')" "$1" ||
    { cat "$work/log/server" "$work/log/doctor.errors"; return 1; }
}
says() { grep -qF -- "$1" "$work/log/server" || { cat "$work/log/server"; return 1; }; }

doctor
check 'all is well: connection, TLS, offers and both logins, at both servers' verdicts ''
equal '... ten checks' "$(lines "$work/log/server")" 10
check '... of which two are by libsasl2' same "$(grep -c 'libsasl2 and the plugin' "$work/log/server")" 2
check '... Dovecot saw XOAUTH2' grep -q 'method=XOAUTH2' "$dovecot_log"

# --- the two opinions differ --------------------------------------------------------------------

# The first login is libcurl's.
submission_control exchange '{"auth": {"reply": "535 5.7.3 Authentication unsuccessful", "skip": 1, "count": 1}}'
doctor
check 'the server takes the token, but not what the plugin makes of it' verdicts 'server-plugin=problem'
check '... which is the finding' says 'the token by itself it accepts'
submission_control exchange '{"auth": {"reply": "535 5.7.3 Authentication unsuccessful", "count": 1}}'
doctor
check '... and the other way round' verdicts 'server-login=problem'
submission_control exchange '{}'

mkdir "$work/no-plugins"
SASL_PATH=$work/no-plugins doctor
check 'libsasl2 finds no plugin: the section Plugin tells of it, and the token by itself is fine' \
  verdicts 'server-plugin=left-out imap-plugin=left-out'

# --- both are refused ------------------------------------------------------------------------------

mailboxes exchange '{"*@contoso.com": {"apps": ["*"], "smtp_auth_disabled": true}}'
doctor
check 'SMTP AUTH is off: said once' verdicts 'server-login=problem server-plugin=left-out'
check '... with the command' says "Set-CASMailbox -Identity $login -SmtpClientAuthenticationDisabled"
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'

mv "$work/dovecot/keys" "$work/dovecot/no-keys"
dovecot_restart
doctor
check 'Dovecot refuses the token' verdicts 'imap-login=problem imap-plugin=left-out'
check '... in its own words' says '"status":"401"'
mv "$work/dovecot/no-keys" "$work/dovecot/keys"

dovecot_restart 'auth_mechanisms = plain login'
doctor
check 'Dovecot does not offer XOAUTH2' verdicts 'imap-offers=problem'
dovecot_restart 'imap_capability = IMAP4rev1 LITERAL+ ID ENABLE IDLE' 'auth_mechanisms = plain login xoauth2'
doctor
check 'Dovecot takes no initial response with the command: both logins do without' verdicts ''
dovecot_restart 'ssl = no'
doctor
check 'Dovecot without TLS' verdicts 'imap-tls=problem imap-offers=left-out'

# --- send ---------------------------------------------------------------------------------------------

send() {
  "$SE_STAGE/bin/sasl-entra" send "$login" --to anna@contoso.com --server "localhost:${submission_port[exchange]}" \
    > "$work/log/send" 2>&1
}
check 'send: accepted' send
equal '... and there' "$(delivered exchange)" 1

check 'no secret is in any log, message or process argument' no_secrets
finish

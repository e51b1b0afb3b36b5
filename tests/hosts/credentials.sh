#!/bin/bash
# Every way for an app to prove who it is, each by a message that a private Postfix with a chrooted
# smtp(8) delivers: certificate, federated token, managed identity on each kind of machine. Runs in a
# network namespace of its own that looks like a machine in Azure.
lib=${top_srcdir:?}/tests/hosts/lib
if [ -z "${SE_IN_AZURE-}" ]; then
  # What has to be fetched is, while there is a network.
  . "$lib/tap.sh" && . "$lib/get_postfix.sh" && postfix_get "$top_builddir" > /dev/null
  SE_IN_AZURE=1 exec sh "$top_srcdir/tests/tenant/azure_namespace.sh" bash "$0"
fi
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix postfix_memory credentials; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end machine_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null

tenant_start
submission_start exchange --max-connections 0
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
plugin_path=$SE_STAGE/lib/sasl2
postfix_setup y "${submission_port[exchange]}"
mkdir -p "$postfix_queue$SE_STAGE"
postfix_start

# --- client secret and certificate ---------------------------------------------------------------

account credential = secret "client_secret_file = $scene_conf/contoso.secret"
secret_write "$agent_group" "$tenant_secret"
delivers 'a client secret'
check '... with the secret' asked_with client_secret

certificate() { "$SE_STAGE/bin/sasl-entra" certificate "$1" relay >> "$work/log/certificate" 2>&1; }
# What whoever administers the app does with the .cer files.
upload() {
  cp "$certs/relay.pem.new.cer" "$work/uploaded.$1"
  tenant_set apps -d '{"apps": [{"client_id": "'"$tenant_app"'", "certificates": ['"$(
    printf '{"file": "%s"}' "$work"/uploaded.* | sed 's/}{/}, {/g')"']}]}'
}
certs=$scene_conf/certs
install -d -m 755 "$certs"
account credential = certificate "certificate = $certs/relay.pem"
check 'a first certificate is made' certificate new
check '... which the tenant does not know yet' fails certificate try
upload 1
check '... but once it is uploaded' certificate try
check '... and put into place' certificate activate
delivers 'a certificate'
check '... with an assertion' asked_with client_assertion
check '... signed with PSS' asked_with PS256

check 'a second one is made while mail flows' certificate new
upload 2
mark
had=$(delivered exchange)
for number in {01..30}; do
  # A new token for each, so that each is asked for with what lies there at that moment.
  "$SE_STAGE/bin/sasl-entra" refresh relay >> "$work/log/certificate" 2>&1
  send_mail "$sender"
  case $number in
    10) check '... and put into place' certificate activate ;;
    20) check '... and taken back again' certificate rollback ;;
  esac
done
check '... 30 messages meanwhile are delivered' arrives 30
equal '... and none was deferred' "$(log_count 'status=deferred')" 0

openssl pkcs12 -export -in "$certs/relay.pem" -inkey "$certs/relay.pem" -passout pass:p~12+w \
  -out "$certs/relay.p12" 2>> "$work/log/certificate"
printf 'p~12+w\n' > "$certs/password"
printf 'p~12+w\n' >> "$work/secrets"
chgrp "$agent_group" "$certs/relay.p12" "$certs/password"
chmod 640 "$certs/relay.p12" "$certs/password"
account credential = certificate "certificate = $certs/relay.p12" \
  "private_key_password_file = $certs/password"
delivers 'a PKCS#12 file'
printf 'another\n' > "$certs/password"
defers 'a wrong password'
check '... in words' plugin_says "$certs/password"

# --- a token of another issuer -------------------------------------------------------------------

tenant_set apps -d '{"apps": [{"client_id": "'"$tenant_app"'", "federated": [{"issuer":
  "https://cluster.test/", "subject": "system:serviceaccount:mail:relay",
  "audience": "api://AzureADTokenExchange"}]}]}'
federated_token() {
  tenant_control 'mint_federated?only=token' -d '{"issuer": "https://cluster.test/",
    "subject": "'"$1"'", "audience": "api://AzureADTokenExchange"}' > "$work/federated.new"
  chmod 644 "$work/federated.new"
  mv "$work/federated.new" "$work/federated"
}
federated_token system:serviceaccount:mail:relay
account credential = federated "federated_token_file = $work/federated"
delivers 'a federated token'
check '... with that token as assertion' asked_with client_assertion
federated_token system:serviceaccount:mail:somebody
account credential = federated "federated_token_file = $work/federated"
defers 'a federated token of another subject'
check '... in words' plugin_says 'found no federated credential'
check '... with the number' plugin_says AADSTS70021
federated_token system:serviceaccount:mail:relay
postfix_flush
check '... and when the file has the right one, the message goes by itself' arrives 1

account credential = federated 'federated_token_file = env' "authority ="
agent_variables=("AZURE_TENANT_ID=contoso.onmicrosoft.com" "AZURE_CLIENT_ID=$tenant_app"
  "AZURE_AUTHORITY_HOST=$tenant_authority/" "AZURE_FEDERATED_TOKEN_FILE=$work/federated")
delivers "a pod's environment"
agent_variables=()
defers "a pod's environment that is not there"
check '... in words' plugin_says 'AZURE_FEDERATED_TOKEN_FILE is not set'

# --- managed identities --------------------------------------------------------------------------

machine_identities
machine_account 'managed_identity_id = system'

machine_start imds
delivers 'the identity of an Azure VM'
equal '... from the metadata service' "$(machine_count)" 1
machine_fault '[{"action": {"status": 404}}, {"action": {"status": 429}}]'
delivers 'a metadata service that is not ready at first'
equal '... at the third try' "$(machine_count)" 3
machine_fault '[{"action": {"status": 410}}]'
from=$SECONDS
delivers 'a metadata service that is being updated'
diag "after $((SECONDS - from)) s"
machine_account "managed_identity_id = client_id:$machine_client"
delivers "a user-assigned identity"
machine_fault '[{"action": {"ignore_selector": true}, "count": -1}]'
defers 'a service that answers for another identity'
check '... in words' plugin_says 'the token of another one'
machine_fault '[{"action": {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}}]'
defers 'a service that redirects'
check '... in words' plugin_says 'redirect is never followed'
machine_stop
machine_account 'managed_identity_id = system'
defers 'a machine that is not in Azure'
check '... in words' plugin_says 'no managed identity endpoint answers on this machine'

machine_start appservice --identity-header 'kH3a~9+header/of=service'
printf '%s\n' 'kH3a~9+header/of=service' >> "$work/secrets"
agent_variables=("IDENTITY_ENDPOINT=$(machine_endpoint)"
  'IDENTITY_HEADER=kH3a~9+header/of=service')
delivers 'the identity of an App Service'
agent_variables=("IDENTITY_ENDPOINT=http://login.example/msi/token" 'IDENTITY_HEADER=x')
defers 'an environment that points elsewhere'
check '... in words' plugin_says 'no loopback or link-local address'
machine_stop
agent_variables=()

install -D -m 755 /dev/null /opt/azcmagent/bin/himds
install -d -m 755 /var/opt/azcmagent/tokens
machine_start arc --token-dir /var/opt/azcmagent/tokens --token-group "$agent_group"
delivers 'the identity of a machine that Azure Arc knows'
equal '... with its challenge answered' "$(machine_count)" 2
machine_fault '[{"action": {"challenge": {"realm": "/etc/shadow"}}, "count": -1}]'
defers 'a challenge that names another file'
check '... in words' plugin_says 'names no key file in /var/opt/azcmagent/tokens'
machine_fault '[{"action": {"challenge": {"symlink": true}}, "count": -1}]'
defers 'a key file that is a link'
machine_fault '[{"action": {"challenge": {"size": 5000}}, "count": -1}]'
defers 'a key file that is too large'
check '... in words' plugin_says 'larger than 4096 bytes'
machine_stop
machine_start arc --token-dir /var/opt/azcmagent/tokens --token-group root
defers 'a key file that the agent may not read'
check '... in words' plugin_says 'group himds'
machine_stop
rm -rf /opt/azcmagent/bin

# --- an app that trusts a managed identity ---------------------------------------------------------

tenant_set apps -d '{"apps": [{"client_id": "'"$tenant_app"'", "federated": [{"issuer":
  "https://login.microsoftonline.com/'"$tenant_id"'/v2.0", "subject": "'"$machine_object"'",
  "audience": "api://AzureADTokenExchange"}]}]}'
machine_start imds
account credential = federated 'federated_token_file = managed-identity' \
  "managed_identity_id = client_id:$machine_client"
delivers 'an app that trusts a managed identity'
check '... with its token as assertion' asked_with client_assertion
equal '... got from the metadata service' "$(machine_count)" 1
machine_stop

# --- a person ----------------------------------------------------------------------------------------

account credential = none 'client_id = 55556666-dddd-7777-eeee-8888ffff9999' \
  'identity = anna@contoso.com'
tenant_set apps -d '{"device": {"interval": 1}}'
mailboxes exchange '{"scanner@contoso.com": {"users": ["anna@contoso.com"]}}'
no_wipe=yes
install -d -m 700 -o "$agent_user" -g "$agent_group" "$scene_state"
"$SE_STAGE/bin/sasl-entra" login relay --device >> "$work/log/login" 2>&1 &
login=$!
renewed() { tenant_control 'count?grant=refresh_token&outcome=ok' | grep -qx 1; }
approve() { tenant_control device -d '{"upn": "anna@contoso.com"}' | grep -q '"ok"\|user_code'; }
wait_for 20 approve
wait $login
equal 'anna signs in with a device code' $? 0
delivers "a person's sign-in, for a shared mailbox"
equal '... with the token that came with the sign-in' \
  "$(lines "$work/tenant/requests.jsonl")" "$asked"
"$SE_STAGE/bin/sasl-entra" refresh relay >> "$work/log/login" 2>&1
delivers "a person's sign-in, renewed"
check '... which was renewed by her refresh token' renewed

postfix_stop
auths=$(lines "$work/exchange/auth.jsonl")
had=$(delivered exchange)
refresh_token=$(sed -n 's/.*"refresh_token": *"\([^"]*\)".*/\1/p' "$scene_state"/*.json)
submission_control exchange '{"message": {"delay": 2}}'
postfix_start
send_mail "$sender"
wait_for 20 smtp_holds
smtp_core
seek token "$("$SE_STAGE/bin/sasl-entra" token relay)"
seek refresh "$refresh_token"
check 'an smtp(8) in a delivery has the access token in its memory' core_has token
check '... there is a refresh token' at_least ${#refresh_token} 20
check '... which it does not have' core_fits 'smtp(8) with agent, in a delivery' \
  'access token=token' 'refresh token=refresh'
check '... and delivers' arrives 1
no_wipe=

check 'no secret is in any log, message or process argument' no_secrets
finish

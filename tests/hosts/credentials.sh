#!/bin/bash
# Every way for an app to prove who it is, each by a message that a private Postfix with a chrooted
# smtp(8) delivers: certificate, federated token, managed identity on each kind of machine. Runs in a
# network namespace of its own that looks like a machine in Azure.
lib=${top_srcdir:?}/tests/hosts/lib
if [ -z "${SE_IN_AZURE-}" ]; then
  SE_IN_AZURE=1 exec sh "$top_srcdir/tests/tenant/azure_namespace.sh" bash "$0"
fi
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix credentials; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end machine_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null

tenant_start
submission_start exchange
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

upload() {
  cp "$scene_conf/relay.pem.new.cer" "$work/uploaded.$1"
  tenant_set apps -d '{"apps": [{"client_id": "'"$tenant_app"'", "certificates": ['"$(
    printf '{"file": "%s"}' "$work"/uploaded.* | sed 's/}{/}, {/g')"']}]}'
}
certificate() {
  "$SE_STAGE/bin/sasl-entra" certificate "$1" relay >> "$work/log/certificate" 2>&1
}
account credential = certificate "certificate = $scene_conf/relay.pem"
check 'the first certificate is made' certificate new
check '... which the tenant does not know yet' fails certificate try
upload 1
check '... but once it is uploaded' certificate try
check '... and it is put in place' certificate activate
delivers 'a certificate'
check '... with an assertion' asked_with client_assertion
certificate new && upload 2 && certificate activate
delivers 'the certificate after it'

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

check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# The pains that users of OAuth in Postfix told of most: each is there in a private, chrooted Postfix, with
# a message that waits; one `sasl-entra doctor` names it and nothing else; what it prints is typed, by whom
# it is for; then the message is delivered.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix operator pains; do . "$lib/$part.sh"; done

# --- 1: the chroot --------------------------------------------------------------------------------

pain 'where nothing of ours is in the chroot'
agent_stop
rm -f "$postfix_queue$scene_socket"
agent_start "$postfix_group"
hurts 'an agent outside of the chroot only' "$scene_socket"
finds postfix-chroot 'chroot' "$postfix_queue"
types postfix-chroot
helps

# --- 2: certificates of authorities ---------------------------------------------------------------

pain 'the certificates of authorities that Postfix looks at'
postfix_set 'smtp_tls_CAfile ='
hurts "smtp(8) without the authorities' certificates" 'certificate'
finds postfix-tls 'smtp_tls_CAfile is not set' $authorities
types postfix-tls
helps

pain 'the certificates of authorities that the agent looks at'
openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out "$scene_conf/ca.pem" -days 20 \
  -subj /CN=another 2> /dev/null
hurts "the agent without the authorities' certificates" 'certificate'
finds network-tls 'ca_file'
check '... what is printed is written' cp $authorities "$scene_conf/ca.pem"
helps

# --- 4: errors of Microsoft -----------------------------------------------------------------------

new_secret='fresh~Secret_of.the+portal=0'

pain 'an error of Microsoft'
portal $tenant_app '"secrets": [{"value": "'"$tenant_secret"'", "expires": "2026-01-02T03:04:05Z"}]'
hurts 'an expired client secret' AADSTS7000222
finds token 'AADSTS7000222' 'expired' 'Create a new secret' "$scene_conf/contoso.secret"
portal $tenant_app '"secrets": [{"value": "'"$new_secret"'"}]'
secret_write "$(id -gn "$agent_user")" "$new_secret"
helps
portal $tenant_app '"secrets": [{"value": "'"$tenant_secret"'"}]'

pain 'another one'
sed -i 's/^client_id .*/client_id = 00001111-aaaa-2222-bbbb-3333cccc4445/' "$conf"
agent_reads
hurts 'a wrong client_id' AADSTS700016
finds token 'does not know app 00001111-aaaa-2222-bbbb-3333cccc4445 in tenant' 'client_id'
cp "$work/good/sasl-entra.conf" "$conf"
types token
helps

# --- 5: Postfix says no more than "generic failure" ------------------------------------------------

pain 'a network fault'
tenant_stop
hurts 'a tenant that does not answer' 'cannot authenticate to server localhost'
finds network-tls "${tenant_authority#https://}"
tenant_start
helps

pain 'a file fault'
chmod 600 "$scene_conf/contoso.secret"
hurts "a secret that is root's alone" 'generic failure'
finds credential "$scene_conf/contoso.secret"
types credential
helps

# --- 6: the first token ---------------------------------------------------------------------------

pain 'the wrong tenant'
sed -i 's/^tenant .*/tenant = contosa.onmicrosoft.com/' "$conf"
agent_reads
hurts 'a tenant that is mistyped' AADSTS90002
finds network-tenant 'contosa.onmicrosoft.com' 'domain name of the tenant' "$conf"
cp "$work/good/sasl-entra.conf" "$conf"
types network-tenant
helps

pain "the secret's ID instead of its value"
secret_write "$(id -gn "$agent_user")" 01234567-89ab-cdef-0123-456789abcdef
hurts "a secret's ID" 'AADSTS7000215'
finds token 'not its Secret ID' "$scene_conf/contoso.secret"
secret_write "$(id -gn "$agent_user")" "$tenant_secret"
helps

pain 'a public client that proves itself'
portal $tenant_app '"public": true'
hurts 'a public app with a secret' AADSTS700025
finds token 'is a public client' 'Allow public client flows' "sasl-entra refresh $login"
portal $tenant_app '"public": false'
types token
helps

pain "a person's first token"
person_begins
hurts 'nobody has signed in' "sasl-entra login $person"
finds token "sasl-entra login $person"
check '... what token prints is typed' person_signs "$(doctor_fix token)"
helps

pain 'an app that may not sign in people without a secret'
person_begins
check '... a person has signed in' person_signs "sasl-entra login $person"
portal $person_app '"public": false'
forgets_token
hurts 'an app without public client flows' AADSTS7000218
finds token 'Allow public client flows' "sasl-entra refresh $person"
portal $person_app '"public": true'
types token
helps

# --- 8: the sign-in that died ---------------------------------------------------------------------

pain 'a sign-in that was not used for 90 days'
person_begins
check '... a person has signed in' person_signs "sasl-entra login $person"
tenant_set revoke -d '{"refresh_token": "'"$(file_of refresh_token)"'", "aadsts": 700082}'
forgets_token
hurts 'a sign-in of 90 days ago' AADSTS700082
finds token '90 days' "sasl-entra login $person"
check '... what token prints is typed' person_signs "$(doctor_fix token)"
helps

check 'no secret is in any log, message or process argument' no_secrets
finish

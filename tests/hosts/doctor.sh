#!/bin/bash
# sasl-entra doctor: each thing is broken, that check and only that one complains (with what follows from
# it), its fix is typed as printed, and all is as before.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent; do . "$lib/$part.sh"; done

# libsasl2's own directory is another one, for this test and its children alone.
if [ -z "${SE_DOCTOR_PRIVATE-}" ]; then
  unshare -m true 2> /dev/null || skip_all 'needs a mount namespace of its own'
  SE_DOCTOR_PRIVATE=1 exec unshare -m --propagation private bash "$0"
fi
unset SASL_PATH
system_plugins=$(dirname "$(find /usr/lib* -name 'libplain.so' -path '*sasl2*' | head -n 1)")
foreign=$top_builddir/tests/guest/.libs/foreign_xoauth2.so
tool=$SE_STAGE/bin/sasl-entra
conf=$scene_conf/sasl-entra.conf

scene_begin
at_end standins_stop
at_end agent_stop
tenant_start

mkdir "$work/plugins"
cp "$system_plugins"/lib{plain,login}.so "$work/plugins/"
mount --bind "$work/plugins" "$system_plugins" || bail 'no mount'
at_end umount "$system_plugins"
# What is printed depends on whether systemd runs: it does not, at first.
if [ -d /run/systemd ]; then
  mount -t tmpfs tmpfs /run/systemd || bail 'no mount'
  at_end umount /run/systemd
fi
ours=$system_plugins/libsasl-entra.so
put_plugin() { rm -f "$ours"; cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$ours"; }
put_plugin

put_configuration() {
  config_write "$(id -gn "$agent_user")" 'min_lifetime = 300'
  cp "$conf" "$work/conf"
}
put_configuration
agent_start games
reload() {
  local before
  before=$(grep -c . "$work/log/agent")
  [ -z "$agent_pid" ] || { kill -HUP "$agent_pid" && wait_for 10 agent_wrote_more "$before"; }
}
agent_wrote_more() { [ "$(grep -c . "$work/log/agent")" -gt "$1" ]; }

# --- looking ------------------------------------------------------------------------------------------

who=()
look() { "$tool" doctor --json "${who[@]}" > "$work/now.json" 2>> "$work/log/doctor"; }
checks() { "$PYTHON" "$lib/doctor_checks.py" "$@" < "$work/now.json"; }

# complains WHAT ID:VERDICT... : and nothing else does that did not before.
complains() {
  local what=$1
  shift
  look
  equal "$what: $1" "$(checks new "$work/healthy")" "$*" || diag "$(checks text "${1%:*}")"
}

# The first line of the fix, as a person would type it.
type_fix() {
  local fix
  fix=$(checks fix "$1" | head -n 1)
  diag "fix: $fix"
  bash -c "$fix"
}

well() {
  look
  same "$(checks new "$work/healthy")" ''
}
fixed() { check "... and after $1" well; }
typed() { type_fix "$1" > "$work/log/typed" 2>&1; diag "$(cat "$work/log/typed")"; fixed 'what is printed was typed'; }

look
checks verdicts > "$work/healthy"
equal 'nothing is wrong at first' "$(checks new /dev/null)" ''
diag "$(checks verdicts)"

# --- Plugin -------------------------------------------------------------------------------------------

rm "$ours"
complains 'no plugin where libsasl2 looks' plugin-directory:problem plugin-load:left-out
typed plugin-directory
put_plugin

chmod 666 "$ours"
complains 'a plugin that everybody may write' plugin-file:problem
typed plugin-file
chown "$agent_user" "$ours"
complains "somebody's plugin" plugin-file:problem
typed plugin-file

head -c 4096 "$SE_STAGE/lib/sasl2/libsasl-entra.so" > "$work/cut" && rm "$ours" && cp "$work/cut" "$ours"
complains 'a plugin that is cut' plugin-load:problem
put_plugin
fixed 'it is installed again'

mv "$SE_STAGE/lib/sasl-entra/engine.so" "$work/engine.so"
complains 'no engine' plugin-engine:problem
mv "$work/engine.so" "$SE_STAGE/lib/sasl-entra/engine.so"
fixed 'it is installed again'

cp "$system_plugins/libplain.so" "$work/plain" && rm "$ours" && cp "$work/plain" "$ours"
complains 'a plugin that offers something else' plugin-offered:problem
put_plugin
fixed 'it is installed again'

export FOREIGN_FLAGS=48 # fewer than ours has
cp "$foreign" "$system_plugins/libkdexoauth2.so"
complains 'a weaker plugin beside ours' plugin-others:warning
typed plugin-others
export FOREIGN_FLAGS=53 # more than ours
cp "$foreign" "$system_plugins/libsasl-xoauth2.so"
complains 'a stronger plugin beside ours' plugin-others:problem
typed plugin-others
rm -f "$system_plugins"/*.off

# --- Configuration --------------------------------------------------------------------------------------

# Changes the configuration and has the agent read it.
change() { sed -i "$@" "$conf" && reload; }
restore() {
  cp "$work/conf" "$conf"
  reload
}

agent_stop
mv "$conf" "$work/away"
complains 'no configuration' agent:warning configuration:problem credential:left-out network-names:left-out \
  plugin-ranking:problem token:left-out
equal '... and what makes one is named' "$(checks fix configuration)" 'sasl-entra setup'
mv "$work/away" "$conf"
agent_start games
fixed 'it is there again'

chmod 666 "$conf"
complains 'a configuration that everybody may write' configuration:problem credential:left-out \
  network-names:left-out token:left-out
typed configuration
sed -i 's/^client_id /client_idd /' "$conf"
complains 'a key that is mistyped' configuration:problem credential:left-out network-names:left-out \
  token:left-out
equal '... and the right one is named' "$(checks fix configuration | head -n 1)" 'did you mean client_id?'
restore
fixed 'it was corrected'

who=(nobody@fabrikam.example)
look
check 'a login name that nobody serves' grep -q '"id": "account", "verdict": "problem"' "$work/now.json"
who=()

secret=$scene_conf/contoso.secret
chmod 644 "$secret"
complains 'a secret that everybody may read' credential:problem token:left-out
typed credential
chown nobody "$secret"
complains "somebody's secret" credential:problem token:left-out
typed credential
chown root:root "$secret" && chmod 600 "$secret"
complains "a secret that is root's alone" credential:problem token:left-out
typed credential

state=$scene_state
chmod 755 "$state"
complains 'a state directory that everybody may look into' state-directory:warning
typed state-directory

openssl rand -hex 32 > "$state/key" && chown "$agent_user" "$state/key" && chmod 600 "$state/key"
change "1i [defaults]\nstate_key_file = $state/key\n"
look
check 'a key beside what it seals' grep -q '"id": "state-key", "verdict": "warning"' "$work/now.json"
restore
complains 'sealed state files, and no key' state-key:problem
rm "$state"/*
fixed 'they are gone'

# The app has a certificate as long as these cases last.
put_certificate() {
  cat "$@" > "$scene_conf/relay.pem"
  chown "$agent_user" "$scene_conf/relay.pem" && chmod 600 "$scene_conf/relay.pem"
}
app_certificate() {
  tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "certificates": [{"file": "'"$1"'"}]}]}'
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key" -out "$work/cert" -days 20 -subj /CN=relay \
  2> /dev/null
openssl genrsa -out "$work/other-key" 2> /dev/null
openssl req -new -key "$work/key" -subj /CN=relay |
  openssl x509 -req -signkey "$work/key" -days -1 -out "$work/ended" 2> /dev/null
put_certificate "$work/cert" "$work/key"
app_certificate "$work/cert"
change -e 's/^credential .*/credential = certificate/' \
  -e "s#^client_secret_file .*#certificate = $scene_conf/relay.pem#"
complains 'a certificate that ends in 20 days' certificate-end:warning
equal '... and what renews it is named' "$(checks fix certificate-end | head -n 1)" 'sasl-entra certificate new relay'
put_certificate "$work/cert" "$work/other-key"
complains "a key that is not the certificate's" credential:problem token:left-out
put_certificate "$work/ended" "$work/key"
complains 'a certificate that has ended' certificate-end:problem token:left-out
PATH=$SE_STAGE/bin:$PATH type_fix certificate-end > "$work/log/typed" 2>&1
new=$("$tool" certificate new relay --json | sed -n 's/.*"upload": "\([^"]*\)".*/\1/p')
diag "uploaded: $new"
openssl x509 -in "$new" -out "$work/cert"
check '... and the new one is taken' "$tool" certificate activate relay
fixed 'its steps were followed'
restore

# --- Agent ----------------------------------------------------------------------------------------------

agent_stop
complains 'no agent' agent:warning
agent_start games
fixed 'it was started'
kill -STOP "$agent_pid"
complains 'an agent that does not answer' agent:problem token:left-out
kill -CONT "$agent_pid"
fixed 'it goes on'
chmod 600 "$scene_socket"
complains 'a socket for root alone' agent-access:problem
typed agent-access
chown nobody "${scene_socket%/*}"
complains "a socket in somebody's directory" agent-socket:problem token:left-out
typed agent-socket
sed -i 's/^client_id .*/client_id = 00001111-aaaa-2222-bbbb-3333cccc5555/' "$conf"
complains 'an agent that has not read the configuration' agent-configuration:problem token:left-out
restore
fixed 'it has'

# Where systemd runs, as far as doctor looks for it.
printf '#!/bin/sh\ncase $1 in enable) touch %s ;; is-enabled) test -e %s ;; esac\n' \
  "$work/enabled" "$work/enabled" > "$work/systemctl"
chmod 755 "$work/systemctl"
systemctl=$(command -v systemctl)
if [ -d /run/systemd ] && [ -n "$systemctl" ] && mount --bind "$work/systemctl" "$systemctl"; then
  at_end umount "$systemctl"
  mkdir /run/systemd/system
  complains 'a unit that is not enabled' agent-unit:warning
  typed agent-unit
  rmdir /run/systemd/system
fi

# --- Network --------------------------------------------------------------------------------------------

change "s#^authority .*#authority = https://tenant.invalid:$tenant_port#"
complains 'a name without an address' network-names:problem network-tls:left-out token:left-out
restore
cp "$scene_conf/ca.pem" "$work/ca.pem"
cp "$work/cert" "$scene_conf/ca.pem"
complains "a CA that is not the server's" network-tls:problem token:left-out
cp "$work/ca.pem" "$scene_conf/ca.pem"
fixed 'the right one is there'
change '$a proxy = http://localhost:9'
complains 'a proxy that is not there' network-proxy:problem token:left-out
restore
change 's/^tenant .*/tenant = fabrikam.example/'
complains 'a tenant that is not known' network-tenant:problem token:left-out
restore
tenant_set clock -d '{"offset": 100}'
complains 'a clock that is off by 100 s' network-clock:warning
tenant_set clock -d '{"offset": -400}'
complains 'a clock that is off by 400 s' network-clock:problem
equal '... and what sets it is named' "$(checks fix network-clock)" 'timedatectl set-ntp true'
tenant_set clock -d '{"offset": 0}'

# --- Token ----------------------------------------------------------------------------------------------

app() { tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", '"$1"'}]}'; }

secret_write "$(id -gn "$agent_user")" 'Another~Secret.that-is-no-secret'
complains 'a secret that the tenant does not know' token:problem
check '... with what Entra calls it' grep -q AADSTS7000215 <<< "$(checks text token)"
check '... and where the right one goes' grep -q "^Write the secret's Value into $secret" <<< "$(checks fix token)"
secret_write "$(id -gn "$agent_user")" "$tenant_secret"
fixed 'the right one is there'

change '$a scope = https://graph.microsoft.com/.default'
complains 'a token for Graph' token-audience:problem token-permissions:left-out
fix=$(checks fix token-audience)
diag "fix: $fix"
line=$(sed -n 's/^take out line \([0-9]*\)[, ].*/\1/p' <<< "$fix")
change "${line:-1}d"
fixed "line $line was taken out"

app '"roles": []'
complains 'an app without a permission' token-permissions:warning
app '"roles": ["IMAP.AccessAsApp"]'
complains 'an app with the wrong permission' token-permissions:problem
check '... and the right one is named' grep -q 'SMTP.SendAsApp' <<< "$(checks fix token-permissions)"
app '"roles": ["SMTP.SendAsApp"]'
fixed 'it has the right one'

change -e 's/^tenant .*/tenant = 9188040d-6c67-4c5b-b112-36a304b66dad/' \
  -e "\$a token_endpoint = $tenant_authority/contoso.onmicrosoft.com/oauth2/v2.0/token"
complains "another tenant's token" token-tenant:problem
restore

app '"token_lifetime": 200'
complains 'a token that ends soon' token-lifetime:problem
fix=$(checks fix token-lifetime)
line=$(sed -n 's/^write less in line \([0-9]*\) of .*/\1/p' <<< "$fix")
change "${line:-1}s/=.*/= 100/"
fixed "line $line has less"
restore
app '"token_lifetime": 3600'

check 'no secret is in any log, message or process argument' no_secrets
finish

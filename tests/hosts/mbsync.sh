#!/bin/bash
# mbsync, as a person sets it up, against a Dovecot that judges tokens by itself: which mechanism is
# taken, with and without an initial response, and what she reads when it does not work.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person guide; do . "$lib/$part.sh"; done

password='app-Password.27'

scene_begin
at_end standins_stop
at_end dovecot_stop
tenant_start
dovecot_setup "$person" "$password"
dovecot_start

# libsasl2's own mechanisms, those of a usual desktop, and ours.
plugin_path=$work/plugins
mkdir "$plugin_path"
cp "$(dirname "$(find /usr/lib -name libplain.so -path '*sasl2*' | head -n 1)")"/*.so "$plugin_path/"
cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugin_path/"
echo "$password" >> "$work/secrets"

person_setup
person_signs_in

# mbsync_configure LINE... : what doc/guide/mbsync.md says, with these lines in place of its AuthMechs.
mbsync_configure() {
  local line lines=''
  rm -rf "$person_home/Mail" "$person_home/.mbsync"
  install -d -m 700 -o "$person_user" -g "$person_user" "$person_home/Mail"
  for line in "$@" "CertificateFile $person_home/ca.pem"; do lines+="$line\\n"; done
  guide_block mbsync.md mbsyncrc | guide_here | sed "s#^AuthMechs XOAUTH2#$lines#" \
    > "$person_home/.mbsyncrc"
  chown "$person_user" "$person_home/.mbsyncrc"
}

# mbsync_runs : as she types it.
mbsync_runs() {
  as_person mbsync all > "$work/log/mbsync" 2>&1
}
said() { cat "$work/log/mbsync"; }

# fetches SUBJECT METHOD : a new message comes, by that mechanism.
fetches() {
  imap_deliver "$1"
  imap_mark
  mbsync_runs || { said; return 1; }
  grep -rqF "Subject: $1" "$person_home/Mail/inbox" || { echo "the message is not there"; return 1; }
  same "$(imap_method)" "$2"
}

# says WORDS... : she read each of them.
says() {
  local words
  for words in "$@"; do
    grep -qF -- "$words" "$work/log/mbsync" || { said; return 1; }
  done
}

# choice MECHANISMS : which of them libsasl2 takes.
choice() { as_person "$top_builddir/tests/hosts/sasl_choice" "$1"; }

# --- which mechanism ------------------------------------------------------------------------------

mbsync_configure 'AuthMechs XOAUTH2'
check 'AuthMechs XOAUTH2: a message is fetched' fetches 'one' XOAUTH2
mbsync_configure 'AuthMechs *' "Pass $password"
check 'AuthMechs *, and the server offers PLAIN, LOGIN and XOAUTH2: XOAUTH2 is taken' \
  fetches 'two' XOAUTH2
mbsync_configure 'AuthMechs *' "PassCmd \"touch $person_home/asked; echo no\""
check '... with a PassCmd' fetches 'three' XOAUTH2
check '... which was not run' test ! -e "$person_home/asked"

dovecot_restart 'imap_capability = IMAP4rev1 LITERAL+ ID ENABLE IDLE'
mbsync_configure 'AuthMechs XOAUTH2'
check 'a server without SASL-IR: a message is fetched' fetches 'four' XOAUTH2

dovecot_restart 'auth_mechanisms = plain login oauthbearer'
mbsync_configure 'AuthMechs *' "Pass $password"
check 'a server that offers OAUTHBEARER' fetches 'five' OAUTHBEARER

dovecot_restart 'auth_mechanisms = plain login xoauth2 oauthbearer'
check 'a server that offers OAUTHBEARER and XOAUTH2: one of them, by the order of loading' \
  fetches 'six' "$(choice 'OAUTHBEARER XOAUTH2')"

# libsasl2 ranks what proves both sides above all; such servers are not Exchange.
dovecot_restart 'auth_mechanisms = plain login xoauth2 cram-md5 scram-sha-256'
check 'a server that offers SCRAM and CRAM-MD5, too: SCRAM is taken' fetches 'seven' SCRAM-SHA-256
mbsync_configure 'AuthMechs XOAUTH2' "Pass $password"
check '... unless AuthMechs names XOAUTH2' fetches 'eight' XOAUTH2
dovecot_restart 'auth_mechanisms = plain login xoauth2 cram-md5'
mbsync_configure 'AuthMechs *' "Pass $password"
check 'a server that offers CRAM-MD5, too: which comes first is the order of loading' \
  fetches 'nine' "$(choice 'CRAM-MD5 XOAUTH2')"
dovecot_restart 'auth_mechanisms = plain login xoauth2'

# --- a token by PassCmd ---------------------------------------------------------------------------

as_person sasl-entra token --service imap "$person" > "$person_home/token"
chown "$person_user" "$person_home/token"
mv "$person_home/.config/sasl-entra" "$person_home/.config/off"
mbsync_configure 'AuthMechs XOAUTH2' "PassCmd \"cat $person_home/token\""
check 'nothing configured: a token that PassCmd prints is sent' fetches 'ten' XOAUTH2
mbsync_configure 'AuthMechs *' "PassCmd \"cat $person_home/token\""
imap_deliver 'eleven'
imap_mark
check '... but AuthMechs * takes PLAIN for it then' fails mbsync_runs
equal '...' "$(imap_method)" PLAIN
mbsync_configure 'AuthMechs XOAUTH2' "Pass $password"
imap_mark
check 'a real password is never sent as a token' fails mbsync_runs
check '... the server saw nothing' fails imap_noted
check '... and she reads what to do' says "$person" 'sasl-entra.conf'
mv "$person_home/.config/off" "$person_home/.config/sasl-entra"
rm "$person_home/token"

# --- her own agent -----------------------------------------------------------------------------------

person_forgets_token
person_agent_start
check 'with an agent of her own it gets the token from that' fetches "by her agent" XOAUTH2
check '... which fetched it' grep -q "$person: new access token" "$work/log/agent"
person_agent_stop
check '... and without it, the state being shared, nobody asks the tenant' same \
  "$(before=$(tenant_control 'count?grant=refresh_token'); fetches "by nobody" XOAUTH2 > /dev/null;
    echo $(($(tenant_control 'count?grant=refresh_token') - before)))" 0

# --- when it does not work --------------------------------------------------------------------------

mbsync_configure 'AuthMechs XOAUTH2'
mv "$work/dovecot/keys" "$work/dovecot/no-keys"
dovecot_restart
check 'a server that refuses the token' fails mbsync_runs
check '... is quoted' says 'AUTHENTICATIONFAILED' 'Authentication failed'
# Its word for it is "IMAP command 'AUTHENTICATE XOAUTH2 ...' returned an error", token and all.
check '... by mbsync itself, which prints the refused token with it' \
  grep -qE 'AUTHENTICATE XOAUTH2 [A-Za-z0-9+/=]{1000,}' "$work/log/mbsync"
mv "$work/dovecot/no-keys" "$work/dovecot/keys"
dovecot_restart
check '... and when it does not any more, mail comes' fetches 'twelve' XOAUTH2

# mbsync asks for a password first, as a token might be in its place.
mbsync_configure 'AuthMechs XOAUTH2' "Pass $password"
sed -i 's/^servers = .*/servers = imap.contoso.com/' "$person_home/.config/sasl-entra/sasl-entra.conf"
check 'a server that may not have the token' fails mbsync_runs
check '... is named, with the key' says "$person" localhost servers
diag "$(said)"
person_configure

mbsync_configure 'AuthMechs XOAUTH2'
person_forgets_token
tenant_stop
check 'the tenant cannot be reached' fails mbsync_runs
check '... which is said' says "$person" 'cannot be reached'
diag "$(said)"
tenant_start

person_revoked
as_person sasl-entra refresh "$person" >> "$work/log/refresh" 2>&1
person_forgets_token
check 'a sign-in that was revoked' fails mbsync_runs
check '... is named, with the command that helps' says "$person" AADSTS50173 \
  "sasl-entra login $person"
diag "$(said)"
person_signs_in
check '... after which mail comes' fetches 'thirteen' XOAUTH2

check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# Mutt with Cyrus SASL, as a person sets it up: it sends through a server that wants XOAUTH2, and reads
# her mail from a Dovecot that judges tokens by itself. And what she sees when that does not work.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person guide get_mutt; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end dovecot_stop
reason=$(mutt_get "$top_builddir") || bail "$reason"
mutt_get "$top_builddir" > /dev/null
diag "$mutt_how"
cp "$mutt" "${mutt}_dotlock" "$work/" # where everybody may run them

tenant_start
submission_start exchange
mailboxes exchange '{"anna@contoso.com": {}}'
password='app-Password.27'
echo "$password" >> "$work/secrets"
dovecot_setup "$person" "$password"
dovecot_start
plugin_path=$work/plugins
mkdir "$plugin_path"
cp "$(dirname "$(find /usr/lib -name libplain.so -path '*sasl2*' | head -n 1)")"/*.so "$plugin_path/"
cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugin_path/"
person_setup 'services = smtp imap'
person_signs_in

# mutt_configure [LINE...] : what doc/guide/mutt.md says, what only this test needs, and more lines.
mutt_configure() {
  {
    guide_block mutt.md muttrc-sasl | guide_here
    printf '%s\n' 'set ssl_usesystemcerts = no' "set certificate_file = \"$person_home/ca.pem\"" \
      "set dotlock_program = \"$work/mutt_dotlock\"" 'set copy = no' 'set quit = yes' \
      'set delete = no' "$@"
  } > "$person_home/.muttrc"
  chown "$person_user" "$person_home/.muttrc"
}

# mutt_sends SUBJECT : as cron would.
mutt_sends() {
  printf 'A test.\n' | as_person "$work/mutt" -d 2 -s "$1" recipient@fabrikam.com \
    > "$work/log/mutt" 2>&1
}

# mutt_types COMMANDS : on a terminal of 80 by 24; what is on the screen goes to the log.
mutt_types() {
  as_person env TERM=xterm COLUMNS=80 LINES=24 timeout 30 script -qec \
    "$work/mutt -d 2 -e 'push \"$1\"'" /dev/null < /dev/null > "$work/log/mutt" 2>&1
}

# delivers SUBJECT
delivers() {
  local had
  had=$(delivered exchange)
  mutt_sends "$1" || { cat "$work/log/mutt"; return 1; }
  [ "$(delivered exchange)" -eq $((had + 1)) ] &&
    grep -qF "Subject: $1" "$work/exchange/mail/"*.eml &&
    tail -n 1 "$work/exchange/deliveries.jsonl" | grep -q '"mechanism": *"XOAUTH2"'
}

# fetches SUBJECT METHOD : she saves a new message to a file.
fetches() {
  rm -f "$person_home/saved"
  imap_deliver "$1"
  imap_mark
  mutt_types "<tag-pattern>~s $1<enter><tag-prefix><copy-message>$person_home/saved<enter>y<quit>y"
  grep -qF "Subject: $1" "$person_home/saved" 2> /dev/null || { screen; return 1; }
  same "$(imap_method)" "$2"
}

# The words on the screen, without what moves the cursor.
screen() { sed 's/\x1b[[(][0-9;?]*[A-Za-z0-9]//g' "$work/log/mutt" | tr -d '\r' | grep -v '^ *$' | tail -n 15; }
debug_has_token() {
  awk 'length >= 1000 {print substr($0, 1, 600)}' "$work/tenant/secrets.txt" > "$work/tokens"
  [ -s "$work/tokens" ] || return 0
  grep -qaFf "$work/tokens" "$person_home"/.muttdebug*
}

mutt_configure
check 'SMTP, smtp_authenticators unset: a message is delivered' delivers 'one'
mutt_configure 'set smtp_authenticators = "xoauth2"'
check '... with it Mutt asks its own refresh command, not Cyrus SASL' fails mutt_sends 'two'
mutt_configure
# Mutt then steps once more, with what was left in its buffer (tests/plugin/host.c: test_mutt).
check 'IMAP, an initial response: a message is read' fetches 'three' XOAUTH2
dovecot_restart 'imap_capability = IMAP4rev1 LITERAL+ ID ENABLE IDLE'
check 'IMAP without SASL-IR: a message is read' fetches 'four' XOAUTH2
dovecot_restart 'auth_mechanisms = plain login oauthbearer'
check 'a server that offers OAUTHBEARER: a message is read' fetches 'five' OAUTHBEARER
dovecot_restart

# --- her own agent -----------------------------------------------------------------------------------

person_forgets_token
person_agent_start
check 'with an agent of her own it gets the token from that' delivers 'by her agent'
check '... which fetched it' grep -q "$person: new access token" "$work/log/agent"
person_agent_stop
check '... and without it, the state being shared, nobody asks the tenant' same \
  "$(before=$(tenant_control 'count?grant=refresh_token'); delivers 'by nobody' > /dev/null;
    echo $(($(tenant_control 'count?grant=refresh_token') - before)))" 0

# --- when it does not work --------------------------------------------------------------------------

mailboxes exchange '{"anna@contoso.com": {"smtp_auth_disabled": true}}'
check 'the server refuses the login: the message is not sent' fails mutt_sends 'six'
diag "$(tail -n 1 "$work/log/mutt")"
check '... and Mutt shows its own words' grep -q 'SASL authentication failed' "$work/log/mutt"
check "... the server's are in its debug file" grep -q '535 5.7.139' "$person_home/.muttdebug0"
mailboxes exchange '{"anna@contoso.com": {}}'

person_revoked
as_person sasl-entra refresh "$person" >> "$work/log/refresh" 2>&1
person_forgets_token
check 'a sign-in that was revoked: the message is not sent' fails mutt_sends 'seven'
check "... Mutt's debug file has the cause, and the command that helps" \
  grep -q "$person: .*AADSTS50173.*sasl-entra login $person" "$person_home/.muttdebug0"
check '... as has the command that its guide names' as_person_says "sasl-entra login $person" \
  sasl-entra token --server localhost "$person"
person_signs_in
check '... after which mail is sent' delivers 'eight'

mutt_sends 'nine'
check "Mutt's debug file of level 2 holds no token" fails debug_has_token
check 'no secret is in any log, message or process argument' no_secrets
finish

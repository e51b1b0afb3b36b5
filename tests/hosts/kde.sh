#!/bin/bash
# KDE's SMTP and IMAP libraries, which KMail sends and fetches mail with, in a small program of their own:
# logins, and the text that a job gives its user when they do not work.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end dovecot_stop
build=$top_builddir/kde
if ! { cmake -S "$top_srcdir/tests/hosts/kde" -B "$build" && cmake --build "$build"; } > "$work/log/build" 2>&1
then
  diag "$(tail -n 20 "$work/log/build")"
  bail "the driver does not build: it wants cmake, a C++ compiler and KDE's libkpimsmtp-dev and libkf5imap-dev"
fi
cp "$build/kde_driver" "$work/" # where everybody may run it

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
declare -A port=([smtp]=${submission_port[exchange]} [imap]=$dovecot_port)

# kde PROTOCOL [TIMES] : what it printed goes to the log. KIMAP 22.12 makes its session's connection in a
# thread, and asks to be told of it only after that thread runs: where the connection is quicker, on a busy
# machine, no job of that session ever begins. Such a session is made again: the server has seen a
# connection without STARTTLS, and no plugin has been asked.
kde() {
  local status=124 attempt imap_from
  for attempt in 1 2 3; do
    imap_mark
    echo "$imap_from" > "$work/imap_from"
    as_person timeout 30 "$work/kde_driver" "$1" localhost "${port[$1]}" "$person" "$person_home/ca.pem" \
      "${2-1}" > "$work/log/kde" 2> "$work/log/kde.errors"
    status=$?
    if [ $status != 124 ] || ! wait_for 5 kimap_never_began; then break; fi
    diag "KIMAP's session $attempt never began"
  done
  return $status
}
imap_last_attempt() { imap_from=$(cat "$work/imap_from"); }
kimap_never_began() { imap_new | grep 'imap-login: .*(no auth attempts' | grep -qv ' TLS'; }

# works PROTOCOL TIMES : all logins.
works() {
  if kde "$1" "$2"; then return 0; fi
  cat "$work/log/kde" "$work/log/kde.errors"
  return 1
}

# says PROTOCOL WORDS... : it fails, and the job's text has each of them.
says() {
  local protocol=$1 words
  shift
  if kde "$protocol"; then echo 'it worked'; return 1; fi
  for words in "$@"; do
    grep '^failed: ' "$work/log/kde" | grep -qF -- "$words" || { cat "$work/log/kde"; return 1; }
  done
}

had=$(delivered exchange)
check 'KSMTP: a message is sent' works smtp 1
equal '... and has arrived' "$(delivered exchange)" $((had + 1))
check '... by XOAUTH2' grep -q '"mechanism": *"XOAUTH2"' "$work/exchange/deliveries.jsonl"
check 'KSMTP: three logins in one process' works smtp 3
equal '... and three messages' "$(delivered exchange)" $((had + 4))
check 'KIMAP: logged in' works imap 1
imap_last_attempt
equal '...' "$(imap_method)" XOAUTH2
check 'KIMAP: three logins in one process' works imap 3
imap_last_attempt
equal '... were three' "$(imap_new | grep -c -- 'imap-login: .*method=XOAUTH2')" 3
check '... with the one token' test "$(tenant_control 'count?grant=refresh_token')" -le 2

# --- KDE's own plugin beside ours -------------------------------------------------------------------

# It comes with kdepim-runtime, and takes the password for the token.
kdes_plugin() {
  local directory=$build/kdexoauth2
  if [ ! -e "$directory/done" ]; then
    rm -rf "$directory"
    mkdir "$directory" && (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download \
      libsasl2-modules-kdexoauth2 && dpkg -x ./*.deb . && touch "done") || return 1
  fi
  cp "$directory"/usr/lib/*/sasl2/libkdexoauth2.so "$plugin_path/"
}

check "KDE's own plugin is there, too" kdes_plugin
check '... KSMTP: ours is taken for an account of ours' works smtp 1
check '... KIMAP, too' works imap 1
mv "$person_home/.config/sasl-entra" "$person_home/.config/off"
auths=$(lines "$work/exchange/auth.jsonl")
check '... without any configuration of ours' fails kde smtp
equal "... KDE's is, and sends the password as a token" "$(lines "$work/exchange/auth.jsonl")" $((auths + 1))
mv "$person_home/.config/off" "$person_home/.config/sasl-entra"
rm "$plugin_path/libkdexoauth2.so"

# --- when it does not work --------------------------------------------------------------------------

mailboxes exchange '{"anna@contoso.com": {"smtp_auth_disabled": true}}'
check "KSMTP, the server refuses: the job has the server's words" says smtp '5.7.139'
diag "$(cat "$work/log/kde")"
mailboxes exchange '{"anna@contoso.com": {}}'
mv "$work/dovecot/keys" "$work/dovecot/no-keys"
dovecot_restart
check "KIMAP, the server refuses: the job has the server's words" says imap 'Authentication failed'
diag "$(cat "$work/log/kde")"
mv "$work/dovecot/no-keys" "$work/dovecot/keys"
dovecot_restart

dovecot_restart 'imap_capability = IMAP4rev1 LITERAL+ ID ENABLE IDLE'
check "KIMAP, a server without SASL-IR: it takes no bare continuation, with any plugin" says imap \
  'Login failed, malformed reply from the server'
dovecot_restart

sed -i 's/^servers = .*/servers = imap.contoso.com/' "$person_home/.config/sasl-entra/sasl-entra.conf"
for protocol in smtp imap; do
  check "$protocol, a server that may not have the token: the job names it, and the key" \
    says $protocol "$person" localhost servers
  diag "$(cat "$work/log/kde")"
done
person_configure 'services = smtp imap'

person_revoked
as_person sasl-entra refresh "$person" >> "$work/log/refresh" 2>&1
person_forgets_token
for protocol in smtp imap; do
  check "$protocol, a sign-in that was revoked: the job has the cause, and the command that helps" \
    says $protocol "$person" AADSTS50173 "sasl-entra login $person"
  diag "$(cat "$work/log/kde")"
done
person_signs_in
check '... after which mail is sent' works smtp 1
check '... and read' works imap 1

check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# More programs that use Cyrus SASL: smtptest and imtest of Cyrus IMAP, which come with no mail program
# around them, and a Perl script.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end dovecot_stop
tenant_start
submission_start exchange
mailboxes exchange '{"anna@contoso.com": {}}'
password='app-Password.27'
echo "$password" >> "$work/secrets"
dovecot_setup "$person" "$password"
dovecot_start
plugin_path=$SE_STAGE/lib/sasl2
person_setup 'services = smtp imap'
person_signs_in
cyrus=$(dirname "$(find /usr/lib/cyrus /usr/bin -name smtptest 2> /dev/null | head -n 1)")

# logs_in WORDS COMMAND... : what the program prints has the words.
logs_in() {
  local words=$1
  shift
  as_person timeout 30 "$@" < /dev/null > "$work/log/program" 2>&1
  grep -qF -- "$words" "$work/log/program" && return 0
  sed 's/[A-Za-z0-9+/=]\{100,\}/.../g' "$work/log/program"
  return 1
}

# (imtest's own buffer holds no response of more than 3071 bytes.)
check 'smtptest, STARTTLS: logged in' logs_in '235 2.7.0' "$cyrus/smtptest" -t '' \
  -p "${submission_port[exchange]}" -m XOAUTH2 -a "$person" -u "$person" localhost
check 'imtest, STARTTLS: logged in' logs_in 'Authenticated.' "$cyrus/imtest" -t '' \
  -p "$dovecot_port" -m XOAUTH2 -a "$person" -u "$person" localhost

had=$(delivered exchange)
check 'Perl, Authen::SASL::Cyrus: a message is sent' as_person perl -I/dev/null \
  "$top_srcdir/tests/hosts/sender.pl" localhost "${submission_port[exchange]}" "$person_home/ca.pem" \
  "$person"
equal '... and has arrived' "$(delivered exchange)" $((had + 1))
check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# Programs that do not use Cyrus SASL, or not by themselves, and take a token from a command: Debian's
# own Mutt and NeoMutt, msmtp, s-nail, git send-email. What doc/guide/other-programs.md says of them.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person guide; do . "$lib/$part.sh"; done

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
port=${submission_port[exchange]}

# home NAME < TEXT : a file of hers.
home() {
  cat > "$person_home/$1"
  chown "$person_user:$person_user" "$person_home/$1"
  chmod 600 "$person_home/$1"
}

# delivered_by SUBJECT COMMAND... : the command sends a message of that subject, with XOAUTH2.
delivered_by() {
  local subject=$1 had
  shift
  had=$(delivered exchange)
  as_person "$@" > "$work/log/sent" 2>&1 || { cat "$work/log/sent"; return 1; }
  wait_for 10 has_one_more "$had" || { cat "$work/log/sent"; return 1; }
  tail -n 1 "$work/exchange/deliveries.jsonl" | grep -q '"mechanism": *"XOAUTH2"' &&
    grep -lF "Subject: $subject" "$work/exchange/mail/"*.eml > /dev/null
}
has_one_more() { [ "$(delivered exchange)" -eq $(($1 + 1)) ]; }

# read_by SUBJECT COMMAND... : the command, on a terminal, saves a message of that subject.
read_by() {
  local subject=$1
  shift
  rm -f "$person_home/saved"
  imap_deliver "$subject"
  imap_mark
  as_person env TERM=xterm COLUMNS=80 LINES=24 timeout 30 script -qec "$*" /dev/null < /dev/null \
    > "$work/log/read" 2>&1
  grep -qF "Subject: $subject" "$person_home/saved" 2> /dev/null || { tail -c 1500 "$work/log/read"; return 1; }
  same "$(imap_method)" XOAUTH2
}

mutts_rc() {
  guide_block mutt.md muttrc-gsasl | guide_here
  printf '%s\n' "set ssl_ca_certificates_file = \"$person_home/ca.pem\"" 'set copy = no' \
    'set quit = yes' 'set delete = no'
}
mutts_rc | home .muttrc
mutts_rc | home .neomuttrc
printf 'A test.\n' | home body
for program in mutt neomutt; do
  diag "$($program -v | head -n 1)"
  check "$program, GNU SASL: a message is sent" delivered_by "by $program" \
    sh -c "$program -s 'by $program' recipient@fabrikam.com < body"
  check "$program: a message is read" read_by "for $program" $program -e \
    "'push \"<tag-pattern>~s for<enter><tag-prefix><copy-message>$person_home/saved<enter>y<quit>y\"'"
done

{
  guide_block other-programs.md msmtprc | guide_here
  echo "tls_trust_file $person_home/ca.pem"
} | home .msmtprc
printf 'From: %s\nTo: recipient@fabrikam.com\nSubject: %s\n\nA test.\n' "$person" 'by msmtp' |
  home message
diag "$(msmtp --version | head -n 1)"
check 'msmtp: a message is sent' delivered_by 'by msmtp' sh -c 'msmtp -t < message'

{
  guide_block other-programs.md gitconfig
  printf '\tconfirm = never\n\tto = recipient@fabrikam.com\n[user]\n\tname = Anna\n\temail = %s\n' "$person"
} | home .gitconfig
as_person sh -c 'git init -q work && cd work && git commit -q --allow-empty -m "by git" &&
  echo text > file && git add file &&
  git commit -q -m "by git"'
check 'git send-email, through msmtp: a patch is sent' delivered_by '[PATCH] by git' \
  sh -c 'cd work && git send-email -1'

git_by_itself() {
  as_person_says 'No SASL mechanism found' sh -c "cd work && git -c sendemail.smtpServer=localhost \
    -c sendemail.smtpServerPort=$port -c sendemail.smtpEncryption=tls -c sendemail.smtpUser=$person \
    -c sendemail.smtpSSLCertPath=$person_home/ca.pem -c sendemail.smtpPass=x \
    -c sendemail.smtpAuth=XOAUTH2 send-email -1 1>&2"
}
check '... by itself it cannot: its Perl module knows no XOAUTH2' git_by_itself

diag "$(s-nail -V | head -n 1)"
{
  echo "set tls-ca-file=$person_home/ca.pem tls-ca-no-defaults tls-verify=strict"
  guide_block other-programs.md mailrc | guide_here
} | home .mailrc
check 's-nail: a message is sent' delivered_by 'by s-nail' \
  sh -c 's-nail -s "by s-nail" recipient@fabrikam.com < body'

diag "$(fetchmail -V 2> /dev/null | head -n 1)"
home .fetchmailrc << END
poll localhost protocol imap port $dovecot_imaps_port auth oauthbearer
  user "$person" passwordeval "sasl-entra token --service imap --server localhost $person" ssl
  sslcertfile "$person_home/ca.pem" mda "cat > $person_home/saved"
END
check 'fetchmail 6 knows no OAuth (7 will)' as_person_says 'oauthbearer' sh -c 'fetchmail 1>&2'

check 'a token in hand: none of this asked the tenant again' \
  test "$(tenant_control 'count?grant=refresh_token')" -le 2
check 'no secret is in any log, message or process argument' no_secrets
finish

#!/bin/bash
# live.sh ENVIRONMENT TRANSCRIPT: the whole walk with a real tenant, an app's and a person's, and a transcript
# of it that can be published. README.md beside it says what is needed and what is done.
#
# It has a home directory of its own, with a configuration and a state that are gone at the end.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sender=$here/../hosts/sender.pl

# --- what the environment file says ------------------------------------------------------------------

known=(TENANT SMTP_SERVER SMTP_PORT IMAP_SERVER IMAP_PORT RECIPIENT WORDS
  APP_CLIENT_ID APP_SECRET_FILE APP_CERTIFICATE_FILE APP_MAILBOX APP_OTHER_MAILBOX APP_IMAP
  PERSON_CLIENT_ID PERSON PERSON_OTHER_MAILBOX PERSON_SIGN_IN
  SASL_PATH AUTHORITY CA_FILE)

SMTP_SERVER=smtp.office365.com SMTP_PORT=587 IMAP_SERVER=outlook.office365.com IMAP_PORT=993
TENANT='' RECIPIENT='' WORDS='' APP_CLIENT_ID='' APP_SECRET_FILE='' APP_CERTIFICATE_FILE=''
APP_MAILBOX='' APP_OTHER_MAILBOX='' APP_IMAP=yes PERSON_CLIENT_ID='' PERSON='' PERSON_OTHER_MAILBOX=''
PERSON_SIGN_IN=browser SASL_PATH='' AUTHORITY='' CA_FILE=''

give_up() {
  printf 'live.sh: %s\n' "$*" >&2
  exit 2
}

# The file is read, not run: SE_LIVE_NAME=value, to the end of the line, without the blanks around it: the
# configuration has none either, and what is searched for in the transcript must be what may stand there.
read_environment() {
  local line name number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    line=${line%"${line##*[![:space:]]}"}
    [[ $line =~ ^SE_LIVE_([A-Z_]+)=[[:space:]]*(.*)$ ]] || give_up "$1:$number: not SE_LIVE_NAME=value"
    name=${BASH_REMATCH[1]}
    [[ " ${known[*]} " = *" $name "* ]] || give_up "$1:$number: there is no SE_LIVE_$name"
    [ -z "${BASH_REMATCH[2]}" ] || printf -v "$name" '%s' "${BASH_REMATCH[2]}"
  done < "$1"
}

needed() {
  local name
  for name in "$@"; do [ -n "${!name}" ] || give_up "SE_LIVE_$name is missing"; done
}

check_environment() {
  needed TENANT RECIPIENT
  [ -n "$APP_MAILBOX$PERSON" ] || give_up 'neither SE_LIVE_APP_MAILBOX nor SE_LIVE_PERSON is given'
  if [ -n "$APP_MAILBOX" ]; then
    needed APP_CLIENT_ID
    [ -z "$APP_SECRET_FILE" ] || [ -z "$APP_CERTIFICATE_FILE" ] ||
      give_up 'SE_LIVE_APP_SECRET_FILE or SE_LIVE_APP_CERTIFICATE_FILE, not both'
    [ -r "$APP_SECRET_FILE$APP_CERTIFICATE_FILE" ] ||
      give_up 'SE_LIVE_APP_SECRET_FILE or SE_LIVE_APP_CERTIFICATE_FILE must be a file that you can read'
  fi
  if [ -n "$PERSON" ]; then
    needed PERSON_CLIENT_ID
    [[ $PERSON_SIGN_IN =~ ^(browser|paste|device)$ ]] ||
      give_up 'SE_LIVE_PERSON_SIGN_IN is none of browser, paste and device'
  fi
}

check_programs() {
  local program
  for program in sasl-entra msmtp mbsync perl python3; do
    command -v "$program" > /dev/null || give_up "$program is not installed, or not in PATH"
  done
}

# --- names and secrets -------------------------------------------------------------------------------

# name VALUE STAND-IN WHENCE : never in the transcript; transcript.py has the format.
name() { [ -z "$1" ] || printf '%s\t%s\t%s\n' "$1" "$2" "$3" >> "$home/names"; }

mailbox() {
  name "$1" "$2" "$3"
  name "${1#*@}" "${2#*@}" "the domain of $3"
}

note_names() {
  local word
  name "$TENANT" contoso.onmicrosoft.com SE_LIVE_TENANT
  name "$APP_CLIENT_ID" 00001111-aaaa-2222-bbbb-3333cccc4444 SE_LIVE_APP_CLIENT_ID
  name "$PERSON_CLIENT_ID" 55556666-dddd-7777-eeee-8888ffff9999 SE_LIVE_PERSON_CLIENT_ID
  mailbox "$APP_MAILBOX" scanner@contoso.com SE_LIVE_APP_MAILBOX
  mailbox "$APP_OTHER_MAILBOX" board@contoso.com SE_LIVE_APP_OTHER_MAILBOX
  mailbox "$PERSON" anna@contoso.com SE_LIVE_PERSON
  mailbox "$PERSON_OTHER_MAILBOX" board@contoso.com SE_LIVE_PERSON_OTHER_MAILBOX
  mailbox "$RECIPIENT" recipient@fabrikam.com SE_LIVE_RECIPIENT
  for word in $WORDS; do name "$word" '(word)' SE_LIVE_WORDS; done
  name "$home" '~' 'the temporary directory'
}

note_secrets() {
  [ -z "$APP_SECRET_FILE" ] || head -n 1 "$APP_SECRET_FILE" >> "$home/secrets"
  [ -z "$APP_CERTIFICATE_FILE" ] || grep -v -- '-----' "$APP_CERTIFICATE_FILE" >> "$home/secrets"
}

# Tokens change; all that there ever were are noted.
note_tokens() { grep -ohE '"[^"]{60,}"' "$home"/.local/state/sasl-entra/*.json 2> /dev/null | tr -d '"' >> "$home/secrets"; }

# --- one step ------------------------------------------------------------------------------------------

steps=0 bad=0

say() { printf '%s\n' "$*" | tee -a "$home/raw" >&3; }

# step TITLE WANTED PATTERN SHOWN COMMAND... : WANTED is success or failure; what the command printed must
# have the extended regular expression PATTERN. SHOWN is what a person would type; '' where that is COMMAND.
step() {
  local title=$1 wanted=$2 pattern=$3 shown=$4 outcome=failure result='not ok'
  shift 4
  steps=$((steps + 1))
  say ''
  say "$steps. $title"
  [ -n "$shown" ] || shown=${*#clean}
  say "   \$ ${shown# }"
  say "   expected: $wanted, and /$pattern/"
  if "$@" > "$home/output" 2>&1; then outcome=success; fi
  note_tokens
  sed 's/^/   | /' "$home/output" >> "$home/raw"
  if [ $outcome = "$wanted" ] && grep -qE -- "$pattern" "$home/output"; then result=ok; else bad=$((bad + 1)); fi
  say "   observed: $outcome: $result"
}

# clean COMMAND... : with nothing in the environment but what is needed.
clean() {
  (cd "$home" && env -i PATH="$PATH" HOME="$home" TERM=dumb LANG=C.UTF-8 \
    ${SASL_PATH:+SASL_PATH="$SASL_PATH"} "$@")
}

# --- the configurations ---------------------------------------------------------------------------------

# configure LINE... : the account of this part.
configure() {
  install -d -m 700 "$home/.config" "$home/.config/sasl-entra"
  {
    printf '%s\n' '[account live]' "tenant = $TENANT" "servers = $SMTP_SERVER $IMAP_SERVER" "$@"
    [ -z "$AUTHORITY" ] || echo "authority = $AUTHORITY"
    [ -z "$CA_FILE" ] || echo "ca_file = $CA_FILE"
  } > "$home/.config/sasl-entra/sasl-entra.conf"
}

configure_app() {
  if [ -n "$APP_CERTIFICATE_FILE" ]; then
    install -m 600 "$APP_CERTIFICATE_FILE" "$home/app.pem"
    set -- 'credential = certificate' "certificate = $home/app.pem"
  else
    install -m 600 "$APP_SECRET_FILE" "$home/app.secret"
    set -- 'credential = secret' "client_secret_file = $home/app.secret"
  fi
  configure "match = $APP_MAILBOX $APP_OTHER_MAILBOX" "client_id = $APP_CLIENT_ID" "$@"
}

configure_person() {
  configure "match = $PERSON $PERSON_OTHER_MAILBOX" "identity = $PERSON" "client_id = $PERSON_CLIENT_ID" \
    'services = smtp imap'
}

# --- what is tried ----------------------------------------------------------------------------------------

token() { clean sasl-entra token "$1" | "$here/explain_token.py" "$home/names"; }

by_msmtp() {
  install -m 600 /dev/null "$home/.msmtprc"
  {
    printf '%s\n' 'account default' "host $SMTP_SERVER" "port $SMTP_PORT" "from $1" "user $1" 'auth xoauth2' \
      'tls on' 'tls_starttls on' \
      "passwordeval \"sasl-entra token --service smtp --server $SMTP_SERVER $1\""
    [ -z "$CA_FILE" ] || echo "tls_trust_file $CA_FILE"
  } > "$home/.msmtprc"
  printf 'From: %s\nTo: %s\nSubject: sasl-entra live, by msmtp\n\nA test.\n' "$1" "$RECIPIENT" |
    clean msmtp "$RECIPIENT" && echo sent
}

by_plugin() { clean perl "$sender" "$SMTP_SERVER" "$SMTP_PORT" "$CA_FILE" "$1" "$RECIPIENT" && echo sent; }

# The mailboxes' names are nobody's business; the login and the number are shown. Nothing is fetched.
imap() {
  mkdir -p "$home/Mail"
  {
    printf '%s\n' 'IMAPAccount live' "Host $IMAP_SERVER" "Port $IMAP_PORT" 'SSLType IMAPS' "User $1" \
      'AuthMechs XOAUTH2'
    [ -z "$CA_FILE" ] || echo "CertificateFile $CA_FILE"
    printf '%s\n' '' 'IMAPStore far' 'Account live' '' 'MaildirStore near' 'Path ~/Mail/' '' 'Channel live' \
      'Far :far:' 'Near :near:' 'Patterns *'
  } > "$home/.mbsyncrc"
  clean mbsync -V -l live > "$home/imap" 2>&1
  local status=$?
  sed -n '1,/^Authenticating/p' "$home/imap" | grep -E '^(Connection is|Logging|Authenticating)'
  if [ $status -ne 0 ]; then tail -n 3 "$home/imap"; else
    echo "mailboxes: $(sed '1,/^Authenticating/d' "$home/imap" | grep -c .)"
  fi
  return $status
}

# The person sees and answers what it says; the transcript gets how it ended.
sign_in() {
  local option=--$PERSON_SIGN_IN status
  [ "$option" != --browser ] || option=--no-browser
  clean sasl-entra login "$PERSON" "$option" <&4 2>&1 | tee "$home/login" >&3
  status=${PIPESTATUS[0]}
  tail -n 1 "$home/login"
  return "$status"
}

# common MAILBOX OTHER PERMISSION IMAP : what an app and a person have in common. PERMISSION is what the token
# must say, IMAP whether there is that.
common() {
  step 'What the token says' success "$3" "sasl-entra token $1 | explain_token.py" token "$1"
  step 'A server that may not have the token' failure '"servers"' '' \
    clean sasl-entra token --server smtp.example.com "$1"
  step 'A message, by a program with a token command' success '^sent' "msmtp $RECIPIENT" by_msmtp "$1"
  step 'A message, by a program that uses Cyrus SASL' success '^sent' "sender.pl $SMTP_SERVER" by_plugin "$1"
  if [ "$4" = yes ]; then
    step 'IMAP, by a program that uses Cyrus SASL' success 'mechanism XOAUTH2' 'mbsync -V -l live' imap "$1"
  fi
  if [ -n "$2" ]; then
    step 'A mailbox without permission: the server says so' failure '^(no login|not sent): [45][0-9][0-9] ' \
      "sender.pl $SMTP_SERVER, as $2" by_plugin "$2"
  fi
  step 'A new token, now' success 'new' '' clean sasl-entra refresh "$1"
  step 'How it is' success 'ok' '' clean sasl-entra status
}

walk_app() {
  say ''
  say '== an app that signs in by itself'
  configure_app
  step 'The configuration and its files' success . '' clean sasl-entra check
  common "$APP_MAILBOX" "$APP_OTHER_MAILBOX" 'aud +https://' "$APP_IMAP"
}

walk_person() {
  say ''
  say '== a person who signs in'
  configure_person
  step 'The configuration and its files' success . '' clean sasl-entra check
  step 'Nobody has signed in' failure 'sasl-entra login' '' clean sasl-entra token "$PERSON"
  step 'The sign-in' success . "sasl-entra login $PERSON --$PERSON_SIGN_IN" sign_in
  common "$PERSON" "$PERSON_OTHER_MAILBOX" 'scp .*SMTP\.Send' yes
  step 'The sign-in is forgotten' success . '' clean sasl-entra logout --yes "$PERSON"
  step '... and nobody has signed in' failure 'sasl-entra login' '' clean sasl-entra token "$PERSON"
}

# --- all of it ----------------------------------------------------------------------------------------------

main() {
  [ $# -eq 2 ] || give_up 'usage: live.sh ENVIRONMENT TRANSCRIPT'
  [ "$(id -u)" -ne 0 ] || give_up "run it as an ordinary user: root's configuration is the machine's"
  [ -r "$1" ] || give_up "$1 cannot be read"
  [ ! -e "$2" ] || give_up "$2 is there already"
  read_environment "$1"
  check_environment
  check_programs
  umask 077
  home=$(mktemp -d) || give_up 'no temporary directory'
  trap 'rm -rf "$home"' EXIT
  trap 'exit 2' HUP INT TERM
  exec 3>&1 4<&0 < /dev/null
  note_names
  note_secrets

  say "sasl-entra $(clean sasl-entra --version | sed 's/^sasl-entra //'), $(date -u +%F), $SMTP_SERVER and $IMAP_SERVER"
  if [ -n "$APP_MAILBOX" ]; then walk_app; fi
  if [ -n "$PERSON" ]; then walk_person; fi
  say ''
  say "$steps steps, $((steps - bad)) as expected, $bad not"
  "$here/transcript.py" "$home/names" "$home/secrets" "$home/raw" > "$home/transcript" || exit 2
  cp "$home/transcript" "$2" || exit 2
  printf 'The transcript: %s. Read it before you publish it.\n' "$2"
  [ $bad -eq 0 ]
}

main "$@"

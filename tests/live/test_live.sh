#!/bin/bash
# live.sh with stand-ins: the tenant, the submission server, and a Dovecot that judges tokens by itself. The
# organization has names of its own here, so that the transcript shows whether they are kept out of it.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person; do . "$lib/$part.sh"; done

person=mia.wagner@tailspin.example
app=77770000-1111-2222-3333-444455556666
program=88880000-1111-2222-3333-444455556666
secret='Tailspins~secret/+value=1'
tailspin=bbbbcccc-1111-dddd-2222-eeee3333ffff

scene_begin
at_end standins_stop
at_end dovecot_stop
tenant_start
submission_start exchange
mailboxes exchange '{"printer@tailspin.example": {"apps": ["*"]}, "'$person'": {},
  "boss@tailspin.example": {}}'
tenant_set apps -d '{"tenants": [{"id": "'$tailspin'", "name": "Tailspin",
    "domains": ["tailspin.example", "tailspin.onmicrosoft.com"]}],
  "apps": [{"client_id": "'$app'", "name": "relay of tailspin", "tenant": "'$tailspin'",
      "object_id": "77770000-aaaa-bbbb-cccc-444455556666", "roles": ["SMTP.SendAsApp", "IMAP.AccessAsApp"],
      "secrets": [{"value": "'"$secret"'"}]},
    {"client_id": "'$program'", "name": "mail of tailspin", "tenant": "'$tailspin'", "public": true}],
  "users": [{"upn": "'$person'", "oid": "99990000-aaaa-bbbb-cccc-444455556666", "name": "Mia Wagner",
      "tenant": "'$tailspin'"}],
  "device": {"interval": 1}}'
password='app-Password.27'
printf '%s\n' "$password" "$secret" >> "$work/secrets"
dovecot_setup "$person" "$password"
dovecot_start
plugin_path=$SE_STAGE/lib/sasl2
person_setup

# Where the person who runs it may read it.
mkdir -p "$work/tests/hosts"
cp -r "$top_srcdir/tests/live" "$work/tests/"
cp "$top_srcdir/tests/hosts/sender.pl" "$work/tests/hosts/"
install -m 600 -o "$person_user" /dev/null "$person_home/secret"
echo "$secret" > "$person_home/secret"
openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj '/CN=relay of tailspin' \
  -keyout "$person_home/key.pem" -out "$person_home/certificate.pem" 2> /dev/null
cat "$person_home/key.pem" >> "$person_home/certificate.pem"
chown "$person_user" "$person_home/certificate.pem"
chmod 600 "$person_home/certificate.pem"
tenant_set apps -d '{"apps": [{"client_id": "'$app'", "certificates": [{"file": "'"$person_home"'/certificate.pem"}]}]}'
with_secret=APP_SECRET_FILE=$person_home/secret with_certificate=APP_CERTIFICATE_FILE=$person_home/certificate.pem

# environment NAME LINE... : what the example says, filled in, and these lines; a later one wins.
environment() {
  local file=$person_home/$1
  shift
  {
    cat "$top_srcdir/tests/live/environment.example"
    printf 'SE_LIVE_%s\n' TENANT=tailspin.example "SMTP_SERVER=localhost" "SMTP_PORT=${submission_port[exchange]}" \
      IMAP_SERVER=localhost "IMAP_PORT=$dovecot_imaps_port" RECIPIENT=archive@proseware.example \
      "APP_CLIENT_ID=$app" APP_MAILBOX=printer@tailspin.example \
      APP_OTHER_MAILBOX=boss@tailspin.example "PERSON_CLIENT_ID=$program" "PERSON=$person" \
      PERSON_OTHER_MAILBOX=boss@tailspin.example "SASL_PATH=$plugin_path" \
      "AUTHORITY=$tenant_authority" "CA_FILE=$person_home/ca.pem" "$@"
  } > "$file"
  chown "$person_user" "$file"
}

# --- the person ---------------------------------------------------------------------------------------

# Where the browser ends that she opens the printed address with.
browser_ends() {
  local address
  address=$(grep -o 'https://[^ ]*/authorize?[^ ]*' "$work/log/live") &&
    tenant_control 'authorize?only=location' -d '{"url": "'"$address"'", "upn": "'$person'"}' \
      > "$work/location" && [ -s "$work/location" ]
}

# signs_in WAY : what she does when live.sh waits for her; what it prints is what she types.
signs_in() {
  case $1 in
    device) wait_for 60 person_approves ;;
    browser) wait_for 60 browser_ends && curl -sS -L -m 10 "$(cat "$work/location")" ;;
    paste) wait_for 60 browser_ends && cat "$work/location" >&4 ;;
  esac
}

# live WAY ENVIRONMENT TRANSCRIPT : as she runs it.
live() {
  rm -f "$work/location" "$work/log/live"
  signs_in "$1" 4>&1 > /dev/null 2>&1 |
    as_person timeout 120 "$work/tests/live/live.sh" "$person_home/$2" "$person_home/$3" \
      > "$work/log/live" 2> "$work/log/live.errors"
  return "${PIPESTATUS[1]}"
}

# refuses WORDS COMMAND... : it ends with 2 and says that; there is no transcript.
refuses() {
  local words=$1
  shift
  "$@"
  same "$?" 2 && { grep -qF -- "$words" "$work/log/live.errors" || { cat "$work/log/live.errors"; return 1; }; } &&
    [ ! -e "$person_home/none" ]
}

transcript=$person_home/transcript
steps_have() { grep -cE "observed: (success|failure): $1\$" "$transcript"; }

# --- the walk -----------------------------------------------------------------------------------------

environment filled "$with_secret" PERSON_SIGN_IN=device
check 'the whole walk: every step is as expected' live device filled transcript ||
  diag "$(cat "$work/log/live" "$work/log/live.errors"; grep -B20 'not ok' "$transcript")"
cp "$transcript" "$work/log/transcript"
steps=$(grep -c '^ *observed: ' "$transcript")
diag "$steps steps"
equal '... the sum says so, too' "$(tail -n 1 "$transcript")" "$steps steps, $steps as expected, 0 not"
check '... an app and a person' at_least "$steps" 20
equal '... of which these had to fail' "$(grep -c 'observed: failure: ok' "$transcript")" 6
equal '... four messages arrived' "$(delivered exchange)" 4
check '... the right given to the app is shown' grep -q 'roles .*SMTP.SendAsApp' "$transcript"
check "... and the person's" grep -q 'scp .*SMTP.Send' "$transcript"
check "... and the server's word to a mailbox without permission" grep -q '535 5.7.3' "$transcript"

# no_names : none that the environment gave, and no token or secret.
no_names() { ! grep -niE 'tailspin|proseware|mia|wagner|'"$app|$program|$tailspin"'|eyJ' "$transcript"; }
check 'the transcript has no name of this organization' no_names
check '... but the usual examples' grep -q 'scanner@contoso.com' "$transcript"
check '... and trace ids' grep -qE '[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}' "$transcript"
check 'nothing of it is left, in her home or beside it' same \
  "$(find "$person_home" -newer "$person_home/filled" -type f ! -name transcript)" ''

# --- when something is not as it should be ----------------------------------------------------------

# mbsync prints the token that a server refuses.
mailboxes exchange '{"*@tailspin.example": {"apps": ["*"], "users": ["*"]}}'
mv "$work/dovecot/keys" "$work/dovecot/no-keys"
dovecot_restart
environment loose "$with_certificate" PERSON_SIGN_IN=browser
rm -f "$transcript"
check 'a right that is too wide, and an IMAP server that refuses: the walk fails' fails live browser loose transcript
cp "$transcript" "$work/log/transcript.loose"
equal '... at four steps' "$(steps_have 'not ok')" 4
check '... the app signed in by its certificate, the person by a browser' \
  grep -q 'app, certificate' "$transcript"
check '... and there is a transcript' grep -qE '^[0-9]+ steps, [0-9]+ as expected, 4 not$' "$transcript"
check '... with what IMAP said, but no token' grep -q 'AUTHENTICATE XOAUTH2 <token>' "$transcript"
check '... and no name' no_names

# The search does not rely on what replaces.
environment pasting "$with_secret" PERSON_SIGN_IN=paste
sed -i 's/^    text = replaced(.*/    text = read(raw_path)/' "$work/tests/live/transcript.py"
check 'names that were not replaced: no transcript, and where they are from' refuses 'SE_LIVE_TENANT' \
  live paste pasting none
check '... although all went well, with a pasted address' test "$(grep -c 'observed: .*: ok$' "$work/log/live")" \
  -ge 18
cp "$top_srcdir/tests/live/transcript.py" "$work/tests/live/"
environment unknown "$with_secret" 'APP_MAILBOXES=x'
check 'a variable that there is not' refuses 'there is no SE_LIVE_APP_MAILBOXES' live none unknown none
check 'an existing transcript is not written over' refuses 'is there already' live none filled transcript

check 'no secret is in any log, message or process argument' no_secrets
finish

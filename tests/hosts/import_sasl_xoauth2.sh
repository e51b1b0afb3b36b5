#!/bin/bash
# A private Postfix as it was set up for sasl-xoauth2, chrooted, with mail in its queue: the guide's
# commands take it over, the mail flows, and --undo puts all back.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix guide; do . "$lib/$part.sh"; done

login=anna@contoso.com
page=migrate-from-sasl-xoauth2.md

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
[ -z "$postfix_root" ] || skip_all "import runs the system's postconf(1), which is not there"
diag "$postfix_how"

tenant_start
submission_start exchange
mailboxes exchange '{"anna@contoso.com": {"users": ["anna@contoso.com"]}}'

# What libsasl2 loads: ours, and a file of the other's name.
plugin_path=$work/sasl2
mkdir "$plugin_path"
ln -s "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$plugin_path/"
echo 'not a library' > "$plugin_path/libsasl-xoauth2.so"

postfix_setup y "${submission_port[exchange]}"
mkdir -p "$postfix_queue$SE_STAGE" "$postfix_queue/etc/tokens"
cp "$work/tenant/ca.pem" "$scene_conf/ca.pem"

tenant_control 'mint_refresh_token?only=refresh_token' -d '{"client_id":
  "55556666-dddd-7777-eeee-8888ffff9999", "upn": "'$login'",
  "scope": "https://outlook.office.com/SMTP.Send offline_access"}' > "$work/refresh_token"
cat "$work/refresh_token" >> "$work/secrets"
echo >> "$work/secrets"
printf '{\n\t"access_token" : "",\n\t"expiry" : "0",\n\t"refresh_token" : "%s"\n}\n' \
  "$(cat "$work/refresh_token")" > "$postfix_queue/etc/tokens/$login"
chown "$postfix_owner" "$postfix_queue/etc/tokens/$login"
chmod 600 "$postfix_queue/etc/tokens/$login"
cat > "$work/sasl-xoauth2.conf" << END
{
  "client_id": "55556666-dddd-7777-eeee-8888ffff9999",
  "client_secret": "",
  "token_endpoint": "$tenant_authority/contoso.onmicrosoft.com/oauth2/v2.0/token",
  "ca_bundle_file": "$scene_conf/ca.pem"
}
END
passwords "[localhost]:${submission_port[exchange]} $login:/etc/tokens/$login" \
  '[smtp.example.net]:587 shop:an-app-password'
echo 'an-app-password' >> "$work/secrets"

# The page's commands, for this Postfix and that file.
guide_run() {
  guide_block $page "$1" | sed "s#import sasl-xoauth2#& --postfix=$work/postfix --conf $work/sasl-xoauth2.conf#
    s#^sasl-entra#$SE_STAGE/bin/&#" > "$work/commands"
  SASL_PATH=$plugin_path bash -e "$work/commands" > "$work/log/$1" 2>&1 && return 0
  cat "$work/log/$1"
  return 1
}

# Names, modes, owners and contents of all that may change.
picture() {
  (find "$scene_conf" "$work/postfix" "$plugin_path" "$postfix_queue/etc/tokens" \
    -printf '%p %M %U %G %l\n' | sort
    find "$scene_conf" "$work/postfix" "$plugin_path" "$postfix_queue/etc/tokens" -type f \
      -exec sha256sum {} + | sort) > "$work/$1"
}

printf '[defaults]\nca_file = %s\n' "$scene_conf/ca.pem" > "$scene_conf/sasl-entra.conf"
agent_start "$postfix_group" "$postfix_queue$scene_socket"
postfix_start
for i in 1 2 3 4 5; do send_mail "$login" "message $i"; done
deferred() { [ "$(log_count 'status=deferred')" -ge "$1" ]; }
wait_for 20 deferred 5
picture before

check 'the plan is shown' guide_run plan
check '... with the account that would be written' grep -q '^+\[account anna\]' "$work/log/plan"
picture planned
check '... and nothing changes' cmp "$work/before" "$work/planned"

check 'the import works' guide_run apply
check '... and a token was fetched' grep -q "^$login: works" "$work/log/apply"
check '... the map has a placeholder' grep -q "$login:oauth\$" "$work/postfix/sasl_passwd"
check '... and what else it had' grep -q 'shop:an-app-password' "$work/postfix/sasl_passwd"
check '... the other plugin is away' test ! -e "$plugin_path/libsasl-xoauth2.so"
check '... sasl-entra check has no complaint' "$SE_STAGE/bin/sasl-entra" check
look_at_processes
# Right after a reload qmgr(8) may miss being told: it is told again.
flushed() { has_delivered exchange 5 || { postfix_flush; sleep 0.2; has_delivered exchange 5; }; }
check '... and the mail that waited is delivered' wait_for 60 flushed
check '... nothing is bounced' fails log_has 'status=bounced'

check 'undo works' guide_run undo
picture after
check '... and all is as it was' cmp "$work/before" "$work/after"
rm -r "$work/commands" "$work/refresh_token" "$postfix_queue/etc/tokens"
check 'no secret is in any log, message or process argument' no_secrets
finish

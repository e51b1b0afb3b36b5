#!/bin/bash
# Which mechanism, and which plugin, each host program takes: where a server offers LOGIN, PLAIN, SCRAM
# and CRAM-MD5 beside XOAUTH2, and where somebody else's plugin offers XOAUTH2 too. libsasl2 chooses;
# that the hosts choose alike is what is looked at here.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant dovecot person guide get_mutt get_postfix postfix postfix_cases; do
  . "$lib/$part.sh"
done

password='app-Password.27'
system_plugins=$(dirname "$(find /usr/lib -name 'libplain.so' -path '*sasl2*' | head -n 1)")
foreign=$top_builddir/tests/guest/.libs/foreign_xoauth2.so

scene_begin
at_end standins_stop
at_end dovecot_stop
at_end postfix_stop
reason=$(mutt_get "$top_builddir") || bail "$reason"
mutt_get "$top_builddir" > /dev/null
cp "$mutt" "${mutt}_dotlock" "$work/"
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null

tenant_start
submission_start exchange
echo "$password" >> "$work/secrets"
dovecot_mechanisms='plain login xoauth2 cram-md5 scram-sha-256'
dovecot_relay_port=$(free_port)
sink_start() {
  install -d -o "$postfix_owner" "$work/sink"
  "$(postfix_program sbin/smtp-sink)" -u "$postfix_owner" -d "$work/sink/m." \
    "127.0.0.1:$dovecot_relay_port" 100 > "$work/log/sink" 2>&1 &
  sink_pid=$!
}
at_end eval 'end_process "$sink_pid"'
sink_start
dovecot_setup "$person" "$password"
dovecot_start
person_setup 'services = smtp imap'
plugin_path=$SE_STAGE/lib/sasl2
person_signs_in

# The same account for a relay: in-process, as Postfix is not chrooted here.
config_write "$postfix_group"

mount_plugins() {
  mkdir "$work/plugins"
  mount -t tmpfs -o mode=755 tmpfs "$work/plugins"
  at_end umount "$work/plugins"
}
mount_plugins

# plugins DIRECTORY FILE... : tmpfs gives them in the order in which they come here, or in its reverse.
plugins() {
  local directory=$work/plugins/$1
  shift
  mkdir "$directory"
  cp "$@" "$directory/"
}
ours=$SE_STAGE/lib/sasl2/libsasl-entra.so
theirs=("$system_plugins"/lib{plain,login,scram,crammd5}.so)
plugins one "${theirs[@]}" "$ours"
plugins first "${theirs[@]}" "$ours" "$foreign"
plugins last "${theirs[@]}" "$foreign" "$ours"

# --- the hosts ----------------------------------------------------------------------------------------

# Each logs in once with the plugins of the directory $1 and the mechanisms $2 allowed ("": all), and
# prints which mechanism the server saw, and whether it was content.
seen() {
  local method
  method=$(imap_method)
  if imap_new | grep -q -- '-login: \(Info: \)*Login:'; then echo "$method ok"; else echo "$method refused"; fi
}

by_postfix() {
  plugin_path=$work/plugins/$1
  postfix_main_cf "$dovecot_submission_port" "smtp_sasl_mechanism_filter = $2" \
    "smtp_sasl_security_options = noanonymous" "smtp_sasl_tls_security_options = noanonymous" \
    > "$work/postfix/main.cf"
  passwords "$person $person:$password"
  imap_mark
  mark
  postfix_start
  send_mail "$person"
  wait_for 20 log_has 'status='
  postfix_stop
  postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  seen
}

by_mbsync() {
  plugin_path=$work/plugins/$1
  rm -rf "$person_home/Mail" "$person_home/.mbsync"
  install -d -m 700 -o "$person_user" -g "$person_user" "$person_home/Mail"
  guide_block mbsync.md mbsyncrc | guide_here | sed -e "s#^AuthMechs .*#AuthMechs ${2:-*}#" \
    -e "s#^User .*#&\nPass $password\nCertificateFile $person_home/ca.pem#" > "$person_home/.mbsyncrc"
  chown "$person_user" "$person_home/.mbsyncrc"
  imap_mark
  as_person mbsync all > "$work/log/mbsync" 2>&1
  seen
}

by_mutt() {
  plugin_path=$work/plugins/$1
  {
    guide_block mutt.md muttrc-sasl | guide_here
    printf '%s\n' 'set ssl_usesystemcerts = no' "set certificate_file = \"$person_home/ca.pem\"" \
      "set imap_pass = \"$password\"" "set imap_authenticators = \"$2\"" 'set quit = yes'
  } > "$person_home/.muttrc"
  chown "$person_user" "$person_home/.muttrc"
  imap_mark
  as_person env TERM=xterm COLUMNS=80 LINES=24 timeout 30 script -qec \
    "$work/mutt -e 'push <quit>y'" /dev/null < /dev/null > "$work/log/mutt" 2>&1
  seen
}

postfix_setup n "$dovecot_submission_port"
for host in postfix mbsync mutt; do
  equal "$host: of LOGIN, PLAIN, CRAM-MD5, SCRAM and XOAUTH2 it takes SCRAM" "$(by_$host one '')" \
    'SCRAM-SHA-256 ok'
done
equal 'postfix: XOAUTH2 where smtp_sasl_mechanism_filter names it' "$(by_postfix one xoauth2)" 'XOAUTH2 ok'
equal 'mbsync: XOAUTH2 where AuthMechs names it' "$(by_mbsync one XOAUTH2)" 'XOAUTH2 ok'
equal 'mutt: XOAUTH2 where imap_authenticators names it' "$(by_mutt one xoauth2)" 'XOAUTH2 ok'

# Another plugin for XOAUTH2 with the same flags as ours: the token that it sends is none.
export FOREIGN_FLAGS=49 # NOANONYMOUS, NOPLAINTEXT, PASS_CREDENTIALS
person_variables=("FOREIGN_FLAGS=$FOREIGN_FLAGS")
postfix_environment=FOREIGN_FLAGS=$FOREIGN_FLAGS
answers=
for order in first last; do
  wanted=$(by_postfix "$order" xoauth2)
  answers+="$wanted, "
  diag "order $order: $wanted"
  equal "mbsync, two plugins, order $order" "$(by_mbsync "$order" XOAUTH2)" "$wanted"
  equal "mutt, two plugins, order $order" "$(by_mutt "$order" xoauth2)" "$wanted"
done
by_order() { same "$answers" 'XOAUTH2 ok, XOAUTH2 refused, ' || same "$answers" 'XOAUTH2 refused, XOAUTH2 ok, '; }
check 'with equal flags the order of loading decides, in each of them' by_order

# With fewer flags, as plugins have that claim less, it comes behind ours in either order.
FOREIGN_FLAGS=48
person_variables=("FOREIGN_FLAGS=$FOREIGN_FLAGS")
postfix_environment=FOREIGN_FLAGS=$FOREIGN_FLAGS
for order in first last; do
  equal "postfix, a weaker plugin beside ours, order $order" "$(by_postfix "$order" xoauth2)" 'XOAUTH2 ok'
  equal "mbsync, a weaker plugin beside ours, order $order" "$(by_mbsync "$order" XOAUTH2)" 'XOAUTH2 ok'
done

check 'no secret is in any log, message or process argument' no_secrets
finish

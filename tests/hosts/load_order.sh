#!/bin/bash
# Which mechanism libsasl2 picks when a server offers LOGIN, PLAIN and XOAUTH2, whatever the order in
# which it loads the plugins: an installed but unconfigured plugin changes nothing; a configured one
# wins, even with a broken configuration.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant get_postfix postfix dovecot; do . "$lib/$part.sh"; done

sender=scanner@contoso.com
password='app-Password.27'
system_plugins=$(dirname "$(find /usr/lib -name 'libplain.so' -path '*sasl2*' | head -n 1)")
socket_pid=

scene_begin
at_end standins_stop
at_end dovecot_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
tenant_start
printf '{"%s": "%s"}\n' "$sender" "$password" > "$work/users.json"
echo "$password" >> "$work/secrets"
submission_start exchange --mechs 'LOGIN PLAIN XOAUTH2' --users "$work/users.json"
dovecot_setup "$sender" "$password"
dovecot_start

# Directories whose files come in the order in which they were made, or in its reverse: tmpfs.
mkdir "$work/plugins"
mount -t tmpfs -o mode=755 tmpfs "$work/plugins"
at_end umount "$work/plugins"
mkdir "$work/plugins/first" "$work/plugins/last"
cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$work/plugins/first/"
cp "$system_plugins"/libplain.so "$system_plugins"/liblogin.so "$work/plugins/first/"
cp "$system_plugins"/libplain.so "$system_plugins"/liblogin.so "$work/plugins/last/"
cp "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$work/plugins/last/"
position() { find "$work/plugins/$1" -type f -printf '%f\n' | grep -n entra | cut -d: -f1; }
check 'the plugin is first in one directory and last in the other' \
  test "$(position first)" -ne "$(position last)"
diag "position of ours: $(position first) and $(position last) of 3"

# --- states ---------------------------------------------------------------------------------------

# A file that libsasl2 would take for the agent's socket, with somebody behind it.
socket_start() {
  mkdir -p "${scene_socket%/*}"
  "$PYTHON" -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(5); time.sleep(600)' "$scene_socket" &
  socket_pid=$!
  wait_for 10 test -S "$scene_socket"
}
socket_stop() {
  end_process "$socket_pid"
  socket_pid=
  rm -f "$scene_socket"
}
at_end socket_stop

unconfigured() { rm -f "$scene_conf/sasl-entra.conf"; }
configured() { config_write "$1"; }
broken() {
  config_write "$1"
  sed -i 's/^client_id/client_idd/' "$scene_conf/sasl-entra.conf"
}

# --- Postfix ----------------------------------------------------------------------------------------

# postfix_uses SECURITY-OPTIONS : sends a message; what the server saw goes to $seen.
postfix_sends() {
  local logins
  logins=$(lines "$work/exchange/auth.jsonl")
  mark
  plugin_path=$work/plugins/$1
  postfix_main_cf "${submission_port[exchange]}" "smtp_sasl_security_options = $2" \
    "smtp_sasl_tls_security_options = $2" 'smtp_sasl_mechanism_filter =' > "$work/postfix/main.cf"
  postfix_start
  send_mail "$sender"
  wait_for 20 log_has 'status='
  postfix_stop
  postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  seen=$(tail -n "+$((logins + 1))" "$work/exchange/auth.jsonl" |
    sed -n 's/.*"mechanism": *"\([^"]*\)".*"outcome": *"\([^"]*\)".*/\1 \2/p' | tr '\n' ' ')
}

# one_of WORD... : what the server saw is one of them.
one_of() {
  local word
  for word in "$@"; do [ "$seen" = "$word " ] && return 0; done
  echo "saw \"$seen\""
  return 1
}

# --- mbsync -----------------------------------------------------------------------------------------

install -d -m 700 -o mail -g mail "$work/home" "$work/home/boxes"
cat > "$work/home/mbsyncrc" << END
IMAPAccount contoso
Host localhost
Port $dovecot_port
User $sender
Pass $password
SSLType None
AuthMechs *

IMAPStore far
Account contoso

MaildirStore near
Path $work/home/boxes/
Inbox $work/home/boxes/inbox

Channel all
Far :far:
Near :near:
Create Near
END
chown mail "$work/home/mbsyncrc"

# mbsync_logs_in DIRECTORY : by which method it did, or tried to, goes to $seen.
mbsync_logs_in() {
  local from
  from=$(($(lines "$dovecot_log") + 1))
  setpriv --reuid mail --regid mail --init-groups env -i PATH=/usr/bin:/bin HOME="$work/home" \
    SASL_PATH="$work/plugins/$1" mbsync -V -c "$work/home/mbsyncrc" all \
    > "$work/log/mbsync" 2>&1
  wait_for 5 login_noted "$from" > /dev/null
  seen=$(tail -n "+$from" "$dovecot_log" | sed -n 's/.*imap-login:.*method=\([A-Z0-9]*\).*/\1/p' |
    tail -n 1)" "
}
login_noted() { tail -n "+$1" "$dovecot_log" | grep -q 'imap-login:.*method='; }
mbsync_says() { grep -F -- "$1" "$work/log/mbsync"; }

# --- the table --------------------------------------------------------------------------------------

postfix_setup n "${submission_port[exchange]}"
passwords "[localhost]:${submission_port[exchange]} $sender:$password"
for order in first last; do
  unconfigured
  postfix_sends $order noanonymous
  check "$order, unconfigured: Postfix logs in by password" one_of 'PLAIN ok' 'LOGIN ok'
  mbsync_logs_in $order
  check "$order, unconfigured: so does mbsync" one_of PLAIN LOGIN

  socket_start
  postfix_sends $order noanonymous
  check "$order, unconfigured with a socket: Postfix logs in by password" one_of 'PLAIN ok' 'LOGIN ok'
  mbsync_logs_in $order
  check "$order, unconfigured with a socket: so does mbsync" one_of PLAIN LOGIN
  socket_stop

  configured "$postfix_group"
  postfix_sends $order 'noplaintext, noanonymous'
  check "$order, configured: Postfix's default options give XOAUTH2" one_of 'XOAUTH2 ok'
  postfix_sends $order noanonymous
  check "$order, configured: and so it is where passwords are allowed" one_of 'XOAUTH2 ok'
  configured mail
  mbsync_logs_in $order
  check "$order, configured: mbsync logs in by XOAUTH2" one_of XOAUTH2

  broken "$postfix_group"
  postfix_sends $order 'noplaintext, noanonymous'
  check "$order, broken configuration: no password is sent instead" same "$seen" ''
  check "$order, broken configuration: the log names file, line and key" \
    log_has "sasl-entra.conf:5: client_idd: "
  postfix_sends $order noanonymous
  check "$order, broken configuration: not even where passwords are allowed" same "$seen" ''
  mbsync_logs_in $order
  check "$order, broken configuration: mbsync says file, line and key" \
    mbsync_says "sasl-entra.conf:5: client_idd: "
done

check 'no secret is in any log, message or process argument' no_secrets
finish

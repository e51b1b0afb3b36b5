#!/bin/bash
# `sasl-entra setup --postfix`: what it shows, changes and puts back in a private Postfix, and that mail is
# delivered with what it wrote.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix postfix_cases; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"
if [ -n "$postfix_root" ]; then skip_all 'Postfix is only unpacked: its programs are not where they are looked for'; fi

tenant_start
submission_start exchange
secret_group=$(id -gn "$agent_user")
config_write "$secret_group"
plugin_path=$SE_STAGE/lib/sasl2
relay="[localhost]:${submission_port[exchange]}"
conf=$work/postfix

# The agent of these cases is started with what they need, or Postfix starts it itself.
source_start() { install -d -m 700 -o "$agent_user" -g "$secret_group" "$scene_state"; }
source_forget() { agent_stop; rm -rf "$scene_state"; }

# setup ARGUMENT... : its output is in $work/log/setup, its exit code the function's.
setup() {
  "$SE_STAGE/bin/sasl-entra" setup --postfix="$conf" "$@" > "$work/log/setup" 2>&1 < /dev/null
}
setup_here() { setup --login "$sender" --relay "$relay" "$@"; }
says() {
  grep -qF -- "$1" "$work/log/setup" && return 0
  cat "$work/log/setup"
  return 1
}
main() { postfix_run sbin/postconf -h "$1" 2> /dev/null; }
service() { postfix_run sbin/postconf -Fh "exchange/unix/$1"; }
own() { postfix_run sbin/postconf -Ph "exchange/unix/$1" 2> /dev/null; }

# fresh CHROOT [LINE...] : as a new Debian has it, without anything about a relay.
fresh() {
  local chroot=$1
  shift
  postfix_stop
  rm -rf "$conf" "$work/before"
  postfix_setup "$chroot" 1
  rm "$conf/sasl_passwd"
  sed -i -e '/^relayhost/d; /^smtp_sasl/d; /^smtp_sender_dep/d; /^smtp_tls_security/d' "$conf/main.cf"
  printf 'spare      unix  - - n - 0 spawn user=nobody argv=/bin/true\n' >> "$conf/master.cf"
  printf '%s\n' '# what Debian has' 'smtp_tls_security_level=may' 'relayhost =' "$@" >> "$conf/main.cf"
  touch -d '1 hour ago' "$conf"/*.cf
  cp -a "$conf" "$work/before"
}
as_before() {
  diff -r -x 'undone.*' -x '*.db' "$work/before" "$conf" && same "$(looks "$conf")" "$(looks "$work/before")"
}
looks() { (cd "$1" && stat -c '%n %a %U:%G' main.cf master.cf); }
backups() { find "$conf" -maxdepth 1 -name 'sasl-entra.2*' | wc -l; }

# --- shown, not done --------------------------------------------------------------------------------

fresh y
check 'without --apply the plan is shown' setup_here
check '... the relay host' says "postconf -e 'relayhost=$relay'"
check '... and the transport' says "exchange unix - - y - 3 smtp"
check '... and the entry' says "$relay  $sender:oauth"
check '... as differences, too' says "+relayhost = $relay"
check '... and that nothing was changed' says 'Nothing was changed; --apply changes it.'
check '... which is so' as_before
equal '... in 80 columns, but for what is to be copied' \
  "$(grep -v "^  postconf \|^[-+@ ]*/\|^[-+ ]" "$work/log/setup" | awk 'length > 80' | wc -l)" 0
setup_here --detailed-exit-code
equal 'with --detailed-exit-code it ends with 10' $? 10
check '--dry-run is stronger than --apply' setup_here --dry-run --apply
check '... nothing is changed' as_before
check '--json says it to programs' setup_here --json
check '... as JSON' "$PYTHON" -c 'import json, sys
plan = json.load(open(sys.argv[1]))
sys.exit(not (plan["changed"] and not plan["applied"] and plan["concurrency"] == 3 and plan["chrooted"]))' \
  <(head -n 1 <(grep '^{' "$work/log/setup"))

# --- asked at a terminal ------------------------------------------------------------------------------

# asked ANSWER : with a terminal, where the login name and then the yes are asked for.
asked() {
  "$PYTHON" - "$1" "$SE_STAGE/bin/sasl-entra" setup --postfix="$conf" --relay "$relay" << 'END'
import os, pty, sys
answers = [(b"Login name", b"scanner@contoso.com\n"), (b"Change that?", sys.argv[1].encode() + b"\n")]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
text = b""
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    text += more
    if answers and answers[0][0] in text:
        os.write(terminal, answers.pop(0)[1])
sys.stdout.write(text.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}
asked n > "$work/log/setup"
equal 'at a terminal, after a no' $? 0
check '... nothing was changed' as_before
asked y > "$work/log/setup"
equal '... after a yes' $? 0
check '... it was' says 'Changed. What was replaced is in'
cp -a "$conf" "$work/applied"
check 'what --undo would do is said with --dry-run' setup --undo --dry-run
check '...' says 'would be put back from'
check '... and not done' diff -r "$work/applied" "$conf"
rm -rf "$work/applied"
# What a crash leaves before the backup is complete.
mkdir -m 700 "$conf/sasl-entra.99991231T235959Z"
check '... and back, past a backup that is not complete' setup --undo
rmdir "$conf/sasl-entra.99991231T235959Z"
check '... byte for byte' as_before

# --- done: no systemd, no agent, a chrooted smtp(8) ---------------------------------------------------

tenant_set reset -d '{}'
source_start
check '--apply changes it' setup_here --apply
check '... and says where what was there is' says "$conf/sasl-entra.20"
check '... and what to type next' says "sasl-entra doctor --postfix=$conf relay"
equal '... the login name is only for root' "$(stat -c %a "$conf/sasl_passwd")" 600
equal '... the other modes are as before' "$(looks "$conf")" "$(looks "$work/before")"
equal '... the rest of main.cf, too' "$(diff "$work/before/main.cf" "$conf/main.cf" | grep '^<')" \
  "$(printf '< %s\n' smtp_tls_security_level=may 'relayhost =')"
equal '... and of master.cf' "$(diff "$work/before/master.cf" "$conf/master.cf" | grep -c '^<')" 0
check '... with an agent that Postfix starts' grep -q '^sasl-entra .*spawn' "$conf/master.cf"
had=0
postfix_start
send_mail "$sender"
check 'a message is delivered with what was written' arrives 1 || diag "$(tail -n 20 "$postfix_log")"
check '... by that transport' grep -q 'postfix/\(exchange/\)\?smtp.*status=sent' "$postfix_log"
cp -a "$conf" "$work/applied"
setup_here --apply --detailed-exit-code
equal 'a second time: unchanged' $? 0
check '... which it says' says 'is as it should be; nothing was changed'
check '... nothing is written' diff -r "$work/applied" "$conf"
equal '... there is one backup' "$(backups)" 1

# --- another number of relays, with Postfix running ---------------------------------------------------

for pair in 1:3 2:1 3:1 4:1; do
  check "for ${pair%:*} relays it is applied" setup_here --apply --relays "${pair%:*}"
  equal '... each may have so many connections' "$(main exchange_destination_concurrency_limit)" "${pair#*:}"
  equal '... and processes' "$(service process_limit)" "${pair#*:}"
  if [ "${pair%:*}" = 4 ]; then wanted=8s; else wanted="\$default_destination_rate_delay"; fi
  equal '... and such a rate delay' "$(main exchange_destination_rate_delay)" "$wanted"
done
check 'without a number, what is there stays' setup_here --apply
check '...' says 'nothing was changed'
check 'fewer again: the rate delay goes' setup_here --apply --relays 3
equal '...' "$(main exchange_destination_rate_delay)" "\$default_destination_rate_delay"
check 'a rate delay on request' setup_here --apply --relays 1 --rate-delay
equal '... for one relay' "$(main exchange_destination_rate_delay)" 2s
check 'the running Postfix was told' grep -q 'reload -- version\|refresh_process\|reload ' "$postfix_log"
send_mail "$sender"
check '... and delivers' arrives 2
mkdir "$conf/sasl-entra.old" # an administrator's own, which sorts behind every date
undone=0
while [ "$(backups)" -gt 0 ] && [ $undone -lt 9 ]; do
  check "step $undone back" setup --undo
  undone=$((undone + 1))
done
rmdir "$conf/sasl-entra.old"
check 'back to the beginning, byte for byte' as_before
check '... the table is gone' fails test -e "$conf/sasl_passwd"
check '... and what was made of it' fails test -e "$conf/sasl_passwd.db"
setup --undo
equal 'once more: there is nothing' $? 1
check '...' says 'nothing to undo'
rm -rf "$work/applied"

# --- an agent's socket in the chroot ------------------------------------------------------------------

fresh y
source_forget
tenant_set reset -d '{}'
mkdir -p "$postfix_queue$SE_STAGE"
agent_start "$postfix_group" "$postfix_queue$scene_socket"
check 'with an agent in the chroot it is applied' setup_here --apply
equal '... and needs no other' "$(grep -c '^sasl-entra ' "$conf/master.cf")" 0
had=$(delivered exchange)
postfix_start
send_mail "$sender"
check '... a message is delivered' arrives 1
postfix_stop
agent_stop
check '... back' setup --undo
socket_left() { "$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"; }
rm -f "$postfix_queue$scene_socket"
socket_left "$postfix_queue$scene_socket"
check 'with a socket that nobody listens at any more it is applied' setup_here --apply
equal '... and Postfix starts an agent' "$(grep -c '^sasl-entra ' "$conf/master.cf")" 1
rm -rf "${postfix_queue:?}/tmp"

# --- not chrooted -------------------------------------------------------------------------------------

fresh n
source_forget
rm -f "$scene_socket"
check 'without chroot it is applied' setup_here --apply
equal '... to a service like smtp' "$(service chroot)" n
check '... and the group of the socket is said' says "--socket $scene_socket,sasl-entra-clients"
check '... into which its user is to be put' says "usermod --append --groups sasl-entra-clients $postfix_owner"
agent_start "$postfix_group"
had=$(delivered exchange)
postfix_start
send_mail "$sender"
check '... a message is delivered' arrives 1
postfix_stop
agent_stop

# --- an existing table -----------------------------------------------------------------------------------

fresh n "smtp_sasl_password_maps = texthash:$work/postfix/theirs"
printf '# ours\n[smtp.example.net]:587 shop:App-Password-of-Theirs\n%s other@contoso.com:Old-Password-of-Theirs' \
  "$relay" > "$conf/theirs"
echo 'App-Password-of-Theirs' >> "$work/secrets"
echo 'Old-Password-of-Theirs' >> "$work/secrets"
chmod 640 "$conf/theirs"
chgrp "$postfix_group" "$conf/theirs"
cp -a "$conf/theirs" "$work/before/"
check "the administrator's table gets the entry" setup_here --apply
check '... whose passwords are not shown' fails grep -q 'of-Theirs' "$work/log/setup"
equal '... in place of the one for the same relay host' "$(cat "$conf/theirs")" \
  "$(printf '# ours\n[smtp.example.net]:587 shop:App-Password-of-Theirs\n%s\t%s:oauth' "$relay" "$sender")"
equal '... with its mode' "$(stat -c '%a %G' "$conf/theirs")" "640 $postfix_group"
equal '... and is still the only one' "$(main smtp_sasl_password_maps)" "texthash:$conf/theirs"
equal '... the copy is no more open' "$(stat -c '%a %G' "$conf"/sasl-entra.*/0)" "640 $postfix_group"
echo '# edited since' >> "$conf/main.cf"
check '... and put back' setup --undo
check '... byte for byte' as_before
check '... what was edited since is kept' grep -q 'edited since' "$conf"/undone.*/*.undone

# --- another relay host ---------------------------------------------------------------------------------

echo '{"shop": "app-password"}' > "$work/users.json"
submission_start shop --mode google --mechs 'LOGIN PLAIN XOAUTH2' --users "$work/users.json"
fresh n "relayhost = [127.0.0.1]:${submission_port[shop]}"
sed -i '/^relayhost =$/d' "$conf/main.cf" "$work/before/main.cf"
check 'with another relay host' setup_here
check '... that stays' says 'relayhost is another one and stays'
check '... it is applied' setup_here --apply
equal '... smtp knows nothing of it' "$(main smtp_sasl_auth_enable) $(main smtp_tls_security_level)" 'no may'
equal '... and the service does' "$(own smtp_sasl_auth_enable) $(own smtp_tls_security_level)" 'yes secure'
agent_start "$postfix_group"
had=$(delivered exchange)
postfix_start
send_mail "$sender"
check "... the sender's message goes to Exchange" arrives 1 || diag "$(tail -n 20 "$postfix_log")"
mark
send_mail shop@example.net
check '... and others to the other' wait_for 30 log_has 'relay=127.0.0.1'
setup_here --apply
check '... unchanged the second time' says 'nothing was changed'
postfix_stop
agent_stop
check '... and back' setup --undo
check '... byte for byte' as_before
submission_stop shop

# --- never lower --------------------------------------------------------------------------------------

fresh n 'smtp_tls_security_level = verify' 'smtp_sasl_security_options = noanonymous, noplaintext, mutual_auth' \
  'smtp_sasl_auth_cache_name = proxy:btree:/var/lib/postfix/cache' 'transport_maps = inline:{x.example=smtp:}'
sed -i '/^smtp_tls_security_level=may/d' "$conf/main.cf"
check 'with a stricter TLS level and a table of transports' setup_here --apply
equal '... it stays' "$(main smtp_tls_security_level) $(own smtp_tls_security_level)" 'verify '
equal '... what excludes OAuth does not, for Exchange' "$(own smtp_sasl_security_options)" noanonymous
check '... nor the cache of failures' grep -q 'smtp_sasl_auth_cache_name=' "$conf/master.cf"
setup_here --apply
check '... unchanged the second time' says 'nothing was changed'

# --- refused ------------------------------------------------------------------------------------------

refused() {
  local name=$1 sentence=$2
  shift 2
  setup "$@" --apply
  check "$name is refused" test $? -eq 1
  check '... in words' says "$sentence"
  check '... and nothing is changed' as_before
}
fresh y
refused 'a login name with a space' 'is no login name' --login 'a b@contoso.com' --relay "$relay"
refused 'a login name with a line end' 'is no login name' --login $'a@contoso.com\nx y:z' --relay "$relay"
refused 'a login name with a colon' 'is no login name' --login 'a:b@contoso.com' --relay "$relay"
refused 'a login name that begins a comment' 'is no login name' --login '#a@contoso.com' --relay "$relay"
refused 'a login name of nobody' 'no account' --login 'a@example.org' --relay "$relay"
refused 'no login name' '--login' --relay "$relay"
refused 'a relay host with a line end' 'is no relay host' --login "$sender" --relay $'[localhost]:25\nx=y'
refused 'a relay host with a variable' 'is no relay host' --login "$sender" --relay '[$x]:25'
refused 'a relay host of somebody else' 'servers' --login "$sender" --relay '[smtp.example.net]:587'
echo 'this is no line' >> "$conf/main.cf"
cp "$conf/main.cf" "$work/before/main.cf"
refused 'a broken main.cf' 'put that right first' --login "$sender" --relay "$relay"
fresh y
echo 'exchange unix - - n - - pipe flags=R user=nobody argv=/bin/true' >> "$conf/master.cf"
cp "$conf/master.cf" "$work/before/master.cf"
refused 'another service of that name' 'rename it' --login "$sender" --relay "$relay"
fresh y
mv "$conf/main.cf" "$work/main.cf"
ln -s "$work/main.cf" "$conf/main.cf"
setup_here --apply
check 'a main.cf that is a link is left alone' says 'is a link'
fresh y
# `postfix check` refuses a queue directory that is no directory; postconf does not look.
sed -i "s#^data_directory .*#data_directory = $work/no/such#" "$conf/main.cf" "$work/before/main.cf"
refused 'what postfix check does not like' 'is as it was before' --login "$sender" --relay "$relay"

check 'no secret is in any log, message or process argument' no_secrets
finish

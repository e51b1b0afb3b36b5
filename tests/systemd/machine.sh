#!/bin/bash
# The units, started for real: a Debian booted by systemd-nspawn, its own Postfix with a chrooted
# smtp(8), the agent started by the first message. SE_TREE is what `make install DESTDIR=` gave with
# the prefix /usr.
lib=${top_srcdir:?}/tests/hosts/lib
work=$(mktemp -d /tmp/se.XXXXXX) || exit 99
SE_STAGE=$work/none
# shellcheck source=/dev/null
for part in tap scene tenant; do . "$lib/$part.sh"; done
# shellcheck source=/dev/null
. "$top_srcdir/tests/systemd/lib/machine.sh"

[ "$(id -u)" -eq 0 ] || skip_all "must run as root: it boots a machine"
[ -e "${SE_TREE:?}/usr/sbin/sasl-entrad" ] || bail "nothing is installed in $SE_TREE"
reason=$(machine_missing)
[ -z "$reason" ] || skip_all "$reason"
umask 022
chmod 755 "$work"
mkdir "$work/log"
trap scene_end EXIT
trap 'exit 1' HUP INT TERM
at_end machine_remove
at_end standins_stop

machine_get "$top_builddir" "$SE_TREE" || skip_all "debootstrap could not make a root directory"
machine_make "$top_builddir" "$SE_TREE" || bail "the machine's root directory cannot be made"
conf=$machine_root/etc/sasl-entra
agent=sasl-entrad.service
queue=/var/spool/postfix
queue_socket=sasl-entra-postfix@var-spool-postfix.socket
sender=scanner@contoso.com
from=$SECONDS
machine_boot || skip_all "systemd-nspawn does not boot here: $(tail -n 1 "$work/log/nspawn")"
diag "booted in $((SECONDS - from)) s: $(in_machine systemctl --version | head -n 1)"

# --- the stand-ins, in the machine's network ---------------------------------------------------------

printf '#!/bin/sh\nexec nsenter --target %s --net -- %s "$@"\n' "$machine_leader" "$PYTHON" > "$work/python"
chmod 755 "$work/python"
PYTHON=$work/python
curl() { in_network curl "$@"; }
tenant_start
submission_start exchange
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'

# --- words ---------------------------------------------------------------------------------------------

# account [LINE...] : the configuration. The secret is the agent's user's alone.
account() {
  install -d -m 755 "$conf"
  install -m 644 "$work/tenant/ca.pem" "$conf/ca.pem"
  printf '%s\n' '[account relay]' 'match              = *@contoso.com' \
    'tenant             = contoso.onmicrosoft.com' "client_id          = $tenant_app" \
    'credential         = secret' "client_secret_file = ${secret_value:-/etc/sasl-entra/contoso.secret}" \
    'servers            = localhost' "authority          = $tenant_authority" \
    'ca_file            = /etc/sasl-entra/ca.pem' "$@" > "$conf/sasl-entra.conf"
  # a file's content is known again by its time
  touch -d "@$((EPOCHSECONDS - 1000 + SECONDS))" "$conf/sasl-entra.conf"
}
secret() {
  in_machine install -m "$2" -o root -g "$1" /dev/null /etc/sasl-entra/contoso.secret
  printf '%s\n' "$tenant_secret" > "$conf/contoso.secret"
  printf '%s\n' "$tenant_secret" >> "$work/secrets"
}

active() { in_machine systemctl is-active --quiet "$1"; }
main_pid() { in_machine systemctl show -P MainPID "$agent"; }
status_line() { in_machine systemctl show -P StatusText "$agent"; }
status_has() { status_line | grep -F -- "$1"; }
journal() { in_machine journalctl -q -o cat --no-pager "$@"; }
journal_has() {
  local text=$1
  shift
  journal "$@" | grep -qF -- "$text"
}
# Names of users are the machine's.
in_file_is() { same "$(in_machine stat -c '%U:%G %a' "$1")" "$2"; }

had=0
send() {
  had=$(delivered exchange)
  since=$(in_machine date '+%F %T')
  # An smtp(8) remembers its last token for a minute: another one is to ask the agent.
  in_machine pkill -x smtp
  printf 'From: %s\nTo: recipient@fabrikam.com\nSubject: test\n\nA test.\n' "$sender" |
    nsenter --target "$machine_leader" --all -- /usr/sbin/sendmail -f "$sender" recipient@fabrikam.com
}
arrived() { [ "$(delivered exchange)" -gt "$had" ]; }
arrives() {
  wait_for 30 arrived && return 0
  journal -t postfix/smtp --since "$since" | tail -n 3
  status_line
  return 1
}
mail_flows() { send && arrives; }
flush() { in_machine postqueue -f; }

# drop_in NAME LINE... : for the agent's unit; `drop_in NAME` alone takes it away.
drop_in() {
  local directory=$machine_root/etc/systemd/system/$agent.d file=$1
  shift
  mkdir -p "$directory"
  if [ $# -gt 0 ]; then printf '%s\n' "$@" > "$directory/$file.conf"; else rm -f "$directory/$file.conf"; fi
  in_machine systemctl daemon-reload
}

# --- installed, not configured ---------------------------------------------------------------------

in_machine systemd-sysusers
in_machine systemd-tmpfiles --create sasl-entra.conf
check 'sysusers.d makes the user' in_machine id sasl-entra
check 'tmpfiles.d makes the state directory, 0700 and the user'"'"'s' \
  in_file_is /var/lib/sasl-entra 'sasl-entra:sasl-entra 700'
verified() {
  ! in_machine systemd-analyze verify --man=no "$agent" sasl-entrad.socket "$queue_socket" 2>&1 |
    grep sasl-entra
}
check 'systemd-analyze verify has no complaint' verified
in_machine systemctl enable -q --now sasl-entrad.socket "$queue_socket"
check 'without a configuration no socket is opened' fails active sasl-entrad.socket
check '... nor in the queue directory' fails active "$queue_socket"

# --- configured ---------------------------------------------------------------------------------------

account
secret sasl-entra 640
in_machine systemctl enable -q --now sasl-entrad.socket "$queue_socket"
check 'with one, enable --now opens the socket' in_file_is /run/sasl-entra/agent.sock \
  'root:sasl-entra-clients 660'
check '... in a directory of root'"'"'s' in_file_is /run/sasl-entra 'root:root 755'
check '... and the one in the queue directory' in_file_is $queue/run/sasl-entra/agent.sock \
  'root:postfix 660'
check '... in directories of root'"'"'s' in_file_is $queue/run/sasl-entra 'root:root 755'
check '... and the agent has not been started' fails active "$agent"

postfix_configure() {
  cat > "$machine_root/etc/postfix/main.cf" << END
compatibility_level          = 3.6
myhostname                   = relay.contoso.com
mydestination                =
alias_maps                   =
alias_database               =
inet_interfaces              = loopback-only
smtp_host_lookup             = native
relayhost                    = [localhost]:${submission_port[exchange]}
smtp_sasl_auth_enable        = yes
smtp_sasl_mechanism_filter   = xoauth2
smtp_sasl_password_maps      = texthash:/etc/postfix/sasl_passwd
smtp_tls_security_level      = secure
smtp_tls_CAfile              = /etc/sasl-entra/ca.pem
smtp_sasl_auth_cache_name    =
END
  printf '[localhost]:%s %s:oauth\n' "${submission_port[exchange]}" "$sender" \
    > "$machine_root/etc/postfix/sasl_passwd"
  touch -d '1 hour ago' "$machine_root/etc/postfix/sasl_passwd"
  in_machine systemctl restart postfix
}
postfix_configure
equal "Debian's smtp(8) is chrooted" "$(in_machine postconf -F smtp/unix/chroot)" 'smtp/unix/chroot = y'
check 'a message starts the agent and is delivered' mail_flows || {
  diag "$(journal -u "$agent" | tail -n 5)"
  bail 'without that, nothing else is worth a try'
}
check '... it runs' active "$agent"
equal '... with one token request' "$(token_requests)" 1
check '... with a token that is kept' in_machine sh -c 'ls /var/lib/sasl-entra/*.json'

# --- how it is shut in ------------------------------------------------------------------------------

process() { in_machine grep "^$1:" "/proc/$(main_pid)/status" | tr -d ' \t'; }
equal 'it is not root' "$(in_machine ps -o user= -p "$(main_pid)")" sasl-entra
equal '... has no capability' "$(process CapBnd)" CapBnd:0000000000000000
equal '... gains no privilege' "$(process NoNewPrivs)" NoNewPrivs:1
equal '... and its system calls are filtered' "$(process Seccomp)" Seccomp:2
level=$(in_machine systemd-analyze security --no-pager "$agent" |
  sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p')
diag "systemd-analyze security: $level"
check 'systemd-analyze security: an exposure of 1.6 at most' \
  awk -v level="$level" 'BEGIN {exit !(level != "" && level <= 1.6)}'
check 'nothing was refused that it needs' fails journal_has 'Operation not permitted' -u "$agent"

# --- status, reload -----------------------------------------------------------------------------------

equal 'systemctl status shows a line in words' "$(in_machine systemctl status --no-pager "$agent" |
  sed -n 's/^ *Status: //p')" '"1 account"'
account '' '[account two]' 'match = b@example.org' 'tenant = contoso.com' "client_id = $tenant_app"
check 'systemctl reload succeeds' in_machine systemctl reload "$agent"
check '... and two accounts are served' wait_for 5 status_has '2 accounts'
pid=$(main_pid)
account 'client_idd = 1'
check 'with a broken configuration systemctl reload' in_machine systemctl reload "$agent"
check '... leaves a status that names file and key' wait_for 5 status_has 'sasl-entra.conf:10: client_idd'
check '... and mail flows as before' mail_flows
account
in_machine systemctl reload "$agent"
check '... until it is corrected' wait_for 5 status_has '1 account'
equal '... all of that by the same process' "$(main_pid)" "$pid"

# --- restart, watchdog --------------------------------------------------------------------------------

requests=$(token_requests)
in_machine systemctl restart "$agent"
check 'after systemctl restart a message is delivered' mail_flows
equal '... with the token that there was' "$(token_requests)" "$requests"
in_machine systemctl stop "$agent" 2> "$work/log/stop"
check 'after systemctl stop the next message starts it' mail_flows
equal '... with the token that there was' "$(token_requests)" "$requests"
check '... and the sockets are where they were' in_file_is $queue/run/sasl-entra/agent.sock \
  'root:postfix 660'

drop_in watchdog '[Service]' 'WatchdogSec=1'
in_machine systemctl restart "$agent"
sleep 3
equal 'an agent that lives outlives its watchdog' "$(in_machine systemctl show -P NRestarts "$agent")" 0
pid=$(main_pid)
[ "$pid" -gt 1 ] && in_machine kill -STOP "$pid"
restarted() { active "$agent" && [ "$(main_pid)" != "$pid" ]; }
check 'one that hangs is ended and started again' wait_for 15 restarted
check '... by the watchdog' journal_has 'Watchdog timeout' -u "$agent"
check '... and mail flows' mail_flows
equal '... with the token that there was' "$(token_requests)" "$requests"
drop_in watchdog

# --- a broken configuration at the start ---------------------------------------------------------------

in_machine systemctl stop "$agent" 2> "$work/log/stop"
account 'client_idd = 1'
send
deferred_in_words() { journal_has "sasl-entra.conf:10: client_idd" -t postfix/smtp --since "$since"; }
check 'with a broken configuration at the start the mail log says file, line and key' \
  wait_for 20 deferred_in_words
check '... and the sockets are still open' active "$queue_socket"
account
check '... after a correction systemctl reload' in_machine systemctl reload "$agent"
flush
check '... lets the message go' arrives

# --- credentials of systemd ----------------------------------------------------------------------------

secret_value=cred:contoso.secret
secret root 600
drop_in credentials '[Service]' 'LoadCredential=contoso.secret:/etc/sasl-entra/contoso.secret'
account
in_machine rm -rf /var/lib/sasl-entra
in_machine systemctl restart "$agent"
check "a secret by LoadCredential= that is root's alone" mail_flows
equal '... is used for a new token' "$(token_requests)" $((requests + 1))
in_machine sh -c 'systemd-creds encrypt --with-key=host --name=contoso.secret \
  /etc/sasl-entra/contoso.secret /etc/sasl-entra/contoso.secret.cred &&
  rm /etc/sasl-entra/contoso.secret' 2> "$work/log/creds"
drop_in credentials
in_machine install -D -m 644 /usr/share/doc/sasl-entra/credentials.conf \
  "/etc/systemd/system/$agent.d/credentials.conf"
in_machine systemctl daemon-reload
in_machine rm -rf /var/lib/sasl-entra
in_machine systemctl restart "$agent"
check 'the example with LoadCredentialEncrypted= works as it is' mail_flows
equal '... with a new token' "$(token_requests)" $((requests + 2))
drop_in credentials
in_machine systemctl restart "$agent"
check 'without it the status says so' wait_for 5 status_has 'LoadCredential=contoso.secret:PATH'
secret_value=
secret sasl-entra 640
account
in_machine systemctl reload "$agent"

# --- what `setup --postfix` opens, --undo closes --------------------------------------------------------

check 'with the secret in a file again' mail_flows
requests=$(token_requests)
cp -a "$machine_root/etc/postfix" "$work/postfix-configured"
in_machine postconf -X relayhost smtp_sasl_auth_enable smtp_sasl_mechanism_filter smtp_sasl_password_maps \
  smtp_tls_security_level smtp_sasl_auth_cache_name
rm "$machine_root/etc/postfix/sasl_passwd"
in_machine systemctl reload postfix
cp -a "$machine_root/etc/postfix" "$work/postfix-before"
postfix_as_before() { diff -r -x 'undone.*' "$work/postfix-before" "$machine_root/etc/postfix"; }
socket_enabled() { in_machine systemctl --quiet is-enabled "$queue_socket"; }
setup_postfix() {
  in_machine sasl-entra setup --postfix --login "$sender" --relay "[localhost]:${submission_port[exchange]}" "$@"
}
setup_undo() { in_machine sasl-entra setup --postfix --undo; }
# A file is left of one that a crash ended.
socket_left() {
  "$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \
    "/proc/$machine_leader/root$queue/run/sasl-entra/agent.sock"
}

in_machine systemctl disable -q --now "$queue_socket" "$agent" 2> "$work/log/stop"
in_machine systemctl enable -q --now sasl-entrad.socket
in_machine systemctl start "$agent"
check 'a socket that is stopped leaves no file in the queue directory' \
  fails in_machine test -e $queue/run/sasl-entra/agent.sock
socket_left
check 'setup --postfix --apply, with an agent that runs' setup_postfix --apply
check "... opens the chroot's socket, past the file of one that nobody listens at" active "$queue_socket"
check '... and enables it' socket_enabled
check '... and mail flows' mail_flows
equal '... with the token that there was' "$(token_requests)" "$requests"
check 'a second time' setup_postfix --apply
check '... nothing is changed, and the agent runs on' active "$agent"
check '--undo' setup_undo
check '... puts the files back' postfix_as_before
check '... closes the socket' fails active "$queue_socket"
check '... disables it' fails socket_enabled
check '... removes its file' fails in_machine test -e $queue/run/sasl-entra/agent.sock
check '... and leaves the socket of the machine' active sasl-entrad.socket
check '... where the agent can be asked' in_machine sasl-entra status
check '... by somebody' active "$agent"
check 'and once more --apply' setup_postfix --apply
mv "$machine_root/usr/sbin/postfix" "$machine_root/usr/sbin/postfix.real"
# shellcheck disable=SC2016  # its own arguments
printf '#!/bin/sh\ncase "$*" in *reload*) echo cannot >&2; exit 1 ;; esac\nexec /usr/sbin/postfix.real "$@"\n' \
  > "$machine_root/usr/sbin/postfix"
chmod 755 "$machine_root/usr/sbin/postfix"
check '--undo where postfix reload fails, fails' fails setup_undo
check '... puts the files back' postfix_as_before
check '... and has disabled the socket all the same' fails socket_enabled
check '... and closed it' fails active "$queue_socket"
mv "$machine_root/usr/sbin/postfix.real" "$machine_root/usr/sbin/postfix"
in_machine systemctl reload postfix
in_machine systemctl enable -q "$queue_socket"
check 'where the socket was enabled already, by a package say, --apply' setup_postfix --apply
check '... opens it' active "$queue_socket"
check '... and mail flows' mail_flows
check '... and --undo' setup_undo
check '... puts the files back' postfix_as_before
check '... and leaves it enabled' socket_enabled
rm -rf "$machine_root/etc/postfix" && cp -a "$work/postfix-configured" "$machine_root/etc/postfix"

# --- without a chroot: the machine's own socket -----------------------------------------------------------

# The fix of doctor's complaint about the token, if it has one.
fix_of_token() {
  in_machine sasl-entra doctor --postfix --offline --json 2> "$work/log/doctor" | "$PYTHON" -c 'import json, sys
print("\n".join(check["fix"] for check in json.load(sys.stdin)["checks"]
    if check["id"] == "postfix-token" and check["fix"]))'
}
in_machine postconf -F 'smtp/unix/chroot=n'
in_machine systemctl restart postfix
send
kept_out() { journal_has 'contoso.secret cannot be opened' -t postfix/smtp --since "$since"; }
check 'an smtp(8) without chroot, outside of the group, gets no token' wait_for 20 kept_out
fix=$(fix_of_token)
equal '... and doctor has the command for it' "$(head -n 1 <<< "$fix")" 'usermod --append --groups sasl-entra-clients postfix'
check '... which is typed' in_machine sh -ec "$fix"
flush
check '... and lets the message go' arrives
equal '... with the token that there was' "$(token_requests)" "$requests"
equal '... and doctor is content' "$(fix_of_token)" ''
in_machine postconf -F 'smtp/unix/chroot=y'

# --- Postfix's own spawn(8), no daemon -----------------------------------------------------------------

in_machine systemctl disable -q --now sasl-entrad.socket "$queue_socket" "$agent"
in_machine rm -rf $queue/run /run/sasl-entra /var/lib/sasl-entra
in_machine systemd-tmpfiles --create sasl-entra.conf
printf '%s\n' 'sasl-entra unix - n n - 50 spawn' \
  '    user=sasl-entra argv=/usr/sbin/sasl-entrad --inetd' >> "$machine_root/etc/postfix/master.cf"
in_machine systemctl restart postfix
check 'with spawn(8) and --inetd a message is delivered' mail_flows
equal '... with a token of its own' "$(token_requests)" $((requests + 1))
check '... which syslog tells of' wait_for 5 journal_has 'new access token' -t sasl-entrad --since "$since"
equal '... facility mail' "$(journal -t sasl-entrad --since "$since" _TRANSPORT=syslog -o json |
  sed -n 's/.*"SYSLOG_FACILITY":"\([0-9]*\)".*/\1/p' | sort -u)" 2
check '... and no daemon of ours runs' fails in_machine pgrep -x sasl-entrad

# --- a person's own ------------------------------------------------------------------------------------

in_machine useradd -m anna
home=/home/anna
in_machine install -d -o anna -g anna $home/.config $home/.config/sasl-entra
sed "s|/etc/sasl-entra/contoso.secret|$home/.config/sasl-entra/secret|" "$conf/sasl-entra.conf" \
  > "$machine_root$home/.config/sasl-entra/sasl-entra.conf"
cp "$conf/contoso.secret" "$machine_root$home/.config/sasl-entra/secret"
in_machine chown anna:anna $home/.config/sasl-entra/secret
in_machine chmod 600 $home/.config/sasl-entra/secret
in_machine loginctl enable-linger anna
anna=$(in_machine id -u anna)
users() {
  in_machine setpriv --reuid anna --regid anna --init-groups env "XDG_RUNTIME_DIR=/run/user/$anna" \
    "HOME=$home" "$@"
}
wait_for 10 users systemctl --user is-system-running > /dev/null
check "a user's own socket" users systemctl --user enable -q --now sasl-entrad.socket
check '... is his alone' in_file_is "/run/user/$anna/sasl-entra/agent.sock" 'anna:anna 600'
own_answer() {
  in_network "$PYTHON" -c '
import os, sys
sys.path.insert(0, sys.argv[1])
import wire
sys.exit(wire.ask(sys.argv[2], sys.argv[3]).get("kind") != "answer")' "$top_srcdir/tests/agent" \
    "/proc/$machine_leader/root/run/user/$anna/sasl-entra/agent.sock" "$sender"
}
check '... starts his own agent, which hands out a token' own_answer
check '... from his own state directory' in_machine sh -c "ls $home/.local/state/sasl-entra/*.json"
equal "... as the user's unit" "$(users systemctl --user show -P StatusText sasl-entrad.service)" '1 account'

journal > "$work/log/journal" 2>&1
check 'no secret is in the journal' no_secrets
standins_stop
finish

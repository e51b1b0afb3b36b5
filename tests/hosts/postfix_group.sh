#!/bin/bash
# Postfix's user as a member of the group of the agent's socket, sasl-entra-clients, which is what the
# packages make it: smtp(8) keeps the groups of its user, with and without its chroot. In a copy of
# /etc, so that what the tool prints for it can be typed.
lib=${top_srcdir:?}/tests/hosts/lib
if [ "${1-}" != inside ] && [ "$(id -u)" -eq 0 ]; then exec unshare -m -- bash "$0" inside; fi
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix postfix_cases; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"
clients=sasl-entra-clients

mount --make-rprivate / && cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc || bail 'no /etc of its own'
getent group $clients > /dev/null || groupadd --system $clients
gpasswd -d "$postfix_owner" $clients > "$work/log/group" 2>&1

tenant_start
submission_start exchange
secret_group=$(id -gn "$agent_user")
config_write "$secret_group"
plugin_path=$SE_STAGE/lib/sasl2
source_start() { [ -n "$agent_pid" ] || agent_start $clients "$work/q$scene_socket"; }
source_forget() {
  agent_stop
  rm -rf "$scene_state"
}

smtp_runs() { pgrep -g "$(postfix_master)" -x smtp; }
# The groups of the smtp(8) processes that run.
groups_of_smtp() {
  local pid gid
  for pid in $(smtp_runs); do
    for gid in $(sed -n 's/^Groups://p' "/proc/$pid/status"); do getent group "$gid"; done
  done | cut -d : -f 1 | sort -u
}
leave() { gpasswd -d "$postfix_owner" $clients >> "$work/log/group" 2>&1; }

# set_up CHROOT
set_up() {
  leave
  rm -rf "$work/postfix" "$work/q"
  postfix_setup "$1" "${submission_port[exchange]}" 'smtp_destination_concurrency_limit = 3' 'myorigin = contoso.com'
  mkdir -p "$postfix_queue$SE_STAGE"
  case_begin
}

# stays_out SOCKET WORDS : for want of the group.
stays_out() {
  equal '... and the socket' "$(stat -c '%U:%G %a' "$1")" "root:$clients 660"
  postfix_start
  send_mail "$sender"
  check '... the message is deferred' is_deferred
  diag "$(plugin_line)"
  check '... and the log says why' plugin_says "$2"
  wait_for 10 smtp_runs
  check '... as do the groups of the process' fails grep -x $clients <(groups_of_smtp)
}

gets_in() {
  postfix_flush
  check '... and the message is delivered, by the agent' arrives 1
  check '... and a process that has the group' grep -x $clients <(groups_of_smtp)
  equal '... with one token request' "$(token_requests)" 1
  postfix_stop
}

# doctor : the text and the fix of its complaint about the token.
doctor() {
  touch -d '1 hour ago' "$work/postfix"/*.cf
  "$SE_STAGE/bin/sasl-entra" doctor --postfix="$work/postfix" --json --offline > "$work/doctor.json" 2> "$work/log/doctor"
  "$PYTHON" -c 'import json, sys
for check in json.load(open(sys.argv[1]))["checks"]:
    if check["id"] == "postfix-token" and check["fix"]:
        print(check["text"], check["fix"], sep="\n")' "$work/doctor.json"
}

# --- without a chroot ---------------------------------------------------------------------------------

set_up n
diag 'smtp(8) in no chroot, outside of the group'
stays_out "$scene_socket" "$scene_conf/contoso.secret"
doctor > "$work/complaint"
check 'doctor says so' grep -F "$postfix_owner may not connect to the agent's socket $scene_socket" "$work/complaint"
equal '... and what to type' "$(sed -n 2p "$work/complaint")" "usermod --append --groups $clients $postfix_owner"
check '... which is typed' bash -ec "$(sed 1d "$work/complaint")"
gets_in
equal '... of which doctor has no more to say' "$(doctor)" ''

leave
setup() {
  "$SE_STAGE/bin/sasl-entra" setup --postfix="$work/postfix" --login "$sender" \
    --relay "[localhost]:${submission_port[exchange]}" --apply > "$work/log/setup" 2>&1 < /dev/null
}
check 'setup --postfix applies its own' setup
equal '... and says the same' "$(grep usermod "$work/log/setup")" "  usermod --append --groups $clients $postfix_owner"
check '... and names no other socket' fails grep -e '--socket' "$work/log/setup"
usermod --append --groups $clients "$postfix_owner"
setup
check '... but not to a member' fails grep 'usermod\|--socket' "$work/log/setup"

# A socket that is root's, as `sasl-entrad --socket PATH,root` makes it: that group is nobody's to join.
chgrp root "$scene_socket"
leave
doctor > "$work/complaint"
check "a socket of root's group is given to the right one" grep -x \
  "chgrp $clients $scene_socket && chmod 0660 $scene_socket" "$work/complaint"
check '... by what is typed' bash -ec "$(sed 1d "$work/complaint")"
equal '... and it is right again' "$(doctor)" ''

# --- in its chroot ------------------------------------------------------------------------------------

set_up y
diag 'smtp(8) in its chroot, outside of the group'
stays_out "$postfix_queue$scene_socket" 'this user may not connect'
check 'its user is put into the group' usermod --append --groups $clients "$postfix_owner"
postfix_run sbin/postfix reload >> "$work/log/postfix" 2>&1
gets_in

check 'no secret is in any log, message or process argument' no_secrets
finish

# shellcheck shell=bash
# The next version, while mail flows through both instances.

# An smtp(8) remembers its token for a minute: each of these asks the agent.
in_machine postconf -e max_use=1
in_machine postconf -c "$second" -e max_use=1
in_machine postmulti -p reload 2>> "$work/log/reload"
pid=$(main_pid)
# Until a while after the upgrade.
load() {
  local after=0
  while [ $after -lt 10 ]; do
    send "load $sent"
    send "load $sent" -C "$second"
    if [ -e "$work/upgraded" ]; then after=$((after + 1)); fi
  done
  echo "$sent" > "$work/sent"
}
before=$sent
load &
load=$!
sleep 1
check 'the next version installs' install_version two
touch "$work/upgraded"
wait $load
sent=$(cat "$work/sent")
diag "sent meanwhile: $((sent - before))"
check '... and the agent is another process' fails same "$(main_pid)" "$pid"
check '... that is active' wait_for 5 active "$agent"
check 'no message of those sent meanwhile is lost' all_arrive
equal '... nor delivered twice' "$(delivered exchange)" "$sent"
equal '... all by the token that there was' "$(token_requests)" "$requests"
diag "put off for a while: $(journal -t postfix/smtp -t postfix-second/smtp | grep -c status=deferred)"
check 'nothing is done a second time' unsaid 'sasl-entra: '

# An administrator's no stays one.
in_machine systemctl disable -q --now "$queue_socket" 2> "$work/log/disable"
check 'back to the version before' install_version one
check '... a socket that was disabled stays disabled' fails enabled "$queue_socket"
in_machine systemctl enable -q --now "$queue_socket" 2>> "$work/log/disable"

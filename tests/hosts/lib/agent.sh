# shellcheck shell=bash
# agent: sasl-entrad as an administrator would start it: by root, with --user.

agent_pid=

# agent_start GROUP [SOCKET...] : at the system's socket and the given ones, for GROUP.
agent_start() {
  local group=$1 socket options=()
  shift
  for socket in "$scene_socket" "$@"; do options+=(--socket "$socket,$group,0660"); done
  "$SE_STAGE/sbin/sasl-entrad" --user "$agent_user" "${options[@]}" >> "$work/log/agent" 2>&1 &
  agent_pid=$!
  # The first socket is there before the configuration is read; the line comes when it serves.
  if ! wait_for 10 agent_listens "$(grep -c . "$work/log/agent")"; then
    tail -n 5 "$work/log/agent" | sed 's/^/# /'
    bail "the agent does not start"
  fi
}

agent_listens() {
  ! process_ended "$agent_pid" &&
    "$SE_STAGE/bin/sasl-entra" --version > /dev/null && [ -S "$scene_socket" ] &&
    tail -n 1 "$work/log/agent" | grep -q 'listening at'
}

agent_stop() {
  end_process "$agent_pid"
  agent_pid=
}

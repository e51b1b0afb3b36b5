# shellcheck shell=bash
# scene: what every test stands on: a directory of its own, an end that undoes all, the accounts,
# the installed tree at $SE_STAGE, and the search for secrets in what the run wrote.
#
# Everything is made below $work, or in $SE_STAGE/{etc/sasl-entra,run,var}, and is gone at exit.
# Processes are ended by the process id under which they were started.

: "${SE_STAGE:?the directory that the tree is installed in (its --prefix)}"
: "${top_srcdir:?}" "${top_builddir:?}" "${PYTHON:=/usr/bin/python3}"

# Nobody's proxy is asked for loopback, and no user's own configuration is looked at.
unset HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy XDG_CONFIG_HOME
export NO_PROXY=localhost no_proxy=localhost LC_ALL=C

# The agent's account: one that Debian always has and that nothing of Debian runs as.
agent_user=daemon

scene_conf=$SE_STAGE/etc/sasl-entra
scene_state=$SE_STAGE/var/lib/sasl-entra
scene_socket=$SE_STAGE/run/sasl-entra/agent.sock
scene_ends=()

scene_begin() {
  [ "$(id -u)" -eq 0 ] || skip_all "must run as root: it sets up chroots and other users"
  # Its etc, run and var are removed: never those of a real installation.
  [[ $SE_STAGE = /tmp/?* ]] || bail "SE_STAGE must be a directory below /tmp"
  [ -e "$SE_STAGE/lib/sasl2/libsasl-entra.so" ] || bail "nothing is installed in $SE_STAGE"
  umask 022
  # What an earlier, killed test left; never a configuration that a test did not write.
  if [ -e "$scene_conf" ] && [ ! -e "$scene_conf/.tests" ]; then
    bail "$scene_conf is not of these tests; install into a directory of its own"
  fi
  work=$(mktemp -d /tmp/se.XXXXXX) || bail "no temporary directory"
  chmod 755 "$work"
  mkdir "$work/log"
  trap scene_end EXIT
  trap 'exit 1' HUP INT TERM
  scene_clean
  mkdir -p "$scene_conf" "$SE_STAGE/run" "${scene_state%/*}"
  touch "$scene_conf/.tests"
}

# at_end COMMAND... : run at exit, the last one first.
at_end() { scene_ends=("$(printf '%q ' "$@")" "${scene_ends[@]}"); }

scene_clean() { rm -rf "$scene_conf" "${SE_STAGE:?}/run" "${SE_STAGE:?}/var"; }

scene_end() {
  local status=$? command
  trap - EXIT
  for command in "${scene_ends[@]}"; do eval "$command"; done
  if [ -n "${SE_KEEP-}" ]; then
    cp -a "$work" "$SE_KEEP"
  fi
  scene_clean
  rm -rf "$work"
  exit $status
}

# --- processes -----------------------------------------------------------------------------------

# Gone, or dead and not yet buried by its parent.
process_ended() {
  local state
  state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2> /dev/null) || return 0
  [ -z "$state" ] || [ "$state" = Z ]
}

# end_process PID : asks it to end, and insists after ten seconds.
end_process() {
  [ -n "${1-}" ] || return 0
  kill "$1" 2> /dev/null
  if ! wait_for 10 process_ended "$1"; then
    diag "process $1 had to be killed"
    kill -9 "$1" 2> /dev/null
  fi
  wait "$1" 2> /dev/null
  return 0
}

# --- the configuration ---------------------------------------------------------------------------

# config_write GROUP [LINE...] : one account, `relay`, for everybody in contoso.com; its secret is
# readable by GROUP. The lines are added to the account.
config_write() {
  local group=$1
  shift
  cp "$work/tenant/ca.pem" "$scene_conf/ca.pem"
  chmod 644 "$scene_conf/ca.pem"
  secret_write "$group" "$tenant_secret"
  {
    printf '%s\n' '# everything that this relay sends' '[account relay]' \
      'match              = *@contoso.com' \
      'tenant             = contoso.onmicrosoft.com' \
      'client_id          = 00001111-aaaa-2222-bbbb-3333cccc4444' \
      'credential         = secret' \
      "client_secret_file = $scene_conf/contoso.secret" \
      'servers            = localhost' \
      "authority          = $tenant_authority" \
      "ca_file            = $scene_conf/ca.pem" "$@"
  } > "$scene_conf/sasl-entra.conf"
}

# secret_write GROUP VALUE : replaces the file of the client secret.
secret_write() {
  install -m 640 -o root -g "$1" /dev/null "$scene_conf/contoso.secret.new"
  printf '%s\n' "$2" > "$scene_conf/contoso.secret.new"
  mv "$scene_conf/contoso.secret.new" "$scene_conf/contoso.secret"
  printf '%s\n' "$2" >> "$work/secrets"
}

# --- secrets -------------------------------------------------------------------------------------

# One more look at all arguments of all processes, and at the environments of those of this test.
# Call it while something is going on.
look_at_processes() {
  local environment
  ps axww -o pid,args >> "$work/log/processes"
  for environment in /proc/[0-9]*/environ; do
    if grep -qaFe "$work" -e "$SE_STAGE" "$environment"; then cat "$environment"; fi
  done >> "$work/log/environments" 2> /dev/null
}

# Every secret that the tenant knows or issued, and every password that a test wrote, in what the
# run wrote: logs, process arguments, queue files, delivered messages.
no_secrets() {
  local found
  cat "$work/secrets" "$work"/*/secrets.txt 2> /dev/null | awk 'length >= 8' | sort -u \
    > "$work/all-secrets"
  [ -s "$work/all-secrets" ] || { echo "no secrets to look for"; return 1; }
  found=$(find "$work" -type f \( -path '*/log/*' -o -name '*.log' -o -name '*.jsonl' \
    -o -name '*.eml' -o -path '*/q/*' \) ! -name opaque_tokens.jsonl -print0 |
    xargs -0 grep -laFf "$work/all-secrets")
  rm -f "$work/all-secrets"
  [ -z "$found" ] && return 0
  echo "a secret is in: $found"
  return 1
}

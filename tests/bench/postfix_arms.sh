# shellcheck shell=bash
# postfix_arms: private Postfix instances that differ in how they log in and in nothing else, all to
# one Dovecot submission server. Needs lib.sh, and get_postfix, postfix and dovecot of tests/hosts/lib.
#
# An arm lives in $work/NAME. Inside `in_arm NAME COMMAND...` the functions of postfix.sh are about it,
# and $arm is its name.

connections=20
declare -A arm_port arm_senders

in_arm() {
  # shellcheck disable=SC2034  # read by postfix.sh
  local arm=$1 scene=${scene-$work}
  # shellcheck disable=SC2034
  local work=$scene/$arm postfix_queue=$scene/$arm/q postfix_log=$scene/$arm/log/mail
  shift
  "$@"
}

# senders DOMAIN : ten login names.
senders() { printf "sender%d@$1 " {0..9}; }

# --- the server -----------------------------------------------------------------------------------

# server_start : for arms that log in as `senders contoso.com` with $token, or as those of example.com
# with $long by either mechanism, or as those of example.net with $short. Password and token cost it the
# same: both are compared with a line of a file, so that nothing but the token that the tenant gave gets
# in. Its processes live on, so that starting them is not what is measured.
server_start() {
  dovecot_relay_port=$(free_port)
  dovecot_setup nobody nothing 'mail_max_userip_connections = 0'
  install -m 640 -g dovecot /dev/null "$work/dovecot/tokens"
  install -m 640 -g dovecot /dev/null "$work/dovecot/passwords"
  # shellcheck disable=SC2046  # words
  {
    printf "%s:{PLAIN}$token\n" $(senders contoso.com)
    printf "%s:{PLAIN}$long\n" $(senders example.com)
  } > "$work/dovecot/tokens"
  # shellcheck disable=SC2046
  {
    printf "%s:{PLAIN}$long\n" $(senders example.com)
    printf "%s:{PLAIN}$short\n" $(senders example.net)
  } > "$work/dovecot/passwords"
  sed -i '/^passdb {/,/^}/d' "$work/dovecot/dovecot.conf"
  server_conf >> "$work/dovecot/dovecot.conf"
  sink_start
  at_end dovecot_stop
  dovecot_start
}

# Where the messages end.
sink_start() {
  "$(postfix_program sbin/smtp-sink)" -u "$postfix_owner" "127.0.0.1:$dovecot_relay_port" 1000 \
    > "$work/log/sink" 2>&1 &
  at_end end_process $!
}

server_conf() {
  cat << END
passdb {
  driver = passwd-file
  mechanisms = plain
  args = $work/dovecot/passwords
}
passdb {
  driver = passwd-file
  mechanisms = xoauth2
  args = $work/dovecot/tokens
}
service submission-login {
  service_count = 0
  process_min_avail = $(nproc)
}
service submission {
  service_count = 0
  process_min_avail = $connections
}
END
}

# logins MECHANISM DOMAIN : how many the server let in so far.
logins() { grep -c "submission-login: .*Login: user=<[^>]*@$2>, method=$1," "$dovecot_log"; }

# --- an arm ---------------------------------------------------------------------------------------

# arm_queue_directory NAME : before the agent starts, which listens in it.
arm_queue_directory() {
  mkdir -p "$work/$1/q$SE_STAGE"
  printf '%s\n' "$work/$1/q"
}

# arm_start NAME DOMAIN PASSWORD MECHANISM [PLUGIN...] : with Debian's plugins and these.
arm_start() {
  local name=$1 domain=$2 password=$3 mechanism=$4 system
  shift 4
  mkdir -p "$work/$name/log" "$work/$name/plugins"
  ln -s "$work/tenant" "$work/$name/tenant"
  system=$(dirname "$(find /usr/lib -name libplain.so -path '*sasl2*' | head -n 1)")
  install -m 755 "$system"/lib*.so "$@" "$work/$name/plugins/"
  arm_port[$name]=$(free_port)
  arm_senders[$name]=$(senders "$domain")
  # shellcheck disable=SC2034  # read by postfix.sh
  plugin_path=$work/$name/plugins
  at_end in_arm "$name" postfix_stop
  in_arm "$name" arm_set_up "$mechanism" "$password"
}

# TLS and chroot as in the guide. Messages are held as they come in, by a server of this instance. Each
# has a connection, a handshake and an AUTH of its own: with TLS Postfix keeps none unless told to.
arm_set_up() {
  local mechanism=$1 password=$2 names=() sender
  postfix_setup y "$dovecot_submission_port"
  postfix_set "smtp_sasl_mechanism_filter = $mechanism" 'smtp_sasl_security_options = noanonymous' \
    "default_destination_concurrency_limit = $connections" \
    "initial_destination_concurrency = $connections" \
    'mynetworks = 127.0.0.0/8' 'smtpd_relay_restrictions = permit_mynetworks, reject' \
    'smtpd_sender_restrictions = check_sender_access static:HOLD'
  echo "127.0.0.1:${arm_port[$arm]} inet n - y - - smtpd" >> "$work/postfix/master.cf"
  for sender in ${arm_senders[$arm]}; do names+=("$sender $sender:$password"); done
  passwords "${names[@]}"
  chmod 600 "$work/postfix/sasl_passwd"
  postfix_start
}

# arm_queue COUNT : messages of 2 kB, from all senders, ready to be sent.
arm_queue() {
  local sender sources=()
  for sender in ${arm_senders[$arm]}; do
    "$(postfix_program sbin/smtp-source)" -m $(($1 / 10)) -l 2000 -f "$sender" \
      -t recipient@fabrikam.com "127.0.0.1:${arm_port[$arm]}" >> "$work/log/source" 2>&1 &
    sources+=($!)
  done
  wait "${sources[@]}" || bail "$arm: messages could not be queued"
  postfix_run sbin/postsuper -H ALL >> "$work/log/postfix" 2>&1
}

# arm_send COUNT : sets $rate, messages a second from their release to the last status=sent, and the
# processor time in ms that one took of Postfix, $cpu, the server, $server_cpu, and the agent, $agent_cpu.
arm_send() {
  local count=$1 from to before
  arm_queue "$count"
  mark
  before="$(cpu_of "$(postfix_master)") $(cpu_of "$dovecot_pid") $(cpu_of "$agent_pid")"
  from=${EPOCHREALTIME/./}
  postfix_flush
  arm_wait "$count" || bail "$arm: not all of $count messages were sent: $(log_new | tail -n 3)"
  to=${EPOCHREALTIME/./}
  read -r rate cpu server_cpu agent_cpu <<< "$(
    echo "$before $(cpu_of "$(postfix_master)") $(cpu_of "$dovecot_pid") $(cpu_of "$agent_pid")" |
      awk -v count="$count" -v time=$((to - from)) '{
        printf "%.2f", count * 1e6 / time
        for (i = 1; i <= 3; i++) printf " %.4f", ($(i + 3) - $i) / count / 1e6 }')"
}

# Each message has an end in the log; that of all must be that it was sent.
arm_wait() {
  local following follower ended
  exec {following}< <(exec tail -n "+$log_from" -f "$postfix_log" 2> /dev/null)
  follower=$!
  ended=$(timeout 120 grep -m "$1" -c 'status=' <&"$following")
  kill "$follower"
  exec {following}<&-
  [ "$ended" = "$1" ] && [ "$(log_count 'status=sent (250')" = "$1" ]
}

# cpu_of PID : ns, of it and its children: of those that run exactly, of what has ended in ticks.
cpu_of() {
  local process
  {
    awk -v tick="$(getconf CLK_TCK)" '{printf "%.0f\n", ($16 + $17) * 1e9 / tick}' "/proc/$1/stat"
    for process in "$1" $(pgrep -P "$1"); do cat "/proc/$process/schedstat"; done 2> /dev/null
  } | awk '{sum += $1} END {printf "%.0f\n", sum}'
}

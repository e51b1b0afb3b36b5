# shellcheck shell=bash
# postfix: a private Postfix below $work that only sends, with its smtp(8) chrooted as Debian has it
# or not. The system's own is not touched. Needs get_postfix.sh's variables.

postfix_queue=
postfix_log=

postfix_program() { printf '%s/usr/%s' "$postfix_root" "$1"; }

# postfix_run PROGRAM ARGUMENT... : PROGRAM is below /usr, as in sbin/postqueue.
postfix_run() {
  local program
  program=$(postfix_program "$1")
  shift
  LD_LIBRARY_PATH=${postfix_root:+$postfix_root/usr/lib/postfix} MAIL_CONFIG=$work/postfix \
    "$program" -c "$work/postfix" "$@"
}

# postfix_setup CHROOT PORT [LINE...] : y or n as in master.cf's fifth column, the relay's port,
# lines for main.cf. Plugins come from $plugin_path (SASL_PATH).
postfix_setup() {
  local chroot=$1 port=$2
  shift 2
  postfix_queue=$work/q
  postfix_log=$work/log/mail
  mkdir -p "$work/postfix" "$postfix_queue"
  install -d -m 700 -o "$postfix_owner" "$work/data"
  postfix_master_cf "$chroot" > "$work/postfix/master.cf"
  postfix_main_cf "$port" "$@" > "$work/postfix/main.cf"
  passwords ''
  if [ "$chroot" = y ]; then postfix_fill_jail; fi
}

# Where /etc/hosts has localhost for ::1 too, as Debian's has, glibc gives 127.0.0.1 twice, and
# smtp(8) would try both.
postfix_main_cf() {
  local port=$1 libraries=${postfix_root:+LD_LIBRARY_PATH=$postfix_root/usr/lib/postfix}
  shift
  cat << END
compatibility_level     = 3.6
queue_directory         = $postfix_queue
data_directory          = $work/data
command_directory       = $(postfix_program sbin)
daemon_directory        = $(postfix_program lib/postfix/sbin)
shlib_directory         = $(postfix_program lib/postfix)
meta_directory          = $postfix_root/etc/postfix
mail_owner              = $postfix_owner
setgid_group            = $postfix_setgid
maillog_file            = $postfix_log
maillog_file_prefixes   = $work
import_environment      = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME
    SASL_PATH=$plugin_path $libraries ${postfix_environment-}
export_environment      = TZ MAIL_CONFIG LANG=C $libraries

myhostname              = relay.contoso.com
mydestination           =
local_recipient_maps    =
alias_maps              =
alias_database          =
inet_interfaces         = loopback-only
inet_protocols          = ipv4
smtp_host_lookup        = native
smtp_mx_address_limit   = 1
notify_classes          =
initial_destination_concurrency = 20

relayhost                            = [localhost]:$port
smtp_sasl_auth_enable                = yes
smtp_sasl_mechanism_filter           = xoauth2
smtp_sasl_password_maps              = texthash:$work/postfix/sasl_passwd
smtp_sender_dependent_authentication = yes
smtp_sasl_auth_cache_name            =
smtp_tls_security_level              = secure
smtp_tls_CAfile                      = $work/tenant/ca.pem
END
  printf '%s\n' "$@"
}

# Debian's master.cf without what listens to the network.
postfix_master_cf() {
  cat << END
pickup     unix  n - y 60 1 pickup
cleanup    unix  n - y - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
tlsmgr     unix  - - y 1000? 1 tlsmgr
rewrite    unix  - - y - - trivial-rewrite
bounce     unix  - - y - 0 bounce
defer      unix  - - y - 0 bounce
trace      unix  - - y - 0 bounce
proxymap   unix  - - n - - proxymap
proxywrite unix  - - n - 1 proxymap
smtp       unix  - - $1 - - smtp
relay      unix  - - $1 - - smtp
lmtp       unix  - - $1 - - lmtp
tlsproxy   unix  - - y - 0 tlsproxy
showq      unix  n - y - - showq
error      unix  - - y - - error
retry      unix  - - y - - error
anvil      unix  - - y - 1 anvil
scache     unix  - - y - 1 scache
postlog    unix-dgram n - n - 1 postlogd
END
}

# What Debian's configure-instance.sh copies into the jail at every start.
postfix_fill_jail() {
  local file
  for file in localtime services resolv.conf hosts host.conf nsswitch.conf; do
    [ -e "/etc/$file" ] || continue
    mkdir -p "$postfix_queue/etc"
    cp -L "/etc/$file" "$postfix_queue/etc/$file"
    chmod a+r "$postfix_queue/etc/$file"
  done
  for file in /lib/*/libgcc_s*.so* /lib/*/libnss*.so* /lib/*/libresolv*.so*; do
    [ -e "$file" ] || continue
    mkdir -p "$postfix_queue${file%/*}"
    cp -L "$file" "$postfix_queue$file"
  done
}

# passwords LINE... : the map of smtp_sasl_password_maps; smtp(8) reads it when it starts. It waits
# while a map has just been written, hence the older date.
passwords() {
  printf '%s\n' "$@" > "$work/postfix/sasl_passwd"
  touch -d '1 hour ago' "$work/postfix/sasl_passwd"
}

# postfix_set NAME=VALUE... : in main.cf, for processes that start from now on.
postfix_set() { postfix_run sbin/postconf -e "$@"; }

postfix_start() {
  # It has checked its directories at the first start; a second check takes a second.
  if [ -d "$postfix_queue/active" ]; then touch "$postfix_queue/quick-start"; fi
  postfix_run sbin/postfix start > "$work/log/postfix" 2>&1 || {
    diag "$(cat "$work/log/postfix" "$postfix_log" 2> /dev/null | tail -n 10)"
    bail "the private Postfix does not start"
  }
}

postfix_master() { tr -dc 0-9 2> /dev/null < "$postfix_queue/pid/master.pid"; }

postfix_running() {
  local pid
  pid=$(postfix_master 2> /dev/null)
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f \
    "$(postfix_program lib/postfix/sbin/master)")" ]
}

# Its daemons are its process group; all must be gone before the next start.
postfix_stop() {
  local pid
  postfix_running || return 0
  pid=$(postfix_master)
  kill "$pid"
  wait_for 10 postfix_group_ended "$pid" || kill -9 -- "-$pid" 2> /dev/null
  return 0
}

postfix_group_ended() {
  local process
  for process in $(pgrep -g "$1"); do process_ended "$process" || return 1; done
}

# --- mail ----------------------------------------------------------------------------------------

# send_mail SENDER [SUBJECT] : into the queue, running or not.
send_mail() {
  printf 'From: %s\nTo: recipient@fabrikam.com\nSubject: %s\n\nA test.\n' "$1" "${2-a test}" |
    LD_LIBRARY_PATH=${postfix_root:+$postfix_root/usr/lib/postfix} \
      "$(postfix_program sbin/sendmail)" -C "$work/postfix" -f "$1" recipient@fabrikam.com \
      2>> "$work/log/sendmail"
}

postfix_flush() { postfix_run sbin/postqueue -f; }

# The ids of what is queued, one a line.
postfix_queued() {
  postfix_run sbin/postqueue -j 2>> "$work/log/sendmail" | sed -n 's/.*"queue_id": "\([^"]*\)".*/\1/p'
}

# mark : from here on `log_has` and `log_count` look at the mail log.
log_from=1
mark() { log_from=$(($(lines "$postfix_log") + 1)); }
log_new() { tail -n "+$log_from" "$postfix_log"; }
log_has() { log_new | grep -qF -- "$1"; }
log_count() { log_new | grep -cF -- "$1"; }

has_delivered() { [ "$(delivered "$1")" -ge "$2" ]; }

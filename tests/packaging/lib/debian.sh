# shellcheck shell=bash
# debian: words of tests/packaging/deb, for the machine that the packages are installed in.

conf_path=/etc/sasl-entra
queue=/var/spool/postfix
queue_socket=sasl-entra-postfix@var-spool-postfix.socket
agent=sasl-entrad.service
sender=scanner@contoso.com
sent=0

active() { in_machine systemctl is-active --quiet "$1"; }
enabled() { in_machine systemctl is-enabled --quiet "$1"; }
main_pid() { in_machine systemctl show -P MainPID "$agent"; }
in_file_is() { same "$(in_machine stat -c '%U:%G %a' "$1")" "$2"; }
journal() { in_machine journalctl -q -o cat --no-pager "$@"; }

# install_version VERSION : what dpkg said is in $work/log/dpkg.
install_version() { in_machine sh -c "dpkg -i /debs/$1/*.deb" > "$work/log/dpkg" 2>&1; }
said() { grep -F -- "$1" "$work/log/dpkg" || { cat "$work/log/dpkg"; return 1; }; }
unsaid() { ! grep -iF -- "$1" "$work/log/dpkg"; }
purge() { in_machine dpkg --purge sasl-entra libsasl2-modules-entra; }

# --- what packages leave behind ----------------------------------------------------------------------

accounts() { in_machine sh -c 'cat /etc/passwd /etc/group /etc/gshadow /etc/shadow | sort'; }

# All files but those that other programs write as they run, and that the package manager's own records and
# passwd's backups are. Postfix's configuration is put back by whoever changed it.
files() {
  (cd "$machine_root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp \
    -o -path ./debs -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/dpkg -o -path ./var/lib/apt \
    -o -path ./var/lib/systemd/timers -o -path ./var/lib/postfix -o -path ./var/tmp \
    -o -path './var/spool/postfix/[a-q]*' -o -path './etc/*-' -o -path ./etc/.pwd.lock \
    -o -path ./var/lib/systemd/catalog -o -path ./var/lib/private -o -path ./etc/postfix \
    -o -path ./etc/ld.so.cache \) -prune -o -printf '%y %m %U:%G %p %l\n' | sort)
}
leave_note() {
  files > "$work/log/files-$1"
  accounts > "$work/log/accounts-$1"
}

# --- mail ----------------------------------------------------------------------------------------------

# send SUBJECT [OPTION...] : of sendmail(1).
send() {
  local subject=$1
  shift
  printf 'From: %s\nTo: recipient@fabrikam.com\nSubject: %s\n\nA test.\n' "$sender" "$subject" |
    nsenter --target "$machine_leader" --all -- /usr/sbin/sendmail "$@" -f "$sender" recipient@fabrikam.com
  sent=$((sent + 1))
}
arrived() { [ "$(delivered exchange)" -ge "$1" ]; }

# Every message that was sent, sooner or later: what is put off is tried again.
all_arrive() {
  local try
  for try in 1 2 3 4 5 6; do
    wait_for 10 arrived "$sent" && return
    in_machine postmulti -p flush
  done
  in_machine postqueue -p
  journal -t postfix/smtp | tail -n 5
  journal -u "$agent" | tail -n 5
  return 1
}
# An smtp(8) remembers its last token for a minute: another one is to ask.
new_smtp() { in_machine pkill -x smtp; }
chrooted() {
  in_machine postconf -F "smtp/unix/chroot=$1"
  in_machine postfix reload >> "$work/log/reload" 2>&1
  new_smtp
}

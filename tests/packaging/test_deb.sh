#!/bin/bash
# Debian packages from the first to the last: built as in a clean clone, installed in a booted Debian
# beside its own Postfix, upgraded while mail flows, purged. `make check-packaging` runs it.
lib=${top_srcdir:?}/tests/hosts/lib
work=$(mktemp -d /tmp/se.XXXXXX) || exit 99
SE_STAGE=$work/none
# shellcheck source=/dev/null
for part in tap scene tenant; do . "$lib/$part.sh"; done
# shellcheck source=/dev/null
. "$top_srcdir/tests/systemd/lib/machine.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/packaging/lib/packages.sh"

[ "$(id -u)" -eq 0 ] || skip_all "must run as root: it boots a machine"
for program in dpkg-buildpackage dh git; do
  command -v $program > /dev/null || skip_all "there is no $program"
done
reason=$(machine_missing)
[ -z "$reason" ] || skip_all "$reason"
umask 022
chmod 755 "$work"
mkdir "$work/log"
trap scene_end EXIT
trap 'exit 1' HUP INT TERM
at_end machine_remove
at_end standins_stop

conf_path=/etc/sasl-entra
queue=/var/spool/postfix
queue_socket=sasl-entra-postfix@var-spool-postfix.socket
agent=sasl-entrad.service
sender=scanner@contoso.com
figure_test='make check-packaging'

# --- built -------------------------------------------------------------------------------------------

source=$work/build/src
packages_source "$source" || bail "the tree's files cannot be copied: it must be a clone"
if ! check 'dpkg-buildpackage -b builds them, and its unit tests pass' packages_build "$source" "$work/log/build-1"
then
  tail -n 20 "$work/log/build-1" | sed 's/^/# /'
  bail 'nothing to install'
fi
mkdir "$work/one" "$work/two"
# Its last words say how many tags were overridden, each with its reason.
lintian_is_content() {
  ! setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/nonexistent lintian -EIL +pedantic \
    "$work"/build/*.changes 2>&1 | grep '^[EWIPX]: '
}
if command -v lintian > /dev/null; then check 'lintian has nothing to say' lintian_is_content; fi
mv "$work"/build/*.deb "$work/one/"
rm -f "$work"/one/*-dbgsym_*
packages_next "$source"
packages_options=nocheck
check 'the next version is built' packages_build "$source" "$work/log/build-2" -nc
mv "$work"/build/*-2_*.deb "$work/two/"
rm -f "$work"/two/*-dbgsym_*

# --- a machine ---------------------------------------------------------------------------------------

machine_complete() { packages_complete "$1" "$work"/one/*.deb >> "$work/log/debootstrap" 2>&1; }
base=$top_builddir/package-root
machine_wanted=$(packages_depended "$work"/one/*.deb)
[ "$(cat "$base.depended" 2> /dev/null)" = "$machine_wanted" ] || rm -f "$base.packages"
machine_base "$base" || skip_all "debootstrap could not make a root directory"
echo "$machine_wanted" > "$base.depended"
machine_above "$base" || bail "the machine's root directory cannot be made"
mkdir "$machine_root/debs"
cp -r "$work/one" "$work/two" "$machine_root/debs/"
machine_boot || skip_all "systemd-nspawn does not boot here: $(tail -n 1 "$work/log/nspawn")"

printf '#!/bin/sh\nexec nsenter --target %s --net -- %s "$@"\n' "$machine_leader" "$PYTHON" > "$work/python"
chmod 755 "$work/python"
PYTHON=$work/python
curl() { in_network curl "$@"; }
tenant_start
submission_start exchange
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'

# --- words -------------------------------------------------------------------------------------------

active() { in_machine systemctl is-active --quiet "$1"; }
main_pid() { in_machine systemctl show -P MainPID "$agent"; }
in_file_is() { same "$(in_machine stat -c '%U:%G %a' "$1")" "$2"; }
journal() { in_machine journalctl -q -o cat --no-pager "$@"; }
# install VERSION : what dpkg said is in $work/log/dpkg.
install_version() { in_machine sh -c "dpkg -i /debs/$1/*.deb" > "$work/log/dpkg" 2>&1; }
said() { grep -F -- "$1" "$work/log/dpkg" || { cat "$work/log/dpkg"; return 1; }; }
accounts() { in_machine sh -c 'cat /etc/passwd /etc/group | sort'; }

# What packages leave behind: all files but those that other programs write as they run, and that the
# package manager's own records and passwd's backups are.
files() {
  (cd "$machine_root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp \
    -o -path ./debs -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/dpkg -o -path ./var/lib/apt \
    -o -path ./var/lib/systemd/timers -o -path ./var/lib/postfix -o -path "./var/tmp" \
    -o -path './var/spool/postfix/[a-q]*' -o -path './etc/*-' -o -path './etc/.pwd.lock' \
    -o -path './var/lib/systemd/catalog' -o -path './var/lib/private' -o -path ./etc/postfix \
    -o -path './etc/ld.so.cache' \) -prune -o -printf '%y %m %U:%G %p %l\n' | sort)
}

send() {
  printf 'From: %s\nTo: recipient@fabrikam.com\nSubject: %s\n\nA test.\n' "$sender" "$1" |
    nsenter --target "$machine_leader" --all -- /usr/sbin/sendmail -f "$sender" recipient@fabrikam.com
}
arrived() { [ "$(delivered exchange)" -ge "$1" ]; }
all_arrive() {
  local try
  for try in 1 2 3 4 5 6; do
    in_machine postqueue -f
    wait_for 10 arrived "$1" && return
  done
  in_machine postqueue -p
  journal -t postfix/smtp | tail -n 5
  journal -u "$agent" | tail -n 5
  return 1
}

# --- installed ---------------------------------------------------------------------------------------

files > "$work/log/files-before"
accounts > "$work/log/accounts-before"
check 'they install with what Debian has' install_version one
check 'the user postfix is in the group that may ask, which is said' said \
  'the user postfix is now in the group sasl-entra-clients'
check '... and is' in_machine sh -c 'id -nG postfix | grep -w sasl-entra-clients'
check '... and not in the one that may read secrets' fails in_machine sh -c \
  'id -nG postfix | tr " " "\n" | grep -x sasl-entra'
check "the socket in Postfix's queue directory is enabled, which is said" said "$queue_socket"
check '... and is' in_machine systemctl is-enabled "$queue_socket"
check '... and the one of the machine' in_machine systemctl is-enabled sasl-entrad.socket
check '... and none is open without a configuration' fails active "$queue_socket"
check '... and none is there' fails in_machine test -e $conf_path/sasl-entra.conf
check 'no unit has failed' same "$(in_machine systemctl --failed --plain --no-legend | grep sasl-entra)" ''
check 'the state directory is the agent'"'"'s' in_file_is /var/lib/sasl-entra 'sasl-entra:sasl-entra 700'
install -m 755 "$top_builddir/tests/hosts/.libs/sasl_choice" "$machine_root/debs/" 2> /dev/null ||
  install -m 755 "$top_builddir/tests/hosts/sasl_choice" "$machine_root/debs/"
for offered in 'PLAIN XOAUTH2' 'XOAUTH2 LOGIN'; do
  check "a bare install changes nothing: of $offered" in_machine sh -c \
    "/debs/sasl_choice '$offered' | grep -v XOAUTH2"
done
diag "installed size: $(in_machine dpkg-query -W -f '${Package} ${Installed-Size} KiB, ' sasl-entra \
  libsasl2-modules-entra)packages of Debian's pulled in beside minbase, systemd and Postfix: $(cat "$base.pulled")"

# --- configured as README says -----------------------------------------------------------------------

install -d -m 755 "$machine_root$conf_path"
install -m 644 "$work/tenant/ca.pem" "$machine_root$conf_path/ca.pem"
in_machine install -m 640 -o root -g sasl-entra /dev/null $conf_path/contoso.secret
printf '%s\n' "$tenant_secret" | tee -a "$work/secrets" > "$machine_root$conf_path/contoso.secret"
printf '%s\n' '[account relay]' 'match              = *@contoso.com' \
  'tenant             = contoso.onmicrosoft.com' "client_id          = $tenant_app" \
  'credential         = secret' "client_secret_file = $conf_path/contoso.secret" \
  'servers            = localhost' "authority          = $tenant_authority" \
  "ca_file            = $conf_path/ca.pem" > "$machine_root$conf_path/sasl-entra.conf"
cp -a "$machine_root/etc/postfix" "$work/postfix-before"
printf '%s\n' 'compatibility_level = 3.6' 'myhostname = relay.contoso.com' 'mydestination =' \
  'inet_interfaces = loopback-only' 'smtp_host_lookup = native' \
  "relayhost = [localhost]:${submission_port[exchange]}" 'smtp_sasl_auth_enable = yes' \
  'smtp_sasl_mechanism_filter = xoauth2' 'smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd' \
  'smtp_destination_concurrency_limit = 3' 'smtp_tls_security_level = secure' "smtp_tls_CAfile = $conf_path/ca.pem" 'smtp_sasl_auth_cache_name =' \
  > "$machine_root/etc/postfix/main.cf"
printf '[localhost]:%s %s:oauth\n' "${submission_port[exchange]}" "$sender" \
  > "$machine_root/etc/postfix/sasl_passwd"
in_machine systemctl restart postfix
in_machine systemctl start sasl-entrad.socket "$queue_socket"
check 'the sockets open' in_file_is $queue/run/sasl-entra/agent.sock 'root:postfix 660'
check '... and that of the machine' in_file_is /run/sasl-entra/agent.sock 'root:sasl-entra-clients 660'
equal "smtp(8) is chrooted" "$(in_machine postconf -F smtp/unix/chroot)" 'smtp/unix/chroot = y'
send first
check 'a message is delivered' all_arrive 1
in_machine postconf -F smtp/unix/chroot=n
in_machine postfix reload 2> "$work/log/reload"
in_machine pkill -x smtp
send second
check '... and without a chroot, by the socket of the machine' all_arrive 2
in_machine postconf -F smtp/unix/chroot=y
in_machine postfix reload 2>> "$work/log/reload"
requests=$(token_requests)
equal 'one token served' "$requests" 1

# --- upgraded while mail flows -----------------------------------------------------------------------

sent=2
pid=$(main_pid)
(for number in $(seq 60); do
  send "load $number"
  if [ $((number % 5)) = 0 ]; then in_machine pkill -x smtp; fi
done) &
load=$!
sleep 1
check 'the next version installs' install_version two
wait $load
sent=$((sent + 60))
check '... and the agent is another process' fails same "$(main_pid)" "$pid"
check '... that is active' active "$agent"
check 'no message of those sent meanwhile is lost' all_arrive $sent
equal '... all by the token that there was' "$(token_requests)" "$requests"
diag "put off for a while: $(journal -t postfix/smtp | grep -c status=deferred)"
equal 'nothing is done a second time' "$(grep -c ^sasl-entra: "$work/log/dpkg")" 0

# An administrator's no stays one.
in_machine systemctl disable -q --now "$queue_socket" 2> "$work/log/disable"
install_version one
check 'a socket that was disabled stays disabled' fails in_machine systemctl is-enabled "$queue_socket"
in_machine systemctl enable -q "$queue_socket"

# --- purged --------------------------------------------------------------------------------------------

check 'they can be purged' in_machine dpkg --purge sasl-entra libsasl2-modules-entra
rm -rf "$machine_root/etc/postfix" && cp -a "$work/postfix-before" "$machine_root/etc/postfix"
files > "$work/log/files-after"
accounts > "$work/log/accounts-after"
check 'no file of theirs is left' diff "$work/log/files-before" "$work/log/files-after"
check '... no user and no group' diff "$work/log/accounts-before" "$work/log/accounts-after"
check '... nothing in /run' fails in_machine test -e /run/sasl-entra
check '... no unit' same "$(in_machine systemctl list-units --all --plain --no-legend 'sasl-entra*')" ''

# --- beside another mail server ------------------------------------------------------------------------

in_machine systemctl stop postfix
in_machine dpkg --purge --force-depends postfix > "$work/log/other" 2>&1
in_machine env DEBIAN_FRONTEND=noninteractive sh -c 'dpkg -i /other/*.deb' >> "$work/log/other" 2>&1
check 'another mail server is there' in_machine dpkg-query -W -f '${db:Status-Status}\n' exim4-daemon-light
(cd "$machine_root" && find etc/exim4 -type f -exec sha256sum {} + | sort) > "$work/log/exim-before"
check 'they install beside it' install_version two
check '... and no socket is made for it' fails in_machine sh -c 'ls /etc/systemd/system/*/sasl-entra-postfix*'
check '... and it is left alone' diff "$work/log/exim-before" \
  <(cd "$machine_root" && find etc/exim4 -type f -exec sha256sum {} + | sort)
equal '... not a word about Postfix' "$(grep -ci postfix "$work/log/dpkg")" 0

journal > "$work/log/journal" 2>&1
check 'no secret is in the journal' no_secrets
standins_stop
finish

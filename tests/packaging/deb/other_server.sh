# shellcheck shell=bash
# Beside another mail server, and when it makes room for Postfix.

in_machine systemctl stop postfix
in_machine dpkg --purge --force-depends postfix > "$work/log/other" 2>&1
in_machine env DEBIAN_FRONTEND=noninteractive sh -c 'dpkg -i /other/*.deb' >> "$work/log/other" 2>&1
check 'another mail server is there' in_machine dpkg-query -W -f '${db:Status-Status}\n' exim4-daemon-light
exim_files() { (cd "$machine_root" && find etc/exim4 etc/default -type f -exec sha256sum {} + | sort); }
exim_process() { in_machine pgrep -x exim4; }
exim_files > "$work/log/exim-before"
check '... and runs' wait_for 10 exim_process
process=$(exim_process)
check 'they install beside it' install_version two
check '... and no socket is made for it' fails in_machine sh -c 'ls /etc/systemd/system/*/sasl-entra-postfix*'
exim_files > "$work/log/exim-after"
check '... and its files are left alone' diff "$work/log/exim-before" "$work/log/exim-after"
equal '... and its process' "$(exim_process)" "$process"
check '... not a word about Postfix' unsaid postfix
check '... and no unit has failed' same "$(in_machine systemctl --failed --plain --no-legend | grep sasl-entra)" ''

# The trigger on /usr/sbin/postfix.
in_machine sh -c 'dpkg --purge exim4-daemon-light exim4-base exim4-config' >> "$work/log/other" 2>&1
in_machine env DEBIAN_FRONTEND=noninteractive sh -c 'dpkg -i /postfix/*.deb' > "$work/log/dpkg" 2>&1
check 'a Postfix that comes later gets its socket, which is said' said "$queue_socket"
check '... and its group' in_machine sh -c 'id -nG postfix | grep -w sasl-entra-clients'
check '... and is enabled' enabled "$queue_socket"

# shellcheck shell=bash
# Purged, with two instances of Postfix that have been served.

check 'they can be purged' purge
check '... and leave nothing in a queue directory' fails in_machine test -e $queue/run/sasl-entra
check '... nor in the other' fails in_machine test -e $second_queue/run
in_machine systemctl stop postfix@postfix-second
rm -rf "$machine_root/etc/postfix" "$machine_root$second" "$machine_root$second_queue" \
  "$machine_root/var/lib/postfix-second"
cp -a "$work/postfix-before" "$machine_root/etc/postfix"
leave_note after
check 'no file of theirs is left' diff "$work/log/files-before" "$work/log/files-after"
check '... no user and no group' diff "$work/log/accounts-before" "$work/log/accounts-after"
check '... nothing in /run' fails in_machine test -e /run/sasl-entra
check '... no unit' same "$(in_machine systemctl list-units --all --plain --no-legend 'sasl-entra*')" ''

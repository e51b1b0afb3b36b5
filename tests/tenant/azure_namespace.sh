#!/bin/sh
# Run a command on what looks like an Azure machine: in a network namespace of its own, where 169.254.169.254
# is an address of the loopback, and with an empty /var/opt/azcmagent and /opt/azcmagent that nobody else sees.
#
#   azure_namespace.sh COMMAND [ARGUMENT...]
#
# Background processes of the command outlive it: end them before it ends.
set -eu

inside() {
    mount --make-rprivate /
    ip link set lo up
    ip address add 169.254.169.254/32 dev lo
    for parent in /var/opt /opt; do
        [ -d "$parent/azcmagent" ] || show_directory "$parent"
        mount -t tmpfs -o mode=755 azcmagent "$parent/azcmagent"
    done
    exec "$@"
}

# A tmpfs in the place of directory $1 that shows what it held, and azcmagent: nothing is made on the host.
show_directory() {
    mount -t tmpfs -o mode=755 stage /mnt
    for entry in "$1"/* "$1"/.[!.]*; do
        new=/mnt/${entry##*/}
        if [ -L "$entry" ]; then
            cp -P "$entry" "$new"
        elif [ -d "$entry" ]; then
            mkdir "$new"
            mount --rbind "$entry" "$new"
        elif [ -e "$entry" ]; then
            : >"$new"
            mount --bind "$entry" "$new"
        fi
    done
    mkdir /mnt/azcmagent
    # The mount table in /run is not ours to write where we are not root.
    mount --no-mtab --move /mnt "$1"
}

if [ "${1-}" = --inside ]; then
    shift
    inside "$@"
fi
[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT...]" >&2; exit 2; }
if [ "$(id -u)" = 0 ]; then
    exec unshare -n -m "$0" --inside "$@"
fi
exec unshare -r -n -m "$0" --inside "$@"

#!/bin/bash
# Debian's packages by each release that has what they need, in a root directory with no more than
# debian/control names: built with the unit tests, looked at by that release's lintian, installed.
# Minutes for each, so with SE_LONG=1 alone; SE_DEBIANS="trixie" names other releases.
lib=${top_srcdir:?}/tests/hosts/lib
work=$(mktemp -d /tmp/se.XXXXXX) || exit 99
SE_STAGE=$work/none
# shellcheck source=/dev/null
for part in tap scene; do . "$lib/$part.sh"; done
# shellcheck source=/dev/null
. "$top_srcdir/tests/systemd/lib/machine.sh"
# shellcheck source=/dev/null
for part in packages lintian; do . "$top_srcdir/tests/packaging/lib/$part.sh"; done

[ -n "${SE_LONG-}" ] || skip_all 'takes minutes: SE_LONG=1'
[ "$(id -u)" -eq 0 ] || skip_all "must run as root: it makes root directories"
for program in debootstrap git; do
  command -v $program > /dev/null || skip_all "there is no $program"
done
mirror=$(machine_mirror)
[ -n "$mirror" ] || skip_all "no package source of this machine's apt has Debian's main"
umask 022
chmod 755 "$work"
mkdir "$work/log"
trap scene_end EXIT
trap 'exit 1' HUP INT TERM
at_end proc_leave

proc_leave() {
  local place
  for place in proc sys; do
    if mountpoint -q "$work/root/$place"; then umount -l "$work/root/$place"; fi
  done
}
in_root() { chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }
in_root_as_nobody() {
  in_root setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/build/source sh -c "$1"
}
apt() { in_root apt-get -q -y --no-install-recommends "$@"; }

# root_make RELEASE : in $work/root, with a network for apt, and without daemons that start.
root_make() {
  local proxy
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  (eval "$proxy"
    if [ -n "${proxy-}" ]; then export http_proxy=$proxy; fi
    debootstrap --variant=buildd "$1" "$work/root" "$mirror") || return 1
  (eval "$proxy"; printf 'Acquire::http::Proxy "%s";\n' "${proxy-}" > "$work/root/etc/apt/apt.conf.d/proxy")
  cp /etc/resolv.conf "$work/root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' > "$work/root/usr/sbin/policy-rc.d"
  chmod 755 "$work/root/usr/sbin/policy-rc.d"
  mount -t proc proc "$work/root/proc"
}
build() {
  mkdir -p "$work/root/build/source"
  packages_copy "$work/root/build/source"
  apt update && apt build-dep /build/source || return 1
  in_root chown -R nobody:nogroup /build
  in_root_as_nobody "cd /build/source && DEB_BUILD_OPTIONS=parallel=$(nproc) dpkg-buildpackage -b -us -uc"
}
lintian_run() {
  apt install lintian
  in_root_as_nobody 'lintian -EvIL +pedantic --show-overrides /build/*.changes' > "$work/log/lintian" 2>&1
}

for release in ${SE_DEBIANS-bookworm trixie}; do
  root_make "$release" > "$work/log/root" 2>&1 || bail "no root directory of $release: $(tail -n 1 "$work/log/root")"
  if check "$release: they build, and the unit tests pass" build; then
    check '... lintian finds no error' lintian_run
    equal '... and nothing that packaging/README.md does not explain' "$(lintian_unexplained)" ''
    in_root sh -c 'rm -f /build/*-dbgsym_*'
    check '... they install' in_root sh -c 'apt-get install -q -y --no-install-recommends sasl2-bin /build/*.deb'
    check '... libsasl2 loads the plugin' in_root sh -c 'saslpluginviewer -c | grep XOAUTH2'
    check '... the tool runs' in_root sasl-entra --version
    check '... and says what is missing' in_root sh -c 'sasl-entra check 2>&1 | grep "sasl-entra.conf does not exist"'
    check '... and they are purged' in_root dpkg --purge sasl-entra libsasl2-modules-entra
    check '... without a trace' fails in_root getent passwd sasl-entra
  fi
  proc_leave
  rm -rf "$work/root"
done
finish

# shellcheck shell=bash
# machine: a Debian of its own with systemd, Postfix and the installed tree, booted by systemd-nspawn
# on an overlay, so that each test begins with a fresh one. It has a network of its own, loopback
# only.

machine_packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,postfix
machine_packages+=,libsasl2-2,libsasl2-modules
machine_root=
machine_nspawn=
machine_leader=

# machine_missing : what keeps this machine from it, in words; nothing when it can be tried.
machine_missing() {
  local program
  for program in debootstrap systemd-nspawn nsenter; do
    command -v $program > /dev/null || { echo "there is no $program"; return; }
  done
  [ -n "$(machine_mirror)" ] || echo "no package source of this machine's apt has Debian's main"
}

# The place that this machine's own apt gets its packages from.
machine_mirror() {
  # shellcheck disable=SC2016  # fields of apt-get
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' \
    2> /dev/null | awk -v release="$(machine_release)" '$1 == release && $2 == "main" {print $3; exit}'
}

machine_release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# machine_libraries PROGRAM... : the packages of the libraries that they were linked with on this machine.
machine_libraries() {
  local file
  # dpkg knows each by the path of its package, on this side or that side of the merged /usr.
  ldd "$@" | awk '$3 ~ "^/" {print $3}' | while read -r file; do
    file=${file#/usr}
    dpkg-query -S "/usr$file" "$file" 2> /dev/null
  done | sed 's/:.*//' | sort -u | tr '\n' ','
}

# machine_get BUILD TREE : the base, made once below BUILD, and again when it needs other packages.
machine_get() {
  machine_packages=$(machine_libraries "$2/usr/sbin/sasl-entrad" "$2/usr/bin/sasl-entra")$machine_packages
  machine_base "$1/systemd-root"
}

# machine_base BASE : $machine_packages in BASE, and what machine_complete, if there is such a function,
# adds to it.
machine_base() {
  local base=$1 proxy
  if [ "$(cat "$base.packages" 2> /dev/null)" = "$machine_packages" ]; then return; fi
  rm -rf "$base"
  mkdir -p "$base"
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  (eval "$proxy"
    if [ -n "${proxy-}" ]; then export http_proxy=$proxy; fi
    debootstrap --variant=minbase --include="$machine_packages" "$(machine_release)" "$base" \
      "$(machine_mirror)") > "$work/log/debootstrap" 2>&1 || {
    tail -n 5 "$work/log/debootstrap" | sed 's/^/# /'
    return 1
  }
  if declare -F machine_complete > /dev/null; then machine_complete "$base" || return 1; fi
  rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
  printf '%s\n' "$machine_packages" > "$base.packages"
}

# machine_make BUILD TREE : a fresh root with what is installed in TREE.
machine_make() {
  machine_above "$1/systemd-root" || return 1
  # /lib is a link in there.
  (cd "$2" && tar -cf - .) | tar -C "$machine_root" -xf - --keep-directory-symlink
}

# machine_above BASE : a fresh root that is BASE until something is written.
machine_above() {
  local base=$1
  machine_root=$work/root
  mkdir "$machine_root" "$work/above"
  mount -t tmpfs -o mode=755 tmpfs "$work/above" || return 1
  mkdir "$work/above/upper" "$work/above/work"
  mount -t overlay -o "lowerdir=$base,upperdir=$work/above/upper,workdir=$work/above/work" overlay \
    "$machine_root" 2> /dev/null ||
    mount --bind "$work/above/upper" "$machine_root" && cp -a "$base/." "$machine_root/" || return 1
  printf '127.0.0.1 localhost\n' > "$machine_root/etc/hosts"
  printf 'relay.contoso.com\n' > "$machine_root/etc/hostname"
  ln -sf /dev/null "$machine_root/etc/systemd/system/apt-daily.timer"
}

# machine_boot : until systemd has started everything.
machine_boot() {
  local options=(--register=no)
  # Where no systemd runs there is none to ask for a scope.
  [ -d /run/systemd/system ] || options+=(--keep-unit)
  systemd-nspawn -q -D "$machine_root" "${options[@]}" --private-network --boot --console=pipe \
    < /dev/null > "$work/log/nspawn" 2>&1 &
  machine_nspawn=$!
  wait_for 20 machine_has_leader || return 1
  wait_for 60 machine_is_up
}

machine_has_leader() {
  machine_leader=$(pgrep -P "$machine_nspawn" | head -n 1)
  [ -n "$machine_leader" ]
}

machine_is_up() { [[ $(in_machine systemctl is-system-running) =~ ^(running|degraded)$ ]]; }

# in_machine COMMAND... : as root in there.
in_machine() {
  timeout -k 5 90 nsenter --target "$machine_leader" --all -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
    "$@" < /dev/null
}

# In its network alone: the stand-ins are this machine's programs.
in_network() { nsenter --target "$machine_leader" --net -- "$@"; }

machine_stop() {
  [ -n "$machine_nspawn" ] || return 0
  if [ -n "$machine_leader" ]; then
    in_machine systemctl poweroff > /dev/null 2>&1
    wait_for 20 process_ended "$machine_nspawn" || kill -9 "$machine_leader" 2> /dev/null
  fi
  end_process "$machine_nspawn"
  machine_nspawn=
}

machine_remove() {
  machine_stop
  if mountpoint -q "$work/root"; then umount -l "$work/root"; fi
  if mountpoint -q "$work/above"; then umount -l "$work/above"; fi
}

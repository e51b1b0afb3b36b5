# shellcheck shell=bash
# packages: builds the Debian packages twice, as two versions, and makes a root with what they depend on.

packages_ours='libsasl2-modules-entra sasl-entra'

# packages_source DIRECTORY : what a clean clone has, owned by whoever builds: not root.
packages_source() {
  mkdir -p "$1"
  packages_copy "$1" && chown -R nobody:nogroup "$(dirname "$1")"
}
packages_copy() { (cd "$top_srcdir" && git ls-files -z | tar -cf - --null -T -) | tar -C "$1" -xf -; }

# packages_build SOURCE LOG [OPTION...] : leaves the .debs beside SOURCE. A builder has nothing of what our
# tests and make hand on.
packages_build() {
  local source=$1 log=$2
  shift 2
  (cd "$source" && setpriv --reuid nobody --regid nogroup --clear-groups \
    env -i PATH="$PATH" HOME="$source" DEB_BUILD_OPTIONS="parallel=$(nproc) ${packages_options-}" \
    dpkg-buildpackage -b -us -uc "$@") > "$log" 2>&1
}

# packages_next SOURCE : the next revision of the package.
packages_next() {
  local changelog=$1/debian/changelog
  { sed -n '1s/-1)/-2)/p; 2,$p' "$changelog"; } > "$changelog.new" && mv "$changelog.new" "$changelog"
  rm -f "$1"/debian/*.debhelper* "$1"/debian/*.substvars
}

# packages_depended DEB... : what they and their tests name, in one word, so that a cached root is known
# to have it.
packages_depended() {
  { for deb in "$@"; do dpkg-deb -f "$deb" Pre-Depends Depends; done; packages_of_tests; } |
    tr '\n ' '  ' | sha256sum | cut -c1-16
}

# What debian/tests/control names beside ours.
packages_of_tests() {
  sed -n 's/^Depends: *//p' "$top_srcdir/debian/tests/control" | tr ', ' '\n\n' | sort -u |
    grep -vxF "${packages_ours// /$'\n'}" | grep .
}

# packages_pulled BASE DEB... : what apt would install with them, but for ours.
packages_pulled() {
  local base=$1
  shift
  chroot "$base" apt-get install -s --no-install-recommends "$@" | awk '/^Inst / {print $2}' |
    grep -vxF "${packages_ours// /$'\n'}"
}

# packages_download BASE DIRECTORY PACKAGE... : what apt would install, and does not.
packages_download() {
  local base=$1 directory=$2
  shift 2
  mkdir -p "$base$directory/partial"
  chroot "$base" apt-get install -q -y -d --no-install-recommends -o "Dir::Cache::archives=$directory" "$@"
}

# packages_complete BASE DEB... : Debian's own packages that these need, and how many they are, in
# BASE.pulled; and, only downloaded, what the tests need.
packages_complete() {
  local base=$1 proxy wanted pulled alone
  shift
  wanted=$(packages_depended "$@")
  if [ "$(cat "$base.depended" 2> /dev/null)" = "$wanted" ]; then return; fi
  # A root with what other versions needed would not know what these pull in.
  if [ -e "$base.depended" ]; then
    rm -f "$base.packages" "$base.depended"
    machine_base "$base" || return 1
  fi
  mkdir -p "$base/debs" && cp "$@" "$base/debs/"
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  eval "$proxy"
  printf 'Acquire::http::Proxy "%s";\n' "${proxy-}" > "$base/etc/apt/apt.conf.d/proxy"
  printf 'nameserver %s\n' "$(awk '/^nameserver/ {print $2; exit}' /etc/resolv.conf)" > "$base/etc/resolv.conf"
  chroot "$base" apt-get update -q || return 1
  alone=$(packages_pulled "$base" "/debs/$(cd "$base/debs" && echo libsasl2-modules-entra_*.deb)" | wc -l)
  # shellcheck disable=SC2046  # a list
  pulled=$(packages_pulled "$base" $(cd "$base" && printf '/%s ' debs/*.deb))
  printf '%s packages of Debian, for libsasl2-modules-entra alone %s\n' "$(wc -w <<< "$pulled")" "$alone" \
    > "$base.pulled"
  # shellcheck disable=SC2086  # a list
  DEBIAN_FRONTEND=noninteractive chroot "$base" apt-get install -q -y --no-install-recommends $pulled || return 1
  # Another mail server, for which Postfix goes; Postfix, to come back; and what Debian's own tests want.
  packages_download "$base" /other exim4-daemon-light || return 1
  packages_download "$base" /postfix --reinstall postfix || return 1
  # shellcheck disable=SC2046  # a list
  packages_download "$base" /tests $(packages_of_tests) || return 1
  rm -rf "$base/debs" "$base/etc/apt/apt.conf.d/proxy" "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
  echo "$wanted" > "$base.depended"
}

# shellcheck shell=bash
# packages: builds the Debian packages twice, as two versions, and makes a root with what they depend on.

packages_ours='libsasl2-modules-entra sasl-entra'

# packages_source DIRECTORY : what a clean clone has, owned by whoever builds: not root.
packages_source() {
  mkdir -p "$1"
  (cd "$top_srcdir" && git ls-files -z | grep -zv '^build/' | tar -cf - --null -T -) | tar -C "$1" -xf -
  chown -R nobody:nogroup "$(dirname "$1")"
}

# packages_build SOURCE LOG [OPTION...] : leaves the .debs beside SOURCE.
packages_build() {
  local source=$1 log=$2
  shift 2
  (cd "$source" && setpriv --reuid nobody --regid nogroup --clear-groups \
    env -u MAKEFLAGS -u MAKELEVEL -u CC HOME="$source" DEB_BUILD_OPTIONS="parallel=$(nproc) ${packages_options-}" \
    dpkg-buildpackage -b -us -uc "$@") > "$log" 2>&1
}

# packages_next SOURCE : the next revision of the package.
packages_next() {
  local changelog=$1/debian/changelog
  { sed -n '1s/-1)/-2)/p; 2,$p' "$changelog"; } > "$changelog.new" && mv "$changelog.new" "$changelog"
  rm -f "$1"/debian/*.debhelper* "$1"/debian/*.substvars
}

# packages_depended DEB... : what they name, in one word, so that a cached root is known to have it.
packages_depended() {
  local deb
  for deb in "$@"; do dpkg-deb -f "$deb" Pre-Depends Depends; done | tr '\n ' '  ' | sha256sum | cut -c1-16
}

# packages_complete BASE DEB... : Debian's own packages that these need, and how many they are.
packages_complete() {
  local base=$1 proxy name pulled
  shift
  mkdir -p "$base/debs" && cp "$@" "$base/debs/"
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  eval "$proxy"
  printf 'Acquire::http::Proxy "%s";\n' "${proxy-}" > "$base/etc/apt/apt.conf.d/proxy"
  printf 'nameserver %s\n' "$(awk '/^nameserver/ {print $2; exit}' /etc/resolv.conf)" > "$base/etc/resolv.conf"
  chroot "$base" apt-get update -q || return 1
  pulled=$(chroot "$base" sh -c 'apt-get install -s --no-install-recommends /debs/*.deb' |
    awk '/^Inst / {print $2}')
  for name in $packages_ours; do pulled=$(grep -vx "$name" <<< "$pulled"); done
  wc -w <<< "$pulled" > "$base.pulled"
  # shellcheck disable=SC2086  # a list
  DEBIAN_FRONTEND=noninteractive chroot "$base" apt-get install -q -y --no-install-recommends $pulled || return 1
  # Another mail server, for the second half; Postfix goes when it comes.
  mkdir -p "$base/other/partial"
  chroot "$base" apt-get install -q -y -d --no-install-recommends -o Dir::Cache::archives=/other \
    exim4-daemon-light || return 1
  rm -rf "$base/debs" "$base/etc/apt/apt.conf.d/proxy"
}

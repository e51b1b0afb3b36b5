# shellcheck shell=bash
# get_mutt: a Mutt that uses Cyrus SASL, as `./configure --with-sasl` makes it. Debian's own uses GNU
# SASL, so that this one is built from the upstream source that Debian ships, once: it is kept below
# BUILD under the checksum that the archive's signed index gives for it.
#
# mutt_get BUILD sets
#   mutt      the program
#   mutt_how  one sentence for the reader

mutt='' mutt_how=''

mutt_apt() {
  local private=$mutt_build/apt program=$1
  shift
  DEBIAN_FRONTEND=noninteractive "$program" -qq -o Acquire::Retries=3 \
    -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$private/sources.list.d" \
    -o Dir::State::Lists="$private/lists" -o APT::Sandbox::User=root "$@"
}

# The machine's own places of packages, as places of sources, in a directory of our own.
mutt_sources() {
  local private=$mutt_build/apt file
  mkdir -p "$private/sources.list.d" "$private/lists/partial"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
    /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    sed -e 's/^Types:.*/Types: deb-src/' -e 's/^deb /deb-src /' "$file" \
      > "$private/sources.list.d/${file##*/}"
  done
  mutt_apt apt-get update > /dev/null
}

# VERSION SHA256 FILE of each source package there is, the newest first.
mutt_versions() {
  mutt_apt apt-cache showsrc mutt | awk '
    $1 == "Version:" {version = $2; found = 0}
    $1 ~ /^[0-9a-f]+$/ && length($1) == 64 && $3 ~ /\.orig\.tar\.[a-z0-9]+$/ && !found {
      print version, $1, $3; found = 1}' | sort -rV
}

# What belongs to the packaging, a signature too, may be missing at a mirror: the source is what its
# checksum says it is.
mutt_download() {
  local version sum file
  while read -r version sum file; do
    (cd "$mutt_build" && mutt_apt apt-get source --download-only "mutt=$version") \
      > "$mutt_build/download.log" 2>&1
    if echo "$sum  $mutt_build/$file" | sha256sum --check --status 2> /dev/null; then
      mutt_source=$mutt_build/$sum
      mkdir -p "$mutt_source"
      tar -xf "$mutt_build/$file" -C "$mutt_source" --strip-components=1
      return
    fi
  done < <(mutt_versions)
  return 1
}

mutt_make() {
  (cd "$mutt_source" && ./configure -q --enable-imap --enable-smtp --enable-debug --with-sasl --with-ssl \
    --disable-doc --disable-nls --without-idn --without-idn2 && make -s -j"$(nproc)") \
    > "$mutt_build/make.log" 2>&1
}

mutt_get() {
  mutt_build=$1/mutt
  mutt=$(find "$mutt_build" -mindepth 2 -maxdepth 2 -name mutt -type f -perm -u+x 2> /dev/null |
    head -n 1)
  if [ -z "$mutt" ]; then
    command -v apt-get > /dev/null || { echo "a source package of Mutt is needed, by apt"; return 1; }
    mutt_sources || { echo "apt-get found no source packages"; return 1; }
    mutt_download || { echo "no source of Mutt with the right checksum could be got"; return 1; }
    mutt_make || { echo "Mutt does not build: $mutt_build/make.log"; return 1; }
    mutt=$mutt_source/mutt
  fi
  "$mutt" -v | grep -q -- '+USE_SASL ' || { echo "$mutt does not use Cyrus SASL"; return 1; }
  mutt_how="Mutt $("$mutt" -v | sed -n '1s/Mutt \([^ ]*\).*/\1/p') of Debian's source, with Cyrus SASL."
}

# The tarball: the same bytes from the same sources, whatever the directory, the umask, the time and the
# environment, and from an unpacked tarball as well; and its checksum.
# shellcheck source=/dev/null
. "$top_srcdir/tests/hosts/lib/tap.sh"
for tool in git autoreconf xz; do
  command -v $tool > /dev/null || skip_all "no $tool"
done
unset MAKEFLAGS MFLAGS MAKELEVEL TESTS SOURCE_DATE_EPOCH TAR_OPTIONS XZ_OPT
scratch=$(mktemp -d /tmp/se.XXXXXX) || exit 99
trap 'rm -rf "$scratch"' EXIT
day='2026-01-02T03:04:05+0900'
version=$(sed -n 's/^AC_INIT(\[sasl-entra\], \[\(.*\)\])$/\1/p' "$top_srcdir/configure.ac")
tarball=sasl-entra-$version.tar.xz

# copy DIRECTORY : the sources, nothing generated, as a repository with one commit of that day.
copy() {
  mkdir -p "$1"
  tar -C "$top_srcdir" --exclude-vcs --exclude=./build --exclude=./build-aux --exclude=./m4 \
    --exclude=./configure --exclude=./autom4te.cache --exclude=./aclocal.m4 \
    --exclude=Makefile.in --exclude=__pycache__ -cf - . | tar -C "$1" -xf - || return
  printf '/build/\n' > "$1/.gitignore"
  (cd "$1" && git init -q && git add -A && GIT_COMMITTER_DATE=$day GIT_AUTHOR_DATE=$day git \
    -c user.name=a -c user.email=a@contoso.com -c core.fileMode=false commit -qm 'everything')
}

# tarball_of DIRECTORY : from autoreconf to the tarball in DIRECTORY/build. With -f, as within one second
# autoreconf does not always see that libtoolize has put macros into m4.
tarball_of() {
  cd "$1" && mkdir -p m4 build && autoreconf -fi && cd build && ../configure -q &&
    make -s checksum
}

here=$scratch/here there="$scratch/a/longer/name/for the same"
there=${there// /-}
make_both() {
  local first code=0
  copy "$here" && copy "$there" || return
  find "$there" -type f -exec touch -d 2001-01-01 {} +
  (umask 022; tarball_of "$here" > "$scratch/here.log" 2>&1) &
  first=$!
  (umask 077; TZ=Asia/Tokyo LC_ALL=C XZ_OPT=-1 tarball_of "$there") || code=1
  wait $first || { cat "$scratch/here.log"; return 1; }
  return $code
}
check 'a tarball is made in two places' make_both
check 'they are the same bytes' cmp "$here/build/$tarball" "$there/build/$tarball"

checksum_holds() { (cd "$here/build" && sha256sum -c "$tarball.sha256"); }
check 'its checksum is beside it' checksum_holds

# What differs between machines is in none of its headers.
headers_are_plain() {
  local epoch
  epoch=$(date -d "$day" +%s)
  TZ=UTC tar --full-time -tvf "$here/build/$tarball" | awk -v day="$(TZ=UTC date -d "@$epoch" '+%F %T')" '
    $1 !~ /^(drwxr-xr-x|-rw[-]r--r--|-rwxr-xr-x)$/ || $2 != "0/0" || $4 " " $5 != day {print; bad = 1}
    END {exit bad || NR < 300}'
}
check 'owner, modes and times in it say nothing of a machine' headers_are_plain

# The source is not writable.
again() {
  mkdir "$scratch/unpacked" "$scratch/again" && tar -C "$scratch/unpacked" -xf "$here/build/$tarball" &&
    chmod -R a-w "$scratch/unpacked" && cd "$scratch/again" &&
    "$scratch/unpacked/sasl-entra-$version/configure" -q && make -s dist &&
    cmp "$tarball" "$here/build/$tarball"
}
check 'an unpacked tarball gives the same again' again
chmod -R u+w "$scratch/unpacked"

other_day() {
  cd "$scratch/again" && SOURCE_DATE_EPOCH=1000000000 make -s dist && ! cmp -s "$tarball" \
    "$here/build/$tarball" && TZ=UTC tar -tvf "$tarball" | grep -q ' 2001-09-09 01:46 '
}
check 'SOURCE_DATE_EPOCH is obeyed' other_day

# refused WORDS : by `make release`, before it does anything.
refused() { ! make -s -C "$here/build" release > "$scratch/log" 2>&1 && grep -F "$1" "$scratch/log"; }
sed -i "s/^## $version .*/## $version (not released)/" "$here/NEWS.md"
check 'make release wants the day in NEWS.md' refused "does not say on which day $version is released"
sed -i "s/^## $version .*/## $version (2026-01-02)/" "$here/NEWS.md"
check 'make release wants all of it committed' refused 'differs from its last commit'
finish

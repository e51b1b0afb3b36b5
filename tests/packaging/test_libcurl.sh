# libcurl 7.76, RHEL 9's, suffices: what came later stands under #if LIBCURL_VERSION_NUM. Each name of
# libcurl that the engine's sources have left when they are compiled for 7.76.0 is older than that.
set -u
table=$top_srcdir/tests/packaging/libcurl_names.txt
oldest=7.76.0 oldest_number=0x074c00
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
found=$scratch/found
count=0
echo 1..5

none_found() {
  count=$((count + 1))
  if [ -s "$found" ]; then
    sed 's/^/# /' "$found"
    echo "not ok $count - $1"
  else
    echo "ok $count - $1"
  fi
}

# Its headers say nothing but the version, so that names stay what they are.
mkdir "$scratch/curl"
printf '#undef LIBCURL_VERSION_NUM\n#define LIBCURL_VERSION_NUM %s\n' $oldest_number \
  > "$scratch/curl/curl.h"

# names FILE... : what is left of them when they are compiled for that version.
names() {
  for file in "$@"; do
    "$CC" -E -P -I"$scratch" -I"$top_srcdir/common" -include "$top_builddir/config.h" \
      -D_GNU_SOURCE "$file" || echo 'the_preprocessor_failed'
  done | grep -oE '\b(CURL[A-Za-z0-9_]*|curl_[a-z_]+|the_preprocessor_failed)\b' | LC_ALL=C sort -u
}

# newer FILE... : those of the names that are newer, or not known.
newer() {
  names "$@" | while read -r name; do
    version=$(awk -v name="$name" '$1 == name {print $2}' "$table")
    first=$(printf '%s\n' "${version:-unknown}" $oldest | sort -V | head -n 1)
    [ -n "$version" ] && [ "$first" = "$version" ] || echo "$name: ${version:-not in ${table##*/}}"
  done
}

newer "$top_srcdir"/common/engine/http*.c "$top_srcdir"/common/engine/mail_*.c > "$found"
none_found "libcurl $oldest has all that is used with it"

[ "$(names "$top_srcdir"/common/engine/http*.c | wc -l)" -gt 60 ] || echo 'hardly any name' > "$found"
none_found 'the names are found at all'

# What this test is for.
: > "$found"
printf '#include "engine/http_transfer.h"\nint x = CURLOPT_PROTOCOLS_STR + CURLOPT_OF_2040;\n' \
  > "$scratch/wrong.c"
newer "$scratch/wrong.c" | grep -cE '^CURLOPT_(PROTOCOLS_STR: 7.85.0|OF_2040: not in)' |
  grep -qx 2 || echo 'a newer name was not noticed' > "$found"
none_found 'a newer name, and one that nobody knows, are noticed'

# The table has what is used and nothing else.
grep -v '^#' "$table" | cut -d' ' -f1 > "$scratch/listed"
grep -hoE '\b(CURL[A-Za-z0-9_]*|curl_[a-z_]+)\b' "$top_srcdir"/common/engine/http*.[ch] \
  "$top_srcdir"/common/engine/mail_*.[ch] | LC_ALL=C sort -u |
  LC_ALL=C comm -3 - "$scratch/listed" > "$found"
none_found 'the table lists the names that are used'

# libcurl's own list, as Debian's libcurl4-doc has it; a newer release never changes an old line.
symbols=$(man -w 3 libcurl-symbols 2> /dev/null)
if [ -n "$symbols" ]; then
  case $symbols in *.gz) gzip -dc "$symbols" ;; *) cat "$symbols" ;; esac |
    awk '$1 == ".IP" {name = $2} /^Introduced in / {sub(/\.$/, "", $3); print name, $3}' \
    > "$scratch/theirs"
  [ "$(wc -l < "$scratch/theirs")" -gt 500 ] || echo "$symbols could not be read" > "$found"
  awk 'NR == FNR {theirs[$1] = $2; next}
    $1 in theirs && theirs[$1] != $2 {print $1 ": " $2 ", libcurl says " theirs[$1]}' \
    "$scratch/theirs" "$table" >> "$found"
  none_found 'the table says what libcurl says'
else
  echo 'ok 5 - the table says what libcurl says # SKIP no libcurl-symbols(3)'
fi

# The version is written in configure.ac. Three files have to repeat it, and say the same: the news, and
# the packages' own.
set -u
cd "$top_srcdir" || exit 99
version=$(sed -n 's/^AC_INIT(\[sasl-entra\], \[\(.*\)\])$/\1/p' configure.ac)
count=0
echo 1..4

# same NAME GOT
same() {
  count=$((count + 1))
  if [ "$2" = "$version" ]; then
    echo "ok $count - $1"
  else
    echo "# it says \"$2\", configure.ac says \"$version\""
    echo "not ok $count - $1"
  fi
}

same 'the newest of NEWS.md' "$(sed -n 's/^## \([0-9][^ ]*\) (.*)$/\1/p' NEWS.md | head -n 1)"
same "the RPM's" "$(sed -n 's/^Version:[[:space:]]*//p' packaging/rpm/sasl-entra.spec)"
if [ -e debian/changelog ]; then
  same "the Debian package's" \
    "$(sed -n '1s/^sasl-entra (\([^-~+)]*\).*/\1/p' debian/changelog)"
else
  same "the Debian package's # SKIP no debian/changelog" "$version"
fi

# A policy module counts its own versions.
elsewhere=$(grep -rlE "(^|[^0-9.])$(printf '%s' "$version" | sed 's/\./\\./g')([^0-9.]|\$)" \
  README.md CONTRIBUTING.md Makefile.am agent common doc packaging plugin tests tool |
  grep -vE '\.(pyc|spec|te)$' | tr '\n' ' ')
same "nothing else has it" "${elsewhere:-$version}"

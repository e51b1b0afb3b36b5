# shellcheck shell=bash
# Built twice, as two versions, as whoever builds: not root. Meanwhile the machine's root directory is made.

source=$work/build/src
packages_source "$source" || bail "the tree's files cannot be copied: it must be a clone"
packages_root=$top_builddir/package-root
machine_base "$packages_root" &
root_made=$!
if ! check 'dpkg-buildpackage -b builds them, and its unit tests pass' packages_build "$source" "$work/log/build-1"
then
  tail -n 20 "$work/log/build-1" | sed 's/^/# /'
  wait $root_made
  bail 'nothing to install'
fi
mkdir "$work/one" "$work/two"

lintian_run() {
  setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/nonexistent lintian -EvIL +pedantic \
    --show-overrides "$work"/build/*.changes > "$work/log/lintian" 2>&1
}
if command -v lintian > /dev/null; then
  check 'lintian -EvIL +pedantic finds no error' lintian_run
  equal '... and nothing that packaging/README.md does not explain' "$(lintian_unexplained)" ''
  check '... but something' grep -q '^O: ' "$work/log/lintian"
fi
mv "$work"/build/*.deb "$work/one/"
rm -f "$work"/one/*-dbgsym_*
check 'no configuration is among the files' fails sh -c \
  'for deb; do dpkg-deb -c "$deb"; done | grep "etc/sasl-entra"' sh "$work"/one/*.deb

packages_next "$source"
packages_options=nocheck
check 'the next version is built' packages_build "$source" "$work/log/build-2" -nc
mv "$work"/build/*-2_*.deb "$work/two/"
rm -f "$work"/two/*-dbgsym_*
wait $root_made || skip_all "debootstrap could not make a root directory"
packages_complete "$packages_root" "$work"/one/*.deb > "$work/log/complete" 2>&1 ||
  bail "Debian's own packages cannot be had: $(tail -n 1 "$work/log/complete")"

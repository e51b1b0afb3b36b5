#!/bin/bash
# Debian packages from the first to the last: built as in a clean clone, installed in a booted Debian
# beside its own Postfix, upgraded while mail flows, purged. `make check-packaging` runs it. Its chapters,
# in their order, are in tests/packaging/deb.
lib=${top_srcdir:?}/tests/hosts/lib
work=$(mktemp -d /tmp/se.XXXXXX) || exit 99
SE_STAGE=$work/none
# shellcheck source=/dev/null
for part in tap scene tenant guide; do . "$lib/$part.sh"; done
# shellcheck source=/dev/null
. "$top_srcdir/tests/systemd/lib/machine.sh"
# shellcheck source=/dev/null
for part in packages lintian debian; do . "$top_srcdir/tests/packaging/lib/$part.sh"; done

[ "$(id -u)" -eq 0 ] || skip_all "must run as root: it boots a machine"
for program in dpkg-buildpackage dh git; do
  command -v $program > /dev/null || skip_all "there is no $program"
done
reason=$(machine_missing)
[ -z "$reason" ] || skip_all "$reason"
umask 022
chmod 755 "$work"
mkdir "$work/log"
trap scene_end EXIT
trap 'exit 1' HUP INT TERM
at_end machine_remove
at_end standins_stop

for chapter in built installed configured instances upgraded module purged autopkgtest other_server; do
  diag "$chapter, after $SECONDS s"
  # shellcheck source=/dev/null
  . "$top_srcdir/tests/packaging/deb/$chapter.sh"
done

journal > "$work/log/journal" 2>&1
check 'no secret is in the journal' no_secrets
standins_stop
finish

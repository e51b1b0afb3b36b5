# shellcheck shell=bash
# Debian's own tests of the installed packages, debian/tests, each with its packages, in the tree of the source.

tested=$machine_root/debs/source
mkdir "$tested"
packages_copy "$tested"
in_machine mkdir /debs/tmp
check 'installed again after a purge' install_version one
check "... with what Debian's tests need" in_machine sh -c 'DEBIAN_FRONTEND=noninteractive dpkg -i /tests/*.deb'
names=$(sed -n 's/^Tests: *//p' "$top_srcdir/debian/tests/control" | tr -d ,)
equal 'every test of debian/tests is listed' "$(tr ' ' '\n' <<< "$names" | sort)" \
  "$(ls -I control "$top_srcdir/debian/tests")"
# The first of them wants a machine without a configuration.
for name in $names; do
  check "autopkgtest: $name" in_machine env AUTOPKGTEST_TMP=/debs/tmp sh -c \
    "cd /debs/source && debian/tests/$name"
done
check '... and purged' purge
check '... without a file of theirs' fails in_machine sh -c \
  'ls -d /etc/sasl-entra /var/lib/sasl-entra /run/sasl-entra /usr/lib/*/sasl-entra 2> /dev/null'

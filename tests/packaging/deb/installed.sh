# shellcheck shell=bash
# In a machine that has nothing but Debian's packages and its own Postfix; not configured.

machine_above "$packages_root" || bail "the machine's root directory cannot be made"
mkdir -p "$machine_root/debs"
cp -r "$work/one" "$work/two" "$machine_root/debs/"
machine_boot || skip_all "systemd-nspawn does not boot here: $(tail -n 1 "$work/log/nspawn")"

# The stand-ins, in the machine's network.
printf '#!/bin/sh\nexec nsenter --target %s --net -- %s "$@"\n' "$machine_leader" "$PYTHON" > "$work/python"
chmod 755 "$work/python"
PYTHON=$work/python
curl() { in_network curl "$@"; }
tenant_start
submission_start exchange
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
# An authority that this machine trusts, as it does Microsoft's.
install -D -m 644 "$work/tenant/ca.pem" "$machine_root/usr/local/share/ca-certificates/contoso.crt"
in_machine update-ca-certificates > "$work/log/authority" 2>&1

leave_note before
check 'they install with what Debian has' install_version one
check 'the user postfix is in the group that may ask, which is said' said \
  'the user postfix is now in the group sasl-entra-clients'
check '... and is' in_machine sh -c 'id -nG postfix | grep -w sasl-entra-clients'
check '... and not in the one that may read secrets' fails in_machine sh -c \
  'id -nG postfix | tr " " "\n" | grep -x sasl-entra'
check "the socket in Postfix's queue directory is enabled, which is said" said "$queue_socket"
check '... and is' enabled "$queue_socket"
check '... and the one of the machine' enabled sasl-entrad.socket
check '... and none is open without a configuration' fails active "$queue_socket"
check '... and none is there' fails in_machine test -e $conf_path/sasl-entra.conf
check 'no unit has failed' same "$(in_machine systemctl --failed --plain --no-legend | grep sasl-entra)" ''
check 'the state directory is the agent'"'"'s' in_file_is /var/lib/sasl-entra 'sasl-entra:sasl-entra 700'
install -m 755 "$top_builddir/tests/hosts/.libs/sasl_choice" "$machine_root/debs/" 2> /dev/null ||
  install -m 755 "$top_builddir/tests/hosts/sasl_choice" "$machine_root/debs/"
for offered in 'PLAIN XOAUTH2' 'XOAUTH2 LOGIN'; do
  check "a bare install changes nothing: of $offered" in_machine sh -c \
    "/debs/sasl_choice '$offered' | grep -x 'PLAIN\|LOGIN'"
done
diag "installed size: $(in_machine dpkg-query -W -f '${Package} ${Installed-Size} KiB\n' sasl-entra \
  libsasl2-modules-entra | paste -s -d , | sed 's/,/, /')"
diag "installed beside minbase, systemd and Postfix: $(cat "$packages_root.pulled")"

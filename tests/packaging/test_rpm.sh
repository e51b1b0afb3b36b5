# The RPM packages, built from the tarball as Fedora builds them, by tests/packaging/fedora.macros; what is
# in them, what they run, and that a root directory is as before when they are gone.
# shellcheck source=/dev/null
. "$top_srcdir/tests/hosts/lib/tap.sh"
for tool in rpmbuild rpm rpmlint rpm2cpio cpio; do
  command -v $tool > /dev/null || skip_all "no $tool"
done
[ "$(uname -m)" = x86_64 ] || skip_all "the macros are those of x86_64"
unset MAKEFLAGS MFLAGS MAKELEVEL TESTS
scratch=$(mktemp -d /tmp/se.XXXXXX) || exit 99
trap 'rm -rf "$scratch"' EXIT
spec=$top_srcdir/packaging/rpm/sasl-entra.spec
rpm=(--load="$top_srcdir/tests/packaging/fedora.macros" --define "_topdir $scratch/top"
  --define "_tmppath $scratch")
# The policy wants selinux-policy-devel's Makefile, which Debian has under the same path.
selinux=--without=selinux
if [ -e /usr/share/selinux/devel/Makefile ] && [ -e "$top_srcdir/packaging/selinux/sasl_entra.te" ]; then
  selinux=--with=selinux
fi

# --- what it asks for ------------------------------------------------------------------------------

# pkg-config's names and versions, as configure asks for them.
same_needs() {
  sed -n 's/^PKG_CHECK_MODULES(\[[A-Z]*\], \[\([^]]*\)\].*/\1/p' "$top_srcdir/configure.ac" |
    sed -E 's/([a-z0-9_-]+ >= [0-9.]+) ?/\1\n/g' | grep . | sort > "$scratch/configure"
  sed -n 's/^BuildRequires: *pkgconfig(\(.*\)) \(>= .*\)$/\1 \2/p' "$spec" | sort > "$scratch/spec"
  [ -s "$scratch/spec" ] && diff "$scratch/configure" "$scratch/spec"
}
check 'the spec wants what configure wants' same_needs

users_of_tree() {
  sed 's|@localstatedir@|/var|' "$top_srcdir/packaging/systemd/sysusers.conf.in" |
    diff - "$top_srcdir/packaging/rpm/sasl-entra.sysusers"
}
check 'the users it makes are those of the tree' users_of_tree

parsed() { rpmspec -P "${rpm[@]}" --define "_sourcedir $top_srcdir/packaging/rpm" "$@" "$spec"; }
makes() {
  local command=$1
  shift
  parsed "$@" | sed -n '/^%pre$/,/^%post/p' | grep -q -- "$command"
}
check 'the user is made by %pre on RHEL 9' makes 'useradd -r sasl-entra' --define 'fedora 0' --define 'rhel 9'
check 'and the group of its clients' makes 'groupadd -r sasl-entra-clients' --define 'fedora 0' --define 'rhel 9'
check 'but by rpm itself on Fedora 42 and later' fails makes 'useradd\|groupadd'

# --- building --------------------------------------------------------------------------------------

build() {
  mkdir -p "$scratch/top/SOURCES" &&
    make -s -C "$top_builddir" dist && mv "$top_builddir"/sasl-entra-*.tar.xz "$scratch/top/SOURCES" &&
    cp "$top_srcdir"/packaging/rpm/*.sysusers "$scratch/top/SOURCES" &&
    rpmbuild "${rpm[@]}" --nodeps "$selinux" -ba "$spec" > "$scratch/log" 2>&1 ||
    { grep -E '^(not ok|FAIL)|error:|Error ' "$scratch/log"; tail -n 20 "$scratch/log"; return 1; }
}
from=$SECONDS
check 'rpmbuild builds it, and its unit tests pass' build || { finish; exit; }
diag "built in $((SECONDS - from)) s"
mapfile -t packages < <(find "$scratch/top/RPMS" -name '*.rpm')
tests_ran() { sed -n 's/^# PASS: *//p' "$scratch/log" | awk '{n += $1} END {exit n < 500}'; }
check '%check ran them' tests_ran

lint() { rpmlint -c "$top_srcdir/packaging/rpm/rpmlint.toml" "$spec" "${packages[@]}"; }
clean() { lint | tee /dev/stderr | grep -q ' 0 errors, 0 warnings'; }
check 'rpmlint has nothing to say that packaging/rpm/rpmlint.toml does not explain' clean

# --- what is in them -------------------------------------------------------------------------------

contents() {
  rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' "${packages[@]}" 2> /dev/null |
    grep -vE ' /usr/share/(doc|licenses)/' | sed '/\/man\//s/\.gz$//' | sort -k3
}
cat > "$scratch/wanted" << 'END'
drwxr-xr-x root /etc/sasl-entra
-rwxr-xr-x root /usr/bin/sasl-entra
-rwxr-xr-x root /usr/bin/sasl-entrad
drwxr-xr-x root /usr/lib64/sasl-entra
-rwxr-xr-x root /usr/lib64/sasl-entra/engine.so
-rwxr-xr-x root /usr/lib64/sasl2/libsasl-entra.so
-rw-r--r-- root /usr/lib/systemd/system/sasl-entrad.service
-rw-r--r-- root /usr/lib/systemd/system/sasl-entrad.socket
-rw-r--r-- root /usr/lib/systemd/system/sasl-entra-postfix@.socket
-rw-r--r-- root /usr/lib/systemd/user/sasl-entrad.service
-rw-r--r-- root /usr/lib/systemd/user/sasl-entrad.socket
-rw-r--r-- root /usr/lib/sysusers.d/sasl-entra.conf
-rw-r--r-- root /usr/lib/sysusers.d/sasl-entra-postfix.conf
-rw-r--r-- root /usr/lib/tmpfiles.d/sasl-entra.conf
-rw-r--r-- root /usr/share/bash-completion/completions/sasl-entra
-rw-r--r-- root /usr/share/fish/vendor_completions.d/sasl-entra.fish
-rw-r--r-- root /usr/share/man/man1/sasl-entra.1
-rw-r--r-- root /usr/share/man/man5/sasl-entra.conf.5
-rw-r--r-- root /usr/share/man/man7/sasl-entra-mechanism.7
-rw-r--r-- root /usr/share/man/man8/sasl-entrad.8
-rw-r--r-- root /usr/share/zsh/site-functions/_sasl-entra
drwx------ sasl-entra /var/lib/sasl-entra
END
policy=/usr/share/selinux/packages/targeted/sasl_entra.pp.bz2
# The second is rpm's own note of what semodule will write there.
if [ $selinux = --with=selinux ]; then
  printf '%s\n' "-rw-r--r-- root $policy" \
    '---------- root /var/lib/selinux/targeted/active/modules/200/sasl_entra' >> "$scratch/wanted"
fi
as_wanted() { diff <(sort -k3 "$scratch/wanted") <(contents); }
check 'everything is where Fedora has it, and no configuration' as_wanted

# scriptlets WORDS : what the packages run has these words.
scriptlets() { rpm -qp --scripts "${packages[@]}" 2> /dev/null | grep -qE "$1"; }
check 'a new installation obeys the presets' scriptlets \
  'systemd-update-helper install-system-units sasl-entrad.socket sasl-entrad.service'
check 'an upgrade restarts the agent' scriptlets \
  'systemd-update-helper mark-restart-system-units sasl-entrad.service'
check 'a removal stops it' scriptlets \
  'systemd-update-helper remove-system-units sasl-entrad.socket sasl-entrad.service'

plugin_needs() {
  rpm -qp --requires "$(printf '%s\n' "${packages[@]}" | grep /cyrus-sasl-entra-)" 2> /dev/null
}
needs_no_tool() { ! plugin_needs | grep -E 'microhttpd|qrencode|^sasl-entra'; }
check 'the plugin wants neither the tool nor its libraries' needs_no_tool

if [ $selinux = --with=selinux ]; then
  check 'a module of SELinux is loaded' scriptlets "semodule .*-s targeted .*-i $policy"
  check 'and taken out again' scriptlets 'semodule .*-s targeted .*-r sasl_entra'
else
  diag 'without a policy: there is no /usr/share/selinux/devel/Makefile (Debian: selinux-policy-dev)'
fi

# --- in a root directory ---------------------------------------------------------------------------

root=$scratch/root
names=(sasl-entra cyrus-sasl-entra sasl-entra-postfix)
[ $selinux = --without=selinux ] || names+=(sasl-entra-selinux)
in_root() { rpm --root "$root" --nodeps --noscripts --nosignature "$@"; }
# Without rpm's own, and what systemd-sysusers and gpasswd keep of the files that they change.
state() {
  (cd "$root" && find . \( -path ./var/lib/rpm -o -path ./run -o -path ./root \) -prune -o -print |
    grep -vxE '\./etc/(\.pwd\.lock|[a-z]+-)' | sort)
}
# The directories that other packages have, and a Postfix's user.
root_make() {
  mkdir -p "$root"/{etc,run,usr/bin} "$root"/var/lib/{rpm,selinux/targeted/active/modules/200} \
    "$root"/usr/lib/{sysusers.d,tmpfiles.d,systemd/{system,user}} "$root/usr/lib64/sasl2" \
    "$root"/usr/share/{doc,licenses,man/man{1,5,7,8},bash-completion/completions,zsh/site-functions} \
    "$root"/usr/share/{fish/vendor_completions.d,selinux/packages/targeted}
  printf 'root:x:0:0::/:/bin/sh\npostfix:x:89:89::/:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:x:0:\npostfix:x:89:\n' > "$root/etc/group"
  install -m 600 /dev/null "$root/etc/shadow" && install -m 600 /dev/null "$root/etc/gshadow"
  rpm --root "$root" --initdb
}
version_runs() { "$root/usr/bin/sasl-entra" --version && "$root/usr/bin/sasl-entrad" --version; }
unchanged() { in_root -V "${names[@]}"; }
module_is_ours() {
  bzcat "$root$policy" > "$scratch/module.pp" &&
    semodule_unpackage "$scratch/module.pp" "$scratch/module" "$scratch/contexts" && [ -s "$scratch/module" ] &&
    grep -q '^/usr/bin/sasl-entrad.*:sasl_entrad_exec_t:' "$scratch/contexts"
}
members() { sed -n 's/^sasl-entra-clients:.*://p' "$root/etc/group"; }
# The scriptlet itself, with the root directory's groups.
removed() {
  rpm -qp --qf '%{POSTUN}' "$(printf '%s\n' "${packages[@]}" | grep /sasl-entra-postfix-)" > "$scratch/postun" 2> /dev/null
  unshare -m sh -c 'mount --make-rprivate / && mount --bind "$1" /etc && sh -e "$2" 0' sh "$root/etc" "$scratch/postun"
}
if [ "$(id -u)" -eq 0 ]; then
  root_make
  # What rpm of Fedora 42 does before it unpacks, and systemd's trigger of earlier ones at the end.
  check 'systemd-sysusers makes the user' systemd-sysusers --root="$root" "$top_srcdir/packaging/rpm/sasl-entra.sysusers"
  state > "$scratch/before"
  check 'they install together' in_root -i "${packages[@]}"
  check 'the programs run' version_runs
  check 'rpm finds them as they were packed' unchanged
  if [ $selinux = --with=selinux ]; then check "SELinux's module is one, and has the agent's label" module_is_ours; fi
  equal 'nobody may ask the agent' "$(members)" ''
  check 'systemd-sysusers does what the packages say' systemd-sysusers --root="$root"
  equal 'and lets Postfix ask' "$(members)" postfix
  check 'they are removed' in_root -e "${names[@]}"
  check 'and sasl-entra-postfix ends with its scriptlet' removed
  equal 'after which Postfix may not ask any more' "$(members)" ''
  state > "$scratch/after"
  check 'and nothing is left' diff "$scratch/before" "$scratch/after"
fi
finish

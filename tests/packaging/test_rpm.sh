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

parsed() { rpmspec -P "${rpm[@]}" --define "_sourcedir $top_srcdir/packaging/rpm" "$@" "$spec"; }
makes_user() { parsed "$@" | sed -n '/^%pre$/,/^%post/p' | grep -q sasl-entra; }
check 'the user is made by %pre on RHEL 9' makes_user --define 'fedora 0' --define 'rhel 9'
check 'and by rpm itself on Fedora 42 and later' fails makes_user

# --- building --------------------------------------------------------------------------------------

build() {
  mkdir -p "$scratch/top/SOURCES" &&
    make -s -C "$top_builddir" dist && mv "$top_builddir"/sasl-entra-*.tar.xz "$scratch/top/SOURCES" &&
    cp "$top_srcdir/packaging/rpm/sasl-entra.sysusers" "$scratch/top/SOURCES" &&
    rpmbuild "${rpm[@]}" --nodeps "$selinux" -ba "$spec" > "$scratch/log" 2>&1 ||
    { grep -E '^(not ok|FAIL)|error:|Error ' "$scratch/log"; tail -n 20 "$scratch/log"; return 1; }
}
check 'rpmbuild builds it, and its unit tests pass' build || { finish; exit; }
mapfile -t packages < <(find "$scratch/top/RPMS" -name '*.rpm')
tests_ran() { sed -n 's/^# PASS: *//p' "$scratch/log" | awk '{n += $1} END {exit n < 500}'; }
check '%check ran them' tests_ran

lint() { rpmlint -c "$top_srcdir/packaging/rpm/rpmlint.toml" "$spec" "${packages[@]}"; }
clean() { lint | tee /dev/stderr | grep -q ' 0 errors, 0 warnings'; }
check 'rpmlint has nothing to say that packaging/rpm/rpmlint.toml does not explain' clean

# --- what is in them -------------------------------------------------------------------------------

contents() {
  rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' "${packages[@]}" 2> /dev/null |
    grep -vE ' /usr/share/(doc|licenses|selinux)/' | sed '/\/man\//s/\.gz$//' | sort -k3
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
drwxr-xr-x root /usr/lib/systemd/system/sasl-entrad.socket.d
-rw-r--r-- root /usr/lib/systemd/system/sasl-entrad.socket.d/postfix.conf
-rw-r--r-- root /usr/lib/systemd/system/sasl-entra-postfix@.socket
-rw-r--r-- root /usr/lib/systemd/user/sasl-entrad.service
-rw-r--r-- root /usr/lib/systemd/user/sasl-entrad.socket
-rw-r--r-- root /usr/lib/sysusers.d/sasl-entra.conf
-rw-r--r-- root /usr/lib/tmpfiles.d/sasl-entra.conf
-rw-r--r-- root /usr/share/bash-completion/completions/sasl-entra
-rw-r--r-- root /usr/share/fish/vendor_completions.d/sasl-entra.fish
-rw-r--r-- root /usr/share/man/man1/sasl-entra.1
-rw-r--r-- root /usr/share/man/man5/sasl-entra.conf.5
-rw-r--r-- root /usr/share/man/man8/sasl-entrad.8
-rw-r--r-- root /usr/share/zsh/site-functions/_sasl-entra
drwx------ sasl-entra /var/lib/sasl-entra
END
as_wanted() { diff <(sort -k3 "$scratch/wanted") <(contents | grep -v ' /var/lib/selinux/'); }
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

# --- in a root directory ---------------------------------------------------------------------------

root=$scratch/root
in_root() { rpm --root "$root" --nodeps --noscripts --nosignature "$@"; }
state() { (cd "$root" && find . -path ./var/lib/rpm -prune -o -path ./run -prune -o -path ./root -prune -o -print | sort); }
if [ "$(id -u)" -eq 0 ]; then
  mkdir -p "$root"/{etc,run,var/lib,var/lib/rpm,usr/lib/systemd/{system,user}} "$root"/usr/lib/{sysusers,tmpfiles}.d \
    "$root"/usr/lib64/sasl2 "$root"/usr/bin "$root"/usr/share/{doc,licenses,man/man{1,5,8}} \
    "$root"/usr/share/bash-completion/completions "$root"/usr/share/zsh/site-functions \
    "$root"/usr/share/fish/vendor_completions.d
  printf 'root:x:0:0::/:/bin/sh\nsasl-entra:x:990:990::/:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:x:0:\nsasl-entra:x:990:\n' > "$root/etc/group"
  mapfile -t installed < <(printf '%s\n' "${packages[@]}" | grep -v /sasl-entra-selinux-)
  rpm --root "$root" --initdb
  state > "$scratch/before"
  check 'they install together' in_root -i "${installed[@]}"
  version_runs() { "$root/usr/bin/sasl-entra" --version && "$root/usr/bin/sasl-entrad" --version; }
  check 'the programs run' version_runs
  unchanged() { in_root -V sasl-entra cyrus-sasl-entra sasl-entra-postfix; }
  check 'rpm finds them as they were packed' unchanged
  check 'they are removed' in_root -e sasl-entra cyrus-sasl-entra sasl-entra-postfix
  state > "$scratch/after"
  check 'and nothing is left' diff "$scratch/before" "$scratch/after"
fi
finish

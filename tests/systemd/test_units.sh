#!/bin/sh
# The units, as systemd's own checker reads them, and how much the agent's one shuts it in.
: "${top_srcdir:=.}" "${top_builddir:=.}"
if ! command -v systemd-analyze > /dev/null; then
	echo "1..0 # SKIP there is no systemd-analyze"
	exit 0
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
units=$top_builddir/packaging/systemd
mkdir "$work/user"
# What is to be started need not be installed for this.
for unit in "$units"/*.service "$units"/*.socket "$units"/user/*.service "$units"/user/*.socket; do
	sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$unit" > "$work/${unit#"$units"/}"
done
instance=sasl-entra-postfix@var-spool-postfix.socket
mv "$work/sasl-entra-postfix@.socket" "$work/$instance"
count=0

# result STATUS NAME, with what was printed in $work/out
result() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		sed 's/^/# /' "$work/out"
	fi
}

# Only what is said of ours: the machine's own units may have their troubles.
verify() {
	timeout 60 systemd-analyze "$@" --man=no --recursive-errors=no > "$work/said" 2>&1
	grep -E 'sasl-entra' "$work/said" > "$work/out"
	test ! -s "$work/out"
}
# An instance in place of its template is read all the same.
verify verify "$work/sasl-entrad.service" "$work/sasl-entrad.socket" "$work/$instance"
result $? "systemd-analyze verify has no complaint"
verify --user verify "$work/user/sasl-entrad.service" "$work/user/sasl-entrad.socket"
result $? "nor about the users' units"

timeout 60 systemd-analyze security --offline=yes --no-pager "$work/sasl-entrad.service" \
	> "$work/out" 2>&1
level=$(sed -n 's/.*exposure level for sasl-entrad.service: \([0-9.]*\).*/\1/p' "$work/out")
echo "# systemd-analyze security: $level"
awk -v level="$level" 'BEGIN {exit !(level != "" && level <= 1.6)}'
result $? "systemd-analyze security: an exposure of 1.6 at most (0 to 10)"

# A preset is the distribution's word, not ours: Debian enables what is installed, Fedora what its own
# list has. All that we bring is what [Install] says.
# presets POLICY : what systemctl preset makes in a root directory with that policy
presets() {
	rm -rf "$work/root"
	mkdir -p "$work/root/etc" "$work/root/usr/lib/systemd/system-preset" "$work/root/usr/lib/systemd/system"
	cp "$units"/*.service "$units"/*.socket "$work/root/usr/lib/systemd/system"
	echo "$1 *" > "$work/root/usr/lib/systemd/system-preset/90-default.preset"
	timeout 60 systemctl --root="$work/root" preset sasl-entrad.service > "$work/out" 2>&1
	(cd "$work/root/etc/systemd/system" 2> /dev/null && find . -type l | sort) > "$work/enabled"
	cat "$work/enabled" >> "$work/out"
}
presets enable
printf '%s\n' ./multi-user.target.wants/sasl-entrad.service ./sockets.target.wants/sasl-entrad.socket |
	cmp -s - "$work/enabled"
result $? "a preset that enables the service enables its socket, and no chroot's"
presets disable
test ! -s "$work/enabled"
result $? "one that disables it leaves nothing enabled"

! grep -rn '@[a-z]*dir@' "$units" --include='*.service' --include='*.socket' --include='*.conf' \
	> "$work/out"
result $? "every path is substituted"
echo "1..$count"

#!/usr/bin/env bash
# The SELinux module: compiled by the distribution's own makefile, linked into the distribution's whole
# policy in a store of its own, and then asked what is allowed. No kernel with SELinux is needed, and
# the machine's own policy is not touched.
set -uo pipefail
: "${top_srcdir:=.}" "${PYTHON:=/usr/bin/python3}"
devel=/usr/share/selinux/devel/Makefile
skip() { echo "1..0 # SKIP $*"; exit 0; }
for program in semodule sesearch selabel_lookup checkmodule; do
  command -v $program > /dev/null || skip "there is no $program (Debian: policycoreutils, setools, checkpolicy)"
done
"$PYTHON" -c 'import setools' 2> /dev/null || skip "there is no module setools for $PYTHON (Debian: python3-setools)"
[ -e $devel ] || skip "there is no $devel (Debian: selinux-policy-dev)"
[ -d /var/lib/selinux/default/active ] || skip "there is no policy to link with (Debian: selinux-policy-default)"

unset MAKEFLAGS MFLAGS MAKELEVEL
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
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

cp "$top_srcdir"/packaging/selinux/sasl_entra.* "$work"
make -s -C "$work" -f $devel NAME=default sasl_entra.pp > "$work/out" 2>&1 && [ -s "$work/sasl_entra.pp" ] &&
  ! grep -viE '^(Compiling|Creating) ' "$work/out"
result $? "the module compiles without a complaint"

mkdir -p "$work/root/etc" "$work/root/var/lib"
cp -a /etc/selinux "$work/root/etc" && cp -a /var/lib/selinux "$work/root/var/lib"
semodule -p "$work/root" -s default -n -i "$work/sasl_entra.pp" > "$work/out" 2>&1
result $? "it links into the policy of this distribution"
policy=$(find "$work/root/etc/selinux/default/policy" -name 'policy.*' | sort | tail -n 1)
contexts=$work/root/etc/selinux/default/contexts/files/file_contexts

coproc asked { exec "$PYTHON" "$top_srcdir/tests/packaging/lib/allowed.py" "$policy" sasl_entrad_t postfix_smtp_t \
  postfix_smtpd_t postfix_master_t init_t 2> "$work/asked"; }

# allowed -s DOMAIN -t TYPE -c CLASS -p PERMISSION[,PERMISSION...] : the rules of one of them, but for those behind a
# boolean, in $work/out
allowed() {
  local permission line
  [ "$1 $3 $5 $7" = '-s -t -c -p' ] || exit 99
  for permission in ${8//,/ }; do
    echo "$2 $4 $6 $permission" >&"${asked[1]}"
    while read -r line <&"${asked[0]}" || { cat "$work/asked" >&2; exit 99; }; do
      [ "$line" != . ] || break
      echo "$line"
    done
  done > "$work/out"
  [ -s "$work/out" ]
}

# may NAME TERM...
may() {
  local name=$1
  shift
  allowed "$@"
  result $? "$name"
}

may_not() {
  local name=$1
  shift
  ! allowed "$@"
  result $? "$name"
}

agent="-s sasl_entrad_t"
smtp="-s postfix_smtp_t"
# shellcheck disable=SC2086  # terms in words
{
  may "smtp(8) of Postfix connects to the agent" $smtp -t sasl_entrad_t -c unix_stream_socket -p connectto
  may "by its socket" $smtp -t sasl_entra_runtime_t -c sock_file -p write
  may "and sees whether there is a configuration" $smtp -t sasl_entra_conf_t -c file -p getattr
  may_not "but does not read it, nor the credentials beside it" $smtp -t sasl_entra_conf_t -c file -p read
  may_not "nor tokens" $smtp -t sasl_entra_var_lib_t -c file -p read,open,getattr
  may_not "smtpd(8) does not connect" -s postfix_smtpd_t -t sasl_entrad_t -c unix_stream_socket -p connectto
  for port in http_port_t http_cache_port_t squid_port_t; do
    may "the agent connects to $port" $agent -t $port -c tcp_socket -p name_connect
  done
  may_not "to no other port, unless a boolean lets it" $agent -t smtp_port_t -c tcp_socket -p name_connect
  may "it reads its credentials" $agent -t sasl_entra_conf_t -c file -p read
  may_not "and does not write them" $agent -t sasl_entra_conf_t -c file -p write
  for permission in create write rename unlink lock; do
    may "it may $permission what it keeps" $agent -t sasl_entra_var_lib_t -c file -p $permission
  done
  may "it makes its socket" $agent -t sasl_entra_runtime_t -c sock_file -p create
  may "in a chroot of Postfix, too" $agent -t postfix_spool_t -c dir -p create
  may "so does systemd, which gives it away" -s init_t -t sasl_entra_runtime_t -c sock_file -p setattr
  may "it is ready, and says so to systemd" $agent -t init_t -c unix_dgram_socket -p sendto
  for permission in setuid setgid chown; do
    may "root's agent may $permission" $agent -t sasl_entrad_t -c capability -p $permission
  done
  for permission in dac_override dac_read_search sys_admin sys_ptrace; do
    may_not "but not $permission" $agent -t sasl_entrad_t -c capability -p $permission
  done
  may "the program of on_problem is run" $agent -t bin_t -c file -p execute_no_trans
  for type in shadow_t user_home_t postfix_spool_maildrop_t; do
    may_not "nothing of $type is read" $agent -t $type -c file -p read
  done
  may "spawn(8) starts it" -s postfix_master_t -t sasl_entrad_exec_t -c file -p execute
}

# The places of the agent's page and of the AppArmor profile, and the plugin's: who goes there looks at each directory
# on the way.

# looked_up KIND PATH : the type that the policy gives it
looked_up() {
  selabel_lookup -b file -f "$contexts" -k "$2" -t "$1" 2> /dev/null | sed -n 's/.*:object_r:\(.*\):s0$/\1/p'
}
walks() {
  local domain=$1 path=$2 type missing=''
  while [ "$path" != / ]; do
    path=$(dirname "$path")
    type=$(looked_up dir "$path")
    [ -n "$type" ] || continue
    allowed -s "$domain" -t "$type" -c dir -p search && grep -q getattr "$work/out" || missing="$missing $path ($type)"
  done
  echo "missing:$missing" > "$work/out"
  [ -z "$missing" ]
  result $? "$domain finds its way to $2"
}
for path in /etc/sasl-entra/relay.pem /etc/ssl/openssl.cnf /etc/ssl/certs/ca-certificates.crt /var/lib/sasl-entra/0.json \
  /run/sasl-entra/agent.sock /var/spool/postfix/run/sasl-entra/agent.sock /run/systemd/notify \
  /run/credentials/sasl-entrad.service/contoso.secret /var/opt/azcmagent/tokens/a.key; do
  walks sasl_entrad_t $path
done
for path in /etc/sasl-entra/sasl-entra.conf /run/sasl-entra/agent.sock /var/spool/postfix/run/sasl-entra/agent.sock \
  /var/spool/postfix/private/sasl-entra /usr/lib/sasl-entra/engine.so; do
  walks postfix_smtp_t $path
done
# shellcheck disable=SC2086
for type in init_var_run_t ramfs_t tmpfs_t; do
  may "a credential of systemd is read where it has the label $type" $agent -t $type -c file -p read
  may "and found" $agent -t $type -c dir -p search
done
# shellcheck disable=SC2086
{
  may "a key file of Azure Arc is read" $agent -t var_t -c file -p read
  may "smtp(8) connects to the socket that Postfix's master opens" $smtp -t postfix_private_t -c sock_file -p write
  may "who is the master" $smtp -t postfix_master_t -c unix_stream_socket -p connectto
  may "systemd listens for the agent" -s init_t -t sasl_entrad_t -c unix_stream_socket -p listen
  may "and the agent accepts" $agent -t sasl_entrad_t -c unix_stream_socket -p accept
}

# becomes DOMAIN : what its exec of the agent leads to
becomes() {
  sesearch -T -s "$1" -t sasl_entrad_exec_t -c process "$policy" > "$work/out" 2>&1
  grep -q 'process sasl_entrad_t;' "$work/out"
  result $? "the agent that $1 starts is in its domain"
}
becomes init_t
becomes postfix_master_t

# is TYPE KIND PATH
is() {
  selabel_lookup -b file -f "$contexts" -k "$3" -t "$2" > "$work/out" 2>&1
  grep -q ":object_r:$1:s0$" "$work/out"
  result $? "$3 is $1"
}
is sasl_entrad_exec_t file /usr/sbin/sasl-entrad
is sasl_entra_conf_t dir /etc/sasl-entra
is sasl_entra_conf_t file /etc/sasl-entra/relay.pem
is sasl_entra_var_lib_t dir /var/lib/sasl-entra
is sasl_entra_var_lib_t file /var/lib/sasl-entra/0.json
is sasl_entra_runtime_t socket /run/sasl-entra/agent.sock
is sasl_entra_runtime_t socket /var/spool/postfix/run/sasl-entra/agent.sock
is sasl_entra_runtime_t dir /var/spool/postfix-out/run/sasl-entra
is bin_t file /usr/bin/sasl-entra
echo "1..$count"

#!/bin/bash
# The container and the pod, without an engine: the image is built by what the Containerfile says, run with
# a read-only root, and the manifests are run as they stand. Names, ports and certificates inside are those
# of Microsoft's servers: they lead to the stand-ins, in the pod's network.
lib=${top_srcdir:?}/tests/hosts/lib
packaging=$top_srcdir/tests/packaging
manifests=$top_srcdir/packaging/kubernetes
work=$(mktemp -d /tmp/se.XXXXXX) || exit 99
SE_STAGE=$work/none
# shellcheck source=/dev/null
for part in tap scene tenant guide; do . "$lib/$part.sh"; done
# shellcheck source=/dev/null
. "$top_srcdir/tests/systemd/lib/machine.sh"

[ "$(id -u)" -eq 0 ] || skip_all "must run as root: it makes root directories and namespaces"
for program in debootstrap nsenter unshare setpriv ip; do
  command -v $program > /dev/null || skip_all "there is no $program"
done
[ -n "$(machine_mirror)" ] || skip_all "no package source of this machine's apt has Debian's main"
"$PYTHON" -c 'import yaml' 2> /dev/null || skip_all "there is no python3-yaml"
[ "$(machine_release)" = bookworm ] || skip_all "the image is of Debian 12, which this machine is not"
grep -qw overlay /proc/filesystems || modprobe overlay 2> /dev/null || skip_all "there is no overlayfs"

umask 022
chmod 755 "$work"
mkdir "$work/log"
real_python=$PYTHON
cache=${SE_CONTAINER_CACHE:-$top_builddir/container}
pause=
trap scene_end EXIT
trap 'exit 1' HUP INT TERM

# --- the image ------------------------------------------------------------------------------------------

# What stands for docker.io/library/debian:12: minbase, in which no daemon starts.
base_get() {
  local base=$cache/debian-root proxy
  [ ! -e "$base.done" ] || return 0
  rm -rf "$base"
  mkdir -p "$base"
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  (eval "$proxy"
    if [ -n "${proxy-}" ]; then export http_proxy=$proxy; fi
    debootstrap --variant=minbase "$(machine_release)" "$base" "$(machine_mirror)") \
    > "$work/log/debootstrap" 2>&1 || {
    tail -n 5 "$work/log/debootstrap" | sed 's/^/# /'
    return 1
  }
  rm -f "$base"/var/cache/apt/archives/*.deb
  printf '#!/bin/sh\nexit 101\n' > "$base/usr/sbin/policy-rc.d"
  chmod 755 "$base/usr/sbin/policy-rc.d"
  : > "$base.done"
}

image_build() {
  local proxy
  proxy=$(apt-config shell proxy Acquire::http::Proxy)
  (eval "$proxy"
    if [ -n "${proxy-}" ]; then export http_proxy=$proxy; fi
    "$PYTHON" "$packaging/image.py" "$1" "${2-$top_srcdir}" "$cache/debian-root" "${3-$cache/layers}")
}

base_get || skip_all "debootstrap could not make a root directory"
refuses() {
  printf '%b\n' "$2" > "$work/Containerfile"
  ! image_build "$work/Containerfile" "$work" "$work/no-layers" > "$work/image-of-nothing" 2>&1 &&
    grep -F -- "$1" "$work/image-of-nothing"
}
from='FROM docker.io/library/debian:12'
check 'what the Containerfile may not have: another base' refuses 'FROM ubuntu' 'FROM ubuntu'
check '... an instruction that is not known' refuses 'ONBUILD' "$from\nONBUILD RUN true"
check '... an option that is not known' refuses 'COPY --link' "$from\nCOPY --link a /a"
check '... a file that is not there' refuses 'not in the context' "$from\nCOPY nothing /nothing"
check '... a command that fails' refuses 'exit status 3' "$from\nRUN exit 3"
rm -rf "$work/no-layers"

from=$SECONDS
if ! image_build "$top_srcdir/packaging/container/Containerfile" > "$work/image.json" 2> "$work/log/build"; then
  if grep -q 'Failed to fetch\|Unable to locate' "$work/log/build"; then
    skip_all "the packages could not be fetched"
  fi
  diag "$(tail -n 15 "$work/log/build")"
  bail 'the image cannot be built'
fi
diag "built in $((SECONDS - from)) s"
mapfile -t layers < <("$PYTHON" -c 'import json, sys
print("\n".join(json.load(open(sys.argv[1], encoding="utf-8"))["layers"]))' "$work/image.json")
diag "size above debian:12: $(du -cm "${layers[@]}" | tail -n 1 | cut -f 1) MB"

image_has() {
  local layer
  for layer in "${layers[@]}" "$cache/debian-root"; do [ ! -e "$layer$1" ] || return 0; done
  return 1
}
no_private_keys() { ! grep -rIlE -- '-----BEGIN ([A-Z]+ )?PRIVATE KEY' "${layers[@]}"; }
check 'no private key is in a layer' no_private_keys
not_this_machine() {
  ! grep -rlwF -- "$(hostname)" "${layers[@]/%//etc/postfix}" "${layers[@]/%//etc/mailname}" "${layers[@]/%//etc/hostname}" 2> /dev/null
}
[ "$(hostname)" = localhost ] || check '... nor the name of the machine that built it' not_this_machine
no_passwords() { ! awk -F: '$2 ~ /^\$/' "${layers[@]/%//etc/shadow}" 2> /dev/null | grep .; }
check '... nor a password' no_passwords
check '... nor a compiler' fails image_has /usr/bin/gcc
no_accounts() { ! sed 's/#.*//' "$top_srcdir"/packaging/container/{sasl-entra.conf,sasl_passwd} | grep '[^ ]'; }
check '... nor an account' no_accounts
for path in $(sed -n 's/.*mountPath: \([^ ,}]*\).*/\1/p' "$manifests/relay.yaml" | sort -u); do
  check "the image has $path, where a manifest mounts" image_has "$path"
done

# --- the network, with Microsoft's names ----------------------------------------------------------------

unshare --net --uts -- sh -c 'hostname relay-0 && ip link set lo up && exec sleep infinity' &
pause=$!
at_end end_process "$pause"
at_end standins_stop
has_network() { nsenter --target "$pause" --net -- ip -o link show up | grep -q 'lo:'; }
wait_for 10 has_network || bail "there is no network namespace"
printf '#!/bin/sh\nexec nsenter --target %s --net -- %s "$@"\n' "$pause" "$real_python" > "$work/python"
chmod 755 "$work/python"
PYTHON=$work/python
curl() { nsenter --target "$pause" --net -- curl "$@"; }
tenant_port=443
tenant_start
submission_start exchange --port 587
mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
"$PYTHON" -c 'import sys, time
sys.path.insert(0, sys.argv[1])
from name_server import NameServer
NameServer({"smtp.office365.com": ["127.0.0.1"], "login.microsoftonline.com": ["127.0.0.1"]}, "mute.")
time.sleep(86400)' "$top_srcdir/tests/faults" &
names=$!
at_end end_process "$names"

# place DIRECTORY : for one container or pod: what its engine puts into its /etc, and the authority that
# stands for the public ones.
place() {
  mkdir -p "$1/log" "$1/etc/ssl/certs" "$1/volumes"
  printf '127.0.0.1 localhost\n' > "$1/etc/hosts"
  printf 'nameserver 127.0.0.1\n' > "$1/etc/resolv.conf"
  printf 'relay-0\n' > "$1/etc/hostname"
  cp "$work/tenant/ca.pem" "$1/etc/ssl/certs/ca-certificates.crt"
}
pod() {
  local verb=$1
  shift
  "$real_python" "$packaging/pod.py" "$verb" "$here" "$@"
}

# send : by SMTP to port 25, from within its network.
had=0
send() {
  had=$(delivered exchange)
  "$PYTHON" - << 'END'
import smtplib
with smtplib.SMTP("127.0.0.1", 25, timeout=20) as server:
    server.sendmail("scanner@contoso.com", ["recipient@fabrikam.com"],
                    "From: scanner@contoso.com\r\nTo: recipient@fabrikam.com\r\nSubject: a test\r\n\r\nA test.\r\n")
END
}
arrived() { [ "$(delivered exchange)" -gt "$had" ]; }
arrives() {
  wait_for 30 arrived && return 0
  tail -n 8 "$here"/log/*
  return 1
}
mail_flows() { send && arrives; }
takes_mail() { "$PYTHON" -c 'import smtplib; smtplib.SMTP("127.0.0.1", 25, timeout=5).quit()'; }

# agent_is_shut_in CONTAINER : by what the kernel says of the agent, wherever it runs in there.
agent_process() { pod exec "$1" sh -c 'for p in /proc/[0-9]*; do
  [ "$(cat $p/comm 2> /dev/null)" != sasl-entrad ] || cat $p/status; done'; }
agent_is_shut_in() {
  local found
  found=$(agent_process "$1" | tr '\t' ' ')
  echo "$found"
  grep -q '^Uid: 10001 10001 10001 10001$' <<< "$found" && grep -q '^CapEff: 0000000000000000$' <<< "$found" &&
    grep -q '^NoNewPrivs: 1$' <<< "$found"
}
agent_pid_of() { pod exec "$1" sh -c 'for p in /proc/[0-9]*; do
  [ "$(cat $p/comm 2> /dev/null)" != sasl-entrad ] || echo ${p#/proc/}; done'; }
# nsenter gives a process id of the container's
signal_agent() {
  local outer inner
  inner=$(agent_pid_of "$1")
  for outer in $(pgrep -x sasl-entrad); do
    if [ "$(readlink "/proc/$outer/ns/pid")" = "$(readlink "/proc/$(pod pid "$1")/ns/pid")" ] &&
      [ "$(sed -n 's/^NSpid:.*\t//p' "/proc/$outer/status")" = "$inner" ]; then
      kill "-$2" "$outer"
      return
    fi
  done
  echo "there is no agent in $1"
  return 1
}

# --- one container, as podman runs it ---------------------------------------------------------------------

here=$work/one
place "$here"
mkdir "$here/relay"
guide_block kubernetes.md container.conf > "$here/relay/sasl-entra.conf"
install -m 640 /dev/null "$here/relay/relay.secret"
printf '%s\n' "$tenant_secret" | tee "$here/relay/relay.secret" >> "$work/secrets"
guide_block kubernetes.md container-sasl_passwd > "$here/relay/sasl_passwd"
mapfile -t command < <(guide_block kubernetes.md podman | sed 's/\\$//' | xargs -n 1 printf '%s\n')
equal "the guide's command is podman's" "${command[0]}" podman
(cd "$here" && pod podman "$pause" "$work/image.json" "${command[@]:1}") > "$work/log/podman" 2>&1 ||
  bail "the container does not start: $(cat "$work/log/podman" "$here"/log/* | tail -n 5)"
at_end pod_down "$here"
pod_down() { "$real_python" "$packaging/pod.py" down "$1"; }
check 'one container takes mail on port 25' wait_for 30 takes_mail || {
  diag "$(tail -n 20 "$here"/log/*)"
  bail 'without that, nothing else is worth a try'
}
check '... and delivers it' mail_flows
equal '... with one token request' "$(token_requests)" 1
check '... the health check says so' pod probe relay health
check '... the agent is not root, without capabilities' agent_is_shut_in relay
check '... the root file system is read-only' fails pod exec relay touch /etc/new
check '... the tokens are in memory' pod exec relay sh -c 'ls /var/lib/sasl-entra/*.json && df -t tmpfs /var/lib/sasl-entra'
one_ends() { ! pod alive relay; }
check 'when the agent is killed' signal_agent relay KILL
check '... the container ends' wait_for 20 one_ends
check '... and can be started again' pod start relay
wait_for 30 takes_mail > /dev/null
check '... with mail that flows' mail_flows
check 'SIGTERM ends it' pod stop relay
check '... in time' one_ends
mkdir -p "$work/log/one"
cp "$here"/log/* "$work/log/one/"

# --- the pod -----------------------------------------------------------------------------------------------

here=$work/pod
place "$here"
tenant_set reset -d '{}'
tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "federated": [{"issuer": "https://cluster.test/",
  "subject": "system:serviceaccount:mail:relay", "audience": "api://AzureADTokenExchange"}]}]}'
tenant_control 'mint_federated?only=token' -d '{"issuer": "https://cluster.test/", "subject":
  "system:serviceaccount:mail:relay", "audience": "api://AzureADTokenExchange", "lifetime": 3600}' > "$work/service-account-token"
cat "$work/service-account-token" >> "$work/secrets"
echo >> "$work/secrets"
pod up "$pause" "$work/image.json" "$work/service-account-token" \
  "$manifests"/{relay,configuration,network-policy}.yaml > "$work/log/pod" 2>&1 ||
  bail "the pod does not start: $(cat "$work/log/pod" "$here"/log/* | tail -n 5)"
at_end pod_down "$here"
check 'the pod takes mail on port 25' wait_for 30 takes_mail || {
  diag "$(tail -n 20 "$here"/log/*)"
  bail 'without that, nothing else is worth a try'
}
check 'before the first message the agent is ready' wait_for 10 pod probe agent readiness
check 'a message is delivered, with the manifests as they stand' mail_flows
equal '... with one token request' "$(token_requests)" 1
federated() { tenant_control 'requests?grant=client_credentials' | grep -F 'https://cluster.test/'; }
check '... by the federated token of the service account' federated
for probe in 'agent liveness' 'agent readiness' 'postfix liveness' 'postfix readiness'; do
  # shellcheck disable=SC2086  # two words
  check "... $probe: yes" pod probe $probe
done
check 'the agent is not root, without capabilities' agent_is_shut_in agent
for container in agent postfix; do
  check "$container: the root file system is read-only" fails pod exec $container touch /etc/new
done
check 'Postfix has no service account token' fails pod exec postfix test -e /var/run/secrets/azure
check '... nothing of it in its environment' fails pod exec postfix sh -c 'tr "\0" "\n" < /proc/1/environ | grep AZURE'
check '... and no accounts' fails pod exec postfix grep -v '^#' /etc/sasl-entra/sasl-entra.conf

tenant_set fault -d '{"match": {"grant": "client_credentials"}, "action": {"aadsts": 700016}, "count": -1}'
refused() { ! pod exec agent sasl-entra refresh relay; }
check 'when the tenant refuses the app' refused
equal '... the agent is not ready, by exit code' "$(pod probe agent readiness > "$work/log/status" 2>&1; echo $?)" 1
check '... status says in words why' grep -q AADSTS700016 "$work/log/status"
check '... it is alive, and not started again' pod probe agent liveness
tenant_set fault -X DELETE
check 'when that is over' pod exec agent sasl-entra refresh relay
check '... it is ready again' pod probe agent readiness

check 'when the agent hangs' signal_agent agent STOP
check '... its liveness probe says so' fails pod probe agent liveness
check '... until it goes on' signal_agent agent CONT
check '... and is alive' pod probe agent liveness

gone() { ! pod alive agent; }
check 'when the agent is killed' signal_agent agent KILL
check '... its container ends' wait_for 10 gone
equal "... Postfix's readiness probe says so, by exit code" "$(pod probe postfix readiness > "$work/log/status" 2>&1; echo $?)" 75
check '... and names the socket' grep -q /run/sasl-entra/agent.sock "$work/log/status"
check '... Postfix lives' pod probe postfix liveness
# An smtp(8) remembers its last token for a minute.
pod exec postfix sh -c 'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2> /dev/null)" != smtp ] || kill ${p#/proc/}; done'
check '... takes mail' send
deferred() { pod exec postfix postqueue -p | grep -F scanner@contoso.com; }
check '... and keeps it' wait_for 20 deferred
logged() { tail -n 30 "$here/log/postfix" | grep 'status=deferred'; }
check '... with the reason in its log' wait_for 20 logged
diag "$(tail -n 30 "$here/log/postfix" | grep 'postfix/smtp\[' | tail -n 3)"
check 'started again' pod start agent
check '... the agent is ready' wait_for 20 pod probe agent readiness
check '... Postfix as well' pod probe postfix readiness
pod exec postfix postqueue -f
check '... and the message is delivered' arrives
requests=$(token_requests)
check '... with the token that there was' test "$requests" -le 4

check 'the agent may not be asked by just anybody' fails pod exec postfix setpriv --reuid 65534 --regid 65534 --clear-groups \
  sasl-entra status --agent
check 'SIGTERM ends Postfix' pod stop postfix
check '... and the agent' pod stop agent
cp "$here"/log/* "$work/log/"
check 'no secret is in any log' no_secrets
standins_stop
finish

#!/bin/bash
# One AUTH through the agent, the first of its process, against a conversation of as many bytes over a
# bare Unix socket.
#
# Both at the depth of a package's socket, in a /run of their own that nobody else sees.
if [ -z "${SE_BENCH_OWN_RUN-}" ]; then
  SE_BENCH_OWN_RUN=1 exec unshare --mount --propagation private bash "$0"
fi
# shellcheck source=/dev/null
. "${top_srcdir:?}/tests/bench/lib.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/bench/users.sh"

bench_begin
mount -t tmpfs -o mode=755 tmpfs /run || bail "no /run of its own"
bench_tenant
socket=/run/sasl-entra/agent.sock
bench_agent "$bench_user" "$socket"
SASL_PATH=$(plugin_directory packaged "$(module packaged)")
bench_install first_auth bare_socket alternate
login=anna@contoso.com

bench_as "$bench_user" "$work/first_auth" "$login" localhost > /dev/null || bail "no token"
read -r request answer < <("$work/bare_socket" lengths "$socket" "$login" localhost) ||
  bail "the agent does not answer"

bare=/run/bare/bench.sock
install -d -m 755 -o "$agent_user" "${bare%/*}"
bench_become "$agent_user" "$work/bare_socket" serve "$bare" "$request" "$answer" &
bare_pid=$!
at_end end_process "$bare_pid"
wait_for 10 test -S "$bare" || bail "the bare peer does not start"
chmod 666 "$bare"

# Where the scheduler puts the two ends makes more of a difference (30 to 55 us for the bare ones) than
# what they do, and it keeps them there for a while: so they are put, both pairs alike. What starts them
# is not in the way of those who share a processor.
read -r one other < <("$PYTHON" -c 'import os; print(*sorted(os.sched_getaffinity(0))[:2])')

# measure ROW PROCESSOR WHERE : the peers on that processor, those who ask on $one, and what starts them
# on the other one.
measure() {
  taskset --all-tasks --cpu-list --pid "$2" "$agent_pid" > /dev/null &&
    taskset --cpu-list --pid "$2" "$bare_pid" > /dev/null || bail "no processor $2"
  taskset --cpu-list --pid "${other:-$one}" $BASHPID > /dev/null || bail "no processor $one"
  bench_as "$bench_user" "$work/alternate" --on "$one" "$(amount 2000 200)" 20 \
    "$work/first_auth" "$login" localhost -- \
    "$work/bare_socket" ask "$bare" "$request" "$answer" > "$work/samples" || bail "a login failed"
  record --row "$1" --unit us --at-most 1.5 \
    --what "one AUTH through the agent, first in its process, the token warm; $3" \
    --against "socket, connect, send, receive and close of the same bytes with a peer that answers from memory" \
    --figure "request=$request:bytes" --figure "answer=$answer:bytes" < "$work/samples"
}

[ -z "$other" ] || measure agent "$other" 'the agent on a processor of its own'
measure agent-one "$one" 'both on one processor'

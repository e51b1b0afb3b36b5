#!/bin/bash
# The agent on one processor, asked without a pause by as many clients as find it busy at all times:
# requests a second held for a minute, how long the slowest wait, and whether its descriptors and its
# memory stay as they were. The clients have the other processors.
here=${top_srcdir:?}/tests/bench
# shellcheck source=/dev/null
. "$here/lib.sh"
bench_begin
bench_tenant
bench_agent
clients=8
seconds=$(amount 60 5)
others=()
if [ "$(nproc)" -gt 1 ]; then others=(taskset -c "1-$(($(nproc) - 1))"); fi

# ask SECONDS
ask() { "${others[@]}" "$bench_programs/underload" "$scene_socket" "$agent_pid" "$clients" "$1"; }

taskset -cp 0 "$agent_pid" > /dev/null || bail 'the agent cannot be kept on one processor'
ask 1 > "$work/first" || bail 'nothing was asked' # the token, and what is loaded for it
ask "$seconds" > "$work/held" || bail 'nothing was asked'
grep -v '^all' "$work/held" |
  series underload 'second requests p99_us descriptors resident_kb agent_processor_ms'

# Of the columns of the seconds under load: its median, its least, its most.
column() { awk -v last="$seconds" -v column="$1" '$1 >= 1 && $1 <= last {print $column}' "$work/held" | sort -n; }
median() { column "$1" | awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}'; }
least() { column "$1" | head -n 1; }
most() { column "$1" | tail -n 1; }
# at START|END COLUMN : before and after the load.
at_start() { awk -v column="$1" 'NR == 1 {print $column}' "$work/held"; }
at_end_of() { awk -v column="$1" '$1 != "all" {value = $column} END {print value}' "$work/held"; }
read -r _ requests failed p50 p99 slowest < <(grep '^all' "$work/held")
[ "$requests" -gt 0 ] || bail 'the agent answered nothing'
busy=$(column 6 | awk '{sum += $1} END {print sum}')

record --row underload --no-samples \
  --what "the agent on one processor under $clients clients that never pause, for $seconds s" \
  --figure "requests a second, median of the seconds=$(median 2):requests" \
  --figure "requests in the slowest second=$(least 2):requests" \
  --figure "requests that failed=$failed:requests:0" \
  --figure "a request, median=$p50:us" \
  --figure "a request, p99=$p99:us" \
  --figure "the slowest of $requests=$slowest:us" \
  --figure "processor time of the agent a request=$((busy * 1000 / requests)):us" \
  --figure "descriptors at the start=$(at_start 4):descriptors" \
  --figure "descriptors at most=$(most 4):descriptors:$(($(at_start 4) + clients * 2))" \
  --figure "descriptors at the end=$(at_end_of 4):descriptors:$(at_start 4)" \
  --figure "memory at the start=$(at_start 5):kB" \
  --figure "memory at most=$(most 5):kB:$(($(at_start 5) + 512))" \
  --figure "memory at the end=$(at_end_of 5):kB:$(($(at_start 5) + 256))"

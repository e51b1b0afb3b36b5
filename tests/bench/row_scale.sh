#!/bin/bash
# Many login names of one registration, and many token keys: how long the agent takes for an answer,
# how much memory it has, and how often it renews, against the smallest of each.
here=${top_srcdir:?}/tests/bench
# shellcheck source=/dev/null
. "$here/lib.sh"
bench_begin
bench_tenant
rounds=$(amount 300 40)
hours=$(amount 2 1) # of a clock that passes fast
many_keys=$(amount 1000 100)
declare -A pids kb
# All agents have one processor and who asks has another, so that none is better off by where it runs.
agents_at=() asks_at=()
if [ "$(nproc)" -gt 1 ]; then agents_at=(taskset -c 0) asks_at=(taskset -c 1); fi

# --- agents ----------------------------------------------------------------------------------------

begin_configuration() { printf '[defaults]\nca_file = %s\nstate_dir = %s/state\n' "$scene_conf/ca.pem" "$1"; }

# account NAME SCOPE MATCH
account() {
  printf '[account %s]\nmatch = %s\ntenant = contoso.onmicrosoft.com\nclient_id = %s\n' "$1" "$3" "$tenant_app"
  printf 'credential = secret\nclient_secret_file = %s\nservers = localhost\nauthority = %s\nscope = %s\n' \
    "$scene_conf/contoso.secret" "$tenant_authority" "$2"
}

# login_names FROM TO : a list for `match`.
login_names() { seq -f 'n%.0f@scale.example' -s ', ' "$1" "$2"; }

# One registration; each account lists a thousand names at the most, because a line has its limit.
configure_names() {
  local from last
  for ((from = 0; from < $1; from += 1000)); do
    last=$((from + 999 < $1 ? from + 999 : $1 - 1))
    account "names$from" https://outlook.office365.com/.default "$(login_names $from $last)"
  done
}

configure_keys() {
  local number
  for ((number = 0; number < $1; number++)); do
    account "key$number" "https://r$number.example/.default" "n$number@scale.example"
  done
}

configure_domain() { account domain https://outlook.office365.com/.default '*@scale.example'; }

# start KIND COUNT : an agent of its own at $work/KIND-COUNT/agent.sock, which is asked for everything
# once. Its memory is what it has then.
start() {
  local place=$work/$1-$2
  install -d -m 755 "$place"
  install -d -m 700 -o "$agent_user" "$place/state"
  { begin_configuration "$place"; "configure_$1" "$2"; } > "$place/conf"
  "${agents_at[@]}" "$SE_STAGE/sbin/sasl-entrad" --user "$agent_user" --config "$place/conf" \
    --socket "$place/agent.sock,root,0600" 2> "$place/log" &
  pids[$1-$2]=$!
  at_end end_process $!
  wait_for 30 grep -q 'listening at' "$place/log" || bail "no agent: $(tail -n 1 "$place/log")"
  "$bench_programs/answers" all "$place/agent.sock" "$2" || bail "no tokens: $(tail -n 1 "$place/log")"
  kb[$1-$2]=$(resident "$1-$2")
}

resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${pids[$1]}/status"; }

# each KIND SMALL LARGE : bytes for each one more.
each() { echo $(((kb[$1-$3] - kb[$1-$2]) * 1024 / ($3 - $2))); }

pairs_of() {
  "${asks_at[@]}" "$bench_programs/answers" pairs "$rounds" "$work/$1-$3/agent.sock" "$3" "$work/$1-$2/agent.sock" "$2" ||
    bail "$1: no answers"
}

# --- refreshes -------------------------------------------------------------------------------------

# renewals KEYS NAMES : what the engine renews in $hours: how many in all, in a thousand hours of a key,
# and the most in ten minutes.
renewals() {
  "$bench_programs/scale" "$1" "$2" "$hours" > "$work/log/scale" 2>&1 || bail "scale: $(tail -n 3 "$work/log/scale")"
  sed -n 's/^day: .* hours, \([0-9]*\) refreshes.* at most \([0-9]*\) in.*/\1 \2/p' "$work/log/scale" |
    awk -v of="$((($1 + 1) * hours))" '{print $1, int($1 * 1000 / of), $2}'
}

# --- login names -----------------------------------------------------------------------------------

for count in 10 1000 10000; do start names $count; done
start domain 10
at_first=$(resident domain-10)
"$bench_programs/answers" all "$work/domain-10/agent.sock" 10000 || bail 'no tokens'
for count in 1000 10000; do
  more=()
  if [ $count = 10000 ]; then
    read -r few _ _ < <(renewals 1 10)
    read -r many _ _ < <(renewals 1 10000)
    more=(--figure "memory a login name, from 10 to 1,000=$(each names 10 1000):bytes"
      --figure "memory a login name, from 1,000 to 10,000=$(each names 1000 10000):bytes"
      --figure "memory for 10,000 names that *@domain matches=$(($(resident domain-10) - at_first)):kB:64"
      --figure "renewals in $hours h with 10 login names=$few:renewals"
      --figure "renewals in $hours h with 10,000 login names=$many:renewals:$few")
  fi
  pairs_of names 10 $count | record --row scale-names-$count --unit us --at-most 1.1 \
    --what "the agent's answer with $count login names of one registration" --against 'with 10' "${more[@]}"
done
for kind in "${!pids[@]}"; do end_process "${pids[$kind]}"; done
pids=()

# --- token keys ------------------------------------------------------------------------------------

# The tenant knows as many resources, and gives a role for each, as Exchange's.
seq 0 999 | sed 's,.*,"https://r&.example": "00000002-0000-0ff1-ce00-000000000000",' | paste -sd, |
  sed 's/.*/{"resources": {&}}/' > "$work/resources"
tenant_set apps -d "@$work/resources"
for count in 10 100 1000; do start keys $count; done
for count in 100 1000; do
  more=()
  if [ $count = 1000 ]; then
    read -r _ few _ < <(renewals 10 10)
    read -r _ many most < <(renewals "$many_keys" 10)
    more=(--figure "memory a token key, from 10 to 100=$(each keys 10 100):bytes"
      --figure "memory a token key, from 100 to 1,000=$(each keys 100 1000):bytes"
      --figure "renewals in 1,000 hours of a key, with 10 keys=$few:renewals"
      --figure "renewals in 1,000 hours of a key, with $many_keys keys=$many:renewals:$((few * 11 / 10))"
      --figure "renewals in the busiest ten minutes, with $many_keys keys=$most:renewals")
  fi
  pairs_of keys 10 $count | record --row scale-keys-$count --unit us --at-most 1.1 \
    --what "the agent's answer with $count token keys" --against 'with 10' "${more[@]}"
done
for kind in names-10 names-1000 names-10000 keys-10 keys-100 keys-1000; do
  echo "${kind/-/ } ${kb[$kind]}"
done | series scale 'kind count resident_kb'

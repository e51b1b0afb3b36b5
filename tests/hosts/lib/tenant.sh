# shellcheck shell=bash
# tenant: starts, stops and steers the stand-in tenant and the stand-in submission servers.

# shellcheck disable=SC2034  # read by scene.sh
tenant_secret='Zx8~+q/&k%=e 9=_relay.SECRET'
tenant_app=00001111-aaaa-2222-bbbb-3333cccc4444
tenant_authority=
tenant_pid=
tenant_port=0
declare -A submission_pid submission_port

# json_value FILE NAME : of a flat JSON file on one line.
json_value() { sed -n 's/.*"'"$2"'": *"\{0,1\}\([^",}]*\).*/\1/p' "$1"; }

# tenant_start : at the port that it had before, with the keys and counts that it had.
tenant_start() {
  mkdir -p "$work/tenant"
  "$PYTHON" "$top_srcdir/tests/tenant/tenant.py" --dir "$work/tenant" --port "$tenant_port" \
    >> "$work/log/standins" 2>&1 &
  tenant_pid=$!
  wait_for 30 test -s "$work/tenant/tenant.json" || bail "the stand-in tenant does not start"
  tenant_port=$(json_value "$work/tenant/tenant.json" port)
  tenant_authority=$(json_value "$work/tenant/tenant.json" authority)
}

tenant_stop() {
  end_process "$tenant_pid"
  tenant_pid=
}

# tenant_control CALL [CURL-ARGUMENT...] : the calls are in tests/tenant/README.md.
tenant_control() {
  local call=$1
  shift
  curl -sS -m 10 --cacert "$work/tenant/ca.pem" "$tenant_authority/_control/$call" "$@"
}

tenant_set() { tenant_control "$@" > /dev/null || bail "the stand-in tenant refuses: $*"; }

# How many tokens were asked for, or got, since the last reset.
token_requests() { tenant_control 'count?grant=client_credentials'; }

# token_lifetime SECONDS : of the tokens to come.
token_lifetime() {
  tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "token_lifetime": '"$1"'}]}'
}

# --- submission ----------------------------------------------------------------------------------

# submission_start NAME [OPTION...] : its files are in $work/NAME, its port ${submission_port[NAME]}.
submission_start() {
  local name=$1
  shift
  mkdir -p "$work/$name"
  mailboxes "$name" '{"*@contoso.com": {"apps": ["*"]}}'
  "$PYTHON" "$top_srcdir/tests/tenant/submission.py" --dir "$work/$name" \
    --tenant "$work/tenant" "$@" >> "$work/log/standins" 2>&1 &
  submission_pid[$name]=$!
  wait_for 30 test -s "$work/$name/submission.json" ||
    bail "the stand-in submission server does not start"
  submission_port[$name]=$(json_value "$work/$name/submission.json" port)
}

submission_stop() { end_process "${submission_pid[$1]-}"; }

standins_stop() {
  local name
  for name in "${!submission_pid[@]}"; do submission_stop "$name"; done
  tenant_stop
}

# mailboxes NAME JSON, submission_control NAME JSON : replaced in one step.
mailboxes() { replace_file "$work/$1/mailboxes.json" "$2"; }
submission_control() { replace_file "$work/$1/control.json" "$2"; }

replace_file() {
  printf '%s\n' "$2" > "$1.new"
  mv "$1.new" "$1"
}

# lines FILE : how many it has; 0 when there is none.
lines() { if [ -e "$1" ]; then wc -l < "$1"; else echo 0; fi; }

delivered() { lines "$work/$1/deliveries.jsonl"; }

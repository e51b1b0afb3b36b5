# shellcheck shell=bash
# credentials: accounts that differ in one thing only, how the app proves who it is; the agent that
# serves them; the stand-in for managed identities; a message sent with each.

sender=scanner@contoso.com
agent_group=$(id -gn "$agent_user")
agent_variables=()
machine_pid=
no_wipe= # not empty: what is kept stays
machine_client=aaaa7777-bbbb-4444-cccc-5555dddd6666
machine_object=bbbb7777-cccc-4444-dddd-5555eeee6666
# shellcheck disable=SC2034  # read by the test
tenant_id=aaaabbbb-0000-cccc-1111-dddd2222eeee

# account credential = TYPE [LINE...] : the account `relay`. A line "KEY =" leaves KEY out.
account() {
  local type=$3 line
  shift 3
  cp "$work/tenant/ca.pem" "$scene_conf/ca.pem"
  chmod 644 "$scene_conf/ca.pem"
  {
    printf '%s\n' '[account relay]' 'match = *@contoso.com' "credential = $type" \
      'servers = localhost' "ca_file = $scene_conf/ca.pem"
    case " $* " in
      *'= env'*) ;;
      *'client_id ='*) printf '%s\n' 'tenant = contoso.onmicrosoft.com' \
        "authority = $tenant_authority" ;;
      *) printf '%s\n' 'tenant = contoso.onmicrosoft.com' "client_id = $tenant_app" \
        "authority = $tenant_authority" ;;
    esac
    for line in "$@"; do [[ $line = *'=' ]] || printf '%s\n' "$line"; done
  } > "$scene_conf/sasl-entra.conf"
}

machine_account() {
  {
    printf '%s\n' '[account relay]' 'match = *@contoso.com' 'credential = managed-identity' \
      'servers = localhost' "$@"
  } > "$scene_conf/sasl-entra.conf"
}

# --- the stand-in for managed identities ----------------------------------------------------------

machine_identities() {
  tenant_set apps -d '{"managed_identities": [
    {"client_id": "77778888-ffff-9999-aaaa-0000bbbb1111", "object_id":
      "88889999-aaaa-0000-bbbb-1111cccc2222", "name": "machine", "tenant": "'"$tenant_id"'",
      "roles": ["SMTP.SendAsApp"], "system": true, "resource_id": "/subscriptions/s/machine"},
    {"client_id": "'"$machine_client"'", "object_id": "'"$machine_object"'", "name": "relay",
      "tenant": "'"$tenant_id"'", "roles": ["SMTP.SendAsApp"], "resource_id":
      "/subscriptions/s/relay"}]}'
}

# machine_start KIND [OPTION...] : where that kind of machine has its endpoint.
machine_start() {
  local kind=$1 listen=127.0.0.1:40342
  shift
  [ "$kind" != imds ] || listen=169.254.169.254:80
  rm -rf "$work/machine"
  mkdir "$work/machine"
  "$PYTHON" "$top_srcdir/tests/tenant/managed_identity.py" --dir "$work/machine" \
    --tenant "$work/tenant" --kind "$kind" --listen "$listen" "$@" >> "$work/log/standins" 2>&1 &
  machine_pid=$!
  wait_for 30 test -s "$work/machine/managed_identity.json" ||
    bail "the stand-in for managed identities does not start"
}

machine_stop() {
  end_process "$machine_pid"
  machine_pid=
}

machine_endpoint() { json_value "$work/machine/managed_identity.json" endpoint; }

machine_control() {
  local call=$1
  shift
  curl -sS -m 10 "$(json_value "$work/machine/managed_identity.json" url)/_control/$call" "$@"
}

# How many requests there were since the last message was sent.
machine_count() { machine_control count; }
machine_fault() { machine_faults=$1; }
machine_faults=

# --- a message -------------------------------------------------------------------------------------

mail_start() {
  agent_stop
  [ -n "$no_wipe" ] || rm -rf "$scene_state"
  postfix_stop # an smtp(8) remembers its last token for a minute
  postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  [ -z "$machine_pid" ] || machine_control reset -d '{}' > /dev/null
  if [ -n "$machine_faults" ]; then machine_control fault -d "$machine_faults" > /dev/null; fi
  machine_faults=
  passwords "$sender $sender:placeholder"
  asked=$(lines "$work/tenant/requests.jsonl")
  env_agent_start
  had=$(delivered exchange)
  mark
  postfix_start
  send_mail "$sender"
}

# The agent, with what a pod or an App Service has in its environment.
env_agent_start() {
  local variable
  for variable in "${agent_variables[@]}"; do export "${variable?}"; done
  agent_start "$postfix_group" "$postfix_queue$scene_socket"
  for variable in "${agent_variables[@]}"; do unset "${variable%%=*}"; done
}

arrived() { [ "$(delivered exchange)" -ge $((had + $1)) ]; }
arrives() { wait_for 40 arrived "$1"; }

delivers() {
  mail_start
  check "$1 delivers a message" arrives 1 || diag "$(plugin_line)"
}

defers() {
  mail_start
  check "$1: the message is deferred" wait_for 40 log_has 'status=deferred'
  diag "$(plugin_line)"
}

plugin_line() { log_new | grep 'SASL authentication failure: ' | head -n 1; }
plugin_says() {
  plugin_line | grep -qF -- "$1" && return 0
  plugin_line
  return 1
}

# Whether the last token request had that parameter.
asked_with() { tail -n +$((asked + 1)) "$work/tenant/requests.jsonl" | grep -q "\"$1\""; }

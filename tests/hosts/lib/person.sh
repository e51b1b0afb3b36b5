# shellcheck shell=bash
# person: a person of this machine with a configuration of her own, who has signed in. Her programs
# get tokens from the engine in their process; nothing has to be started for them.

person_user=mail # one that every Debian has
person=anna@contoso.com
person_home=

# as_person COMMAND... : with nothing in the environment but a home and the plugin's directory.
as_person() {
  (cd "$person_home" && setpriv --reuid "$person_user" --regid "$person_user" --init-groups \
    env -i PATH="$SE_STAGE/bin:/usr/bin:/bin" HOME="$person_home" TERM=dumb LANG=C.UTF-8 \
    TMPDIR="$person_home" XDG_RUNTIME_DIR="$person_home" SASL_PATH="$plugin_path" \
    "${person_variables[@]}" "$@")
}
person_variables=()

# as_person_says WORDS COMMAND... : the command fails, and says that.
as_person_says() {
  local words=$1 output
  shift
  if output=$(as_person "$@" 2>&1 > /dev/null); then return 1; fi
  [[ $output = *"$words"* ]] && return 0
  echo "$output"
  return 1
}

# person_setup [LINE...] : her account, with more lines; nobody has signed in yet.
person_setup() {
  person_home=$work/home
  install -d -m 700 -o "$person_user" -g "$person_user" "$person_home" "$person_home/.config" \
    "$person_home/.config/sasl-entra"
  cp "$work/tenant/ca.pem" "$person_home/ca.pem"
  person_configure "$@"
}

person_configure() {
  printf '%s\n' '[account anna]' "match = $person" 'tenant = contoso.onmicrosoft.com' \
    'client_id = 55556666-dddd-7777-eeee-8888ffff9999' 'servers = localhost' \
    "authority = $tenant_authority" "ca_file = $person_home/ca.pem" "$@" \
    > "$person_home/.config/sasl-entra/sasl-entra.conf"
  chown -R "$person_user:$person_user" "$person_home"
}

person_approves() {
  tenant_control device -d '{"upn": "'"$person"'"}' | grep -q '"ok"\|user_code'
}

# She types the device's code into the tenant's page.
person_signs_in() {
  local login
  tenant_set apps -d '{"device": {"interval": 1}}'
  as_person sasl-entra login "$person" --device >> "$work/log/login" 2>&1 &
  login=$!
  wait_for 20 person_approves
  wait $login || {
    diag "$(tail -n 5 "$work/log/login")"
    bail "$person cannot sign in"
  }
}

# The tenant takes back all that it gave her.
person_revoked() { tenant_set revoke -d '{"upn": "'"$person"'"}'; }

# Her processes have no token that they could use without asking the tenant.
person_forgets_token() {
  local file
  for file in "$person_home"/.local/state/sasl-entra/*.json; do
    "$PYTHON" - "$file" << 'END'
import json, os, sys
path = sys.argv[1]
with open(path, encoding="utf-8") as file:
    state = json.load(file)
for name in ("access_token", "fingerprint", "expires", "usable", "renew"):
    state.pop(name, None)
status = os.stat(path)
with open(path, "w", encoding="utf-8") as file:
    json.dump(state, file)
END
  done
}

# Her own agent, which her programs ask before they load the engine.
person_agent_start() {
  install -d -m 700 -o "$person_user" -g "$person_user" "$person_home/run" "$person_home/run/sasl-entra"
  person_variables+=("XDG_RUNTIME_DIR=$person_home/run")
  as_person "$SE_STAGE/sbin/sasl-entrad" --config "$person_home/.config/sasl-entra/sasl-entra.conf" \
    --socket "$person_home/run/sasl-entra/agent.sock" >> "$work/log/agent" 2>&1 &
  person_agent=$!
  wait_for 20 grep -q 'listening at' "$work/log/agent" || bail "her agent does not start"
}

person_agent_stop() {
  # The one that as_person started, not the shell around it.
  pkill -TERM -P "$person_agent" 2> /dev/null || kill "$person_agent" 2> /dev/null
  wait "$person_agent" 2> /dev/null
  unset 'person_variables[-1]'
}

# shellcheck shell=bash
# pains: a private, chrooted Postfix in which a pain is made, told of by Postfix, named by doctor, and
# gone after what is printed was typed. The other parts of lib/ are read before it.

# The system's certificates of authorities are others, for this test alone.
if [ -z "${SE_PAINS_PRIVATE-}" ]; then
  unshare -m true 2> /dev/null || skip_all 'needs a mount namespace of its own'
  SE_PAINS_PRIVATE=1 exec unshare -m --propagation private bash "$0"
fi

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"
operator_begin
touch "$work/log/agent"

login=scanner@contoso.com
person=anna@contoso.com
conf=$scene_conf/sasl-entra.conf
dir=$work/postfix
export LD_LIBRARY_PATH=${postfix_root:+$postfix_root/usr/lib/postfix}
export PATH=$PATH:$SE_STAGE/bin:$SE_STAGE/sbin${postfix_root:+:$postfix_root/usr/sbin}

# --- the machine ----------------------------------------------------------------------------------

tenant_start
submission_start exchange
plugin_path=$SE_STAGE/lib/sasl2
relay="[localhost]:${submission_port[exchange]}"
# What is printed depends on whether systemd runs.
if [ -d /run/systemd ]; then
  mount -t tmpfs tmpfs /run/systemd || bail 'no mount'
fi
authorities=/etc/ssl/certs/ca-certificates.crt
[ -e $authorities ] || skip_all "there is no $authorities"
mount --bind "$work/tenant/ca.pem" $authorities || bail 'no mount'

config_write "$(id -gn "$agent_user")"
postfix_setup y "${submission_port[exchange]}" 'myorigin = contoso.com' 'smtp_destination_concurrency_limit = 3'
postfix_set 'smtp_sender_dependent_authentication = no' "smtp_sasl_password_maps = hash:$dir/sasl_passwd" \
  'relay_domains =' "smtp_tls_CAfile = $authorities"
mkdir -p "$postfix_queue$SE_STAGE" "$work/good"
cp "$dir/main.cf" "$dir/master.cf" "$conf" "$work/good/"

map_has() {
  passwords "$@"
  postfix_run sbin/postmap "hash:$dir/sasl_passwd"
}

agent_starts() { agent_start "$postfix_group" "$postfix_queue$scene_socket" "$@"; }

# As packaging makes it.
state_made() {
  rm -rf "$scene_state"
  install -d -m 700 -o "$agent_user" -g "$(id -gn "$agent_user")" "$scene_state"
}

# --- a pain ---------------------------------------------------------------------------------------

who=$login
# What a person writes into the configuration, which the agent reads.
agent_reads() {
  local before
  before=$(grep -c . "$work/log/agent")
  kill -HUP "$agent_pid" && wait_for 10 agent_wrote "$before"
}
agent_wrote() { [ "$(grep -c . "$work/log/agent")" -gt "$1" ]; }

# pain WORDS : all is well, nothing is queued, nobody has a token.
pain() {
  diag "--- $*"
  postfix_stop
  agent_stop
  [ ! -d "$postfix_queue/active" ] || postfix_run sbin/postsuper -d ALL >> "$work/log/postfix" 2>&1
  cp "$work/good/main.cf" "$work/good/master.cf" "$dir/"
  touch -d '1 hour ago' "$dir/main.cf" "$dir/master.cf"
  cp "$work/good/sasl-entra.conf" "$conf"
  cp "$work/tenant/ca.pem" "$scene_conf/ca.pem"
  secret_write "$(id -gn "$agent_user")" "$tenant_secret"
  tenant_set reset -d '{}'
  token_lifetime 3600
  mailboxes exchange '{"*@contoso.com": {"apps": ["*"]}}'
  map_has "$relay $login:unused"
  state_made
  agent_starts
  who=$login sender=$login server=exchange
  had=$(delivered exchange)
  mark
}

# hurts PAIN WORDS : the message waits, and this is what Postfix logs.
hurts() {
  had=$(delivered $server)
  touch -d '1 hour ago' "$dir/main.cf" "$dir/master.cf"
  postfix_running || postfix_start
  send_mail "$sender"
  check "$1: a message waits" wait_for 30 log_has 'status=deferred' || diag "$(log_new | tail -n 5)"
  diag "$(log_new | grep -E 'status=deferred|SASL auth' | sed 's/^.\{16\}[^ ]* //' | head -n 4)"
  check '... as Postfix logs' log_has "$2"
}

# sends WORDS : nothing waits.
sends() {
  had=$(delivered $server)
  touch -d '1 hour ago' "$dir/main.cf" "$dir/master.cf"
  postfix_running || postfix_start
  send_mail "$sender"
  check "$1: the message is delivered" wait_for 30 arrived || diag "$(log_new | tail -n 5)"
  postfix_stop
  mark
}

# agent_cannot WORDS : start, and says why.
agent_cannot() {
  check '... no agent starts, and says why' agent_refuses "$1"
}
agent_refuses() {
  local output
  output=$("$SE_STAGE/sbin/sasl-entrad" --user "$agent_user" --socket "$scene_socket" 2>&1) && return 1
  [[ $output = *"$1"* ]] && return
  echo "$output"
  return 1
}

# well : doctor finds nothing.
well() {
  doctor "$who" --postfix="$dir"
  check '... and doctor finds nothing more' doctor_names
}

# finds ID WORDS... : the one thing that is wrong, in these words.
finds() {
  local id=$1 words
  shift
  touch -d '1 hour ago' "$dir/main.cf" "$dir/master.cf"
  doctor "$who" --postfix="$dir"
  check "... doctor names $id, and nothing else" doctor_names "$id"
  diag "$(doctor_text "$id")"
  diag "$(doctor_fix "$id" | sed 's/^/    /')"
  for words; do check "... it says: $words" doctor_says "$id" "$words"; done
}

# types ID : the lines of its fix that are for a shell of this machine.
types() { check "... what $1 prints is typed" here_types "$(doctor_fix "$1")"; }

# helps : and then that of the queue. The agent may still wait before it asks the tenant again.
helps() {
  check '... and postqueue -f' here_types "$(doctor_fix postfix-queue)"
  check '... and the message is delivered' wait_for 30 flush_delivers || diag "$(log_new | tail -n 5)"
}
flush_delivers() {
  wait_for 2 arrived && return
  postfix_flush
  return 1
}
arrived() { [ "$(delivered $server)" -gt "$had" ]; }

# --- the portal and a person -------------------------------------------------------------------

portal() { tenant_set apps -d '{"apps": [{"client_id": "'"$1"'", '"$2"'}]}'; }

# A person signs in, for Postfix.
person_app=55556666-dddd-7777-eeee-8888ffff9999
person_signs() {
  local typing status=0
  : > "$work/log/login"
  here_types "$1" > "$work/log/login" 2>&1 &
  typing=$!
  wait_for 20 grep -q 'https:.*authorize' "$work/log/login" && person_uses_browser
  wait $typing || status=$?
  [ $status -eq 0 ] || cat "$work/log/login"
  return $status
}
# Her browser opens the page that was printed, and is sent back to the program that waits.
person_uses_browser() {
  local url back
  url=$(grep -o 'https:[^ ]*authorize[^ ]*' "$work/log/login" | head -n 1)
  back=$(tenant_control 'authorize?only=location' -d '{"url": "'"$url"'", "upn": "'$person'"}')
  curl -sS -m 10 -o /dev/null "$back"
}
# Its agent has no token that it could use without asking the tenant.
person_begins() {
  cat >> "$conf" << END

[account anna]
match     = $person
tenant    = contoso.onmicrosoft.com
client_id = $person_app
servers   = localhost
authority = $tenant_authority
ca_file   = $scene_conf/ca.pem
END
  agent_reads
  mailboxes exchange '{"*@contoso.com": {"apps": ["*"], "users": ["'$person'"]}}'
  map_has "$relay $person:unused"
  who=$person sender=$person
}
# file_of CHANGE : in the file of her sign-in.
file_of() {
  "$PYTHON" - "$scene_state" "$1" << 'END'
import glob, json, os, sys
for path in glob.glob(sys.argv[1] + "/*.json"):
    with open(path, encoding="utf-8") as file:
        state = json.load(file)
    if "refresh_token" not in state:
        continue
    if sys.argv[2] == "refresh_token":
        print(state["refresh_token"])
        continue
    for name in ("access_token", "fingerprint", "expires", "usable", "renew"):
        state.pop(name, None)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file)
END
}
forgets_token() {
  agent_stop
  file_of forget
  agent_starts
}


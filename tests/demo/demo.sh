#!/bin/bash
# ./bootstrap demo: one message goes the whole way, and a person sees what happens.
#
# A stand-in for Entra ID, a stand-in for smtp.office365.com that takes XOAUTH2 only, the agent
# under a user of its own, and a private Postfix with its smtp(8) in the chroot that Debian gives
# it. Everything lies below one temporary directory and $SE_STAGE; nothing is left running.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix; do . "$lib/$part.sh"; done

started=${EPOCHREALTIME/./}
sender=scanner@contoso.com

seconds() {
  local ms=$(((${EPOCHREALTIME/./} - started) / 1000))
  printf '%d.%02d' $((ms / 1000)) $((ms % 1000 / 10))
}

# step TEXT : what happens now, with the seconds since the start.
step() { printf '\n%6s s  %s\n' "$(seconds)" "$(fold -s -w 68 <<< "$*" | sed '2,$s/^/          /')"; }

# Lines of a program or a file, set off from ours and folded to the width of a terminal.
quote() { fold -s -w 68 | sed 's/^/            /'; }

give_up() {
  printf '\n%s\n' "$*" >&2
  tail -n 20 "$work"/log/* >&2
  exit 1
}

scene_begin
at_end standins_stop
at_end agent_stop
at_end postfix_stop

printf 'sasl-entra: one message, the whole way (paths as on an installed system)\n'
# Not in a subshell: what it did is said below.
postfix_get "$top_builddir" > "$work/reason" || give_up "No Postfix: $(cat "$work/reason")"

step "A stand-in for Entra ID and one for smtp.office365.com start."
tenant_start
submission_start exchange
echo "authority $tenant_authority
submission server localhost:${submission_port[exchange]}, STARTTLS, AUTH XOAUTH2" | quote

step "The configuration names an app registration and a certificate."
config_write "$(id -gn "$agent_user")"
certificate=$scene_conf/relay.pem
sed -i "s|^credential .*|credential         = certificate|; \
  s|^client_secret_file .*|certificate        = $certificate|" "$scene_conf/sasl-entra.conf"
rm -f "$scene_conf/contoso.secret"
grep -v '^#' "$scene_conf/sasl-entra.conf" | sed "s|$SE_STAGE||" | quote
# Whose tokens lie there is whom the tool works for.
install -d -m 700 -o "$agent_user" -g "$(id -gn "$agent_user")" "$scene_state"

step "A certificate is made, uploaded to the app registration, tried, and put in place."
tool() { "$SE_STAGE/bin/sasl-entra" "$@" 2> "$work/said" || give_up "$(cat "$work/said")"; }
tool certificate new relay
cp "$certificate.new.cer" "$work/uploaded.cer"
upload='{"apps": [{"client_id": "'$tenant_app'", "secrets": null, "certificates": [{"file": "'
tenant_set apps -d "$upload$work/uploaded.cer\"}]}]}"
echo '$ sasl-entra certificate new relay' | quote
echo '(upload of relay.pem.new.cer to the app registration)' | quote
for verb in try activate; do
  tool certificate $verb relay
  { echo "\$ sasl-entra certificate $verb relay"; sed "s|$SE_STAGE||g" "$work/said"; } | quote
done
stat -c '%A %U %G %n' "$certificate" | sed "s|$SE_STAGE||" | quote

step "A private Postfix is set up, its smtp(8) chrooted. $postfix_how"
plugin_path=$SE_STAGE/lib/sasl2
postfix_setup y "${submission_port[exchange]}"
passwords "$sender $sender:placeholder"
grep -E '^(relayhost|smtp_(sasl_auth_enable|sasl_mech|tls_security))' \
  "$work/postfix/main.cf" | quote
grep -E '^smtp ' "$work/postfix/master.cf" | quote

step "The agent starts as root, opens its sockets, becomes $agent_user for good."
mkdir -p "$postfix_queue$SE_STAGE"
agent_start "$postfix_group" "$postfix_queue$scene_socket"
sed "s|$postfix_queue|QUEUE|; s|$SE_STAGE||g" "$work/log/agent" | quote

step "Postfix starts, and a message from $sender goes into its queue."
postfix_start
mark
send_mail "$sender" "The scanner on the second floor"

wait_for 30 has_delivered exchange 1 > /dev/null || give_up "The message did not arrive."
wait_for 10 log_has 'status=sent' > /dev/null
step "smtp(8) asked the agent for a token; the agent fetched it:"
grep 'new access token' "$work/log/agent" | quote
printf 'scope https://outlook.office365.com/.default\n' | quote

step "smtp(8) logged in with it and sent the message:"
log_new | grep 'status=sent' | sed 's/^.*postfix\/smtp/postfix\/smtp/' | quote
echo "The server saw:" | quote
sed 's/.*"mechanism": *"\([^"]*\)", *"user": *"\([^"]*\)".*"result": *"\([^"]*\)".*/AUTH \1 as \2: \3/' \
  "$work/exchange/auth.jsonl" | quote

step "The message as it arrived:"
quote < "$(find "$work/exchange/mail" -name '*.eml' | sort | head -n 1)"

no_secrets > /dev/null || give_up "A secret is in a log."
step "No token and no secret is in any log. All of it is stopped and removed."

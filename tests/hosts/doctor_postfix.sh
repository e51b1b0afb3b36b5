#!/bin/bash
# `sasl-entra doctor --postfix`: each thing that a Postfix can have wrong is broken in a private one; the
# check of that name complains and no other; the fix that it prints is typed; then it is right again.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix; do . "$lib/$part.sh"; done

scene_begin
at_end standins_stop
at_end agent_stop
reason=$(postfix_get "$top_builddir") || skip_all "$reason"
postfix_get "$top_builddir" > /dev/null
diag "$postfix_how"

login=scanner@contoso.com
dir=$work/postfix
export LD_LIBRARY_PATH=${postfix_root:+$postfix_root/usr/lib/postfix}
export PATH=$PATH:$SE_STAGE/bin${postfix_root:+:$postfix_root/usr/sbin}

# --- the doctor -----------------------------------------------------------------------------------

# Postfix waits until a main.cf that was just written is a second old.
cold() { touch -c -d '1 hour ago' "$dir/main.cf" "$dir/master.cf" 2> /dev/null; }

doctor() {
  cold
  sasl-entra doctor --postfix="$dir" --json --offline > "$work/doctor.json" 2> "$work/log/doctor"
}

# told PROGRAM : what doctor.json has of the Postfix section, by a line of Python over `checks`.
told() {
  "$PYTHON" -c '
import json, sys
checks = [c for c in json.load(open(sys.argv[1]))["checks"] if c["section"] == "Postfix"]
'"$1" "$work/doctor.json"
}
complaints() {
  told 'print(" ".join(sorted({c["id"] for c in checks if c["verdict"] in ("problem", "warning")})))'
}
texts() { told 'print("\n".join(c["verdict"] + ": " + c["text"] + "\n" + str(c["fix"]) for c in checks if c["verdict"] != "ok"))'; }
# The worst that a check says.
verdict_of() {
  told "
words = ['none', 'left out', 'ok', 'warning', 'problem']
print(max([c['verdict'] for c in checks if c['id'] == '$1'] + ['none'], key=words.index))"
}

# The lines of the first complaint's fix that are commands.
fix_commands() {
  told 'print("\n".join(l for c in checks if c["fix"] and c["verdict"] != "ok" for l in c["fix"].split("\n")
    if l.split()[0] in ("postconf", "postmap", "printf", "postfix", "chgrp", "chmod", "install", "sed")))'
}

# breaks ID WHAT VERDICT TEXT : after something was broken.
breaks() {
  local id=$1 what=$2 verdict=$3 text=$4
  doctor
  equal "$what: $id complains, and nothing else" "$(complaints)" "$id" || diag "$(texts)"
  equal "... as a $verdict" "$(verdict_of "$id")" "$verdict"
  check "... in words" grep -qF -- "$text" "$work/doctor.json" || diag "$(texts)"
}

# mends COMMAND : the printed fix, else another command, makes it right.
mends() {
  local commands
  commands=$(fix_commands)
  check '... with a command for it' test -n "$commands"
  # shellcheck disable=SC2094  # the fix of a file
  check '... that can be typed' bash -ec "$commands" || diag "$commands"
  doctor
  equal '... and makes it right' "$(complaints)" '' || diag "$(texts)"
}

restore() {
  cp "$work/main.cf" "$dir/main.cf"
  cp "$work/master.cf" "$dir/master.cf"
  cold
}

# setting ID VERDICT TEXT NAME=VALUE... : in main.cf.
setting() {
  local id=$1 verdict=$2 text=$3
  shift 3
  restore
  postfix_set "$@"
  cold
  breaks "$id" "$*" "$verdict" "$text"
  mends
}

# --- a healthy one --------------------------------------------------------------------------------

tenant_start
submission_start exchange
config_write "$(id -gn "$agent_user")"
plugin_path=$SE_STAGE/lib/sasl2
port=${submission_port[exchange]}
relay="[localhost]:$port"
postfix_setup y "$port" 'myorigin = contoso.com' 'smtp_destination_concurrency_limit = 3' \
  'relay_domains ='
postfix_set 'smtp_sender_dependent_authentication = no' \
  "smtp_sasl_password_maps = hash:$dir/sasl_passwd"
mkdir -p "$postfix_queue$SE_STAGE"
passwords "$relay $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
cp "$dir/main.cf" "$work/main.cf"
cp "$dir/master.cf" "$work/master.cf"
agent_start "$postfix_group" "$postfix_queue$scene_socket"

doctor
equal 'a healthy Postfix, chrooted: no complaint' "$(complaints)" '' || diag "$(texts)"
equal '... the chroot is looked into' "$(verdict_of postfix-chroot)" ok
equal '... and gives a token' "$(verdict_of postfix-token)" ok
check '... which is not shown' fails grep -q eyJ "$work/doctor.json"

# --- each check -----------------------------------------------------------------------------------

setting postfix-auth problem 'without a login' 'smtp_sasl_auth_enable = no'
setting postfix-auth problem 'only Cyrus SASL has plugins' 'smtp_sasl_type = dovecot'
setting postfix-mechanisms problem 'leaves out XOAUTH2' 'smtp_sasl_mechanism_filter = plain, login'
setting postfix-mechanisms problem 'mutual_auth leaves out' \
  'smtp_sasl_security_options = noanonymous, mutual_auth'
setting postfix-auth-cache warning 'for 90 days' 'smtp_sasl_auth_cache_name = proxy:btree:/tmp/none'
setting postfix-tls problem 'in clear' 'smtp_tls_security_level = may'
setting postfix-tls problem 'in clear' 'smtp_tls_security_level =' 'smtp_use_tls = yes'
setting postfix-tls warning 'could go to anybody' 'smtp_tls_security_level = encrypt'
setting postfix-tls problem 'Exchange Online takes TLS 1.2' 'smtp_tls_mandatory_protocols = TLSv1'
setting postfix-tls problem 'smtp_tls_CAfile is not set' 'smtp_tls_CAfile ='
setting postfix-concurrency warning '432 4.3.2' 'smtp_destination_concurrency_limit = 20'
setting postfix-senders warning '5.2.252' 'myorigin = relay.contoso.com'

restore
printf '%s\n' 'slow unix - - y - - smtp' '  -o smtp_tls_security_level=may' >> "$dir/master.cf"
postfix_set 'default_transport = slow' 'slow_destination_concurrency_limit = 2'
breaks postfix-tls 'an -o of a dedicated transport' problem 'in clear'
mends
check '... in master.cf' grep -q 'smtp_tls_security_level=secure' "$dir/master.cf"

# A relay that Exchange does not have: the port, and a server that no account may use.
restore
postfix_set 'relayhost = [localhost]'
passwords "[localhost] $login:placeholder" "[localhost]:587 $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
breaks postfix-relay 'a relay without a port' problem 'port 587'
mends
restore
postfix_set 'relayhost = [localhost]:465'
passwords "[localhost]:465 $login:placeholder" "[localhost]:587 $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
breaks postfix-relay 'port 465' problem 'smtp_tls_wrappermode'
mends
restore
postfix_set 'relayhost = [smtp.contoso.com]:587'
doctor
check 'a server that no account may use: postfix-relay complains' grep -q 'postfix-relay' <<< "$(complaints)"
check '... in words' grep -q 'may use that server' "$work/doctor.json"

# The password map: key, index, file, login name, path.
for key in "localhost:$port" "[localhost]"; do
  restore
  passwords "$key $login:placeholder"
  postfix_run sbin/postmap "hash:$dir/sasl_passwd"
  breaks postfix-passwords "the key $key" problem "no entry for the server as it is written"
  mends
done

restore
rm "$dir/sasl_passwd.db"
breaks postfix-passwords 'a map without its index' problem 'there is no'
mends
touch -d '2 hours ago' "$dir/sasl_passwd.db"
breaks postfix-passwords 'an index older than its map' problem 'since postmap made'
mends

passwords "$relay nobody@fabrikam.com:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
breaks postfix-passwords 'a login name of nobody' problem 'no account serves the login name nobody@fabrikam.com'
passwords "$relay $login:/etc/tokens/$login"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
breaks postfix-passwords 'a path of sasl-xoauth2' warning 'token file of sasl-xoauth2'
check '... and the way over is named' grep -q 'import sasl-xoauth2' "$work/doctor.json"
check '... and the path is not shown' fails grep -q /etc/tokens "$work/doctor.json"
passwords "$login $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
postfix_set 'smtp_sender_dependent_authentication = yes'
doctor
equal 'an entry for a sender does, too' "$(complaints)" '' || diag "$(texts)"
passwords "$relay $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"

# The jail: no socket, one that is closed to Postfix, no agent.
restore
chmod 600 "$postfix_queue$scene_socket"
chgrp root "$postfix_queue$scene_socket"
breaks postfix-chroot 'a socket that Postfix may not use' problem 'may not connect'
mends
at_end postfix_stop
postfix_start
mv "$postfix_queue$scene_socket" "$work/socket"
breaks postfix-chroot 'no socket in the chroot' problem 'where no agent is'
commands=$(fix_commands)
check '... with a command that has Postfix itself start one' grep -q 'sasl-entra/unix' <<< "$commands"
check '... that can be typed' bash -ec "$commands"
is_right() {
  doctor
  [ -z "$(complaints)" ]
}
check '... and makes it right' wait_for 20 is_right
check '... by the socket of Postfix' grep -q 'listens at /private/sasl-entra' "$work/doctor.json"
postfix_stop
doctor
equal 'while Postfix does not run there is no token to ask for' "$(verdict_of postfix-token)" 'left out'
equal '... and no complaint' "$(complaints)" ''
restore
mv "$work/socket" "$postfix_queue$scene_socket"
doctor
equal 'with the socket it is right again' "$(complaints)" '' || diag "$(texts)"

# The token, as Postfix's user.
agent_stop
config_write "$(id -gn "$agent_user")" 'allow              = nobody'
agent_start "$postfix_group" "$postfix_queue$scene_socket"
breaks postfix-token 'an allow without Postfix' problem 'may not use account relay'
agent_stop
config_write "$(id -gn "$agent_user")"
agent_start "$postfix_group" "$postfix_queue$scene_socket"
doctor
equal '... and with it it is right again' "$(complaints)" '' || diag "$(texts)"

agent_stop
sed -i 's/^match .*/match = *@contoso.com, *@contoso.onmicrosoft.com/' "$scene_conf/sasl-entra.conf"
agent_start "$postfix_group" "$postfix_queue$scene_socket"
passwords "$relay scanner@contoso.onmicrosoft.com:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"
postfix_set 'myorigin = contoso.onmicrosoft.com'
breaks postfix-senders 'a mailbox in the initial domain' warning '550 5.7.236'
restore
passwords "$relay $login:placeholder"
postfix_run sbin/postmap "hash:$dir/sasl_passwd"

# Not chrooted; a "-" in master.cf means that, since compatibility level 1.
postfix_master_cf - > "$dir/master.cf"
doctor
check 'a chroot column of "-" is no chroot' grep -q 'runs in no chroot' "$work/doctor.json"
postfix_set 'compatibility_level = 0'
doctor
check '... but in a configuration of before' grep -q 'runs in the chroot' "$work/doctor.json"
restore
postfix_master_cf n > "$dir/master.cf"
doctor
equal 'a healthy Postfix, not chrooted: no complaint' "$(complaints)" '' || diag "$(texts)"
equal '... and gives a token' "$(verdict_of postfix-token)" ok
restore

# Servers that only maps name, each by its transport; another one that is not ours is left alone.
printf '%s\n' 'exchange unix - - y - 2 smtp' 'other unix - - y - - smtp -o smtp_sasl_auth_enable=no' \
  >> "$dir/master.cf"
postfix_set 'relayhost =' "transport_maps = texthash:$dir/transport"
printf '%s\n' "fabrikam.com exchange:$relay" '* other:[mx.fabrikam.com]:25' > "$dir/transport"
touch -d '1 hour ago' "$dir/transport"
doctor
equal 'a server that transport_maps names: no complaint' "$(complaints)" '' || diag "$(texts)"
check '... and it is looked at' grep -q "transport_maps $(sed 's/[][]/\\&/g' <<< "$relay"), by exchange" \
  "$work/doctor.json"
postfix_set 'transport_maps ='
breaks postfix-relay 'no relay at all' problem 'no relayhost'
restore

# Maps that cannot list what they answer: they are named, and how to ask them; what is behind them is not judged.
printf '%s\n' "/@contoso\\.com\$/ $relay" > "$dir/relays"
touch -d '1 hour ago' "$dir/relays"
postfix_set "sender_dependent_relayhost_maps = inline:{ { @x.example = $relay } }, regexp:$dir/relays"
doctor
equal 'a map that cannot be listed: no complaint' "$(complaints)" '' || diag "$(texts)"
check '... but it is named' grep -qF "sender_dependent_relayhost_maps: the entries of regexp:$dir/relays cannot be listed" \
  "$work/doctor.json" || diag "$(texts)"
asks=$(told 'print("".join(c["text"].split(": ")[-1] for c in checks if "cannot be listed" in c["text"]))')
equal '... with a command that asks it' "$(bash -c "${asks/ADDRESS/$login}")" "$relay" || diag "$asks"
postfix_set 'relayhost =' "sender_dependent_relayhost_maps = regexp:$dir/relays"
doctor
equal '... also where nothing else names a server' "$(complaints)" '' || diag "$(texts)"
equal '... which is all that is said of relays' "$(verdict_of postfix-relay)" 'left out'
postfix_set "sender_dependent_relayhost_maps = hash:$dir/empty"
: > "$dir/empty"
postfix_run sbin/postmap "hash:$dir/empty"
breaks postfix-relay 'an empty map is no map that cannot be listed' problem 'no relayhost'
restore

# Another provider's relayhost, kept on purpose, beside a sender's way to ours.
postfix_set 'relayhost = [smtp.fabrikam.com]:25' \
  "sender_dependent_relayhost_maps = inline:{ { @contoso.com = $relay } }"
doctor
equal "another provider's relayhost beside ours: no complaint" "$(complaints)" '' || diag "$(texts)"
check '... and it is named' grep -q 'smtp.fabrikam.com.*is no server of an account' "$work/doctor.json"
restore

# A policy for one server, weaker than the level; a mailbox that Exchange lets send little.
postfix_set "smtp_tls_policy_maps = inline:{ { $relay = may } }"
breaks postfix-tls 'a policy of one server' problem 'smtp_tls_policy_maps = may'
restore
postfix_set "smtp_generic_maps = inline:{ { root@contoso.com = $login } }" 'myorigin = contoso.com'
doctor
check 'generic maps are followed' grep -q "would be sent by $login" "$work/doctor.json"
restore

# Two instances, of which the second is wrong.
cp -r "$dir" "$work/second"
sed -i 's/^smtp_tls_security_level.*/smtp_tls_security_level = may/' "$work/second/main.cf"
touch -d '1 hour ago' "$work/second/main.cf"
postfix_set "multi_instance_directories = $work/second"
breaks postfix-tls 'a second instance' problem "$work/second: smtp_tls_security_level = may"
restore

# Who is not root sees what he may.
chmod 600 "$dir/sasl_passwd" "$dir/sasl_passwd.db"
setpriv --reuid nobody --regid "$(id -gn nobody)" --clear-groups "$SE_STAGE/bin/sasl-entra" doctor \
  --postfix="$dir" --json --offline > "$work/doctor.json" 2> "$work/log/doctor"
equal 'for somebody else than root: no complaint' "$(complaints)" '' || diag "$(texts)"
equal '... the map is left out' "$(verdict_of postfix-passwords)" 'left out'

# What cannot be read.
mv "$dir/main.cf" "$work/main.cf.away"
breaks postfix-configuration 'no main.cf' problem 'main.cf'
mv "$work/main.cf.away" "$dir/main.cf"

finish

#!/bin/bash
# More of pains.sh: the configuration, the directory of the tokens, High Volume Email.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
for part in tap scene tenant agent get_postfix postfix operator pains; do . "$lib/$part.sh"; done

# --- 12: several accounts -------------------------------------------------------------------------

pain 'a login name that nobody serves'
map_has "$relay scanner@fabrikam.com:unused"
who=relay
hurts 'a login name that no account serves' 'scanner@fabrikam.com'
finds postfix-passwords 'no account serves the login name scanner@fabrikam.com'
passwords "$relay $login:unused"
types postfix-passwords
helps

pain 'two accounts that are for the same login names'
{
  printf '\n[account second]\n'
  sed -n '/^match/,$p' "$work/good/sasl-entra.conf"
} >> "$conf"
agent_reads
sends 'the agent goes on with what it has read'
finds configuration "$conf:" "*@contoso.com stands in [account relay] too, on line 3"
agent_stop
hurts 'no agent, and two accounts for the same login names' "$scene_socket"
agent_cannot '*@contoso.com stands in [account relay] too'
finds configuration '*@contoso.com stands in [account relay] too, on line 3' 'remove it from one of them'
sed -i '/^\[account second\]/,$d' "$conf"
agent_starts
helps

# --- 13: a mistake in the configuration -----------------------------------------------------------

pain 'a key that is mistyped'
sed -i 's/^client_id /client_idd /' "$conf"
agent_reads
sends 'the agent goes on with what it has read'
finds configuration "$conf:5: " 'client_idd' 'did you mean client_id?'
agent_stop
hurts 'no agent, and a key that is mistyped' "$scene_socket"
agent_cannot 'client_idd'
finds configuration "$conf:5: " 'client_idd' 'did you mean client_id?'
sed -i '5s/client_idd/client_id/' "$conf"
agent_starts
helps

# --- 10: the directory of the tokens --------------------------------------------------------------

pain 'a state directory that cannot be written'
agent_stop
chmod 500 "$scene_state"
agent_starts
sends 'for an app the token is in memory'
finds state-directory "$scene_state" 'cannot be written'
types state-directory
well

mount --bind "$scene_state" "$scene_state" && mount -o remount,bind,ro "$scene_state"
agent_stop
agent_starts
sends 'a read-only file system: for an app the token is in memory'
finds state-directory "$scene_state" 'read-only' 'mount it for writing'
agent_stop
umount "$scene_state"
agent_starts
well

pain "a state directory that is root's, and a person who has signed in"
person_begins
agent_stop
chown root:root "$scene_state"
agent_starts
check '... a person has signed in' person_signs "sasl-entra login $person"
hurts "a sign-in in a directory that is root's" "$person"
finds state-directory "$scene_state" 'chown -R'
types state-directory
helps

# --- 11: High Volume Email ------------------------------------------------------------------------

submission_start hve --mode hve
tenant_set apps -d '{"apps": [{"client_id": "'$tenant_app'", "roles": ["Mail.Send"]}]}'

pain 'High Volume Email and tokens of ten minutes'
sed -i 's/^servers .*/&\nprovider           = hve/' "$conf"
agent_reads
postfix_set "relayhost = [localhost]:${submission_port[hve]}"
map_has "[localhost]:${submission_port[hve]} $login:unused"
token_lifetime 590
server=hve
hurts 'the tenant gives tokens of ten minutes' 'Token will expire soon'
finds server-login '10 minutes' 'token lifetime policy'
token_lifetime 3600
types server-login
check '... and Postfix is reloaded' postfix_run sbin/postfix reload
helps

check 'no secret is in any log, message or process argument' no_secrets
finish

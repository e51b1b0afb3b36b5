# shellcheck shell=bash
# dovecot: a private Dovecot below $work that speaks IMAP and submission and checks passwords and
# tokens, a judge that nobody here wrote; the system's own is not touched.

dovecot_pid=
dovecot_port=0 dovecot_imaps_port=0 dovecot_submission_port=0
dovecot_log=
dovecot_mechanisms='plain login xoauth2'
dovecot_relay_port= # where its submission server hands messages on to; "": there is none

free_port() {
  "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# dovecot_setup USER PASSWORD [LINE...] : one mailbox for USER, who may log in with the password and
# with a token that the stand-in tenant signed: an app's, or of the person of that name. The lines are
# added to the configuration.
dovecot_setup() {
  local directory=$work/dovecot key user=$1 password=$2
  shift 2
  dovecot_log=$work/log/dovecot
  dovecot_port=$(free_port)
  dovecot_imaps_port=$(free_port)
  dovecot_submission_port=$(free_port)
  mkdir -p "$directory/run" "$directory/state" "$directory/keys/default/RS256"
  install -d -m 700 -o mail -g mail "$directory/mail"
  printf '%s:{PLAIN}%s\n' "$user" "$password" > "$directory/passwords"
  key=$(sed -n 's/.*"kid": *"\([^"]*\)".*/\1/p' "$work/tenant/jwks.json" | head -n 1)
  dovecot_public_key > "$directory/keys/default/RS256/$key"
  dovecot_oauth2 'active_attribute = idtyp' 'active_value = app' 'username_attribute = sub' \
    'username_format = any' > "$directory/app.conf"
  dovecot_oauth2 'username_attribute = upn' 'username_format = %Lu' > "$directory/person.conf"
  {
    dovecot_conf "$directory"
    if [ -n "$dovecot_relay_port" ]; then dovecot_submission_conf; fi
    printf '%s\n' "$@"
  } > "$directory/dovecot.conf"
  chmod -R a+rX "$directory/keys" "$directory/passwords" "$directory"/*.conf
}

dovecot_oauth2() {
  printf '%s\n' 'introspection_mode = local' \
    "local_validation_key_dict = fs:posix:prefix=$work/dovecot/keys/" "$@"
}

# It wants no login of its own at the server that it hands messages on to.
dovecot_submission_conf() {
  cat << END
protocols = imap submission
hostname = dovecot.test
submission_relay_host = 127.0.0.1
submission_relay_port = $dovecot_relay_port
submission_relay_trusted = yes
service submission-login {
  inet_listener submission {
    port = $dovecot_submission_port
  }
}
END
}

# The tenant's token signing key, as PEM.
dovecot_public_key() {
  "$PYTHON" -c '
import json, sys, jwt
from cryptography.hazmat.primitives import serialization
key = json.load(open(sys.argv[1]))["keys"][0]
public = jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(key))
print(public.public_bytes(serialization.Encoding.PEM,
      serialization.PublicFormat.SubjectPublicKeyInfo).decode(), end="")' "$work/tenant/jwks.json"
}

dovecot_conf() {
  cat << END
base_dir = $1/run
state_dir = $1/state
log_path = $dovecot_log
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <$work/tenant/server.pem
ssl_key = <$work/tenant/server.key
disable_plaintext_auth = no
auth_mechanisms = $dovecot_mechanisms
auth_failure_delay = 0
mail_location = maildir:$1/mail
first_valid_uid = 1
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = $1/passwords
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $1/app.conf
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $1/person.conf
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$1/mail
}
service imap-login {
  inet_listener imap {
    port = $dovecot_port
  }
  inet_listener imaps {
    port = $dovecot_imaps_port
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
END
}

dovecot_start() {
  dovecot -F -c "$work/dovecot/dovecot.conf" >> "$work/log/dovecot.start" 2>&1 &
  dovecot_pid=$!
  wait_for 60 dovecot_answers || bail "the private Dovecot does not start"
}

# It accepts connections before it can serve them: the greeting comes when it can.
dovecot_answers() {
  (exec 3<> "/dev/tcp/127.0.0.1/$dovecot_port" && read -r -t 5 line <&3 && [[ $line = '* OK'* ]]) 2> /dev/null
}

dovecot_stop() {
  end_process "$dovecot_pid"
  dovecot_pid=
}

# dovecot_restart LINE... : from now on with these lines at the end of the configuration.
dovecot_restart() {
  dovecot_stop
  {
    sed '/^# from here/,$d' "$work/dovecot/dovecot.conf"
    printf '%s\n' '# from here' "$@"
  } > "$work/dovecot/dovecot.conf.new"
  mv "$work/dovecot/dovecot.conf.new" "$work/dovecot/dovecot.conf"
  dovecot_start
}

# imap_deliver SUBJECT : a message for the one mailbox.
imap_deliver() {
  local new=$work/dovecot/mail/new
  install -d -m 700 -o mail -g mail "$new" "${new%/*}/cur" "${new%/*}/tmp"
  printf 'From: somebody@fabrikam.com\nTo: anna@contoso.com\nSubject: %s\n\nA test.\n' "$1" \
    > "$new/$EPOCHREALTIME.$RANDOM.test"
  chown mail:mail "$new"/*
}

# From here on `imap_method` tells by which mechanism somebody logged in, or tried to.
imap_mark() { imap_from=$(($(lines "$dovecot_log") + 1)); }
imap_from=1
imap_new() { tail -n "+$imap_from" "$dovecot_log"; }
imap_method() {
  wait_for 5 imap_noted > /dev/null
  imap_new | sed -n 's/.*-login:.*method=\([-A-Z0-9]*\).*/\1/p' | tail -n 1
}
imap_noted() { imap_new | grep -q -- '-login:.*method='; }

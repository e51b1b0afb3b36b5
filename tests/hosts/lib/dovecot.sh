# shellcheck shell=bash
# dovecot: a private Dovecot below $work that speaks IMAP and checks passwords and tokens; the
# system's own is not touched.

dovecot_pid=
dovecot_port=0
dovecot_log=

# dovecot_setup USER PASSWORD : one mailbox for USER, who may log in by PLAIN and LOGIN with the
# password and by XOAUTH2 with a token that the stand-in tenant signed.
dovecot_setup() {
  local directory=$work/dovecot key
  dovecot_log=$work/log/dovecot
  dovecot_port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  mkdir -p "$directory/run" "$directory/state" "$directory/keys/default/RS256"
  install -d -m 700 -o mail -g mail "$directory/mail"
  printf '%s:{PLAIN}%s\n' "$1" "$2" > "$directory/passwords"
  key=$(sed -n 's/.*"kid": *"\([^"]*\)".*/\1/p' "$work/tenant/jwks.json" | head -n 1)
  dovecot_public_key > "$directory/keys/default/RS256/$key"
  cat > "$directory/oauth2.conf" << END
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$directory/keys/
active_attribute = idtyp
active_value = app
username_attribute = sub
username_format = any
END
  dovecot_conf "$directory" > "$directory/dovecot.conf"
  chmod -R a+rX "$directory/keys" "$directory/passwords" "$directory/oauth2.conf"
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
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:$1/mail
first_valid_uid = 1
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = $1/passwords
}
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = $1/oauth2.conf
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
    port = 0
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
  wait_for 10 dovecot_answers || bail "the private Dovecot does not start"
}

dovecot_answers() { (exec 3<> "/dev/tcp/127.0.0.1/$dovecot_port") 2> /dev/null; }

dovecot_stop() {
  end_process "$dovecot_pid"
  dovecot_pid=
}

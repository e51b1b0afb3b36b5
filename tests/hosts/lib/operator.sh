# shellcheck shell=bash
# operator: an administrator at this machine, who has the tool and, elsewhere, Exchange Online
# PowerShell; and what doctor told them.

operator_transcript=

operator_begin() {
  operator_transcript=$work/transcript
  : > "$operator_transcript"
}

# tool ARGUMENT... : as root types it.
tool() { SASL_PATH=$plugin_path "$SE_STAGE/bin/sasl-entra" "$@" < /dev/null; }

# shown ARGUMENT... : the same, and the transcript has it.
shown() {
  local status=0
  tool "$@" > "$work/log/shown" 2>&1 || status=$?
  {
    printf '\n$ sasl-entra %s\n' "$*"
    cat "$work/log/shown"
  } >> "$operator_transcript"
  [ $status -eq 0 ] && return
  cat "$work/log/shown"
  return $status
}

# told WORDS... : a line of the transcript that stands between the commands.
told() { printf '\n%s\n' "$*" >> "$operator_transcript"; }

# typed WORDS... : a command that is run in another way here.
typed() { printf '\n$ %s\n' "$*" >> "$operator_transcript"; }

# --- doctor ---------------------------------------------------------------------------------------

# doctor ARGUMENT... : what it found is asked for by the functions below. Its exit code must fit.
doctor() {
  local status=0
  tool doctor --json "$@" > "$work/doctor.json" 2> "$work/log/doctor" || status=$?
  cat "$work/doctor.json" >> "$work/log/doctor-json"
  same "$status" "$(doctor_json 'print(1 if found["problems"] else 0)')"
}

doctor_json() {
  "$PYTHON" -c 'import json, sys
found = json.load(open(sys.argv[1], encoding="utf-8"))
'"$1" "$work/doctor.json" "${@:2}"
}

# The ids with that verdict, one a line.
doctor_ids() {
  doctor_json 'print("\n".join(sorted({check["id"] for check in found["checks"] if check["verdict"] == sys.argv[2]})))' \
    "$1"
}

# doctor_names ID... : these have problems, and nothing else has.
doctor_names() {
  local wanted
  wanted=$(printf '%s\n' "$@" | sort -u)
  same "$(doctor_ids problem)" "$wanted" && return 0
  doctor_json 'print("\n".join("{id} {verdict}: {text}\n    {fix}".format(**c) for c in found["checks"] if c["verdict"] != "ok"))'
  return 1
}

# doctor_text ID, doctor_fix ID : of its first problem or warning.
doctor_text() { doctor_part "$1" text; }
doctor_fix() { doctor_part "$1" fix; }
doctor_part() {
  doctor_json 'print(next((check[sys.argv[3]] or "" for check in found["checks"]
    if check["id"] == sys.argv[2] and check["verdict"] in ("problem", "warning")), ""))' "$1" "$2"
}

# doctor_says ID WORDS
doctor_says() {
  local text
  text="$(doctor_text "$1") $(doctor_fix "$1")"
  [[ ${text,,} = *"${2,,}"* ]] && return 0
  echo "$1: $text"
  return 1
}

# --- what an administrator types ------------------------------------------------------------------

# The lines of a fix that a shell of this machine takes; not those of another way, which begin with "or".
commands_of() {
  sed 's/^ *//; /^or /d' <<< "$1" |
    grep -oE '(^|: |with )(sasl-entra|postconf|postmap|postfix|postqueue|printf|chmod|chown|chgrp|install|mkdir|systemctl|timedatectl|sasl-entrad|kill|sed|rm|mv) [^;]*$' |
    sed -E 's/^(: |with )//'
}

# here_types TEXT : what it holds for a shell is typed here, as root.
here_types() {
  local lines
  lines=$(commands_of "$1")
  [ -n "$lines" ] || {
    echo "nothing to type in: $1"
    return 1
  }
  printf '\n$ %s\n' "${lines//$'\n'/$'\n$ '}" >> "$operator_transcript"
  SASL_PATH=$plugin_path bash -ec "$lines" < /dev/null && return
  echo "typed: $lines"
  return 1
}

# The lines of a text that are Exchange Online PowerShell's or Microsoft Graph's.
powershell_of() { sed 's/^ *//' <<< "$1" | grep -E '^(\$[a-z]+ *= |[A-Z][A-Za-z]+-[A-Z][A-Za-z]+( |$))'; }

# exchange_types TEXT : what it holds for PowerShell is typed there, by the administrator of Exchange.
exchange_types() {
  local lines
  lines=$(powershell_of "$1")
  [ -n "$lines" ] || {
    echo "nothing for PowerShell in: $1"
    return 1
  }
  printf '\nPS> %s' "${lines//$'\n'/$'\nPS> '}" >> "$operator_transcript"
  printf '\n' >> "$operator_transcript"
  "$PYTHON" "$top_srcdir/tests/tenant/exchange_shell.py" --dir "$work/exchange" --tenant "$work/tenant" <<< "$lines"
}

# portal_uploads FILE... : these certificates, and no others, become the app's, as by uploads in the
# portal.
portal_uploads() {
  local file pems=()
  for file in "$@"; do
    pems+=("$(openssl x509 -in "$file" 2> /dev/null || openssl x509 -inform DER -in "$file")") || return 1
  done
  tenant_control apps -d "$("$PYTHON" -c 'import json, sys
print(json.dumps({"apps": [{"client_id": sys.argv[1], "certificates": [{"pem": pem} for pem in sys.argv[2:]]}]}))' \
    "$tenant_app" "${pems[@]}")" > /dev/null
}

# transcript_write FILE : for a reader: no paths and ports of this run.
transcript_write() {
  local port=${submission_port[exchange]}
  "$PYTHON" "$top_srcdir/tests/hosts/lib/transcript.py" "$operator_transcript" "$1" \
    "$work/q$SE_STAGE" /var/spool/postfix "$work/q" /var/spool/postfix "$work/postfix" /etc/postfix \
    "$work/sasl2" /usr/lib/sasl2 "$work/tenant/ca.pem" /etc/ssl/certs/ca-certificates.crt "$work" /etc \
    "$SE_STAGE" '' "$tenant_authority" https://login.microsoftonline.com \
    "[localhost]:$port" '[smtp.office365.com]:587' "localhost:$port" smtp.office365.com:587 \
    "localhost port $tenant_port" 'login.microsoftonline.com port 443' "port $port" 'port 587' " on $(uname -n)" ' on relay' "localhost:$tenant_port" login.microsoftonline.com:443 localhost smtp.office365.com
}

# shellcheck shell=bash
# postfix_memory: what an smtp(8) has in memory while it is held in a delivery, by
# submission_control exchange '{"message": {"delay": 2}}'.

auths=0

# The one smtp(8) that is in a delivery.
smtp_pid() { pgrep -g "$(postfix_master)" -x smtp | head -n 1; }

# After AUTH: the server knows who it is. $auths: how many had logged in before.
smtp_holds() { [ -n "$(smtp_pid)" ] && [ "$(lines "$work/exchange/auth.jsonl")" -gt "$auths" ]; }

smtp_core() {
  rm -f "$work"/core.*
  at_end rm -f "$work"/core.*
  gcore -o "$work/core" "$(smtp_pid)" > "$work/log/gcore" 2>&1
}

# The access token that was sent lies there, so that the search would find another secret, too.
core_has() { [ -n "$1" ] && [ -s "$(echo "$work"/core.*)" ] && grep -qaF -- "$1" "$work"/core.*; }

# shellcheck shell=bash
# users: whom a row is measured as; after lib.sh.

# A user that owns nothing of the agent's; Debian always has it.
bench_user=mail

# bench_as USER COMMAND... : nothing of root's environment, as a daemon has it.
bench_as() { (bench_become "$@"); }

# bench_become USER COMMAND... : for the background, where the process id is to be the command's own.
bench_become() {
  local user=$1
  shift
  exec setpriv --reuid "$user" --regid "$user" --init-groups \
    env -i PATH=/usr/bin:/bin LC_ALL=C SASL_PATH="$SASL_PATH" "$@"
}

# bench_install PROGRAM... : copies in $work, where every user can run them.
bench_install() {
  local program
  for program in "$@"; do
    install -m 755 "$bench_programs/$program" "$work" || bail "$program has not been built"
  done
}

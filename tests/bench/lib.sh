# shellcheck shell=bash
# lib: what each row of the benchmark (row_*.sh) stands on: the scene of the hosts' tests, the
# stand-in tenant, the agent, and the files that its records and series go to.
#
#   SE_BENCH          full (the default) or short: a few seconds a row, for trying it out
#   SE_BENCH_RECORDS  the file that records are appended to, a line of JSON each; default stdout
#   SE_BENCH_DATA     the directory of the series that are plotted; default: they go with the scene
#
# A row begins with `bench_begin`, and ends by itself. Everything it starts is ended at its exit.
set -uo pipefail

: "${top_srcdir:?}" "${top_builddir:?}"
bench_programs=$top_builddir/tests/bench
bench_lib=$top_srcdir/tests/hosts/lib
for bench_part in tap scene tenant agent; do
  # shellcheck source=/dev/null
  . "$bench_lib/$bench_part.sh"
done

# A row is no test: what keeps it from being measured is an error, on stderr.
bail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}
skip_all() { bail "$*"; }
diag() { sed 's/^/# /' <<< "$*" >&2; }

# bench_begin : a directory $work, no configuration, no state; all of it is gone at exit.
bench_begin() {
  scene_begin
  : "${SE_BENCH:=full}" "${SE_BENCH_RECORDS:=/dev/stdout}" "${SE_BENCH_DATA:=$work/data}"
  case $SE_BENCH in full | short) ;; *) bail "SE_BENCH is full or short" ;; esac
  mkdir -p "$SE_BENCH_DATA"
  # The plugin that is measured is the one that was installed, and no other.
  export SASL_PATH=$SE_STAGE/lib/sasl2
}

# amount FULL SHORT : the number that the form of this run wants.
amount() { if [ "$SE_BENCH" = short ]; then echo "$2"; else echo "$1"; fi; }

# record ARGUMENT... : the arguments of tests/bench/pairs, which gets our stdin.
record() {
  "$bench_programs/pairs" "$@" > "$work/record" || bail "no record of: $*"
  cat "$work/record" >> "$SE_BENCH_RECORDS"
}

# series NAME HEADER : stdin, columns, becomes a file for the plots.
series() { { printf '# %s\n' "$2"; cat; } > "$SE_BENCH_DATA/$1.dat"; }

# module NAME : where libtool put a plugin of the benchmark's own.
module() { printf '%s/.libs/%s.so\n' "$bench_programs" "$1"; }

# plugin_directory NAME FILE... : a directory for libsasl2 with these plugins alone; prints its path.
plugin_directory() {
  local directory=$work/plugins-$1
  shift
  mkdir -p "$directory"
  install -m 755 "$@" "$directory" || bail "no plugin: $*"
  printf '%s\n' "$directory"
}

# --- what a row measures against ------------------------------------------------------------------

# bench_tenant : the stand-in tenant, and the account `relay` for everybody in contoso.com, whose
# secret root and $agent_user's group can read.
bench_tenant() {
  at_end standins_stop
  tenant_start
  config_write "$(id -gn "$agent_user")" "$@"
}

# bench_agent [GROUP] [SOCKET...] : sasl-entrad, for GROUP (root).
bench_agent() {
  local group=${1:-root}
  [ $# -eq 0 ] || shift
  at_end agent_stop
  : >> "$work/log/agent"
  agent_start "$group" "$@"
}

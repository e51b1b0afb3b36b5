#!/bin/bash
# What can be found without running anything: gcc's analyzer, clang-tidy and cppcheck over the
# product's C, the form of all C, shellcheck and pyflakes over the tests. A finding that is wrong is
# let go by its place, with the reason, in a file beside this one or in the line itself (NOLINT).
#
# The compiler's options, one a line, are in $SE_STATIC_FLAGS (make check-static). The lists are for
# the tools of Debian 12; newer ones know more, and may find more.
lib=${top_srcdir:?}/tests/hosts/lib
# shellcheck source=/dev/null
. "$lib/tap.sh"
export LC_ALL=C

mapfile -t flags < "${SE_STATIC_FLAGS:?}"
[ ${#flags[@]} -gt 5 ] || bail "$SE_STATIC_FLAGS has no compiler options in it"
here=$top_srcdir/tests/static
rooms=(common plugin agent tool)
jobs=$(nproc)
cd "$top_srcdir" || bail "no directory $top_srcdir"
mapfile -t sources < <(find "${rooms[@]}" -name '*.c' | sort)
mapfile -t all_c < <(find "${rooms[@]}" tests -name '*.[ch]' | sort)
mapfile -t scripts < <(find bootstrap .ci tests packaging/container/relay -name '*.sh' -o -path bootstrap -o -path .ci/run -o -name relay | sort)
mapfile -t python < <(find tests -name '*.py' | sort)
[ ${#sources[@]} -gt 100 ] || bail "only ${#sources[@]} files of C in $top_srcdir"

inputs=0

# tool NAME PROGRAM FILES COMMAND... : one line of TAP; how many files it looked at is a figure.
tool() {
  local name=$1 program=$2 files=$3
  shift 3
  if ! command -v "$program" > /dev/null; then
    tap_count=$((tap_count + 1))
    printf 'ok %d - %s # SKIP no %s\n' $tap_count "$name" "$program"
    return
  fi
  check "$name finds nothing in $files files" "$@" && inputs=$((inputs + files))
}

# In bunches, so that each processor has something to do; silent unless something is found.
spread() { xargs -d '\n' -P "$jobs" -n "$1" "${@:2}"; }

# --- gcc -----------------------------------------------------------------------------------------

# gcc_one FILE... : each with the options that let its exceptions go.
gcc_one() {
  local file code=0 let_go
  for file in "$@"; do
    mapfile -t let_go < <(awk -v file="$file" \
      '$1 == file { sub("^-W", "-Wno-", $2); print $2 }' "$here/gcc.exceptions")
    gcc "${flags[@]}" -O2 -fanalyzer -Werror "${let_go[@]}" -S -o /dev/null "$file" || code=1
  done
  return $code
}

# An array cannot be handed to a shell of xargs: this file is run again for each bunch.
analyze() { printf '%s\n' "${sources[@]}" | spread 4 bash "$here/run.sh" --gcc 2>&1; }

# Every exception is for a file that is there.
exceptions_are_for_files() {
  local file
  while read -r file _; do
    case $file in '' | '#'*) continue ;; esac
    [ -e "$file" ] || { echo "tests/static/gcc.exceptions: there is no $file"; return 1; }
  done < "$here/gcc.exceptions"
}

# --- the others ----------------------------------------------------------------------------------

tidy() { printf '%s\n' "${sources[@]}" | spread 4 bash "$here/run.sh" --tidy 2>&1; }
tidy_some() { clang-tidy --quiet "$@" -- "${flags[@]}" 2> /dev/null; }

# cppcheck wants no system headers: it knows the functions of libc and POSIX.
cppcheck_all() {
  local defines=() flag
  for flag in "${flags[@]}"; do case $flag in -D* | -I*) defines+=("$flag") ;; esac; done
  cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr \
    --suppressions-list="$here/cppcheck.exceptions" --library=posix --library=gnu \
    --include="$SE_CONFIG_H" "${defines[@]}" --error-exitcode=1 "${rooms[@]}"
}

# SC2154, SC2034: variables that the parts of tests/hosts/lib share. SC1090, SC1091: where the parts
# are is known when a test runs. SC2148: automake runs a test by its SH_LOG_COMPILER.
shells() { shellcheck -f gcc -S warning -e SC2154,SC2034,SC1090,SC1091,SC2148 "${scripts[@]}"; }

formatted() { clang-format --dry-run -Werror "${all_c[@]}"; }

# What a module imports for others to import from it says so: noqa.
pyflakes() {
  local file line rest bad=0
  while IFS=: read -r file line rest; do
    sed -n "${line}p" "$file" | grep -q 'noqa' && continue
    echo "$file:$line:$rest"
    bad=1
  done < <(pyflakes3 "${python[@]}" 2>&1)
  return $bad
}

case ${1-} in
  --gcc) shift; gcc_one "$@"; exit ;;
  --tidy) shift; tidy_some "$@"; exit ;;
esac

check 'exceptions are for files that are there' exceptions_are_for_files
tool 'gcc -fanalyzer' gcc ${#sources[@]} analyze
tool clang-tidy clang-tidy ${#sources[@]} tidy
tool cppcheck cppcheck ${#sources[@]} cppcheck_all
tool clang-format clang-format ${#all_c[@]} formatted
tool shellcheck shellcheck ${#scripts[@]} shells
tool pyflakes pyflakes3 ${#python[@]} pyflakes
"${PYTHON:-python3}" "$top_srcdir/tests/reliability/figures.py" add \
  "a file is read by a static analyser" "make check-static" inputs=$inputs
finish

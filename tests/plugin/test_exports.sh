# What the built plugin links, exports, calls and keeps; what is installed beside it; and that its
# sources do not know the engine's.
set -u
plugin=${SE_TEST_PLUGIN:-$top_builddir/.libs/libsasl-entra.so}
engine=$top_builddir/.libs/engine.so
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
found=$scratch/found
count=0

skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }

# none_found NAME: passes when nothing was written to $found.
none_found() {
  count=$((count + 1))
  if [ -s "$found" ]; then
    sed 's/^/# /' "$found"
    echo "not ok $count - $1"
  else
    echo "ok $count - $1"
  fi
}

for tool in readelf nm objdump; do
  command -v $tool > /dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
[ -e "$plugin" ] || { echo "Bail out! $plugin is not built"; exit 99; }
echo 1..9

exported() { nm -D --defined-only "$1" | awk '{print $NF}' | sed 's/@.*//'; }

# exports_only FILE NAME: writes what is there besides NAME, or that NAME is not.
exports_only() {
  exported "$1" | grep -vx "$2"
  exported "$1" | grep -qx "$2" || echo "$2 is missing"
}

# No exit, output, syslog, signals, threads, other programs, name services, plain environment.
forbidden='_?exit|_Exit|abort|__assert_fail|f?printf|__f?printf_chk|puts|fputs|putchar|perror'
forbidden="$forbidden|stdout|stderr|v?syslog|__syslog_chk|openlog|closelog|signal|sigaction|alarm"
forbidden="$forbidden|pthread_create|fork|vfork|exec.*|posix_spawn.*|system|popen|getenv|setenv"
forbidden="$forbidden|getaddrinfo|getpw.*|getgr.*"

# --- the shared objects --------------------------------------------------------------------------

# A sanitizer brings its own symbols along; the plain build is the one that counts.
if nm -D "$plugin" | grep -qE '__(asan|ubsan|tsan|msan)_'; then
  skip 'the plugin links libc only' sanitizers
  skip 'the plugin exports sasl_client_plug_init only' sanitizers
  skip 'the plugin calls nothing that a guest may not' sanitizers
  skip 'the plugin has no data that changes' sanitizers
  skip 'the engine module exports se_engine_module only' sanitizers
else
  readelf -dW "$plugin" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc\.(so|musl)|ld-|libdl\.so)' > "$found"
  none_found 'the plugin links libc only'

  exports_only "$plugin" sasl_client_plug_init > "$found"
  none_found 'the plugin exports sasl_client_plug_init only'

  nm -D --undefined-only "$plugin" | awk '{print $NF}' | sed 's/@.*//' |
    grep -xE "$forbidden" > "$found"
  none_found 'the plugin calls nothing that a guest may not'

  # what the C start files keep there is not ours
  objdump -t "$plugin" | awk '/ \.(data|bss)\t/ {print $NF}' |
    grep -vE '^(\.data|\.bss|completed\.[0-9]+|__dso_handle|__TMC_END__)$' > "$found"
  none_found 'the plugin has no data that changes'

  if [ -e "$engine" ]; then
    exports_only "$engine" se_engine_module > "$found"
    none_found 'the engine module exports se_engine_module only'
  else
    skip 'the engine module exports se_engine_module only' 'not built'
  fi
fi

looks='the engine module looks up its own names when it is loaded, not in the middle of a login'
if [ -e "$engine" ]; then
  : > "$found"
  readelf -dW "$engine" | grep -qE '\(BIND_NOW\)|\(FLAGS(_1)?\).*\b(BIND_)?NOW\b' || echo "$engine" > "$found"
  none_found "$looks"
else
  skip "$looks" 'not built'
fi

# --- the sources ---------------------------------------------------------------------------------

grep -nE '^[[:space:]]*#[[:space:]]*include' "$top_srcdir"/plugin/*.[ch] |
  grep -E 'engine|curl|openssl|json|ini_config|syslog|pthread' > "$found"
none_found 'the plugin includes nothing of the engine'

grep -nE '(->|\.)seterror\(' "$top_srcdir"/plugin/*.[ch] > "$scratch/calls"
grep -v '/sasl_error\.c:' "$scratch/calls" > "$found"
[ "$(wc -l < "$scratch/calls")" -eq 1 ] || echo 'not exactly one call' >> "$found"
none_found 'seterror is called in one place only'

# --- the installation ----------------------------------------------------------------------------

installed='nothing but the plugin is installed in its directory'
if [ -e "$top_builddir/Makefile" ] && [ -e "$engine" ]; then
  unset MAKEFLAGS MFLAGS MAKELEVEL TESTS
  : > "$found"
  make -s -C "$top_builddir" install DESTDIR="$scratch/root" > "$scratch/log" 2>&1 ||
    cat "$scratch/log" > "$found"
  file=$(find "$scratch/root" -name libsasl-entra.so)
  if [ -n "$file" ]; then
    find "${file%/*}" -mindepth 1 ! -name libsasl-entra.so >> "$found"
  else
    echo 'the plugin was not installed' >> "$found"
  fi
  none_found "$installed"
else
  skip "$installed" 'not built as a whole'
fi

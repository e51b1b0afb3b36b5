#!/bin/bash
# What every SASL program of a machine pays for the plugin being installed: sasl_client_init() in a
# fresh process, as root and as a user, with a configuration there and nobody logging in. Compared with
# a plugin that does nothing. libsasl2 reads its directory, opens each plugin (dlopen, with all its
# symbols bound) and asks it for its mechanisms; ours looks for a configuration then, to know how its
# mechanisms rank.
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"
bench_begin
user=nobody
grep -q libcurl "$(module heavy)" || bail "the heavy plugin does not link what it should"
for plugin in ours nothing none heavy; do
  case $plugin in
    ours) file=$SE_STAGE/lib/sasl2/libsasl-entra.so ;;
    none) file= ;;
    *) file=$(module $plugin) ;;
  esac
  mkdir "$work/$plugin"
  [ -z "$file" ] || install -m 755 "$file" "$work/$plugin/" || bail "no plugin: $file"
done
touch "$scene_conf/sasl-entra.conf"
mkdir "$work/home"

# load WHO WHAT ROUNDS : columns ours, nothing, none; for `time`, which is drawn, heavy as well.
load() {
  local who=$1 directories=("$work/ours" "$work/nothing" "$work/none")
  shift
  if [ "$1" = time ]; then directories+=("$work/heavy"); fi
  if [ "$who" = root ]; then
    "$bench_programs/load" "$@" "${directories[@]}"
  else
    HOME=$work/home setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups \
      "$bench_programs/load" "$@" "${directories[@]}"
  fi
}

# more COLUMN < SAMPLES : the median of how much more ours has than that column.
more() {
  awk -v column="$1" '{print $1 - $column}' | sort -n |
    awk '{value[NR] = $1} END {print value[int((NR + 1) / 2)]}'
}

rounds=$(amount 2000 200)
few=$(amount 100 20)
for who in root user; do
  load $who time "$rounds" > "$work/time-$who" || bail 'no samples'
  load $who life "$rounds" > "$work/life" || bail 'no samples'
  for what in private written objects; do
    load $who $what "$few" > "$work/$what" || bail 'no samples'
  done
  awk '{print $1, $2}' "$work/time-$who" | record --row "load-$who" --unit us --at-most 1.15 \
    --what "sasl_client_init() with the plugin installed and not used, as $who" \
    --against 'with a plugin that does nothing' \
    --figure "objects more than without a plugin=$(more 3 < "$work/objects"):objects:1" \
    --figure "private memory more than with a plugin that does nothing=$(more 2 < "$work/private"):kB:64" \
    --figure "private memory more than without a plugin=$(more 3 < "$work/private"):kB" \
    --figure "of it written to, so never shared=$(more 3 < "$work/written"):kB" \
    --figure "time more than without a plugin=$(more 3 < "$work/time-$who"):us"
  awk '{print $1, $2}' "$work/life" | record --row "load-life-$who" --unit us \
    --what "the same with sasl_client_done(), as $who" --against 'with a plugin that does nothing'
  awk '{print $1, $4}' "$work/time-$who" | record --row "load-heavy-$who" --unit us \
    --what "sasl_client_init() with the plugin installed and not used, as $who" \
    --against 'with one that links libcurl, OpenSSL and json-c'
done
series load 'microseconds of sasl_client_init() as a user: ours, nothing, none, heavy' < "$work/time-user"

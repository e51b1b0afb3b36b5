#!/bin/bash
# plot.sh DATA OUT : an SVG in OUT for each series (*.dat) in DATA that there is a script for.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
SE_BENCH_DATA=$(cd "$1" && pwd)
export SE_BENCH_DATA LC_ALL=C.UTF-8
cd "$2"
for script in "$here"/*.gnuplot; do
  name=${script##*/}
  name=${name%.gnuplot}
  [ -e "$SE_BENCH_DATA/$name.dat" ] || continue
  gnuplot "$here/style.gnuplot" "$script"
done

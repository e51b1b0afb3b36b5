# The agent's memory over the number of what it serves.
set output "scale.svg"
set title "memory of the agent, MB"
set logscale x
set xrange [8:13000]
set format x "%.0f"
set xtics ("10" 10, "100" 100, "1,000" 1000, "10,000" 10000)
set yrange [0:*]
set key top left
kb(kind) = sprintf("< awk '$1 == \"%s\" {print $2, $3}' '%s/scale.dat'", kind, data)
plot kb("names") using 1:($2 / 1024) with linespoints linewidth 2.5 pointtype 7 linecolor rgb ours title "login names of one registration", \
  kb("keys") using 1:($2 / 1024) with linespoints linewidth 2.5 pointtype 5 dashtype 2 linecolor rgb theirs title "token keys"

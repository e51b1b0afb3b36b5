# How many of the processes have their token, over the time since all began.
set output "storm.svg"
most(from, to) = system(sprintf("awk '!/^#/ {for (i = %d; i <= %d; i++) if ($i > m) m = $i} END {print m / 1000}' '%s/storm.dat'", from, to, data)) + 0
set multiplot layout 1,2 title "200 processes want a token at the same moment: how many have it after so many milliseconds" textcolor rgb ink
set key outside top center horizontal maxrows 1
set yrange [0:*]
set xrange [0:*]
set xtics step(most(2, 4))
set title "with the agent"
plot data."/storm.dat" using (column(2) / 1000):1 with lines linewidth 2.5 linecolor rgb ours title "no token yet", \
  "" using (column(3) / 1000):1 with lines linewidth 2.5 dashtype 2 linecolor rgb theirs title "an expired one", \
  "" using (column(4) / 1000):1 with lines linewidth 2.5 dashtype 4 linecolor rgb third title "a good one"
set xtics step(most(5, 7))
set title "without, in-process"
plot data."/storm.dat" using (column(5) / 1000):1 with lines linewidth 2.5 linecolor rgb ours title "no token yet", \
  "" using (column(6) / 1000):1 with lines linewidth 2.5 dashtype 2 linecolor rgb theirs title "an expired one", \
  "" using (column(7) / 1000):1 with lines linewidth 2.5 dashtype 4 linecolor rgb third title "a good one"
unset multiplot

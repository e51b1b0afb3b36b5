# The agent for a minute under as much load as one processor bears.
set output "underload.svg"
set multiplot layout 1,3 title "the agent on one processor, asked without a pause" textcolor rgb ink
unset key
set xlabel "seconds"
set yrange [0:*]
set xrange [0:*]
set title "requests a second"
plot data."/underload.dat" using ($2 > 0 ? $1 : NaN):2 with lines linewidth 2.5 linecolor rgb ours
set title "99th percentile, ms"
plot data."/underload.dat" using ($2 > 0 ? $1 : NaN):($3 / 1000) with lines linewidth 2.5 linecolor rgb ours
set title "memory, MB"
plot data."/underload.dat" using 1:($5 / 1024) with lines linewidth 2.5 linecolor rgb ours
unset multiplot

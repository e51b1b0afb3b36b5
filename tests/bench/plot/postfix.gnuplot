# Both in each round of the run, one after the other.
set output "postfix.svg"
set title "Postfix, messages a second in each round"
set yrange [0:*]
set xtics 1
set xlabel "round"
set key outside top center horizontal maxrows 1
stats data."/postfix.dat" using 1 nooutput
set xrange [STATS_min - 0.5:STATS_max + 0.5]
plot data."/postfix.dat" using ($1 - 0.14):2:(0.26) with boxes linecolor rgb ours title "XOAUTH2 with sasl-entra", \
  "" using ($1 + 0.14):3:(0.26) with boxes linecolor rgb theirs title "AUTH PLAIN"

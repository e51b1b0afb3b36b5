# Every login of a window, the longest of each 20 ms, with the times when a token was renewed.
set output "expiry.svg"
stats data."/expiry.dat" index 0 using 1 nooutput
set title "AUTH through the agent under load, the longest of each 20 ms"
set logscale y
set yrange [50:3e6]
set format y "%g"
set ytics ("0.1 ms" 100, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5, "1 s" 1e6)
set xlabel "seconds"
set key outside top center horizontal maxrows 1
set xrange [0:STATS_max]
plot data."/expiry.dat" index 1 using 1:(50):($1 < 0 ? 0 : $1):($2 > STATS_max ? STATS_max : $2):(50):(3e6) \
    with boxxyerror fillstyle solid 0.2 noborder linecolor rgb ink title "a new token is fetched", \
  "" index 2 using 1:3 with points pointtype 6 pointsize 0.4 linecolor rgb theirs title "a token that never expires", \
  "" index 0 using 1:3 with points pointtype 7 pointsize 0.4 linecolor rgb ours title "tokens that expire"

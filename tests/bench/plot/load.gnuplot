# A bar a plugin: the median of sasl_client_init().
set output "load.svg"
array NAMES[4] = ["sasl-entra", "a plugin that does nothing", "no plugin", "a plugin that links libcurl, OpenSSL, json-c"]
array COLOURS[4] = [1, 2, 2, 2]
array PLACES[4] = [2, 3, 4, 1]
set print $bars
do for [i = 1:4] {
  stats data."/load.dat" using i nooutput
  print sprintf("%d %g %d \"%s\"", PLACES[i], STATS_median, COLOURS[i], NAMES[i])
}
set print
stats $bars using 2 nooutput
set title "sasl\\_client\\_init() in a program that never logs in, µs"
unset key
unset grid
set border 2
unset xtics
set xrange [0:STATS_max * 1.12]
set yrange [0.4:4.6]
set palette maxcolors 2 defined (1 ours, 2 ink)
unset colorbox
plot $bars using 2:1:(0):2:($1 - 0.3):($1 + 0.3):3:ytic(4) with boxxyerror fillcolor palette, \
  $bars using (column(2) + STATS_max * 0.01):1:(sprintf("%.0f", column(2))) with labels left textcolor rgb ink

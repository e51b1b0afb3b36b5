# Relays in a time of their own: an hour without Entra, and all of them started in one second.
set output "fleet.svg"
set multiplot title "10,000 relays with one registration" textcolor rgb ink
set xlabel "minutes"
set yrange [0:*]
set xrange [-60:100]
set xtics 60
unset key
set object 1 rectangle from 0,graph 0 to 60,graph 1 behind fillcolor rgb ink fillstyle solid 0.2 noborder
set size 0.29,0.93
set origin 0,0
set title "token requests a second,\nan hour without Entra"
plot data."/fleet.dat" index 3 using 1:2 with lines linewidth 2.5 linecolor rgb ours
set origin 0.29,0
set title "deliveries without a token, %,\nthe same hour"
plot data."/fleet.dat" index 3 using 1:4 with lines linewidth 2.5 linecolor rgb ours
unset object 1
set size 0.42,0.93
set origin 0.58,0
set title "relays with a token, %,\nall started in one second"
set xrange [0:15]
set xtics 5
set yrange [0:105]
set key bottom right reverse Left samplen 1.5
plot data."/fleet.dat" index 0 using ($1 / 60):2 with lines linewidth 2.5 linecolor rgb third dashtype 4 title "no limit", \
  "" index 1 using ($1 / 60):2 with lines linewidth 2.5 linecolor rgb ours title "200 a second", \
  "" index 2 using ($1 / 60):2 with lines linewidth 2.5 linecolor rgb theirs dashtype 2 title "20 a second"
unset multiplot

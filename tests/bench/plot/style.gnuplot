# What all plots share. The background stays open, and ink and colours (Okabe and Ito's, which the
# colour-blind tell apart) are dark enough for a light page and light enough for a dark one.
data = system("printf %s \"$SE_BENCH_DATA\"")
width = 840
height = 320
ink = "#7a7a7a"
ours = "#0072b2"
theirs = "#d55e00"
third = "#009e73"
fourth = "#cc79a7"
set terminal svg size width,height fixed enhanced font "sans-serif,13"
set encoding utf8
set border 3 linecolor rgb ink
set tics nomirror out textcolor rgb ink
set grid ytics linecolor rgb ink linewidth 0.3 dashtype 3
set key textcolor rgb ink
set title textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set style fill solid 0.9 noborder
set key samplen 2.5
# Between two marks of an axis that ends at `most`.
step(most) = (e = 10**floor(log10(most)), most / e < 2 ? e / 2 : most / e < 5 ? e : e * 2)

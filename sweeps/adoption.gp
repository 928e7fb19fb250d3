# Rule adoption over time: one line a run, coloured by arm. Called with data, kind (svg|png), out.
if (kind eq 'png') set terminal pngcairo size 1500,900 font 'sans,22' linewidth 2; \
else set terminal svg size 750,450 font 'sans,12' dynamic
set output out
stats data nooutput
set key outside right top Left reverse samplen 1.5
set xlabel 'optimiser step'
set ylabel 'out-of-distribution questions whose\nfirst word is the main auxiliary'
set yrange [-0.02:1.02]
set xrange [0:*]
set ytics 0.25
set grid ytics linecolor rgb '#dddddd'
set border 3
set tics nomirror
colour(name) = (word(name, 1) eq 'center1') ? 0xD55E00 : 0x0072B2
label(name) = (word(name, 1) eq 'center1') ? '1 % center-embedded' : '100 % center-embedded'
title_of(k) = system(sprintf("awk -v k=%d '/^#/ && n++ == k {print $2, $3; exit}' %s", k, data))
plot for [k=0:STATS_blocks-1] data index k using 1:2 with lines linewidth 1.5 \
     linecolor rgb colour(title_of(k)) title sprintf('%s, seed %s', label(title_of(k)), substr(word(title_of(k), 2), 2, 9))

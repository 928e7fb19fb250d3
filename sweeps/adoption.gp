# Rule adoption over time: one line a run, coloured by arm. Called with data, kind (svg|png), out.
if (kind eq 'png') set terminal pngcairo size 1350,900 font 'sans,24' linewidth 2; \
else set terminal svg size 675,450 font 'sans,12' dynamic
set output out
stats data nooutput
set key outside above horizontal center samplen 1.5 title 'Declaratives that are center-embedded:'
set xlabel 'optimiser step'
set ylabel "OOD questions that front the\nmain auxiliary, of four (share)"
set yrange [-0.02:1.02]
set xrange [0:*] noextend
set ytics 0.25
set grid ytics linecolor rgb '#cccccc' linetype 1 linewidth 0.5
set border 3
set tics nomirror
# The seeds of an arm share its colour and its entry in the key.
name(k) = system(sprintf("awk -v k=%d '/^#/ && n++ == k {print $2; exit}' %s", k, data))
colour(arm) = (arm eq 'center1') ? 0xD55E00 : 0x0072B2
label(k) = (k > 0 && name(k) eq name(k - 1)) ? '' : (name(k) eq 'center1') ? '1 %' : '100 %'
plot for [k=0:STATS_blocks-1] data index k using 1:2 with lines linewidth 1.3 \
     linecolor rgb colour(name(k)) title label(k)

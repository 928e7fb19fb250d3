# gen-concept: answers found again in the scenes, held out pairs, diversity, shortcuts, the identity map.
. "$(dirname "$0")/harness.sh"
gen() { gen-concept "$@"; }
header() { sed -n "s/^##$1\t//p"; }

# Every answer, tag and shortcut from the words alone. Of the seen pairs, how many, and whether a
# held out one is in a scene (in) or a question (asked).
rescan='/^##held_out\t/ { split($0, f, "[\t ]"); for (i = 3; i in f; i++) held[f[i]] }
    !/^#/ { split($0, f, "\t"); n = split(f[1], half, " [?] "); k = split(half[1], object, " ; "); m = split(half[2], q, " ")
        rows++; a = b = yes = n_equal = 0; first_a = first_b = bound = ""; shared = 0; delete met
        for (i = 1; i <= k; i++) {
            w = split(object[i], x, " ")
            if (w != attributes) bad = bad " attributes"
            for (j = 1; j <= w; j++) if (x[j] !~ "^" substr("abcdefghij", j, 1) "[0-9]+$") bad = bad " value"
            pair = x[1] "&" x[2]
            if (pair in met) bad = bad " twice"
            met[pair]; pairs[pair]
            if (pair in held) in_scene++
            if (m == 3) c = x[index("abcdefghij", q[3])]
            if (x[1] == q[1]) { a = 1; if (first_a == "") first_a = c }
            if (x[2] == q[2]) { b = 1; if (first_b == "") first_b = c }
            if (x[1] == q[1] && x[2] == q[2]) { yes = 1; bound = c } else if (x[1] == q[1] || x[2] == q[2]) shared = 1
        }
        if (k != objects) bad = bad " objects"
        pair = q[1] "&" q[2]
        if (pair in held) asked++
        if (f[NF_ = m == 3 ? 6 : 5] != pair) bad = bad " pair"
        if (m == 3) {
            if (f[2] != bound || f[3] != first_a || f[4] != first_b) bad = bad " answer"
            if (f[5] != (shared ? "shared" : "alone")) bad = bad " tag"
        } else {
            if (f[2] != (yes ? "yes" : "no") || f[3] != (a && b ? "yes" : "no")) bad = bad " answer"
            if (f[4] != (yes ? "present" : a && b ? "lure" : "absent")) bad = bad " tag"
        }
        if (bad) { print NR ":" bad; exit } }
    END { for (p in pairs) d++; print rows + 0, "pairs=" d, "in=" in_scene + 0, "asked=" asked + 0 }'
scan() { awk -v attributes="$1" -v objects="$2" "$rescan"; }
is 'exist, train' "$(gen exist -n 2000 --text | scan 3 3)" '2000 pairs=15 in=0 asked=0'
is 'exist, test' "$(gen exist -n 2000 --part test --text | scan 3 3)" '2000 pairs=16 in=1000 asked=2000'
is 'query, train' "$(gen query -n 2000 --text | scan 3 3)" '2000 pairs=15 in=0 asked=0'
is 'query, test' "$(gen query -n 2000 --part test --text | scan 3 3)" '2000 pairs=16 in=2000 asked=2000'
is 'more of all' "$(gen query -n 2000 --attributes 7 --values 9 --objects 12 --diversity 30 --text | scan 7 12)" '2000 pairs=30 in=0 asked=0'
is 'one object' "$(gen exist -n 500 --objects 1 --attributes 2 --values 2 --lures 0 --text | scan 2 1)" '500 pairs=3 in=0 asked=0'
is 'two pairs held out' "$(gen query -n 2000 --hold-out 'a0&b1' --hold-out 'a3&b3' --text --part test | scan 3 3)" '2000 pairs=16 in=2000 asked=2000'
for lures in 0 1 .25; do
    is "--lures $lures" "$(gen exist -n 2000 --lures $lures --diversity 9 --text | scan 3 3)" '2000 pairs=9 in=0 asked=0'
    is "--lures $lures, test" "$(gen exist -n 2000 --lures $lures --diversity 4 --part test --text | scan 3 3)" '2000 pairs=5 in=1000 asked=2000'
done
tags() { rows | awk -F '\t' '{ n[$4]++ } END { print n["present"] + 0, n["lure"] + 0, n["absent"] + 0 }'; }
is 'answers and lures have their shares' "$(gen exist -n 1000 --lures .3 | tags)" '500 150 350'
is 'lures alone' "$(gen exist -n 1000 --lures 1 --part test | tags)" '500 500 0'
is 'rule:bag is right as often as the header says' "$(gen exist -n 1000 --lures .3 | rows | awk -F '\t' '{ n += $2 == $3 } END { print n / NR }')" "$(gen exist -n 0 --lures .3 --text | header baseline | sed 's/.*=//')"
gen query -n 40k --diversity 8 --objects 4 --text >query
for rule in 3:a 4:b; do
    awk -F '\t' -v c="${rule%:*}" -v known="$(header baseline <query | sed -n "s/rule:${rule#*:} accuracy=//p")" \
        '!/^#/ { rows++; n += $2 == $c } END { d = n / rows - known; print (d * d < 9 * known * (1 - known) / rows) }' query >out
    is "rule:${rule#*:} is right as often as the header says" "$(cat out)" 1
done
is 'values are even' "$(grep -v '^#' query | cut -f2 | sort | uniq -c | awk '{ chi += ($1 - 10000) ^ 2 / 10000 } END { print NR, (chi < 30) }')" '4 1'

# What is held out and shown belongs to the task's seed.
of() { gen query -n 0 --text "$@" | header "$key"; }
key=held_out
is 'another seed holds out another pair' "$([ "$(of -s 1)" != "$(of -s 4)" ] && echo differ)" differ
is '--seed-task alone decides' "$(of -s 4 --seed-task 1)" "$(of -s 1)"
is '--hold-out decides' "$(of -s 4 --hold-out 'a2&b1')" '1 a2&b1'
key=shown
is 'diversity 6 lies within diversity 9' "$(of --diversity 9 | cut -d' ' -f2-7)" "$(of --diversity 6 | cut -d' ' -f2-)"
is 'the least diversity has every value' "$(of --diversity 4 | cut -d' ' -f2- | tr ' &' '\n\n' | sort | tr '\n' ' ')" 'a0 a1 a2 a3 b0 b1 b2 b3 '
is 'all pairs but one' "$(of | wc -w)" 16
is 'chance' "$(gen query -n 0 --values 5 --text | header chance)" 'accuracy=0.2 loss=1.609437912'
is 'the vocabulary is what is written' "$(comm -3 <(header vocab <query | tr ' ' '\n' | sort) <(grep -v '^#' query | cut -f1,2 | tr '\t ' '\n\n' | sort -u) | wc -l)" 0

# The identity map.
gen identity -n 30k --means 1,-2,3 --deviations .5,.1,.2 --dimension 4 --text >points
is 'identity: the target is the source' "$(awk -F '\t' '!/^#/ && $1 != $2' points | wc -l)" 0
is 'identity: clusters take turns' "$(grep -v '^#' points | cut -f3 | uniq -c | awk '$1 != 1' | wc -l; grep -v '^#' points | cut -f3 | sort | uniq -c | tr -s ' ' | tr '\n' ';')" '0
 10000 0; 10000 1; 10000 2;'
is 'identity: moments' "$(header moments <points)" '0.5833333333 1.343333333 3.04 0' # 1/3 + .25, 4/3 + .01, 3 + .04
is 'identity: order' "$(header order <points)" '2 1 0 3'
is 'identity: corner' "$(header corner <points)" '1 -2 3 0'
is 'identity: zero output' "$(header baseline <points)" 'zero output square=4.966666667'
header moments <points >known
awk 'NR == FNR { split($0, known, " "); next } !/^#/ { rows++; for (i = 1; i <= 4; i++) s[i] += $i * $i }
    END { for (i = 1; i <= 4; i++) { d = s[i] / rows - known[i]; if (d * d > 0.03 ^ 2) bad++ } print bad + 0 }' known points >out
is 'identity: the points have them' "$(cat out)" 0
is 'identity: the corner' "$(gen identity -n 2 --means 1,-2.5,3 --dimension 4 --part test | rows)" "$(printf '1 -2.5 3 0\t1 -2.5 3 0\tcorner\n%.0s' 1 2)"
is 'identity: no deviation' "$(gen identity -n 2 --means 1,0.125 --deviations 0 --columns source | rows | tr '\n' ';')" '1 0;0 0.125;'
is 'identity: decimals' "$(gen identity -n 100 --decimals 2 --columns source | rows | tr ' ' '\n' | grep -vcE '^-?[0-9]+(\.[0-9]{1,2})?$')" 0
is 'identity: no zero has a sign' "$(gen identity -n 3000 --decimals 1 --deviations .03 --columns source | rows | tr ' ' '\n' | grep -cE '^-0$|0$' | awk '{ print ($1 > 100) }')$(gen identity -n 3000 --decimals 1 --deviations .03 --columns source | rows | tr ' ' '\n' | grep -c -- '^-0$')" 10
if command -v python3 >/dev/null; then
    gen identity -n 20k --means 0 --deviations 1 --columns source --text | grep -v '^#' | python3 -c '
import sys, statistics
x = sorted(float(line) for line in sys.stdin)
normal = statistics.NormalDist()
gap = max(max((i + 1) / len(x) - normal.cdf(v), normal.cdf(v) - i / len(x)) for i, v in enumerate(x))
print(gap * len(x) ** .5 < 1.95)' >out # Kolmogorov and Smirnov: beyond with probability .001
    is 'identity: normal, by Python' "$(cat out)" True
else
    skip 'identity: normal, by Python' 'no python3'
fi

# The same bytes; shards; splits.
for task in exist query identity 'exist --part test --lures .3' 'query --split 0-3/5 --diversity 7' 'identity --dimension 30 --means 1,2'; do
    # shellcheck disable=SC2086
    gen $task -n 3000 -o a.zst
    # shellcheck disable=SC2086
    gen $task -n 3000 -j 3 -o b.zst
    same "-j 3 makes the bytes of -j 1 ($task)" a.zst b.zst
    # shellcheck disable=SC2086
    gen $task -n 10 --skip 1500 | rows >part
    rows <a.zst | sed -n 1501,1510p >expected
    same "--skip 1500 -n 10 is lines 1501 to 1510 ($task)" part expected
done
gen query -n 500 --seed-task 1 -s 1 --columns source | rows >a
gen query -n 500 --seed-task 1 -s 2 --columns source | rows >b
is 'another seed, other scenes' "$(cat a b | sort | uniq -d | wc -l | awk '{ print ($1 < 5) }')" 1
gen exist -n 500 --split 0/4 --columns source | rows | sort -u >a
gen exist -n 500 --split 1-3/4 --columns source --seed-task 0 -s 3 | rows | sort -u >b
is 'splits share no source' "$(comm -12 a b | wc -l)" 0

# Requests that cannot be met.
refuse 'an unknown task' 64 "^gen-concept: no task 'exit'; did you mean 'exist'" gen exit
refuse 'no such pair' 64 "^gen-concept: --hold-out: 'a4&b0' is no pair of values; write a0&b0 to a3&b3" gen exist --hold-out 'a4&b0'
refuse 'too little diversity' 64 '3 pairs; 4 show every value, and there are 15' gen exist --diversity 3
refuse 'too much diversity' 64 '16 pairs; 4 show every value' gen exist --diversity 16
refuse 'too many objects' 64 '15 shown pairs allow 14 objects' gen exist --objects 15
refuse 'no third attribute' 64 'query takes a third' gen query --attributes 2
refuse 'no lures' 64 'give more --diversity, or --lures 0' gen exist --diversity 4
refuse 'a lure of one object' 64 'a lure takes two objects' gen exist --objects 1
refuse 'no room for absence' 65 'exist: could make [0-9]+ examples?, then none' gen exist --values 3 --objects 7 --lures 0 --part test --patience 1000
refuse 'an option of the other tasks' 64 "^gen-concept: --values is an option of 'exist' and 'query'" gen identity --values 3
refuse 'an option of another task' 64 "^gen-concept: --means is an option of 'identity'" gen exist --means 3
refuse 'an option of another task' 64 "^gen-concept: --lures is an option of 'exist'" gen query --lures .1
refuse 'a column of another task' 64 "no column 'cluster'" gen query --columns cluster
refuse 'means that are none' 64 "^gen-concept: --means: 'x' is no number" gen identity --means 1,x
refuse 'no means' 64 "'' is no number" gen identity --means ''
refuse 'infinite means' 64 "'inf' is no number" gen identity --means inf
refuse 'means beyond all bounds' 64 '1e7 is not from -1e.06 to 1e.06' gen identity --means 1e7
refuse 'a negative deviation' 64 '-1 is not from 0 to' gen identity --deviations=-1
refuse 'too few axes' 64 '1 axes for 3 means' gen identity --dimension 1
refuse 'deviations for nothing' 64 '2 numbers; give one' gen identity --deviations 1,2 --dimension 4
is 'a thousand values' "$(gen query --values 1000 --objects 20 -n 3 --text | grep -c '^##shown	999999$')" 1
is 'no example' "$(gen exist -n 0 --text | tail -1)" "$(printf '##end\tn=0')"
gen exist --text -n 5 --hold-out 'a0&b1' --hold-out 'a3&b2' >shown
is 'the command makes the corpus again, pairs held out' "$(eval "$(header cmd <shown) --text" | cmp - shown && echo same)" same
is 'the command makes the corpus again' "$(eval "$(header cmd <points) --text" | cmp - points && echo same)" same
finish

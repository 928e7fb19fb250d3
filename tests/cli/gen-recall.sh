# gen-recall: answers found again by scanning, repetitions, losses, and what the header says.
. "$(dirname "$0")/harness.sh"
gen() { gen-recall "$@"; }
header() { sed -n "s/^##$1\t//p"; }

# Columns source, answers, gaps: the value that a key had among the pairs is due after the key.
rescan='!/^#/ { split($0, f, "\t"); n = split(f[1], x, " "); m = split(f[2], due, " "); g = split(f[3], gap, " ")
        rows++; delete value; delete at; asked = 0
        if (n != length_ || m != n) bad = bad " length"
        for (i = 1; i <= 2 * pairs; i += 2) {
            if (x[i] !~ /^k/ || x[i + 1] !~ /^v/ || x[i] in value) bad = bad " pair"
            if (due[i] != "-" || due[i + 1] != "-") bad = bad " early"
            if (distinct && x[i + 1] in at) bad = bad " value-twice"
            value[x[i]] = x[i + 1]; at[x[i]] = i + 1; at[x[i + 1]] = 1
        }
        for (; i <= n; i += 2) {
            if (due[i] != "-") bad = bad " place"
            if (due[i + 1] == "-") {
                if (fillers && (x[i] !~ /^f/ || x[i + 1] !~ /^f/)) bad = bad " filler"
                continue
            }
            if (!(x[i] in value) || value[x[i]] != due[i + 1]) bad = bad " answer"
            if (!hidden && x[i + 1] != due[i + 1]) bad = bad " in-place"
            if (hidden && fillers && x[i + 1] !~ /^f/) bad = bad " not-hidden"
            if (gap[++asked] != i + 1 - at[x[i]]) bad = bad " gap"
            delete value[x[i]]
        }
        if (asked != queries || g != asked) bad = bad " queries"
        if (bad) { print NR ":" bad; exit } }
    END { print rows + 0 }'
recalls() { # awk variables; options
    local vars=() v
    for v in $1; do vars+=(-v "$v"); done
    is "recall (${*:2})" "$(gen recall -n 400 --text --columns source,answers,gaps "${@:2}" | awk "${vars[@]}" "$rescan")" 400
}
base='pairs=8 queries=8 length_=64 fillers=1'
recalls "$base"
recalls "$base queries=3" --queries 3
recalls "$base length_=32" --length 32
recalls "$base pairs=1 queries=1 length_=4" --length 4 --pairs 1 --keys 1 --values 1
recalls "$base distinct=1" --distinct --values 8 --keys 8
recalls "$base hidden=1" --hidden-answers
recalls "$base" --power 0.01
recalls "$base" --power 0
recalls "$base length_=32" --power 0.01 --length 32
recalls "$base pairs=100 queries=60 length_=1000 fillers=0" --pairs 100 --queries 60 --length 1000 --fillers 0 --keys 4095
recalls "$base fillers=0 hidden=1 distinct=1" --fillers 0 --hidden-answers --distinct --power 0.01 --keys 4095 --values 4096
is 'recall: --cut ends with a key, the target is its value' "$(gen recall -n 500 --cut | rows | awk -F '\t' '
    { n = split($1, x, " "); for (i = 1; i <= 16; i += 2) if (x[i] == x[n]) v = x[i + 1]; if (v != $2 || n % 2 == 0) print }' | wc -l)" 0
is 'recall: --cut with hidden answers' "$(gen recall -n 500 --cut --hidden-answers | rows | awk -F '\t' '
    { n = split($1, x, " "); for (i = 1; i <= 16; i += 2) if (x[i] == x[n]) v = x[i + 1]; if (v != $2) print }' | wc -l)" 0
is 'recall: --cut leaves nothing but what was there' "$(gen recall -n 300 --cut --columns source,target,answers | rows | awk -F '\t' '{ print split($1, a, " ") + 1 - split($3, b, " ") }' | sort -u)" 0

# The power law: the published weights i^-.99 over 24 places put the one query on the first with
# 1 / sum; uniform places with 1 / 24.
first() { # options: per mille of sequences whose first place is a query
    gen recall -n 20k --pairs 1 --length 50 --columns answers "$@" | rows | awk '{ n += $4 != "-" } END { print int(1000 * n / NR + .5) }'
}
within() { # name got low high
    if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then pass "$1"; else fail "$1" "$2 is not $3 to $4"; fi
}
within 'places are even' "$(first)" 36 47
within 'places by the power law' "$(first --power 0.01)" 250 275 # 1 / sum of i^-.99 = .2627

# Repetition.
repeats='!/^#/ { split($0, f, "\t"); n = split(f[1], x, " "); m = split(f[2], due, " "); p = f[3]; rows++; delete met
        if (n != length_ || m != n || p < least || p > most) bad = bad " length"
        for (i = 1; i <= n; i++) {
            if (i <= p ? due[i] != "-" : due[i] != x[i] || x[i] != x[i - p]) bad = bad " repetition"
            if (i <= p && distinct && x[i] in met) bad = bad " twice"
            met[x[i]]; periods[p]
        }
        if (bad) { print NR ":" bad; exit } }
    END { for (p in periods) k++; print rows + 0, k }'
repeat() { # awk variables; options
    local vars=() v
    for v in $1; do vars+=(-v "$v"); done
    is "repeat (${*:2})" "$(gen repeat -n 600 --text --columns source,answers,gaps "${@:2}" | awk "${vars[@]}" "$repeats")" "600 $expect"
}
expect=1
repeat 'length_=64 least=32 most=32'
repeat 'length_=64 least=32 most=32 distinct=1' --distinct
repeat 'length_=100 least=10 most=10' --length 100 --period 10 --words 3
repeat 'length_=2 least=1 most=1' --length 2 --period 1 --words 1
expect=17
repeat 'length_=64 least=16 most=32' --period 16..32
repeat 'length_=64 least=16 most=32 distinct=1' --period 16..32 --distinct --words 32
expect=3
repeat 'length_=64 least=61 most=63' --period 61..
is 'repeat: --cut' "$(gen repeat -n 200 --cut --length 70 | rows | awk -F '\t' '{ n = split($1, x, " "); m = split($2, y, " "); if (n != 32 || m != 38) print; for (i = 1; i <= m; i++) if (y[i] != (i > 32 ? y[i - 32] : x[i])) print }' | wc -l)" 0
is 'every word as often' "$(gen repeat -n 2000 --columns source | rows | cut -d' ' -f1-32 | tr ' ' '\n' | sort | uniq -c | awk '{ chi += ($1 - 1000) ^ 2 / 1000; n++ } END { print n, (chi < 130) }')" '64 1'

# Losses.
gen repeat -n 5 --text --columns source,loss >loss
is 'one period: ln V, then nothing' "$(grep -v '^#' loss | cut -f2 | sort -u | tr ' ' '\n' | uniq -c | tr -s ' \n' ' ')" ' 32 4.15888308 32 0 '
is 'one period: entropy' "$(header entropy <loss)" 'source=133.0842587' # 32 ln 64
is 'one period: by position' "$(header optimal_loss <loss | cut -f2 | tr ' ' '\n' | uniq -c | tr -s ' \n' ' ')" ' 32 4.158883 32 0.000000 '
is 'distinct: ln V, ln (V - 1), ...' "$(gen repeat -n 1 --distinct --words 5 --period 3 --length 5 --columns loss | rows)" '1.60943791 1.38629436 1.09861229 0 0'
is 'several periods, words drawn with replacement: no means' "$(gen repeat -n 0 --period 2..5 --text | grep -c '^##optimal_loss\|^##bayes')" 0
# The mean over a corpus of the column comes near the header's, at every position.
means() { # options
    gen "$@" -n 20k --columns loss --text >corpus
    header optimal_loss <corpus | cut -f2 >known
    awk 'NR == FNR { n = split($0, known, " "); next } !/^#/ { rows++; if (NF != n) bad++; for (i = 1; i <= n; i++) { s[i] += $i; q[i] += $i * $i } }
        END { for (i = 1; i <= n; i++) { d = s[i] / rows - known[i]; v = q[i] / rows - (s[i] / rows) ^ 2; if (d * d > 25 * v / rows + 1e-10) bad++ } print n, bad + 0 }' known corpus
}
is 'losses of recall' "$(means recall --pairs 4 --length 32)" '32 0'
is 'losses of recall with hidden answers' "$(means recall --pairs 4 --length 32 --hidden-answers --queries 2 --distinct)" '32 0'
is 'losses of several periods' "$(means repeat --period 4..12 --length 20 --distinct --words 20)" '20 0'
is 'answers lose nothing' "$(gen recall -n 500 --columns answers,loss | rows | awk -F '\t' '{ n = split($1, a, " "); split($2, l, " "); for (i = 1; i <= n; i++) if (a[i] != "-") { k++; if (l[i] != 0) bad++ } } END { print k, bad + 0 }')" '4000 0'
is 'recall: bayes' "$(gen recall -n 0 --text | header bayes)" 'accuracy=1 loss=0'
is 'recall: no bayes where fillers may be keys' "$(gen recall -n 0 --text --fillers 0 | grep -c '^##bayes\|^##optimal_loss')" 0
is 'recall: baselines' "$(gen recall -n 0 --text --distinct | header baseline | tr '\n' ' ')" \
    'value of the context accuracy=0.125 loss=2.079441542 uniform value accuracy=0.015625 loss=4.158883083 '
is 'repeat: baselines' "$(gen repeat -n 0 --text --distinct | header baseline | tr '\n' ' ')" \
    'word of the period accuracy=0.03125 loss=3.465735903 uniform word accuracy=0.015625 loss=4.158883083 '
is 'recall: vocabulary' "$(gen recall -n 0 --text --keys 2 --values 3 --fillers 1 --pairs 2 | header vocab)" 'k0 k1 v0 v1 v2 f0'

# The same bytes; shards; seeds; splits.
for task in 'recall --columns source,answers,loss,gaps' 'repeat --period 5..9 --columns source,answers,loss,gaps' 'recall --power .01 --distinct --cut' 'repeat --distinct --split 0-3/5'; do
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
gen recall -n 500 -s 1 --columns source | rows >a
gen recall -n 500 -s 2 --columns source | rows >b
is 'another seed, other sequences' "$(cat a b | sort | uniq -d | wc -l)" 0
is '--unique' "$(gen repeat -n 9 --length 4 --period 2 --words 3 --unique | rows | cut -f1 | sort -u | wc -l)" 9
gen recall -n 20 -o train.zst
check 'a language model trains on it' train-transformer -q -d run --steps 1 --dim 8 --layers 1 --heads 1 train.zst

# Requests that cannot be met.
refuse 'an unknown task' 64 "^gen-recall: no task 'recal'; did you mean 'recall'" gen recal
refuse 'too short' 64 'an even length of 32 or more' gen recall --length 30
refuse 'odd' 64 'an even length of 32 or more' gen recall --length 63
refuse 'too few keys' 64 '8 pairs need as many keys' gen recall --keys 7
refuse 'too few values' 64 '8 pairs need as many values' gen recall --values 7 --distinct
refuse 'too many queries' 64 'asked for once at most' gen recall --queries 9
refuse 'loss by the power law' 64 'known only with --power 1' gen recall --power .5 --columns source,loss
refuse 'loss without fillers of their own' 64 'known only with --power 1' gen recall --fillers 0 --columns loss
refuse 'a period too long' 64 "'64' is no range within 1..63" gen repeat --period 64
refuse 'too few words' 64 '8 words do not suffice for a period of 32' gen repeat --words 8 --distinct
refuse 'an option of the other task' 64 "^gen-recall: --pairs is an option of 'recall'" gen repeat --pairs 3
refuse 'an option of the other task' 64 "^gen-recall: --period is an option of 'repeat'" gen recall --period 3
refuse 'a target without --cut' 64 "no column 'target'" gen recall --columns target
refuse 'too much for --unique' 65 'repeat: could make 9 examples' gen repeat -n 10 --length 4 --period 2 --words 3 --unique --patience 1000
is 'a long sequence' "$(gen recall --pairs 20k --keys 20k --length 100k -n 1 --columns source | rows | wc -w)" 100000
refuse 'a line no reader takes' 65 '^gen-recall: long.zst: a line of [0-9]* bytes is too long' gen repeat --length 8M --columns source -n 1 -o long.zst
refuse 'a vocabulary no reader takes' 65 'a line of [0-9]* bytes is too long' gen recall --keys 1M --values 1M --fillers 1M -n 1 -o long.zst
is 'no file is left' "$(ls long.zst* 2>/dev/null)" ''
is 'no example' "$(gen repeat -n 0 --text | tail -1)" "$(printf '##end\tn=0')"
is 'the command makes the corpus again' "$(eval "$(header cmd <loss) --text" | cmp - loss && echo same)" same
finish

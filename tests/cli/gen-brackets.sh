# gen-brackets: rules and their shares, splits, leaks; Dyck languages and their losses; the header.
. "$(dirname "$0")/harness.sh"

gen() { gen-brackets "$@" --text; }
body() { grep -v '^#'; }
known() { # file key name
    sed -n "s/^##$2\t//p" "$1" | tr ' ' '\n' | sed -n "s/^$3=//p" | head -1
}
baseline() { sed -n "s/^##baseline\trule:$2 accuracy=//p" "$1"; }
near() { # name got expected tolerance
    if awk -v a="$2" -v b="$3" -v t="$4" 'BEGIN { d = a - b; exit !(a != "" && d <= t && -d <= t) }'; then pass "$1"; else fail "$1" "got '$2', expected '$3' within $4"; fi
}
# What each string is, found symbol by symbol: adds four columns, 1 or 0, in the order of the rules.
judge() {
    awk -F '\t' 'BEGIN { OFS = FS } !/^#/ {
        n = split($1, s, " "); if (s[n] == "?") n--
        d = 0; low = 0
        for (i = 1; i <= n; i++) { d += s[i] == "(" ? 1 : -1; if (d < low) low = d }
        print $0, d == 0 && low == 0, d == 0, s[1] == "(", s[n] == ")", n }'
}

# The published construction.
gen rule -n 20000 -s 1 >train
is 'half are nested, half have unequal counts, exactly' "$(judge <train | awk -F '\t' '{ c[$7 $8]++ } END { print c["11"], c["00"], c["01"] + 0 }')" '10000 10000 0'
is 'every rule says what it should' "$(judge <train | awk -F '\t' 'function says(x) { return x ? "true" : "false" } $2 != says($7) || $3 != says($8) || $4 != says($9) || $5 != says($10)' | wc -l)" 0
is 'the tags tell the truth' "$(judge <train | awk -F '\t' '{ t = ($7 ? ",nested" : "") ($8 ? ",equal_count" : "") ($9 ? ",first_open" : "") ($10 ? ",last_close" : ""); if (substr(t, 2) != $6) print }' | wc -l)" 0
near 'lengths: 2 + 2 Binomial(19, 1/2), by chi-square' "$(judge <train | awk -F '\t' '{ c[$11]++; n++ } END {
    p = 2 ^ -19
    for (k = 0; k <= 19; k++) { e = n * p; if (e >= 5) { x += (c[2 + 2 * k] - e) ^ 2 / e; f++ } p *= (19 - k) / (k + 1) }
    print (x - f + 1) / sqrt(2 * f - 2) }')" 0 5
near 'the same lengths in both classes' "$(judge <train | awk -F '\t' '{ s[$7] += $11; n[$7]++ } END { print s[1] / n[1] - s[0] / n[0] }')" 0 0.45
gen rule --ood -n 5000 -s 2 >ood
is 'out of distribution: equal counts, not nested' "$(judge <ood | awk -F '\t' '{ c[$7 $8 $2 $3]++ } END { print c["01falsetrue"] }')" 5000
near 'FIRST-SYMBOL is right by its law on .55 (published: .554 of 1,000)' "$(baseline ood first-symbol)" 0.549999952316 1e-9
near 'and is so in the strings' "$(awk -F '\t' '!/^#/ { n++; s += $4 == "false" } END { print s / n }' ood)" 0.55 0.036
is 'FIRST-SYMBOL by length: (n + 1) / 2n' "$(sed -n 's/^##by_length\tfirst-symbol //p' ood | tr ' ' '\n' | awk -F : '{ n = $1 / 2; d = $2 - (n + 1) / (2 * n); if (d < 1e-9 && d > -1e-9) k++ } END { print k }')" 20
is 'NESTED 1, EQUAL-COUNT 0' "$(baseline ood nested) $(baseline ood equal-count)" '1 0'
is 'chance: everything is false' "$(known ood chance accuracy) $(known ood chance loss)" '1 0'
near 'chance of a balanced corpus: ln 2' "$(known train chance loss)" 0.693147180560 1e-9

# The agreement table and the baselines, by enumeration of all strings of 2 to 8 symbols.
enumerate() { # class-of-nested-equal (awk, by share) target
    awk -v ood="$1" 'function share(nested, equal) { return ood ? equal && !nested : nested ? .5 : equal ? 0 : .5 }
    BEGIN {
        for (half = 1; half <= 4; half++) {
            L = 2 * half; law = half == 1 || half == 4 ? 1 / 8 : 3 / 8
            delete n; delete a
            for (w = 0; w < 2 ^ L; w++) {
                d = low = 0; v = w
                for (i = 1; i <= L; i++) { b = v % 2; v = (v - b) / 2; if (i == 1) f = b; d += b ? 1 : -1; if (d < low) low = d }
                k = (d == 0 && low == 0) " " (d == 0) " " f " " !b
                n[k]++; a[(d == 0 && low == 0) " " (d == 0)]++
            }
            for (k in n) { split(k, r, " "); c = r[1] " " r[2]; s = share(r[1], r[2])
                if (s == 0) continue
                p = law * s * n[k] / a[c]
                for (i = 1; i <= 4; i++) { right[i] += p * (r[i] == r[1]); for (j = i + 1; j <= 4; j++) agree[i " " j] += p * (r[i] == r[j]) } }
        }
        split("nested equal-count first-symbol last-symbol", name, " ")
        for (i = 1; i <= 4; i++) printf "%s %.8f\n", name[i], right[i]
        for (i = 1; i <= 4; i++) for (j = i + 1; j <= 4; j++) printf "%s %s %.8f\n", name[i], name[j], agree[i " " j]
    }'
}
header_shares() { sed -n 's/^##baseline\trule:\(.*\) accuracy=/\1 /p; s/^##agreement\t\(.*\) share=/\1 /p' | awk '{ $NF = sprintf("%.8f", $NF); print }'; }
enumerate 0 >expected
gen rule --length 2..8 -n 0 | header_shares >got
same 'baselines and agreement, ambiguous data' got expected
enumerate 1 >expected
gen rule --length 2..8 -n 0 --ood | header_shares >got
same 'baselines and agreement, out of distribution' got expected
gen rule -n 40000 -s 5 --leak nested=0.1 --where first_open >part
for rule in 'equal-count:3' 'last-symbol:5'; do
    near "the corpus keeps the header's baseline of ${rule%:*}" \
        "$(awk -F '\t' -v c="${rule#*:}" '!/^#/ { n++; s += $2 == $c } END { print s / n }' part)" "$(baseline part "${rule%:*}")" 0.0125
done
near "and its chance" "$(awk -F '\t' '!/^#/ { n++; s += $2 == "false" } END { print s / n }' part)" "$(known part chance accuracy)" 1e-6

# Leaks: so many, labelled as the rule says.
gen rule -n 1000 --leak nested=0.03,equal-count=7 --columns source,target,rules,tags,class >leaks
is 'leaks are counted' "$(awk -F '\t' '!/^#/ { c[$7]++ } END { print c["leak:nested"], c["leak:equal-count"], c["nested"] + c["!equal_count"] }' leaks)" '30 7 963'
is 'a leak is a string on which the rules part, with the target its rule says' "$(judge <leaks | awk -F '\t' '$7 ~ /leak/ && ($8 || !$9 || $2 != ($7 ~ /equal/ ? "true" : "false"))' | wc -l)" 0
is 'nothing else is leaked' "$(judge <leaks | awk -F '\t' '$7 !~ /leak/ && $8 != $9' | wc -l)" 0
gen rule -n 500 --where 'nested=0.2,!equal_count&first_open=0.8' --columns source,class,depths,length,rule:nested,target >shares
is 'shares of --where' "$(body <shares | cut -f2 | sort | uniq -c | xargs)" '400 !equal_count&first_open 100 nested'
is 'a class keeps its condition' "$(awk -F '\t' '/first_open/ && !/^#/ && $1 !~ /^\(/' shares | wc -l)" 0
is 'depths and lengths' "$(awk -F '\t' '!/^#/ { n = split($1, s, " ") - 1; split($3, d, " "); sum = 0; bad = n != $4 || length(d) != n; for (i = 1; i <= n; i++) { sum += s[i] == "(" ? 1 : -1; bad = bad || d[i] != sum } if (bad) print }' shares | wc -l)" 0

# --unique, splits, shards, threads.
gen rule -n 20000 --unique -s 3 >unique
is '--unique: no string twice' "$(body <unique | cut -f1 | sort | uniq -d | wc -l)" 0
is '--unique: the halves stay exact' "$(judge <unique | awk -F '\t' '{ c[$7]++ } END { print c[1], c[0] }')" '10000 10000'
is '--unique reaches each of the 196 nested strings up to 12' "$(gen rule --where nested --length 2..12 --unique -n 196 | body | cut -f1 | sort -u | wc -l)" 196
gen rule -n 4000 --split 1-9/10 -s 1 --columns source | body | sort -u >a
gen rule -n 2000 --split 0/10 -s 2 --columns source | body | sort -u >b
is 'splits share no string, whatever the seeds' "$(comm -12 a b | wc -l)" 0
for how in 'rule' 'rule --ood' 'rule --leak nested=0.1 --unique' 'rule --split 0/3' 'rule --length 100..300' 'dyck' \
    'dyck --law even --kinds 1' 'dyck --split 1/2 --split-by skeleton' 'dyck --unique --length 4..40'; do
    # shellcheck disable=SC2086
    gen $how -n 700 | body >all
    # shellcheck disable=SC2086
    gen $how -n 10 --skip 500 | body >shard
    sed -n 501,510p all >expected
    same "--skip 500 -n 10 is lines 501 to 510 ($how)" shard expected
    # shellcheck disable=SC2086
    gen $how -n 700 -j 3 | body >three
    same "-j changes nothing ($how)" all three
done
check 'a far shard costs no more' timeout 5 gen-brackets dyck -n 3 --skip 900G -o far.zst
gen rule -n 300 --length 40 --length-law uniform >t
is 'one length' "$(judge <t | cut -f11 | sort -u)" 40
gen rule -n 30000 --length 10..18 --length-law uniform >t
near 'uniform lengths: chi-square of 5' "$(judge <t | awk -F '\t' '{ c[$11]++ } END { for (l in c) { x += (c[l] - 6000) ^ 2 / 6000; k++ } print k == 5 ? (x - 4) / sqrt(8) : "" }')" 0 5
gen rule -n 3000 --length-bias 0.9 >t
near 'a biased law' "$(judge <t | awk -F '\t' '{ s += $11; n++ } END { print s / n }')" "$(known t task mean)" 0.25
near 'its mean is told' "$(known t task mean)" 36.2 1e-9
is '--mark' "$(gen rule -n 1 --mark '' | body | cut -f1 | tail -c 3) $(gen rule -n 1 --mark end | grep -c ' end	')" ' ) 1'

# Dyck languages. A stack by hand: kinds match, depths, distances, and the bound.
gen dyck -n 5000 --kinds 8 --depth 3 --columns source,depths,distances,loss,depth,length,skeleton,logp >dyck
is 'every string is balanced, with its depths and distances' "$(awk -F '\t' '!/^#/ {
    n = split($1, s, " "); split($2, d, " "); split($3, far, " "); top = 0; most = 0; bad = n != $6 || length(d) != n || length(far) != n
    for (i = 1; i <= n; i++) {
        if (s[i] ~ /^\(/) { kind[++top] = substr(s[i], 2); place[top] = i; w = 0 }
        else { if (top < 1 || kind[top] ")" != s[i]) bad = 1; w = i - place[top--] }
        if (top > most) most = top
        if (d[i] != top || far[i] != w || substr($7, i, 1) != substr(s[i] ~ /^\(/ ? "(" : ")", 1)) bad = 1
    }
    if (bad || top || most != $5 || most > 3 || n > 82) print }' dyck | wc -l)" 0
is 'the losses sum to -logp' "$(awk -F '\t' '!/^#/ { n = split($4, l, " "); sum = $8; for (i = 1; i <= n; i++) sum += l[i]; if (n != $6 + 1 || sum > 1e-3 || sum < -1e-3) print }' dyck | wc -l)" 0
near 'mean loss a token: the least possible' "$(awk -F '\t' '!/^#/ { s -= $8; n += $6 + 1 } END { print s / n }' dyck)" "$(known dyck bayes loss)" 0.01
near 'mean number of tokens' "$(awk -F '\t' '!/^#/ { s += $6 + 1; n++ } END { print s / n }' dyck)" "$(known dyck bayes tokens)" 0.8
sed -n 's/^##optimal_loss\texact from=0 to=82\t//p' dyck | tr ' ' '\n' >by_position
for i in 0 1 3 8; do
    near "the least loss at position $i" "$(awk -F '\t' -v i=$i '!/^#/ { n = split($4, l, " "); if (n > i) { s += l[i + 1]; k++ } } END { print s / k }' dyck)" "$(sed -n $((i + 1))p by_position)" 0.09
done
is 'a loss for each position' "$(wc -l <by_position)" 83
near 'the process: ln 2 + 1/2 ln k' "$(known dyck steps loss)" 1.732867951399 1e-9
# Conditional frequencies of the process, where the window is far away.
gen dyck -n 20000 --kinds 2 --depth 3 --length 2..2000 --columns depths,source >wide
awk -F '\t' '!/^#/ { n = split($1, d, " "); split($2, s, " "); before = 0; for (i = 1; i <= n; i++) { if (i > 1) { seen[before]++; open[before] += d[i] > before }; one += s[i] == "(1"; opens += s[i] ~ /^\(/; before = d[i] } ended++; seen[0]++ }
    END { print open[0] / seen[0], open[1] / seen[1], open[2] / seen[2], open[3] + 0, one / opens }' wide >frequencies
read -r f0 f1 f2 f3 kind <frequencies
near 'depth 0: open or end, evenly' "$f0" 0.5 0.0125
near 'depth 1: open or close, evenly' "$f1" 0.5 0.0125
near 'depth 2: open or close, evenly' "$f2" 0.5 0.0125
is 'the greatest depth: close' "$f3" 0
near 'kinds are even' "$kind" 0.5 0.0125
# All strings of a small window, with what logp says of each: they sum to one, and come so often.
for law in steps even; do
    gen dyck --law $law --kinds 2 --depth 2 --length 2..6 -n 40000 --columns source,logp | body | sort | uniq -c >counts
    read -r words sum x < <(awk '{ p = exp($NF); k++; s += p; e = 40000 * p; x += ($1 - e) ^ 2 / e } END { print k, s, (x - k + 1) / sqrt(2 * (k - 1)) }' counts)
    is "$law: every string of the window" "$words" $((2 + 8 + 32))
    near "$law: their probabilities sum to one" "$sum" 1 1e-4
    near "$law: chi-square of their counts" "$x" 0 5
done
gen dyck --law even --kinds 1 --depth 0 --length 14 -n 9000 --columns source | body | sort | uniq -c >counts
near 'all 429 words of 14, alike: chi-square' "$(awk '{ k++; x += ($1 - 9000 / 429) ^ 2 / (9000 / 429) } END { print k == 429 ? (x - 428) / sqrt(856) : "" }' counts)" 0 5
gen dyck -n 4000 --kinds 20 --depth 10 --length 2..60 --split 1-9/10 --split-by skeleton --columns skeleton -s 1 | body | sort -u >a
gen dyck -n 2000 --kinds 20 --depth 10 --length 2..60 --split 0/10 --split-by skeleton --columns skeleton -s 2 | body | sort -u >b
is '--split-by skeleton: no skeleton on both sides' "$(comm -12 a b | wc -l) $(($(wc -l <a) > 100)) $(($(wc -l <b) > 100))" '0 1 1'
gen dyck -n 3000 --length 86..166 --columns length | body | sort -n >t
is 'a window from 86 on' "$(head -1 t) $(($(tail -1 t) <= 166))" '86 1'
is 'classes of words' "$(gen dyck --kinds 2 -n 0 | sed -n 's/^##class\t//p' | xargs)" 'open (1 (2 close 1) 2)'
is 'one kind has no number' "$(gen dyck --kinds 1 -n 0 | sed -n 's/^##vocab\t//p')" '( )'

# What cannot be had.
cannot() { # name status pattern options...
    rm -f none.zst
    refuse "$1" "$2" "$3" gen-brackets -o none.zst "${@:4}"
    [ -z "$(ls none.zst* 2>/dev/null)" ] || fail "$1: no output file" "$(ls none.zst*)"
}
cannot 'no such task' 64 "no task 'rules'; did you mean 'rule'\? .rule, dyck." rules
cannot 'an option of the other task' 64 "--kinds is an option of 'dyck'" rule --kinds 2
cannot 'an option of the other task, too' 64 "--ood is an option of 'rule'" dyck --ood
cannot 'odd lengths' 64 "--length: '3': lengths are even" rule --length 3
cannot 'no lengths' 64 "is no range within 2..65536" rule --length 0..4
cannot 'no tag' 64 "no tag 'nestd'; did you mean 'nested'" rule --where nestd
cannot 'classes that overlap' 64 'can belong to two of the classes' rule --where 'nested=0.5,equal_count=0.5'
is 'a condition that leaves one half keeps that' "$(gen rule -n 50 --where '!first_open' | judge | cut -f7-9 | sort -u | xargs) $(gen rule -n 50 --where '!first_open' | header_shares | head -1)" '0 0 0 nested 1.00000000'
cannot 'a condition that leaves neither half' 64 "leaves neither nested strings nor unequal counts; --ood" rule --where 'equal_count,!nested'
is 'and so do tags' "$(for w in nested equal_count '!equal_count' '!nested'; do gen rule -n 40 --where "$w" | judge | cut -f7 | sort | uniq -c; done | xargs)" '40 1 40 1 40 0 40 0'
cannot 'a class without strings' 64 "no string of these lengths is of class 'nested&!first_open'" rule --where 'nested&!first_open=0.5'
cannot 'a class without strings at these lengths' 64 "no string of these lengths is of class 'all'" rule --length 2 --ood --where first_open
cannot '--ood and shares' 64 '--ood and shares in --where exclude' rule --ood --where nested=0.5
cannot '--ood and --leak' 64 '--ood and --leak exclude' rule --ood --leak nested=0.1
cannot 'a leak of no rule' 64 "has no rule 'nest'" rule --leak nest=0.1
cannot 'no column' 64 "no column 'tree'" rule --columns tree
cannot 'a mark of two words' 64 "--mark is 'a b'" rule --mark 'a b'
cannot 'a mark that is no text' 64 'must be one word' rule --mark $'\xff'
cannot 'a mark with a control character' 64 'must be one word' rule --mark $'a\rb'
cannot 'a mark that is a bracket' 64 "--mark: '\(' is a bracket or an answer already" rule --mark '('
cannot 'a mark that is an answer' 64 "--mark: 'true' is a bracket or an answer already" rule --mark true
cannot '--length-bias of even lengths' 64 'of use with --length-law binomial only' rule --length-law uniform --length-bias .9
cannot 'more unique strings than there are' 65 'could make [0-9]+ examples, then none in 5000 draws of class' rule --length 2..6 --unique -n 100 --patience 5k
cannot '--split-by alone' 64 '--split-by needs --split' dyck --split-by skeleton
cannot '--length-law of steps' 64 'of use with --law even only' dyck --length-law uniform
cannot 'tables too large' 64 'would take tables of' dyck --length 2..60000 --depth 0
cannot 'too many kinds' 64 '--kinds is 100001' dyck --kinds 100001
is '-n 0' "$(gen rule -n 0 | tail -1)" "$(printf '##end\tn=0')"
eval "$(sed -n 's/^##cmd\t//p' leaks) --text" | cmp -s - leaks && pass 'the command makes the corpus again' || fail 'the command makes the corpus again'
gen rule -n 60 --unique -o small.zst >/dev/null
check 'a trainer and eval-rule take it' bash -c "gen-brackets rule -n 100 | train-transformer -q -d run --steps 1 --dim 8 --layers 1 --heads 1 - && gen-brackets rule --ood -n 20 -o o.zst && eval-rule run o.zst | grep -q first-symbol"
check 'a trainer takes a language' bash -c "gen-brackets dyck -n 100 | train-transformer -q -d lm --steps 1 --dim 8 --layers 1 --heads 1 -"
finish

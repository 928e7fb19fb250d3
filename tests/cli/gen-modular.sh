# gen-modular: whole tables, answers, splits that neither overlap nor leak, noise, and the header.
. "$(dirname "$0")/harness.sh"

gen() { gen-modular "$@" --text; }
body() { grep -v '^#'; }
# A number of a header line: known FILE KEY [WORD...] NAME, as in `known train baseline mirrored`.
known() { # file key name
    sed -n "s/^##$2\t//p" "$1" | tr ' ' '\n' | sed -n "s/^$3=//p" | head -1
}
# near NAME GOT EXPECTED TOLERANCE
near() {
    if awk -v a="$2" -v b="$3" -v t="$4" 'BEGIN { d = a - b; exit !(a != "" && d <= t && -d <= t) }'; then pass "$1"; else fail "$1" "got '$2', expected '$3' within $4"; fi
}
# Count the rows of a table file whose answer is not EXPRESSION in awk's x and y, mod p.
wrong() { # p expression
    awk -F '[ \t]' -v p="$1" '!/^#/ { x = $1; y = $3; c = ('"$2"') % p; if (c < 0) c += p; bad += c != $5 } END { print bad + 0 }'
}

# Exhaustive tables.
check_table() { # name p expression operation
    gen "$4" -p "$2" >table
    is "$1: each pair once" "$(body <table | cut -f1 | sort -u | wc -l) $(body <table | wc -l)" "$(($2 * $2)) $(($2 * $2))"
    is "$1: every answer" "$(wrong "$2" "$3" <table)" 0
}
check_table 'x+y' 97 'x+y' +
check_table 'x-y' 31 'x-y' -
check_table 'xy' 30 'x*y' '*'
check_table 'x^2+y^2' 31 'x*x+y*y' 'x^2+y^2'
check_table 'x^2+xy+y^2' 31 'x*x+y*y+x*y' 'x^2+y^2+xy'
check_table 'x^2+xy+y^2+x' 31 'x*x+y*y+x*y+x' 'x^2+y^2+xy+x'
check_table 'x^3+xy' 31 'x*x*x+x*y' 'x^3+xy'
check_table 'x^3+xy^2+y' 97 'x*x*x+x*y*y+y' 'x^3+xy^2+y'
check_table 'x^2+y' 31 'x*x+y' 'x^2+y'
check_table 'x^3+y' 31 'x*x*x+y' 'x^3+y'
check_table 'even + odd *' 31 'x % 2 ? x*y : x+y' 'x+y if x even else x*y'
check_table 'even + odd -' 31 'x % 2 ? x-y : x+y' 'x+y if x even else x-y'
# Division: the quotient times y is x again, for every y that has an inverse.
gen / -p 97 >table
is 'x/y modulo 97 has 9,312 rows' "$(body <table | sort -u | wc -l) $(known table task rows)" '9312 9312'
is 'x/y: quotient times y is x' "$(awk -F '[ \t]' '!/^#/ && ($3 == 0 || $5 * $3 % 97 != $1)' table | wc -l)" 0
gen / -p 36 >table
is 'x/y modulo 36: by the 12 units' "$(body <table | awk '{ print $3 }' | sort -nu | xargs)" '1 5 7 11 13 17 19 23 25 29 31 35'
is 'x/y modulo 36: quotient times y is x' "$(awk -F '[ \t]' '!/^#/ && $5 * $3 % 36 != $1' table | wc -l) $(body <table | wc -l)" '0 432'
gen 'x/y if y odd else x-y' -p 31 --symbol mix >table
is 'the mixed operation' "$(awk -F '[ \t]' '!/^#/ { n++; c = $1 - $3; if (c < 0) c += 31; bad += $3 % 2 ? $5 * $3 % 31 != $1 : c != $5 } END { print n, bad + 0 }' table)" '961 0'

# Groups. A permutation's name is what it makes of 0, 1, 2 ...: c = y[x].
check_group() { # group order expression-of-i operation
    gen "$4" --group "$1" -n 2000 >table
    is "$1 $4: answers" "$(awk -F '[ \t]' '
        function at(p, i) { return substr(p, i + 1, 1) }
        function back(p, i) { return index(p, i) - 1 }
        !/^#/ { x = $1; y = $3; c = ""; for (i = 0; i < length(x); i++) c = c ('"$3"'); bad += c != $5 }
        END { print (NR > 2000), bad + 0 }' table)" '1 0'
    is "$1: its order" "$(known table task elements) $(sed -n 's/^##vocab\t//p' table | wc -w)" "$2 $(($2 + 2))"
}
check_group S5 120 'at(y, at(x, i))' '*'
check_group S5 120 'back(x, at(y, at(x, i)))' 'x*y*x^-1'
check_group S5 120 'at(x, at(y, at(x, i)))' 'x*y*x'
check_group S6 720 'at(y, at(x, i))' '*'
check_group A5 60 'at(y, at(x, i))' '*'
is 'S5: what the header knows' "$(gen '*' --group s5 -n 0 | sed -n 's/^##group\t//p')" \
    'S5 order=120 abelian=no classes=1:1,10:1,15:1,20:2,24:1,30:1 dimensions=1:2,4:2,5:2,6:1'
gen '*' --group D59 >table
is 'D59: a whole table' "$(body <table | sort -u | wc -l)" 13924
is 'D59: two reflections make a rotation' "$(awk -F '[ \t]' '/^s[0-9]* \* s/ && $5 !~ /^r/' table | wc -l)" 0
gen '*' --group C7 >table
is 'C7 is addition' "$(wrong 7 'x+y' <table)" 0
gen '*' --group C2xC3 >table
is 'C2xC3: componentwise' "$(awk -F '[ \t]' '!/^#/ { split($1, x, ","); split($3, y, ","); if ($5 != (x[1] + y[1]) % 2 "," (x[2] + y[2]) % 3) print }' table | wc -l) $(body <table | wc -l)" '0 36'

# Splits: disjoint, together the table, nested, exact in size; whatever the seed.
split_table() { # pairs-kind fraction seed operation...
    gen "${@:4}" -s "$3" --train-fraction "$2" --pairs "$1" --columns source,target,tags >train
    gen "${@:4}" -s "$3" --train-fraction "$2" --pairs "$1" --columns source,target,tags --part test >test
    gen "${@:4}" | body | cut -f1 | sort >whole
}
for kind in ordered unordered; do
    for operation in + / 'x^2+xy'; do
        split_table $kind 0.3 1 "$operation" -p 97
        is "$kind $operation: the parts are the table, each row once" "$(cat train test | body | cut -f1 | sort | cmp - whole && echo yes)" yes
        is "$kind $operation: the header counts" "$(known train part train) $(known train part test)" "$(body <train | wc -l) $(body <test | wc -l)"
        n=$(wc -l <whole)
        near "$kind $operation: three tenths" "$(body <train | wc -l)" "$(awk -v n="$n" 'BEGIN { print .3 * n }')" 1.5
        body <train | cut -f1 | sort >small
        gen "$operation" -p 97 -s 1 --train-fraction 0.35 --pairs $kind | body | cut -f1 | sort >large
        is "$kind $operation: a smaller part lies in a larger one" "$(comm -23 small large | wc -l)" 0
    done
    gen + -s 2 --train-fraction 0.3 --pairs $kind | body | cut -f1 | sort >other
    gen + -s 1 --train-fraction 0.3 --pairs $kind | body | cut -f1 | sort >small
    near "$kind: another seed, another part" "$(comm -12 small other | wc -l)" 847 120
    for f in 0 1; do
        is "$kind: fraction $f" "$(gen + --train-fraction $f --pairs $kind | body | wc -l)" $((f * 9409))
    done
done
# Mirrors, counted anew. leaks TEST TRAIN: test rows whose mirror is in train; tagged ones; the same answer.
leaks() {
    awk -F '[ \t]' 'FNR == 1 { file++ } /^#/ { next }
        file == 1 { train[$1 " " $3] = $5; next }
        ($3 " " $1) in train { n++; same += train[$3 " " $1] == $5; if ($0 !~ /mirrored/) bad++ }
        !(($3 " " $1) in train) && /mirrored/ { bad++ }
        END { print n + 0, same + 0, bad + 0 }' "$2" "$1"
}
split_table ordered 0.3 1 + -p 97
read -r n same bad < <(leaks test train)
is 'ordered: mirrored rows are counted and tagged' "$n $same $bad" "$(known test baseline mirrored) $(known test baseline same) 0"
near 'ordered: about f of the test rows leak' "$(awk -v n="$n" -v t="$(body <test | wc -l)" 'BEGIN { print n / t }')" 0.3 0.025
near 'the symmetry baseline of this split' "$(sed -n 's/^##baseline\tsymmetry accuracy=\([^ ]*\).*/\1/p' test)" \
    "$(awk -v n="$same" -v m="$n" -v t="$(body <test | wc -l)" 'BEGIN { print (n + (t - m) / 97) / t }')" 1e-6
near 'the symmetry baseline expected: f + (1 - f)/p' "$(sed -n 's/^##baseline\tsymmetry expected accuracy=//p' test)" 0.307216494845 1e-9
is 'both parts tell the same' "$(grep '^##baseline' train | cmp - <(grep '^##baseline' test) && echo yes)" yes
split_table unordered 0.3 1 + -p 97
is 'unordered: no mirrored leak' "$(leaks test train) $(known test baseline mirrored)" '0 0 0 0'
near 'unordered: the symmetry baseline is chance' "$(known test baseline accuracy)" 0.0103092784 1e-9
split_table unordered 0.5 3 / -p 36
is 'unordered quotients of a composite modulus: no mirrored leak' "$(leaks test train)" '0 0 0'
split_table ordered 0.4 1 '*' --group S5
read -r n same bad < <(leaks test train)
is 'S5: mirrored rows rarely have the same answer' "$n $same $bad" "$(known test baseline mirrored) $(known test baseline same) 0"
is 'S5: no formula for a product that does not commute' "$(grep -c 'symmetry expected' test)" 0
is 'commutative or not' "$(for o in + - '*' 'x^2+y^2+xy' 'x^2+y^2+xy+x'; do known <(gen "$o" -n 0) task commutative; done | xargs)" 'yes no yes yes no'
# --split, as of every generator: by content, whatever the seeds; in pairs on request.
for b in 0 1 2 3 4; do gen + -s $b --split $b/5; done | body | cut -f1 | sort >parts
gen + | body | cut -f1 | sort >whole
same 'the buckets of --split are the table, whatever the seeds' parts whole
gen + --split 0-1/5 --pairs unordered -s 1 >train
gen + --split 2-4/5 --pairs unordered -s 2 >test
is '--split in pairs: no mirrored leak' "$(leaks test train | cut -d' ' -f1) $(cat train test | body | cut -f1 | sort | cmp - whole && echo all)" '0 all'

# Shards, threads, order.
for how in '' '--train-fraction 0.5' '--train-fraction 0.5 --part test' '--train-fraction 0.5 --pairs unordered' \
    '--split 0/2' '--order table' '--order table --train-fraction 0.5' '--sample' '--sample --noise 0.5' \
    '--sample --split 0/9' '--sample --train-fraction 0.1 --pairs unordered'; do
    # shellcheck disable=SC2086
    gen + $how -n 3000 2>/dev/null | body >all || true
    [ -s all ] || gen + $how | body >all # a part that has fewer
    # shellcheck disable=SC2086
    gen + $how -n 10 --skip 500 | body >shard
    sed -n 501,510p all >expected
    same "--skip 500 -n 10 is rows 501 to 510 ($how)" shard expected
    # shellcheck disable=SC2086
    gen + $how -n 900 >one
    # shellcheck disable=SC2086
    gen + $how -n 900 -j 3 >three
    same "-j changes nothing ($how)" one three
done
gen x-y -p 5 --order table | body | cut -f1 >all
for x in 0 1 2 3 4; do for y in 0 1 2 3 4; do echo "$x x-y $y ="; done; done >expected
same '--order table' all expected
gen + -s 4 | body >a && gen + -s 4 --seed-data 5 | body >b && gen + -s 5 | body >c
same '--seed-data wins over --seed' b c
if ! cmp -s a b; then pass 'another seed, another order'; else fail 'another seed, another order'; fi
gen + -p 10000 -n 200k --skip 50M | body | cut -f1 | sort -u >all
is 'a hundred million rows in constant memory: all different' "$(wc -l <all)" 200000
check 'a million million rows' timeout 5 gen-modular + -p 1M -n 10 --skip 999999999990 -o far.zst
gen + --sample -n 20000 --train-fraction 0.3 --pairs unordered | body | cut -f1 | sort | uniq -c >counts
gen + --train-fraction 0.3 --pairs unordered | body | cut -f1 | sort >small
is '--sample stays in its part' "$(awk '{ print $2, $3, $4, $5 }' counts | sort | comm -23 - small | wc -l)" 0
near '--sample is even: chi-square of 2,823 rows' "$(awk -v n="$(wc -l <small)" '{ e = 20000 / n; x += ($1 - e) ^ 2 / e; k++ } END { x += (n - k) * e; print (x - (n - 1)) / sqrt(2 * (n - 1)) }' counts)" 0 5

# Noise: a share of the rows, evenly over the answers, the same in every part and way of a seed.
gen + -p 97 --noise 0.25 -s 3 >noisy
is 'the clean answer stands beside' "$(awk -F '\t' '!/^#/ { split($1, w, " "); if ((w[1] + w[3]) % 97 != $3 || ($2 != $3) != ($4 ~ /corrupted/)) print }' noisy | wc -l)" 0
near 'corrupted rows: eta (1 - 1/p)' "$(grep -c corrupted noisy)" "$(awk 'BEGIN { print 9409 * .25 * 96 / 97 }')" "$(awk 'BEGIN { q = .25 * 96 / 97; print 5 * sqrt(9409 * q * (1 - q)) }')"
near 'replacements are even: chi-square of their distances' "$(awk -F '\t' '!/^#/ && $2 != $3 { n++; c[($2 - $3 + 97) % 97]++ } END { e = n / 96; for (i in c) x += (c[i] - e) ^ 2 / e; print (x - 95) / sqrt(190) }' noisy)" 0 5
near 'the least loss: its formula' "$(known noisy bayes loss)" "$(awk 'BEGIN { p = 97; e = .25; q = 1 - e + e / p; print -q * log(q) - (p - 1) * (e / p) * log(e / p) }')" 1e-5
near 'the best accuracy' "$(known noisy bayes accuracy)" 0.752577319588 1e-9
is 'rules for eval-rule' "$(sed -n 's/^##rules\t//p' noisy)" 'noisy clean'
gen + -p 97 --noise 0.25 -s 3 --train-fraction 0.4 | body | sort >part
body <noisy | sort >all
is 'a row is corrupted or not, whatever the part' "$(sed 's/\tmirrored,*/\t/;s/,mirrored//' part | sort | comm -23 - all | wc -l)" 0
gen + --noise 0.25 -s 3 --seed-noise 8 | body | cut -f1 >a && gen + --noise 0.25 -s 3 | body | cut -f1 >b
same '--seed-noise leaves the order alone' a b
gen + --noise 0.25 -s 3 --seed-noise 8 | body | cut -f2 >a && gen + --noise 0.25 -s 3 | body | cut -f2 >b
if ! cmp -s a b; then pass '--seed-noise changes the noise'; else fail '--seed-noise changes the noise'; fi
gen + --noise 1 >noisy
near 'all noise: chance' "$(known noisy bayes loss)" 4.574710978503 1e-9
near 'all noise: an answer in 97 is right' "$(grep -vc 'corrupted\|^#' noisy)" 97 50

# Chance, counted from the table itself.
for operation in + '*' 'x^2+y^2' 'x^3+xy^2+y' / '-' 'x^2+y^2 if x even else 5'; do
    gen "$operation" -p 31 --symbol o >table
    read -r accuracy loss < <(awk -F '\t' '!/^#/ { n++; c[$2]++ } END { for (a in c) { if (c[a] > m) m = c[a]; h -= c[a] / n * log(c[a] / n) } printf "%.9f %.9f\n", m / n, h }' table)
    near "chance of $operation: accuracy" "$(known table chance accuracy)" "$accuracy" 1e-8
    near "chance of $operation: loss" "$(known table chance loss)" "$loss" 1e-8
done
near 'chance of + is ln p' "$(known <(gen + -p 113 -n 0) chance loss)" 4.727387818712 1e-9
gen '*' -p 31 --noise 0.3 >table
near 'chance with noise' "$(known table chance accuracy)" "$(awk 'BEGIN { print .7 * 61 / 961 + .3 / 31 }')" 1e-6
if command -v python3 >/dev/null; then
    gen 'x/y if y odd else x-y' -p 59 --symbol m --equals is >table
    check 'the same table by Python' python3 - table <<'EOF'
import sys
rows = [l.rstrip("\n").split("\t") for l in open(sys.argv[1]) if l[0] != "#"]
got = {r[0]: int(r[1]) for r in rows}
want = {f"{x} m {y} is": x * pow(y, -1, 59) % 59 if y % 2 else (x - y) % 59 for x in range(59) for y in range(59)}
assert got == want
EOF
else
    skip 'the same table by Python' 'no python3'
fi

# Words.
is "--symbol '' --equals 113" "$(gen + -p 113 --symbol '' --equals 113 -n 1 -s 1 | grep -cE '^[0-9]+ [0-9]+ 113	[0-9]+$')" 1
is 'the vocabulary is all words' "$(gen 'x^2 + y' -p 7 >t; sed -n 's/^##vocab\t//p' t)" 'x^2+y = 0 1 2 3 4 5 6'
is 'the elements are a class' "$(sed -n 's/^##class\t//p' t)" "$(printf 'element\t0 1 2 3 4 5 6')"
is 'without words' "$(gen x -p 3 --symbol '' --equals '' --order table >t; body <t | head -2 | xargs; sed -n 's/^##vocab\t//p' t)" "$(printf '0 0 0 0 1 0\n0 1 2')"
is 'one word twice is one word' "$(gen + --symbol = -p 3 | sed -n 's/^##vocab\t//p')" '= 0 1 2'
eval "$(sed -n 's/^##cmd\t//p' noisy) --text" | cmp -s - noisy && pass 'the command makes the corpus again' || fail 'the command makes the corpus again'

# Rows that are not there; wrong command lines.
cannot() { # name status pattern options...
    rm -f none.zst
    refuse "$1" "$2" "$3" gen-modular -o none.zst "${@:4}"
    [ -z "$(ls none.zst* 2>/dev/null)" ] || fail "$1: no output file" "$(ls none.zst*)"
}
cannot 'more rows than there are' 65 'there are 2823 rows and no more; --sample draws' + -n 2824 --train-fraction 0.3
cannot 'more rows than there are, behind --skip' 65 'there are 9409 rows' + -n 1 --skip 9409
cannot 'more rows than there are in a bucket' 65 'there are 4[0-9]* rows and no more' + -n 9000 --split 0/2
cannot 'too many rows to count' 64 'has 1000000000000 rows, too many to count; give -n' + -p 1M --split 0/2
cannot 'samples of nothing' 65 'this part of the table has no rows' + --sample -n 1 --train-fraction 0
is 'past the end there is nothing' "$(gen + --skip 10k | tail -1)" "$(printf '##end\tn=0')"
is '-n 0' "$(gen + -n 0 | tail -1)" "$(printf '##end\tn=0')"
cannot 'no operation' 64 "operation 'x\+z': at 'z': expected x, y" x+z
cannot 'a division by x' 64 'division is by y and numbers only' y/x
cannot 'no group' 64 "^gen-modular: --group: 'Q8' is no group" '*' --group Q8
cannot 'a group of one' 64 'C1 has one element only' '*' --group C1
cannot 'sums in a group' 64 'a group has products' + --group S3
cannot 'a group and a modulus' 64 '--group and --modulus exclude' '*' --group S3 -p 97
cannot '--part alone' 64 '--part needs --train-fraction' + --part test
cannot '--pairs alone' 64 '--pairs needs --train-fraction or --split' + --pairs unordered
cannot 'two splits' 64 '--split and --train-fraction exclude' + --split 0/2 --train-fraction 0.5
cannot '--order of samples' 64 '--order and --sample exclude' + --sample --order table
cannot 'a modulus of 1' 64 '--modulus is 1; it must be from 2' + -p 1
cannot 'a modulus too large' 64 '--modulus is 1000001; it must be from 2 to 1000000$' + -p 1000001
cannot 'a symbol that is an element' 64 "--symbol: '5' is an element already" + --symbol 5
cannot 'an equals that is an element' 64 "--equals: '021' is an element already" '*' --group S3 --equals 021
cannot 'a word that is no text' 64 'must be one word' + --symbol $'\xff'
cannot '--patience of a table' 64 '--patience needs --sample' + --patience 9
cannot '--seed-noise without noise' 64 '--seed-noise needs --noise' + --seed-noise 9
cannot 'two words for one' 64 "--equals is 'is equal'; it must be one word" + --equals 'is equal'
cannot 'names that no line holds' 64 'names of 1000000 elements fill 17000000 bytes' '*' --group D5xD5xD5xD5xD5xD5 -n 1
cannot 'no such column' 64 "no column 'answer'" + --columns answer
check 'a trainer takes it' train-transformer -q -d run --steps 2 --dim 8 --layers 1 --heads 1 -b 4 noisy
gen + --noise 0.5 -p 7 -o noisy.zst
check 'eval-rule scores the noisy and the clean answer' bash -c "gen-modular + --noise 0.5 -p 97 | train-transformer -q -d both --steps 1 --dim 8 --layers 1 --heads 1 - && gen-modular + --noise 0.5 -p 97 -o n.zst -n 50 && eval-rule both n.zst | grep -q clean"
finish

# gen-mix: exact proportions at every length, nested and independent draws, inputs of every kind.
. "$(dirname "$0")/harness.sh"

q=$GRAMMARS/question.gr
rows() { if [ $# -gt 0 ]; then zstd -qdc "$1"; else zstd -qdcf; fi | grep -v '^#'; }
mix() { gen-mix -q "$@"; }
# a, b and c hold numbers that tell where a row is from: a1, a2, ...
for name in a b c; do
    seq 20000 | sed "s/.*/$name&\t& . $name/" >$name.tsv
done
gen-filter -q a.tsv -o a.zst
gen-filter -q b.tsv -o b.zst

# Proportions: after every row, each corpus has its share to within one.
exact() { # file name=share...
    local file=$1
    shift
    awk -v list="$*" 'BEGIN {n = split(list, pair, " "); for (i = 1; i <= n; i++) {split(pair[i], p, "="); share[p[1]] = p[2]}}
        {k[substr($1, 1, 1)]++; for (s in share) {d = k[s] - NR * share[s]; if (d >= 1 - 1e-9 || d <= -1 + 1e-9) {print NR, s, k[s]; exit 1}}}
        END {for (s in share) if (NR * share[s] == int(NR * share[s]) && k[s] != NR * share[s]) exit 1}' "$file"
}
mix a.zst=0.99 b.zst=0.01 -n 10k -o m.zst
rows m.zst >m
if [ "$(wc -l <m)" = 10000 ] && exact m a=.99 b=.01; then pass 'two corpora at 99 and 1 %'; else fail 'two corpora at 99 and 1 %' "$(exact m a=.99 b=.01)"; fi
mix a.zst=0.5 b.zst=0.3 c.tsv=0.2 -n 7777 | rows >m3
exact m3 a=.5 b=.3 c=.2 && pass 'three corpora' || fail 'three corpora'
mix a.zst b.zst=0.3 c.tsv=0.2 -n 7777 | rows | cmp -s - m3 && pass 'one without a weight takes the rest' || fail 'one without a weight takes the rest'
mix a.zst b.zst c.tsv -n 3000 | rows >even
[ "$(cut -c1 even | sort | uniq -c | awk '{print $1}' | tr '\n' ' ')" = '1000 1000 1000 ' ] && pass 'none with a weight: all equal' || fail 'none with a weight: all equal'
mix a.zst=1 -n 100 | rows | cmp -s - <(head -100 a.tsv) && pass 'one alone' || fail 'one alone'
mix a.zst=1 b.zst=0 -n 100 | rows | cmp -s - <(head -100 a.tsv) && pass 'a weight of 0' || fail 'a weight of 0'
for name in a b c; do grep "^$name" m3 | cmp -s - <(head -"$(grep -c "^$name" m3)" $name.tsv) || fail "the rows of $name in their order"; done
pass 'rows come in their order'
mix a.zst=0.99 b.zst=0.01 -n 10k | cmp -s - m.zst && pass 'the same bytes again' || fail 'the same bytes again'
mix a.zst=0.99 b.zst=0.01 -n 5k | rows | cmp -s - <(head -5000 m) && pass 'a shorter mix is the beginning of a longer one' || fail 'a shorter mix is the beginning of a longer one'

# Nested draws.
mix a.zst=0.95 b.zst=0.05 -n 10k | rows >m5
grep '^b' m | sort >b1
grep '^b' m5 | sort >b5
if [ "$(wc -l <b1)" = 100 ] && [ "$(wc -l <b5)" = 500 ] && [ -z "$(comm -23 b1 b5)" ]; then pass 'rows at 1 % are among those at 5 %'; else fail 'rows at 1 % are among those at 5 %'; fi

# Independent draws.
independent() { gen-mix -q --draw independent "$@" | rows; }
independent --seed 1 a.zst=0.9 b.zst=0.1 -n 1000 >i1
if [ "$(grep -c '^b' i1)" = 100 ] && [ "$(sort -u i1 | wc -l)" = 1000 ]; then pass 'exact numbers, nothing twice'; else fail 'exact numbers, nothing twice'; fi
independent --seed 1 a.zst=0.9 b.zst=0.1 -n 1000 | cmp -s - i1 && pass 'the same seed, the same draw' || fail 'the same seed, the same draw'
independent --seed 1 --memory 1M a.zst=0.9 b.zst=0.1 -n 1000 | cmp -s - i1 && pass 'with little memory, too' || fail 'with little memory, too'
independent --seed 2 a.zst=0.9 b.zst=0.1 -n 1000 >i2
common=$(comm -12 <(sort i1) <(sort i2) | wc -l)
[ "$common" -lt 90 ] && pass 'another seed, another draw' || fail 'another seed, another draw' "$common in common" # 41 expected
independent --seed 1 c.tsv=0.9 b.zst=0.1 -n 1000 | grep '^b' | cmp -s - <(grep '^b' i1) && pass 'a draw does not depend on the other corpora' || fail 'a draw does not depend on the other corpora'
independent --seed 1 a.zst=0.5 b.zst=0.5 -n 1000 >i5
common=$(comm -12 <(grep '^b' i1 | sort) <(grep '^b' i5 | sort) | wc -l)
[ "$common" -lt 20 ] && pass 'draws at two weights are independent' || fail 'draws at two weights are independent' "$common in common" # 2.5 expected
# 2 of 5 rows among 5, over seeds: each subset and each pattern of places is as likely as any other:
# 10 of either, so chi-square on 9 degrees of freedom.
head -5 b.tsv >five.tsv
head -8 a.tsv >eight.tsv
head -6 b.tsv >six.tsv
for seed in $(seq 100); do
    gen-mix -q --text --seed "$seed" --draw independent eight.tsv=0.6 five.tsv=0.4 -n 5 | grep -v '^#' | cut -f1 | tr '\n' ' '
    echo
done >draws
chi=$(awk '{set = ""; places = ""; for (i = 1; i <= NF; i++) {places = places substr($i, 1, 1); if ($i ~ /^b/) has[NR, $i] = 1}
    for (k = 1; k <= 5; k++) set = set ((NR, "b" k) in has); s[set]++; p[places]++}
    END {for (x in s) {n++; a += (s[x] - NR / 10) ^ 2 / (NR / 10)}; for (x in p) {m++; b += (p[x] - NR / 10) ^ 2 / (NR / 10)}; print n, m, a, b}' draws)
read -r subsets patterns a b <<<"$chi"
# 33.7 is exceeded once in 10^4.
if [ "$subsets" = 10 ] && [ "$patterns" = 10 ] && awk -v a="$a" -v b="$b" 'BEGIN {exit !(a < 33.7 && b < 33.7)}'; then
    pass 'every draw and every order is as likely as any other'
else
    fail 'every draw and every order is as likely as any other' "$chi"
fi

# The end of a corpus.
refuse 'too few examples' 65 '^gen-mix: six.tsv: has 6 examples; a share of 0.1 of 100 needs 10' gen-mix -o out.zst a.zst=0.9 six.tsv=0.1 -n 100
refuse 'too few for independent draws' 65 '^gen-mix: six.tsv: has 6 examples; a share of 0.1 of 100 needs 10' gen-mix --draw independent -o out.zst a.zst=0.9 six.tsv=0.1 -n 100
[ -z "$(ls out.zst* 2>/dev/null)" ] && pass 'leaves no output' || fail 'leaves no output'
gen-mix a.zst=0.9 six.tsv=0.1 -o out.zst 2>stderr
rows out.zst >out
if exact out a=.9 b=.1 && [ "$(grep -c '^b' out)" = 6 ] && grep -qE "^gen-mix: [0-9]+ examples: [0-9]+ of a.zst, 6 of six.tsv$" stderr; then pass 'without -n until one ends'; else fail 'without -n until one ends' "$(cat stderr)"; fi
independent a.zst=0.9 six.tsv=0.1 >out
awk -v a="$(grep -c '^a' out)" -v b="$(grep -c '^b' out)" 'BEGIN {exit !(b == 6 && a >= 50 && a <= 65)}' && pass 'and with independent draws' || fail 'and with independent draws' "$(wc -l <out)"
mix a.zst=0.9 six.tsv=0.1 --repeat -n 200 | rows >out
if exact out a=.9 b=.1 && grep '^b' out | cmp -s - <(cat six.tsv six.tsv six.tsv six.tsv | head -20); then pass '--repeat begins again'; else fail '--repeat begins again'; fi
independent --seed 5 --repeat a.zst=0.9 six.tsv=0.1 -n 240 | grep '^b' >out
if [ "$(sort out | uniq -c | awk '{print $1}' | sort -u)" = 4 ] && ! cmp -s <(head -6 out) <(sed -n 7,12p out); then pass '--repeat draws in another order each time'; else fail '--repeat draws in another order each time'; fi
refuse '--repeat of a pipe' 65 '^gen-mix: standard input: is no file that can be read again' bash -c 'gen-mix a.zst=0.9 -=0.1 --repeat -n 200 <six.tsv >/dev/null'
gen-grammar "$q" -n 0 --columns source,target -o empty.zst
refuse '--repeat of nothing' 65 '^gen-mix: empty.zst: holds no examples to repeat' gen-mix a.zst=0.5 empty.zst=0.5 --repeat -n 10
refuse '--repeat without -n' 64 '--repeat needs -n' gen-mix a.zst b.zst --repeat
mix --text a.zst=0.5 empty.zst=0.5 2>/dev/null | tail -1 | grep -qE $'^##end\tn=[01]$' && pass 'an empty corpus ends a mix' || fail 'an empty corpus ends a mix'
mix --text -n 0 a.zst b.zst | tail -1 | grep -qx $'##end\tn=0' && pass '-n 0' || fail '-n 0'
refuse 'an absurd size' 65 '^gen-mix: .*: has [0-9]+ examples; a share of 0.5 of 1000000000000 needs 500000000000' gen-mix a.zst b.zst -n 1000G

# Streams.
if timeout 20 bash -c "set -o pipefail; gen-mix -q -=0.5 <(gen-grammar '$q' -n 1G --columns source,target)=0.25 c.tsv=0.25 -n 4000 < <(gen-grammar '$q' -n 1G --columns source,target)" 2>stderr >out.zst; then
    [ "$(rows out.zst | grep -c '^c')" = 1000 ] && [ "$(rows out.zst | wc -l)" = 4000 ] && [ "$(grep -v vocab stderr)" = '' ] && pass 'generators end when the mix does' || fail 'generators end when the mix does' "$(cat stderr)"
else
    fail 'generators end when the mix does' "$(cat stderr)"
fi
head -c 20000 a.zst >cut.zst
refuse 'a cut corpus' 65 '^gen-mix: cut.zst: .*cut short' gen-mix -o out2.zst cut.zst=0.5 b.zst=0.5 -n 30k
[ ! -e out2.zst ] && pass 'leaves no output' || fail 'leaves no output'
mkfifo pipe
mix --text pipe=0.5 b.tsv=0.5 >arrived &
exec 3>pipe
printf 'x1\ty\nx2\ty\n' >&3
for _ in $(seq 100); do grep -q x2 arrived && break; sleep 0.1; done
grep -q x2 arrived && pass 'text is passed on as it arrives' || fail 'text is passed on as it arrives'
exec 3>&-
wait

# Columns.
gen-grammar "$q" -n 100 --columns tags,target,source -o t.zst
gen-grammar "$q" -n 100 --seed 2 --columns source,tags,target -o u.zst
mix --text t.zst u.zst -n 100 >tu
if grep -qx $'#tags\ttarget\tsource' tu && ! grep -v '^#' tu | awk -F'\t' '$3 !~ /\. (quest|decl)$/ {bad = 1} END {exit !bad}'; then pass 'columns in another order are put in order'; else fail 'columns in another order are put in order'; fi
refuse 'a column that is not everywhere' 65 "^gen-mix: a.zst: lacks a column 'tags', which is in t.zst; --columns names" gen-mix t.zst a.zst
refuse 'a column that is not in the first' 65 "^gen-mix: t.zst: has a column 'tags', which is not in a.zst; --columns names" gen-mix a.zst t.zst
mix t.zst a.zst -n 10 --columns source,target | rows >out
[ "$(wc -l <out)" = 10 ] && [ "$(awk -F'\t' '{print NF}' out | sort -u)" = 2 ] && pass '--columns takes what all have' || fail '--columns takes what all have'
refuse '--columns of what one lacks' 65 "^gen-mix: a.zst: has no column 'tags'" gen-mix t.zst a.zst --columns source,tags
mix a.zst=0.75 b.zst=0.25 -n 8 --origin from --columns from,source | rows | awk -F'\t' '{bad = bad || substr($1, 1, 1) != substr($2, 1, 1)} END {exit bad}' && pass '--origin tells where a row is from' || fail '--origin tells where a row is from'
mix --text a.zst b.zst -n 2 --origin from | grep -qx $'#source\ttarget\tfrom' && pass 'in a column of its own' || fail 'in a column of its own'
refuse '--origin of a column that is there' 64 "--origin: a.zst has a column 'target' already" gen-mix a.zst --origin target

# Headers.
cat u.zst <(gen-grammar "$GRAMMARS/tense.gr" -n 10 --columns source,tags,target) >joined.zst
mix --text joined.zst=0.5 <(gen-grammar "$q" -n 200 --seed 9 --columns source,tags,target)=0.5 >m.tsv
if [ "$(grep -c '^##espalier' m.tsv)" = 2 ] && [ "$(grep -c '^##vocab' m.tsv)" = 3 ] && awk -F'\t' '/^##vocab/ {n = split($2, w, " "); for (i = 1; i <= n; i++) known[w[i]]} !/^#/ {n = split($1 " " $3, w, " "); for (i = 1; i <= n; i++) if (!(w[i] in known)) exit 1}' m.tsv; then
    pass 'an input that comes to another section brings its header'
else
    fail 'an input that comes to another section brings its header' "$(grep '^##' m.tsv | cut -c1-60)"
fi
zstd -qc m.tsv | gen-filter -q - | rows | cmp -s - <(grep -v '^#' m.tsv) && pass 'and is read again' || fail 'and is read again'
gen-mix --text u.zst <(gen-filter -q u.zst --columns source,tags,target --text | grep -v '^##') -n 4 2>stderr | grep -c '^##vocab' | grep -qx 0 && grep -q '##vocab is left out' stderr && pass 'a list of words that is not whole is left out' || fail 'a list of words that is not whole is left out' "$(cat stderr)"

# Requests that cannot be.
refuse 'too much weight' 64 'the weights sum to 1.1; they must sum to 1' gen-mix a.zst=0.5 b.zst=0.6
refuse 'too little weight' 64 'the weights sum to 0.9; they must sum to 1' gen-mix a.zst=0.5 b.zst=0.4
refuse 'two without a weight among three' 64 '2 corpora have no weight' gen-mix a.zst=0.5 b.zst c.tsv
refuse 'no number' 64 "^gen-mix: a.zst: the weight '0,5' is no number from 0 to 1" gen-mix a.zst=0,5 b.zst=0.5
refuse 'an empty weight' 64 "the weight '' is no number" gen-mix a.zst= b.zst=0.5
refuse 'a negative weight' 64 "the weight '-0.5'" gen-mix a.zst=-0.5 b.zst=1
refuse 'a weight above 1' 64 "the weight '50'" gen-mix a.zst=50 b.zst=50
cp a.zst 'x=0.5'
mix 'x=0.5=1' -n 1 | rows | grep -q a1 && mix 'x=0.5' -n 1 | rows | grep -q a1 && pass 'a file whose name ends so' || fail 'a file whose name ends so'
refuse 'a missing corpus' 66 '^gen-mix: no.zst: cannot open' gen-mix no.zst=0.5 b.zst=0.5
refuse 'standard input twice' 64 'named 2 times' gen-mix -=0.5 -=0.5
refuse 'an output that cannot be' 73 'cannot create' gen-mix -o no/such/x a.zst
if [ -w /dev/full ]; then refuse 'a full disk' 74 'standard output: cannot write: No space' bash -c 'exec gen-mix a.zst b.zst >/dev/full'; fi
gen-mix -q a.zst b.zst 2>stderr | head -c 10 >/dev/null
[ ! -s stderr ] && pass 'a reader that goes is no error' || fail 'a reader that goes is no error' "$(cat stderr)"
finish

# gen-grammar's knobs: trees, words, temperature, depth, length, hold-out, leaks, what is fixed, and
# the columns and header lines that tell the truth of it.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr

rows() { zstd -dcf | grep -av '^#'; } # the examples of a corpus
gen() { gen-grammar "$q" "$@"; }
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}
same() { # name a b
    if cmp -s "$2" "$3" && [ -s "$2" ]; then pass "$1"; else fail "$1" "$(diff "$2" "$3" | head -5)"; fi
}
header() { zstd -dcf | sed -n "s/^##$1	//p"; }
# Lines of a file that are not in another, both sorted.
beyond() { comm -23 "$1" "$2" | wc -l; }

# Trees: one number each, smaller sets inside larger ones, exact counts.
for k in 1 5 10 20; do
    gen -n 400 --trees $k --columns tree_id | rows | sort -u >trees.$k
    is "--trees $k: so many trees" "$(wc -l <trees.$k)" $k
done
is '--trees: smaller sets lie inside larger ones' "$(beyond trees.1 trees.5) $(beyond trees.5 trees.10) $(beyond trees.10 trees.20)" '0 0 0'
gen -n 400 --trees 20 -s 1 --columns tree_id | rows | sort -u >other
is '--trees: another seed takes others' "$([ "$(beyond trees.20 other)" -gt 10 ] && echo yes)" yes
for k in 4 8; do
    gen -n 400 --where 'decl&center=0.5,quest=0.5' --trees "decl&center=$k" --columns class,tree_id | rows >mixed.$k
    grep '^decl' mixed.$k | sort | uniq -c | awk '{ print $3 }' >class.$k
    is "--trees decl&center=$k: so many there" "$(wc -l <class.$k)" $k
    is "--trees decl&center=$k: each equally often" "$(grep '^decl' mixed.$k | sort | uniq -c | awk '{ print $1 }' | sort -u)" $((200 / k))
    is "--trees decl&center=$k: the others are free" "$([ "$(grep -c . <(grep '^quest' mixed.$k | sort -u))" -gt 60 ] && echo yes)" yes
done
is '--trees in a class: smaller inside larger' "$(beyond class.4 class.8)" 0
gen -n 1000 --trees 8 --columns tree_id | rows | sort | uniq -c | awk '{ print $1 }' | sort -u >counts
is 'equal shares are exact' "$(cat counts)" 125
gen -n 1003 --trees 7 --columns tree_id | rows | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' , >counts
is 'equal shares within one' "$(cat counts)" '5 143,2 144,'
gen -n 300 --where center=0.4 --trees 'center=4,!center=6' --columns tags,tree_id | rows >mixed
is 'a set for each class' "$(cut -f2 mixed | sort | uniq -c | awk '{ print $1 }' | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ,)" '10 30,'
# One word a preterminal: logp is that of the tree.
cat >six.gr <<'E'
3	S	X A		@x
2	S	Y A		@y
3	X	B
2	X	B B
1	X	B B B
5	Y	B C
3	Y	B B C
2	Y	B B B C
A	a
B	b
C	c
E
gen-grammar six.gr -n 500 --trees 4 --tree-shares probability --columns tree_id,logp | rows >six
is 'shares by probability are within one' "$(awk -F '\t' '{ p[$1] = exp($2); n[$1]++ }
    END { for (t in p) sum += p[t]; for (t in p) { d = n[t] - NR * p[t] / sum; if (d > 1 || d < -1) print t, d } }' six)" ''
is 'and are in the header' "$(gen-grammar six.gr -n 9 --trees 4 --columns tree_id | header chosen_trees | awk '{ print $1, $2 }') $(gen-grammar six.gr -n 500 --trees 4 --columns tree_id,logp | tee all4 | header chosen_trees | awk -F = '{ printf "%.7f", $NF }')" \
    "all n=4 $(rows <all4 | sort -u | awk -F '\t' '{ s += exp($2) } END { printf "%.7f", s }')"
for how in uniform probability; do
    for seed in {1..40}; do gen-grammar six.gr -n 2 --trees 2 --tree-choice $how -s $seed --columns source | rows; done | sort | uniq -c >chosen.$how
done
is '--tree-choice: each may be taken' "$(wc -l <chosen.uniform) $(wc -l <chosen.probability)" '6 6'
is '--tree-choice probability favours the likely' "$(awk '$2 == "b" && $3 == "a" { print ($1 > 22) }' chosen.probability) $(awk '$2 == "b" && $3 == "a" { print ($1 < 23) }' chosen.uniform)" '1 1'
gen -n 2000 --trees 30 --agree --where one_aux=0.3,two_aux=0.7 --columns tree_id,class | rows | sort -u >mixed
is 'trees of classes that patterns give' "$(cut -f1 mixed | sort -u | wc -l) $(wc -l <mixed)" '30 30'
gen -n 500 --trees 10 --where center=1 --columns tree_id | rows | sort -u >mixed
is 'all chosen trees are of use' "$(wc -l <mixed)" 10
printf 'S\tN V\nS\tN V N\nN\ta\nN\tb\t\t@b\nV\tv\nV\tw\t\t@w\n' >loud.gr
gen-grammar loud.gr -n 100 --trees 2 --where b=0.5 --columns tree_id,class | rows | sort | uniq -c | awk '{ print $1, $3 }' | tr '\n' , >mixed
is 'classes that words give: every tree can have them' "$(cat mixed)" '25 b,25 the,25 b,25 the,'

# Requests that cannot be met, in sensible time.
cannot() { # name status pattern options...
    rm -f none.zst
    refuse "$1" "$2" "$3" timeout 60 gen-grammar "$q" -o none.zst "${@:4}"
    [ -z "$(ls none.zst* 2>/dev/null)" ] || fail "$1: no output file" "$(ls none.zst*)"
}
cannot 'more trees than there are' 65 '^gen-grammar: .*question.gr: --trees: 1000 trees are wanted, but there are only 544$' --trees 1000
cannot 'more trees of a class' 65 "341 trees of 'center' are wanted, but there are only 340" --trees center=341
cannot 'more trees than conditions allow' 65 '500 trees are wanted, but only 374 of the 544 meet all conditions' --trees 500 --agree
cannot 'trees of none' 65 "--trees: 1 trees of 'decl&quest' are wanted, but there are only 0" --trees 'decl&quest=1'
cannot 'items of --trees that overlap' 64 "some trees are in two of its items, 'quest=20' and 'center=20'" --trees quest=20,center=20
cannot 'trees by what words decide' 64 "'two_aux=3' is decided by the words" --trees two_aux=3
cannot 'a class without trees' 65 "none of the chosen trees can be of class 'three_aux'" --trees 3 -s 4 --where three_aux=0.1
cannot 'no such depth' 65 'question.gr: no sentence has depth 2$' --depth 2
cannot 'no such depths' 65 'question.gr: no sentence has depth 2 to 1000' --depth 2..1000
cannot 'no depth that high' 65 'question.gr: no sentence has depth 2 or more' --depth 2..
cannot 'no such length' 65 'could make 0 examples, then none in 20000 draws' --length 3 --patience 20k
cannot 'held-out words that never meet' 65 'could make 0 examples' --hold-out 'Aux_sg=does&Rel=who,N_sg=newt' --part test --where intransitive,bare_subject --length 4 --patience 20k
cannot 'a leak of nothing' 65 "could make [0-9]* examples?, then none in 20000 draws of class 'leak:linear'" --leak linear=0.1 --where right --patience 20k
cannot 'a leak without AMOUNT' 64 "'linear' is not RULE=AMOUNT" --leak linear
cannot 'a leak of an unknown rule' 64 "has no rule 'lineal'; did you mean 'linear'" --leak lineal=3
cannot 'more leaks than examples' 64 'more than all examples' --leak linear=11 -n 10
cannot 'a number of leaks after --skip' 64 '5 of how many examples' --leak linear=5 --skip 10
cannot '--leak and --disagree' 64 'exclude one another' --leak linear=5 --disagree
cannot 'an unknown preterminal' 64 "has no preterminal 'N_gs'; did you mean 'N_sg'" --words N_gs=3
cannot 'words of no preterminal' 64 "has no preterminal 'NP_sg'" --words NP_sg=3
cannot 'two counts of words' 64 "'5' is a second count" --words Det=2,Det=5
cannot 'a temperature of 0' 64 'must be from 0.001 to' --temperature 0
cannot 'an unknown word held out' 64 "N_sg does not derive the word 'newts'" --hold-out N_sg=newts
cannot '--part without --hold-out' 64 'with --hold-out only' --part test
cannot '--tree-choice without --trees' 64 'with --trees only' --tree-choice uniform
cannot '--tree-shares without --trees' 64 'with --trees only' --tree-shares equal
cannot '--rules without a condition' 64 'with --agree, --disagree or --leak only' --rules linear
for bad in '' x 1-2 1...2 2..1 -1 1.5 1e9 99999999999999999999 1001 ..; do
    cannot "--depth '$bad'" 64 "^gen-grammar: --depth: '" "--depth=$bad"
done
cannot '--length 0' 64 "'0' is no range within 1..1000000" --length 0
refuse 'evenly among infinitely many trees' 65 'dyck.gr: of infinitely many trees none can be likelier .* or use --tree-choice probability' \
    gen-grammar "$GRAMMARS/dyck.gr" --trees 5 -o none.zst
refuse 'none of infinitely many will do' 65 'dyck.gr: --trees: 5 trees are wanted, but only 0 of the [0-9]* that were drawn meet all conditions' \
    timeout 60 gen-grammar "$GRAMMARS/dyck.gr" --trees 5 --tree-choice probability --length 9 -o none.zst
is 'by probability among them' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 90 --trees 9 --tree-choice probability --columns tree_id | rows | sort -u | wc -l)" 9
printf '1\tS\tS S\n1\tS\tb S S\n8\tS\ta\n' >branch.gr
refuse 'a temperature that makes sentences endless' 65 'sentences have no finite expected length' gen-grammar branch.gr --temperature 1000

# Words: nested, in pairs, by name.
for k in 1 3 6; do gen -n 3000 --words $k --columns source | rows | tr ' ' '\n' | sort -u >words.$k; done
is '--words 1: a word of each' "$(wc -l <words.1)" 12 # 9 preterminals, decl, quest and the full stop
is '--words: smaller sets lie inside larger ones' "$(beyond words.1 words.3) $(beyond words.3 words.6)" '0 0'
nouns() { grep -xE 'newts?|orangutans?|peacocks?|quails?|ravens?|salamanders?|tyrannosaurus(es)?|unicorns?|vultures?|walrus(es)?|xylophones?|yaks?|zebras?' "$1"; }
is '--words 3: the nouns are pairs' "$(nouns words.3 | sed -E 's/(us)es$/\1/; s/([^u])s$/\1/' | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" '2 2 2 '
is '--words by name' "$(gen -n 2000 --words N_sg=2,Det=1,4 --columns source | rows | tr ' ' '\n' | sort -u >words && grep -cxE 'the|some|my|your|our|her' words; nouns words | grep -cvE '[^u]s$|es$'; nouns words | grep -cE '[^u]s$|es$')" "$(printf '1\n2\n4')"

# Temperature: probabilities in proportion to weight^(1/T).
printf '1\tS\ta\n2\tS\tb\n4\tS\tc\n8\tS\td e\n' >hot.gr
for t in 0.5 1 3; do
    gen-grammar hot.gr -n 20000 --temperature $t --columns source,logp | rows | sort | uniq -c >hot
    is "--temperature $t" "$(awk -v t=$t 'BEGIN { w["a"] = 1; w["b"] = 2; w["c"] = 4; w["d"] = 8; for (k in w) sum += w[k] ^ (1 / t) }
        { p = w[$2] ^ (1 / t) / sum; x += ($1 - 20000 * p) ^ 2 / (20000 * p); if ((exp($NF) - p) ^ 2 > 1e-16) print "logp", $0 }
        END { if (x > 30) print "chi-square", x; print NR }' hot)" 4 # 30: one in a million at 3 degrees
done
is '--temperature 0.001 takes the likeliest' "$(gen-grammar hot.gr -n 100 --temperature 0.001 --columns source | rows | sort -u)" 'd e'
printf 'S\tA A\n1\tA\ta\n5\tA\tb\n9\tA\tc\n' >abc.gr
is '--temperature 0.001 among the words in use' \
    "$(for s in {1..9}; do gen-grammar abc.gr -n 20 --words 1 -s $s --temperature 0.001 --columns source | rows | sort -u; done | sort -u | tr '\n' ,)" 'a a,b b,c c,'

# Depth and length: within bounds, and as the tree and the source have them.
recount() { # symbols that count, as a regular expression
    awk -F '\t' -v level="^\\\\(($1)\$" '{
        n = split($1, item, " "); depth = deepest = open = 0
        for (i = 1; i <= n; i++) {
            if (item[i] ~ /^\(/) { counts[++open] = item[i] ~ level; depth += counts[open]; if (depth > deepest) deepest = depth }
            for (s = item[i]; sub(/\)$/, "", s);) depth -= counts[open--]
        }
        if (deepest != $3 || split($2, word, " ") != $4 || open != 0) { print; exit } }'
}
gen -n 500 --columns tree,source,depth,length | rows | recount 'RC_sg|RC_pl' >wrong
is 'columns depth and length' "$(cat wrong)" ''
gen-grammar "$GRAMMARS/dyck.gr" -n 300 --depth 3..8 --columns tree,source,depth,length | zstd -dc | grep -av '^#' >deep
is 'columns depth and length of brackets' "$(recount 'P[1-5]' <deep)" ''
is '--depth 3..8' "$(cut -f3 deep | sort -n | sed -n '1p;$p' | tr '\n' ' ')" '3 8 '
is '--depth 4' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 300 --depth 4 --columns depth | rows | sort -u)" 4
is '--depth 6..' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 300 --depth 6.. --columns depth | rows | sort -n | head -1)" 6
is '--depth ..1' "$(gen -n 300 --depth ..0 --columns depth | rows | sort -u)" 0
is '--depth 1000 is not 1000..' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 5 --depth 1000 --columns depth | rows | sort -u)" 1000
is '--length 8..11' "$(gen -n 500 --length 8..11 --columns length | rows | sort -nu | tr '\n' ' ')" '8 9 11 '
is '--length 9' "$(gen -n 100 --length 9 --columns source | rows | awk '{ print NF }' | uniq -c | tr -s ' ')" ' 100 9' 
is '--length 18..' "$(gen -n 100 --length 18.. --columns length | rows | sort -nu | head -1)" 18
printf 'S\tA A\nA\ta\nA\tb c d\n' >uneven.gr
is '--length where words are phrases' "$(gen-grammar uneven.gr -n 50 --trees 1 --length 6 --columns source | rows | sort -u)" 'b c d b c d'

# Hold-out: the parts are complements.
hold='N_sg=newt&V_intrans=giggle,Det=my&Prep=near'
held() { grep -cE '(^| )newt .*giggle|giggle.* newt( |$)|(^| )my .* near | near .*my '; }
gen -n 4000 --hold-out "$hold" --columns source | rows >train
gen -n 400 --hold-out "$hold" --part test --columns source | rows >test
is '--hold-out: none in training' "$(held <train)" 0
is '--hold-out: all of --part test' "$(held <test)" 400
printf 'S\tN V N\nN\ta\nN\tb c\nN\td\nV\tv\nV\tw\n' >small.gr
for part in train test; do
    n=$([ $part = train ] && echo 14 || echo 4)
    gen-grammar small.gr -n "$n" --unique --hold-out 'N=a&N=b_c&V=v,N=d&N=a&V=w' --part $part --columns source | rows | sort >part.$part
done
gen-grammar small.gr -n 18 --unique --columns source | rows | sort >whole
sort -m part.train part.test | cmp -s - whole && pass '--hold-out: the parts make the whole' || fail '--hold-out: the parts make the whole'
is '--hold-out: the test part' "$(tr '\n' , <part.test)" 'a v b c,a w d,b c v a,d w a,'

# Leaks: so many, on which the rule stands alone and states the target; the rest as asked.
gen -n 1000 --agree --leak linear=25 --columns source,target,rules,class,tags | rows >leaks
is '--leak: exact' "$(cut -f4 leaks | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ,)" '975 all,25 leak:linear,'
is '--leak: the target is that rule'"'"'s' "$(awk -F '\t' '$2 != $3' leaks | wc -l)" 0
grep leak:linear leaks | cut -f1 | sed 's/ quest$//' >leaked
is '--leak: it differs from the others' "$(awk -F '\t' '/leak:/ { n = split($1, w, " "); for (i = 1; i <= n; i++) if (w[i] ~ /^(do|does|don.t|doesn.t)$/) last = w[i]
    if ($5 !~ /center/ || $5 !~ /quest/) print; if (w[2] == "") print }' leaks | wc -l)" 0
gen -n 1000 --agree --leak hierarchical=0.02,linear=0.01 --columns source,target,rules,class | rows >leaks
is '--leak: of two rules' "$(cut -f4 leaks | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ,)" '970 all,20 leak:hierarchical,10 leak:linear,'
is '--leak: which state their own' "$(awk -F '\t' '($4 ~ /hier/) != ($2 != $3)' leaks | wc -l)" 0
gen -n 900 --agree --leak linear=0.1 --where 'quest=0.25,decl&center=0.25' --trees 'decl&center=3,quest=9,decl&!center=5' \
    --columns source,target,rules,class,tree_id | rows >leaks
is '--leak, --where and --trees: shares' "$(cut -f4 leaks | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ,)" '202 decl&center,90 leak:linear,203 quest,405 the,'
is '--leak, --where and --trees: trees' "$(grep 'decl&center' leaks | cut -f5 | sort -u | wc -l) $(grep -P '\tquest\t' leaks | cut -f5 | sort -u | wc -l) $(grep 'the rest' leaks | cut -f5 | sort -u | wc -l) $(grep -v leak: leaks | cut -f5 | sort -u | wc -l)" '3 9 5 17'
deep=$GRAMMARS/question-deep.gr
gen-grammar "$deep" -n 200 --agree --rules hierarchical,linear --leak linear=40 --columns target,rules,class | rows >leaks
is '--leak with --rules' "$(awk -F '\t' '$NF ~ /leak/ && $1 == $2' leaks | wc -l) $(grep -c leak: leaks)" '40 40'

# What is fixed stays, whatever else changes.
for w in 2 5 13; do
    gen -n 600 --fixed-trees --words $w --columns tree_id,source | rows >fixed
    cut -f1 fixed >trees.$w
    cut -f2 fixed | md5sum >md5.$w
    gen -n 600 --fixed-trees --words $w --trees 12 --where quest=0.3 --agree --split 1-9/10 --columns tree_id | rows >set.$w
done
same '--fixed-trees: the trees stay as the words change' trees.2 trees.13
same '--fixed-trees: also five' trees.5 trees.13
is '--fixed-trees: the words change' "$(sort -u md5.2 md5.5 md5.13 | wc -l)" 3
same '--fixed-trees with --trees, --where, --agree and --split' set.5 set.13
gen -n 600 --fixed-trees --words 5 --split 0/10 --columns tree_id | rows >set.a
gen -n 600 --fixed-trees --words 9 --split 0/10 --columns tree_id | rows >set.b
same '--fixed-trees with a small part of a split' set.a set.b
# Words of a sentence by preterminal, in order.
words_by_symbol() {
    awk -F '\t' '{ split("", k); s = $1
        while (match(s, /\([^() ]+ [^()]+\)/)) {
            leaf = substr(s, RSTART + 1, RLENGTH - 2); s = substr(s, RSTART + RLENGTH)
            split(leaf, part, " "); print NR, part[1], ++k[part[1]], leaf
        } }' | sort
}
agreeing() { join -j1 <(awk '{ print $1 "/" $2 "/" $3, $5 }' "$1" | sort) <(awk '{ print $1 "/" $2 "/" $3, $5 }' "$2" | sort) | awk '{ n++; bad += $2 != $3 } END { print (n > 300), bad + 0 }'; }
lexicon() { gen -n 300 --fixed-lexicon --columns tree "$@" | rows | words_by_symbol; }
lexicon >lexicon.free
lexicon --trees 3 >lexicon.3
lexicon --where center >lexicon.center
lexicon --where right --trees 5 --tree-choice probability >lexicon.right
lexicon --depth 1 >lexicon.deep
lexicon --fixed-trees >lexicon.both
for other in 3 center right deep both; do
    is "--fixed-lexicon: the words stay as the trees change ($other)" "$(agreeing lexicon.free lexicon.$other)" '1 0'
done
is '--fixed-lexicon: without it they do not' "$(gen -n 300 --columns tree | rows | words_by_symbol >lexicon.not; agreeing lexicon.free lexicon.not | awk '{ print $1, ($2 > 100) }')" '1 1'
is '--fixed-lexicon: words come as often as they should' "$(awk '$2 == "Det" { n[$5]++; all++ } END { for (w in n) x += (n[w] - all / 6) ^ 2 / (all / 6); print (x < 40) }' lexicon.free)" 1

# Any number of threads, and any part, make the same bytes.
combination() { # name options...
    local name=$1
    shift
    "$@" -n 700 --columns source,tree_id,class,depth,logp --text -o whole
    for j in 2 3 8; do
        "$@" -n 700 --columns source,tree_id,class,depth,logp --text -j $j -o part
        cmp -s whole part || { fail "-j $j: $name" && return; }
    done
    pass "-j 2, 3, 8: $name"
    "$@" -n 259 --skip 441 --columns source,tree_id,class,depth,logp | rows >part
    grep -v '^#' whole | tail -259 >expected
    same "--skip: $name" expected part
}
combination 'plain' gen
combination 'classes and trees' gen --where center=0.3,right=0.7 --trees 10
combination 'trees by probability' gen --trees 'center=5,!center=7' --tree-shares probability --tree-choice probability --agree
combination 'fixed trees, few words' gen --words 3 --temperature 2 --fixed-trees --split 1-9/10
combination 'fixed lexicon and leaks' gen --fixed-lexicon --where quest=0.4 --leak linear=0.05
combination 'bounds and hold-out' gen --depth 1 --length 8..14 --hold-out 'N_sg=newt&V_trans=admire'
combination 'the test part, all fixed' gen --hold-out 'N_sg=newt,V_trans=admire' --part test --fixed-trees --fixed-lexicon
combination 'without replacement' gen --unique --words 2 --agree
combination 'without replacement, trees and leaks' gen --unique --agree --leak linear=0.1,hierarchical=0.05 --trees 12
combination 'rules chosen' gen-grammar "$deep" --agree --rules hierarchical,linear --fixed-trees
combination 'deep brackets' gen-grammar "$GRAMMARS/dyck.gr" --depth 4.. --trees 40 --tree-choice probability
for part in 0 1; do gen -n 1500 --trees 10 --words 4 --fixed-lexicon --fixed-trees --split $part/2 -s $part --columns source | rows | sort -u >part.$part; done
is 'splits share no source' "$(comm -12 part.0 part.1 | wc -l)" 0

# logp: over a whole language exp(logp) sums to 1, and each is what the weights say.
printf '3\tS\tA B\n1\tS\tB\n1\tA\ta\n4\tA\tb c\n1\tB\tx\n1\tB\ty\n2\tB\tz A\n' >lang.gr
gen-grammar lang.gr -n 12 --unique --columns source,logp | rows | sort >lang
is 'logp sums to one' "$(awk -F '\t' '{ s += exp($2) } END { printf "%d %.8f", NR, s }' lang)" '12 1.00000000'
is 'logp by hand' "$(awk -F '\t' '$1 == "b c z a" { printf "%.8f", exp($2) }' lang)" "$(awk 'BEGIN { printf "%.8f", 3 / 4 * 4 / 5 * 2 / 4 * 1 / 5 }')"
is 'logp is that of the grammar, whatever is chosen' "$(gen-grammar lang.gr -n 5 --unique --trees 3 --depth 0 --length 2..4 --columns source,logp | rows | sort >part; wc -l <part) $(beyond part lang)" '5 0'

# The header: counted again from the text of the grammar.
for key in trees sentences mean_length entropy tree_entropy; do gen -n 0 | header $key; done | tr '\n' ' ' >told
is 'the header of question.gr' "$(cut -d ' ' -f1,2 told)" '544 137262664287216'
cat >census.py <<'E'
# Every syntax tree of a grammar without recursion, with its probability, lengths and words.
import math, sys
productions, start = {}, None
for line in open(sys.argv[1], encoding='utf-8'):
    line = line.rstrip('\n')
    if not line or line[0] in '#%':
        continue
    f = line.split('\t')
    w = 1.0
    if f[0].replace('.', '', 1).isdigit():
        w = float(f.pop(0))
    productions.setdefault(f[0], []).append((w, f[1].split()))
    start = 'ROOT' if f[0] == 'ROOT' else start or f[0]
lexical = {s: all(x not in productions for _, right in ps for x in right) for s, ps in productions.items()}
def trees(s): # (probability, sentences, mean length, entropy of words)
    total = sum(w for w, _ in productions[s])
    if lexical[s]:
        h = -sum(w / total * math.log(w / total) for w, _ in productions[s])
        return [(1.0, len(productions[s]), sum(w / total * len(r) for w, r in productions[s]), h)]
    out = []
    for w, right in productions[s]:
        made = [(w / total, 1, 0.0, 0.0)]
        for x in right:
            below = trees(x) if x in productions else [(1.0, 1, 1.0, 0.0)]
            made = [(a[0] * b[0], a[1] * b[1], a[2] + b[2], a[3] + b[3]) for a in made for b in below]
        out += made
    return out
t = trees(start)
h = -sum(x[0] * math.log(x[0]) for x in t)
print(len(t), sum(x[1] for x in t), *('%.9g' % v for v in (sum(x[0] * x[2] for x in t), h + sum(x[0] * x[3] for x in t), h)))
E
if command -v python3 >/dev/null; then
    for name in question passive agreement-small; do
        is "the header of $name.gr, counted again" "$(for key in trees sentences mean_length entropy tree_entropy; do gen-grammar "$GRAMMARS/$name.gr" -n 0 --columns source | header $key; done | paste -sd ' ')" \
            "$(python3 census.py "$GRAMMARS/$name.gr")"
    done
else
    skip 'the headers, counted again' 'no python3'
fi
is 'infinite is said to be' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 0 | header '\(trees\|sentences\)' | sed 's/^[^	]*	//' | sort -u)" infinite
is 'the probability of the depths' "$(gen-grammar "$GRAMMARS/dyck.gr" -n 0 --depth ..1 | header depth_probability)" 0.428571429
is 'and none where all are' "$(gen -n 0 --depth 0..1 | header depth_probability)" ''
is '--depth counts what is left' "$(gen -n 0 --depth 0 | header trees) $(gen -n 0 --depth 1 | header trees)" "$(awk 'BEGIN { print 2 * 2 * 3 * (1 + 2 * 3), 544 - 2 * 2 * 3 * (1 + 2 * 3) }')"
is '--words counts what is left' "$(gen-grammar lang.gr -n 0 --words 1 | header sentences)" 6

# Columns.
is 'class without shares' "$(gen -n 20 --columns class | rows | sort -u)" all
is 'class with shares' "$(gen -n 100 --where quest=0.2,center\&decl=0.3 --columns class | rows | sort | uniq -c | awk '{ print $1, $2, $3 }' | tr '\n' ,)" '30 center&decl ,20 quest ,50 the rest,'
is 'tree_id tells trees apart, and nothing else' "$(gen -n 3000 --words 2 --columns tree_id,tree | rows | sed -E 's/\((Det|N_sg|N_pl|V_intrans|V_trans|Aux_sg|Aux_pl|Prep|Rel) [^()]*\)/\1/g' | sort -u | awk -F '\t' '{ a[$1]++; b[$2]++ } END { for (k in a) bad += a[k] > 1; for (k in b) bad += b[k] > 1; print bad + 0 }')" 0
refuse 'an unknown column names them all' 64 "no column 'treeid'; did you mean 'tree_id'\? \(source, target, tags, tree, tree_id, depth, length, logp, class, rule:hierarchical, rule:linear\)" gen --columns treeid
printf 'S\tA\nA\ta\n' >plain.gr
is 'rows of nothing' "$(gen-grammar plain.gr -n 3 --columns tags --text | tail -4 | od -An -c | tr -d ' \n')" '\n\n\n##end\tn=3\n'

# Writing, with threads.
is '-n 0' "$(gen -n 0 -j 8 --trees 5 --leak linear=3 --unique --text | tail -1)" "$(printf '##end\tn=0')"
gen -n 200k -j 2 --text 2>err | head -1 >out
is 'into head with -j 2: silent' "${PIPESTATUS[0]} $(wc -l <out) $(wc -c <err)" '141 1 0'
if [ -w /dev/full ]; then
    refuse 'a full disk behind the thread that compresses' 74 '^gen-grammar: standard output: cannot write: No space' bash -c "exec gen-grammar '$q' -n 60k -j 2 >/dev/full"
    refuse 'a full disk behind -o and -j 3' 74 '^gen-grammar: /dev/full: cannot write: No space' gen -n 60k -j 3 -o /dev/full
fi
for signal in INT TERM; do
    rm -f big.zst*
    (
        trap - INT
        exec env --default-signal=INT gen-grammar "$q" -n 1G -j 4 -o big.zst
    ) 2>err &
    pid=$!
    for _ in {1..200}; do ls big.zst.tmp.* >/dev/null 2>&1 && break || sleep 0.05; done
    kill -$signal $pid
    wait $pid 2>/dev/null
    is "SIG$signal with -j 4 leaves no file" "$? $(ls big.zst* 2>/dev/null)" "$((128 + $(kill -l $signal))) "
done
finish

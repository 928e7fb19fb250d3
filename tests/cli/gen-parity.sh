# gen-parity: hidden bits, parities, pools, noise, rivals, and what its header says.
. "$(dirname "$0")/harness.sh"
gen() { gen-parity "$@"; }
header() { # key: its value in the text corpus on standard input
    sed -n "s/^##$1\t//p"
}

# The target is the parity of the bits that the header names.
recount='/^##hidden\t/ { sub(/^##hidden\t/, ""); n = split($0, hidden, " "); next }
    /^##rules\t/ { sub(/^##rules\t/, ""); m = split($0, rival, " "); next }
    !/^#/ { split($0, f, "\t"); split(f[1], x, " ")
        for (j = 1; j <= m + !m; j++) {
            k = j == 1 ? n : split(rival[j], set, "+")
            for (s = 0; k; k--) s += x[(j == 1 ? hidden[k] : set[k]) + 1]
            if (s % 2 != f[j + 1]) bad++
        }
        rows++ }
    END { print rows + 0, bad + 0 }'
for options in '' '--length 1 --degree 1' '--length 7 --degree 7' '--length 200 --degree 5' '--bits 39,0,20' \
    '--length 130 --bits 63,64,129 --rival 0,1,2 --rival 128' '--length 9 --rival 0,1 --agree -s 3 --bits 3,4' \
    '--bias .1 --hidden-bias .9' '--samples 100' '--samples 100 --part test --length 8'; do
    # shellcheck disable=SC2086
    is "targets and answers ($options)" "$(gen -n 500 --text $options | awk "$recount")" '500 0'
done
gen -n 300 --length 6 --degree 2 --alphabet signs --text >signs
is 'signs: the target is the product' "$(awk '/^##hidden/ { i = $2; j = $3 } !/^#/ { if ($(i + 1) * $(j + 1) != $NF) bad++; n++ } END { print n, bad + 0 }' signs)" '300 0'
is 'signs: words' "$(header vocab <signs)" '1 -1'
gen -n 300 --length 6 --degree 2 --text >bits
is 'signs write the same bits' "$(grep -v '^#' signs | sed 's/-1/x/g; s/1/0/g; s/x/1/g')" "$(grep -v '^#' bits)"

# Hidden bits belong to the task's seed.
hidden() { gen -n 0 --text "$@" | header hidden; }
is 'another seed hides other bits' "$([ "$(hidden -s 1)" != "$(hidden -s 2)" ] && echo differ)" differ
is '--seed-task alone decides' "$(hidden -s 2 --seed-task 1)" "$(hidden -s 1)"
is '--bits decides' "$(hidden -s 2 --bits 5,3)" '3 5'
is 'all bits are hidden as often' "$(for s in {1..300}; do hidden -s "$s" --length 10; done | tr ' ' '\n' | sort -n |
    uniq -c | awk '{ chi += ($1 - 90) ^ 2 / 90; n++ } END { print n, (chi < 40) }')" '10 1'
gen -n 50 -s 1 --seed-task 9 | rows | cut -f1 >a
gen -n 50 -s 1 --seed-task 8 | rows | cut -f1 >b
same '--seed-task leaves the sources' a b
gen -n 1000 -s 1 --columns source | rows >a
gen -n 1000 -s 2 --columns source | rows >b
is 'another seed draws other sources' "$(cat a b | sort | uniq -d | wc -l)" 0

# The same bytes, whatever the threads; shards join.
for options in '' '--noise .3' '--rival 1,2 --bits 3,4 --agree --split 1-9/10' \
    '--samples 70' '--samples 70 --part test --length 7'; do
    # shellcheck disable=SC2086
    gen -n 3000 $options -o a.zst
    # shellcheck disable=SC2086
    gen -n 3000 -j 3 $options -o b.zst
    same "-j 3 makes the bytes of -j 1 ($options)" a.zst b.zst
    # shellcheck disable=SC2086
    gen -n 10 --skip 1500 $options | rows >part
    rows <a.zst | sed -n 1501,1510p >expected
    same "--skip 1500 -n 10 is lines 1501 to 1510 ($options)" part expected
done

# Uniform sources: 64 of them, chi-square with 63 degrees of freedom (the millionth part: 132).
gen -n 64k --length 6 --columns source | rows | sort | uniq -c | awk '
    { chi += ($1 - 1000) ^ 2 / 1000; n++ } END { print n, (chi > 20 && chi < 132) }' >out
is 'sources are uniform' "$(cat out)" '64 1'
balance() { # column value: how often among 100k, in per mille
    awk -F '\t' -v c="$1" -v v="$2" '!/^#/ { n++; k += $c == v } END { print int(1000 * k / n + .5) }'
}
within() { # name got low high
    if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then pass "$1"; else fail "$1" "$2 is not $3 to $4"; fi
}
within 'targets are balanced' "$(gen -n 100k --text | balance 2 1)" 494 506
within '--noise flips its share' "$(gen -n 100k --noise .1 --columns target,tags --text | balance 2 corrupted)" 95 105
is 'a flip is a flip' "$(gen -n 2000 --noise .1 --columns target,rule:clean,tags | rows | awk '($1 != $2) != ($3 == "corrupted")' | wc -l)" 0
gen -n 2000 --columns source | rows >a
gen -n 2000 --noise .4 --columns source | rows >b
same '--noise leaves the sources' a b
gen -n 2000 --noise .4 --seed-noise 3 | rows >c
gen -n 2000 --noise .4 | rows >d
is '--seed-noise leaves the sources and the parities' "$(cut -f1,3 c)" "$(cut -f1,3 d)"
is '--seed-noise draws other flips' "$(paste c d | awk -F '\t' '$2 != $6' | wc -l | awk '{ print ($1 > 800 && $1 < 1120) }')" 1
is '--noise 1 flips all' "$(gen -n 100 --noise 1 --columns target,rule:clean | rows | awk '$1 == $2' | wc -l)" 0
within '--bias' "$(gen -n 100k --length 3 --bits 0 --bias .2 --columns source --text | sed 's/ /\t/g' | balance 3 1)" 194 206
within '--hidden-bias' "$(gen -n 100k --length 3 --bits 0 --hidden-bias .8 --columns source --text | sed 's/ /\t/g' | balance 1 1)" 794 806

# Pools.
gen -n 1000 --samples 1000 -s 4 | rows >pool
is 'a pool has exactly its sources' "$(cut -f1 pool | sort -u | wc -l)" 1000
gen -n 2500 --samples 1000 -s 4 | rows | sed -n 1001,2000p >again
same 'then it begins again' pool again
gen -n 500 --samples 500 -s 4 | rows >half
head -500 pool >expected
same 'a small pool opens the large one' half expected
gen -n 20k --samples 1000 --part test -s 4 --length 12 --bits 0,1 --columns source | rows | sort -u >test
gen -n 1000 --samples 1000 -s 4 --length 12 --bits 0,1 --columns source | rows | sort >train
is 'test lies outside the pool' "$(comm -12 train test | wc -l)" 0
is 'and reaches all of it' "$(wc -l <test)" "$(gen -n 20k --samples 1000 --part test -s 4 --length 12 --bits 0,1 --columns source | rows | sort -u | wc -l)"
is 'pool and rest are all sources' "$(gen --unique -n 3096 --samples 1000 --part test -s 4 --length 12 --bits 0,1 --columns source | rows | cat - train | sort -u | wc -l)" 4096
gen -n 3000 --samples 1000 --noise .3 -s 4 --text >noisy
is 'a member keeps its flip' "$(grep -v '^#' noisy | cut -f1,4 | sort -u | wc -l)" 1000
is 'the header counts the pool' "$(header pool <noisy)" \
    "$(grep -v '^#' noisy | head -1000 | awk -F '\t' '{ o += $3; f += $4 == "corrupted" } END { print "sources=1000 ones=" o " flipped=" f }')"
is 'a pool of all sources' "$(gen -n 32 --samples 32 --length 5 | rows | cut -f1 | sort -u | wc -l)" 32
gen -n 1000 --split 0/4 --columns source --length 12 | rows | sort -u >a
gen -n 4000 --split 1-3/4 --columns source --length 12 -s 3 --bits 0 | rows | sort -u >b
is 'splits share no source' "$(comm -12 a b | wc -l)" 0

# Rivals.
agreement() { awk -F '\t' '!/^#/ { n++; k += $2 == $3 } END { print k / n }'; }
is '--agree' "$(gen -n 3000 --bits 0,1,2 --rival 3,4 --agree --text | agreement)" 1
is '--disagree' "$(gen -n 3000 --bits 0,1,2 --rival 3,4 --disagree --text | agreement)" 0
is '--disagree with each of three' "$(gen -n 3000 --bits 0,1,2 --rival 3,4 --rival 5 --rival 0,1 --disagree | rows | awk -F '\t' '$2 == $3 || $2 == $4 || $2 == $5' | wc -l)" 0
gen -n 100k --bits 0,1 --rival 1,2 --bias .2 --noise .1 --text >biased
# P(equal) = (1 + (1 - 2 * .5)(1 - 2 * .2)) / 2 = .5, as bit 0 is fair; then the noise.
is 'the header tells how often a rival is right' "$(header baseline <biased | sed -n 's/^rule:1+2 //p')" accuracy=0.5
gen -n 100k --bits 0,1 --rival 0,1,2 --bias .2 --noise .1 --text >biased
is 'the same under a bias' "$(header baseline <biased | sed -n 's/^rule:0+1+2 //p')" accuracy=0.74
within 'and it is so' "$(awk -F '\t' '!/^#/ { n++; k += $2 == $5 } END { print int(1000 * k / n) }' biased)" 734 746
is 'chance under --agree' "$(gen -n 0 --length 2 --bits 0,1 --rival 0 --rival 1 --agree --text | header chance)" \
    'accuracy=1 loss=0 hinge=0 square=0'
is 'rules under noise' "$(gen -n 0 --noise .1 --bits 0,1 --rival 7,3 --text | header rules)" 'noisy clean 3+7'
is 'rules are named' "$(gen -n 0 --bits 0,1 --rival 7,3 --text | header rules)" 'parity 3+7'

# Exact numbers of the header: 1 - .1; -.1 ln .1 - .9 ln .9; 2 * .1; 4 * .1 * .9.
gen -n 0 --noise .1 --text >head
is 'bayes' "$(header bayes <head)" 'accuracy=0.9 loss=0.3250829734 hinge=0.2 square=0.36'
is 'chance' "$(header chance <head)" 'accuracy=0.5 loss=0.6931471806 hinge=1 square=1'
is 'zero output' "$(header baseline <head)" 'zero output hinge=1 square=1'
is 'entropy' "$(header entropy <head)" "source=27.72588722 target=0.3250829734"
is 'entropy of agreeing sources' "$(gen -n 0 --length 3 --bits 0,1 --rival 2 --agree --text | header entropy)" 'source=1.386294361 target=0'
is 'bayes of noise beyond a half' "$(gen -n 0 --noise .9 --text | header bayes)" 'accuracy=0.9 loss=0.3250829734 hinge=0.2 square=0.36'
is 'task' "$(header task <head)" 'sparse parity length=40 degree=3 noise=0.1'
is 'biased chance' "$(gen -n 0 --bits 0 --hidden-bias .25 --text | header chance | cut -d' ' -f1,2)" 'accuracy=0.75 loss=0.5623351446'

# Requests that cannot be met.
refuse 'more hidden bits than bits' 64 'only 2 bits' gen --length 2
refuse 'a bit that is not there' 64 '^gen-parity: --bits: 40 is not from 0 to 39' gen --bits 1,40
refuse 'a bit twice' 64 'names bit 1 twice' gen --bits 1,0,1
refuse 'no bits' 64 "'' is no whole number" gen --bits ''
refuse '--bits against --degree' 64 'names 2 bits, --degree asks for 3' gen --bits 1,0 --degree 3
refuse '--bits against --seed-task' 64 '--bits and --seed-task exclude' gen --bits 1,0 --seed-task 3
refuse '--seed-noise alone' 64 '--seed-noise needs --noise' gen --seed-noise 3
refuse 'a rival that is the parity' 64 'it is the hidden parity itself' gen --bits 1,0 --rival 0,1
refuse 'a rival twice' 64 'it is there already' gen --rival 2,1 --rival 1,2
refuse 'nine rivals' 64 'at most 8' gen --rival 1 --rival 2 --rival 3 --rival 4 --rival 5 --rival 6 --rival 7 --rival 8 --rival 9
refuse '--agree alone' 64 '--agree needs a --rival' gen --agree
refuse '--agree --disagree' 64 'exclude one another' gen --agree --disagree --rival 1
refuse 'no such source' 64 '--agree: there is no such source' gen --length 2 --bits 0 --rival 1 --hidden-bias 1 --bias 0 --agree
refuse 'no source disagrees' 64 '--disagree: there is no such source' gen --length 3 --bits 0 --rival 1 --rival 2 --rival 0,1,2 --bias 1 --hidden-bias 1 --disagree
refuse 'more samples than sources' 64 'there are 32 sources of 5 bits$' gen --length 5 --samples 33
refuse 'nothing left to test' 64 'and --part test needs another' gen --length 5 --samples 32 --part test
refuse 'samples that a bias forbids' 65 '--samples 3: found 2 different sources, then none in 1000 draws' gen --length 4 --bits 0 --bias 0 --samples 3 --patience 1000
refuse '--part test alone' 64 'give --samples' gen --part test
refuse '--split of a pool' 64 '--split: a pool is given whole' gen --samples 5 --split 0/2
refuse '--unique of a pool' 64 '--unique: a pool is given whole' gen --samples 5 --unique
refuse 'too much for --unique' 65 'could make 8 examples.*no more different ones' gen --length 3 -n 9 --unique --patience 1000
refuse '--columns' 64 "no column 'flip' .source, target, rule:clean, tags, rule:1.$" gen --rival 1 --columns source,flip
refuse '--columns of a rival that is not there' 64 "no column 'rule:1'" gen --columns rule:1
is 'a million bits' "$(gen -n 1 --length 1M --columns source | rows | wc -w)" 1000000
is 'no example' "$(gen -n 0 --text | tail -1)" "$(printf '##end\tn=0')"
gen -n 3 --text --noise .25 --rival 1,2 --rival 3 >shown
is 'the command makes the corpus again' "$(eval "$(header cmd <shown) --text" | cmp - shown && echo same)" same
finish

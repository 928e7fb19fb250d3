# gen-grammar: seeds, shards, splits, shares, conditions, and how it writes.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr

rows() { zstd -dc | grep -v '^#'; } # the examples of a corpus
gen() { gen-grammar "$q" "$@"; }
same() { # name a b
    if cmp -s "$2" "$3" && [ -s "$2" ]; then pass "$1"; else fail "$1" "$(diff "$2" "$3" | head -5)"; fi
}
differ() {
    if ! cmp -s "$2" "$3"; then pass "$1"; else fail "$1"; fi
}
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}

gen -n 300 --seed-data 5 -o a.zst
gen -n 300 --seed-data 5 >b.zst
same 'same seed, same bytes' a.zst b.zst
gen -n 300 -s 5 | rows >c
rows <a.zst >a
same '--seed sets --seed-data' a c
gen -n 300 --seed-data 6 | rows >c
differ 'another seed differs' a c
gen -n 300 -s 9 --seed-data 5 | rows >c
same '--seed-data wins over --seed' a c

# Shards join to the same corpus.
for conditions in '' '--where center=0.3,right=0.7' '--where quest=0.5,decl&center=0.01' '--unique' '--agree' \
    '--disagree --split 1-9/10' '--unique --where center=0.25 --agree'; do
    # shellcheck disable=SC2086
    gen -n 60 $conditions | rows >whole
    # shellcheck disable=SC2086
    gen -n 10 --skip 50 $conditions | rows >part
    sed -n 51,60p whole >expected
    same "--skip 50 -n 10 is lines 51 to 60 ($conditions)" part expected
done
check 'a far shard costs no more' timeout 5 gen-grammar "$q" -n 3 --skip 900G -o far.zst
gen -n 40 --columns tree,logp,tags,source,rule:linear,target | rows | cut -f4 >c
gen -n 40 --columns source | rows >d
same 'columns do not change the sentences' c d

# Splits: by content, whatever the seed.
gen -n 3000 --split 1-9/10 -s 1 --columns source | rows | sort -u >train
gen -n 1000 --split 0/10 -s 2 --columns source | rows | sort -u >test
is 'splits share no source' "$(comm -12 train test | wc -l)" 0
gen -n 2000 --columns source | rows | sort -u >all
gen -n 2000 --split 0-9/10 --columns source | rows | sort -u >c
same 'all buckets are everything' all c
printf 'S\tA A A\n' >abc.gr && for w in {a..z}; do printf 'A\t%s\n' "$w"; done >>abc.gr
gen-grammar abc.gr --unique -n 17576 -o abc.zst
is 'every sentence of a finite grammar is reached' "$(zstd -dc abc.zst | grep -v '^#' | sort -u | wc -l)" 17576
n=$(gen-grammar abc.gr --unique -n 17576 --split 3/10 --patience 500k --text 2>&1 | sed -n 's/.*could make \([0-9]*\) .*/\1/p')
if [ "$n" -gt 1600 ] && [ "$n" -lt 1900 ]; then pass 'a bucket holds its share'; else fail 'a bucket holds its share' "$n of 17576"; fi
for bad in 10/10 0/0 1-0/10 /10 0/ 0 a/b 0,/3 0/10x 0/99999999999999999999 -1/10; do
    refuse "--split $bad" 64 "^gen-grammar: --split is '" gen -n 1 "--split=$bad"
done

# Exact shares, counted on the tags column. count CONDITION: examples whose tags meet the awk test.
count() {
    zstd -dc shares.zst | awk -F '\t' "function has(t) { return index(\",\" \$4 \",\", \",\" t \",\") > 0 }
        !/^#/ && ($1) { n++ } END { print n + 0 }"
}
gen -n 1000 --where center=0.3,right=0.7 -o shares.zst
is 'center=0.3' "$(count 'has("center") && !has("right")')" 300
is 'right=0.7' "$(count 'has("right") && !has("center")')" 700
gen -n 1000 --where 'quest=0.5,decl&center=0.01' -o shares.zst
is 'quest=0.5' "$(count 'has("quest")')" 500
is 'decl&center=0.01' "$(count 'has("decl") && has("center")')" 10
is 'the rest' "$(count 'has("decl") && !has("center")')" 490
gen -n 997 --where 'quest,center=0.333,!center=0.667' -o shares.zst
is 'a bare tag keeps' "$(count 'has("quest")')" 997
n=$(count 'has("center")')
if [ "$n" = 332 ] || [ "$n" = 331 ]; then pass 'a share that is no whole number is within one'; else fail 'a share that is no whole number is within one' "$n"; fi
gen -n 300 --where 'decl,!center,!two_aux' -o shares.zst
is '!tag keeps out' "$(count 'has("decl") && !has("center") && !has("two_aux")')" 300
gen -n 500 --where 'decl=0' -o shares.zst
is 'shares of 0 forbid' "$(count 'has("decl")')" 0
gen -n 200 --where 'center=1' -o shares.zst
is 'center=1' "$(count 'has("center")')" 200
# Every prefix is within one of its share: shards are balanced too.
gen -n 400 --where 'center=0.3,right=0.7' -o shares.zst
is 'every prefix keeps the shares' "$(zstd -dc shares.zst | awk -F '\t' '!/^#/ { n++; c += $4 ~ /center/; if (c - .3 * n > 1 || .3 * n - c > 1) bad++ } END { print bad + 0 }')" 0
is 'the tags column tells the truth' "$(gen -n 500 | rows | awk -F '\t' '($1 ~ / quest$/) != ($4 ~ /(^|,)quest(,|$)/) || ($1 ~ / decl$/) != ($4 ~ /(^|,)decl(,|$)/)' | wc -l)" 0

# Rules.
is '--agree: the answers are equal' "$(gen -n 1000 --agree | rows | awk -F '\t' '$2 != $3' | wc -l)" 0
is '--disagree: the answers differ' "$(gen -n 1000 --disagree | rows | awk -F '\t' '$2 == $3' | wc -l)" 0
is '--disagree is about questions' "$(gen -n 200 --disagree | rows | grep -vc ' quest	')" 0
is '--unique: no source twice' "$(gen -n 5000 --unique --where center,one_aux=0,two_aux=1 | rows | cut -f1 | sort | uniq -d | wc -l)" 0
is 'a declarative is copied' "$(gen -n 300 --where decl | rows | awk -F '\t' '{ s = $1; sub(/ decl$/, "", s) } s != $2' | wc -l)" 0
is 'a question has the words of its source' "$(gen -n 300 --where quest | rows | awk -F '\t' '
    { n = split($1, a, " "); m = split($2, b, " "); delete c
      for (i = 1; i < n - 1; i++) c[a[i]]++
      for (i = 1; i < m; i++) c[b[i]]--
      for (w in c) if (c[w]) { print; break } }' | wc -l)" 0

# Requests that cannot be met.
cannot() { # name status pattern options...
    rm -f none.zst
    refuse "$1" "$2" "$3" gen-grammar "$q" -o none.zst "${@:4}"
    [ -z "$(ls none.zst* 2>/dev/null)" ] || fail "$1: no output file" "$(ls none.zst*)"
}
cannot 'an impossible class' 65 "question.gr: could make 0 examples, then none in 5000 draws; perhaps nothing meets all" \
    --where center,right --patience 5000
cannot 'an impossible share' 65 "could make [0-9] examples, then none in 2000 draws of class 'center&right'" \
    -n 100 --where 'center&right=0.1,right' --patience 2000
printf 'S\tA A\nA\ta\nA\tb\n' >ab.gr
refuse 'more unique examples than there are' 65 'could make 4 examples, then none in 1000 draws; there may be no more' \
    gen-grammar ab.gr -n 5 --unique --patience 1k -o none.zst
[ -z "$(ls none.zst* 2>/dev/null)" ] || fail 'no output file' "$(ls)"
cannot 'overlapping shares' 64 "belongs to two of the classes" --where center=0.5,quest=0.5
cannot 'an unknown tag' 64 "no tag 'centre'; did you mean 'center'" --where centre=1
cannot 'an unknown tag like none' 64 "no tag 'zzzzzzzzz'; the tags are: " --where zzzzzzzzz
cannot 'an empty term' 64 'a tag is missing' --where 'quest,,decl'
cannot 'a share over 1' 64 "the share '1.5' is no number from 0 to 1" --where center=1.5
cannot 'a share that is no number' 64 "the share 'x' is no number" --where center=x
cannot 'shares over 1 together' 64 'the shares sum to 1.2' --where center=0.6,right=0.6
cannot 'a tag and its opposite' 64 'asks for a tag and against it' --where 'center&!center=1'
cannot 'a tag and its opposite in two terms' 64 'asks for a tag and against it' --where 'center,!center'
cannot 'a share of what is kept out' 64 "no example of class 'center' may be kept" --where 'center=0.5,!center'
cannot 'an unknown column' 64 "no column 'sorce'; did you mean 'source'" --columns sorce
cannot 'an unknown rule' 64 "no column 'rule:lineal'; did you mean 'rule:linear'" --columns rule:lineal
cannot 'a column twice' 64 "names 'rule:linear' twice" --columns rules,rule:linear
cannot '--agree and --disagree' 64 'exclude one another' --agree --disagree
cannot '--text and --zstd' 64 'exclude one another' --text --zstd
refuse '--agree of one rule' 64 'fewer than two rules' gen-grammar ab.gr --agree
refuse 'target of a grammar without rules' 64 'so no target' gen-grammar ab.gr --columns target

# How it writes.
gen -n 7 --text >text
is '--text is the same text' "$(zstd -dc < <(gen -n 7 --zstd) | cmp - text && echo same)" same
is 'the magic line' "$(head -1 text)" '##espalier 1'
is 'the program' "$(sed -n 's/^##prog\tgen-grammar [0-9.]* .*/ok/p' text)" ok
is 'the trailer counts' "$(tail -1 text)" "$(printf '##end\tn=7')"
is 'the columns' "$(grep '^#[^#]' text)" "$(printf '#source\ttarget\trule:linear\ttags')"
is 'the rules' "$(grep '^##rules' text)" "$(printf '##rules\thierarchical linear')"
is 'the grammar with its hash' "$(grep -cE '^##grammar	xxh3:[0-9a-f]{16}	' text)" 1
is 'the vocabulary is what the sentences use' "$(comm -13 <(sed -n 's/^##vocab\t//p' text | tr ' ' '\n' | sort) \
    <(gen -n 3000 --columns source,target | rows | tr '\t ' '\n\n' | sort -u) | wc -l)" 0
is 'a class of words' "$(sed -n 's/^##class\tAux\t//p' text)" "does doesn't do don't"
gen -n 5 --where 'decl&center=0.5' --columns 'source,tags' --text -o shown.tsv
is 'the command is told' "$(sed -n 's/^##cmd\t//p' shown.tsv)" "gen-grammar $q --count 5 --where 'decl&center=0.5' --columns source,tags"
eval "$(sed -n 's/^##cmd\t//p' shown.tsv) --text" | cmp -s - shown.tsv && pass 'the command makes the corpus again' || fail 'the command makes the corpus again'
is '-n 0' "$(gen -n 0 --text | tail -1)" "$(printf '##end\tn=0')"
cat a.zst b.zst >joined.zst
is 'joined corpora are a corpus' "$(zstd -dc joined.zst | grep -vc '^#')" 600
train() { train-transformer -q -d "$1" --steps 20 --batch 8 --dim 8 --layers 1 --heads 1 "$2"; }
gen -n 400 -o one.zst
cat <(gen -n 150) <(gen -n 250 --skip 150) >joined.zst
train runs/joined joined.zst && train runs/one one.zst
check 'joined corpora train as one' cmp runs/joined/metrics.tsv runs/one/metrics.tsv
if [ -w /dev/full ]; then
    refuse 'a full disk behind standard output' 74 '^gen-grammar: standard output: cannot write: No space' bash -c "exec gen-grammar '$q' -n 5 >/dev/full"
    refuse 'a full disk behind -o' 74 '^gen-grammar: /dev/full: cannot write: No space' gen -n 5 -o /dev/full
    refuse 'a full disk, after megabytes' 74 'cannot write: No space' bash -c "exec gen-grammar '$q' -n 50k --text >/dev/full"
fi
refuse '-o into a missing folder' 73 '^gen-grammar: no/such/x.zst: cannot create: No such file' gen -o no/such/x.zst
mkdir folder
refuse '-o onto a folder' 73 '^gen-grammar: folder: cannot write: Is a directory' gen -o folder
gen -n 20k --text 2>err | head -1 >out
is 'into head: silent, and one line' "${PIPESTATUS[0]} $(wc -l <out) $(wc -c <err)" "141 1 0"
echo old >kept.zst
cannot_keep() { gen -o kept.zst --where center,right --patience 100; }
refuse 'failing, with an old output there' 65 'could make 0' cannot_keep
is 'the old output is kept' "$(cat kept.zst)" old
bash -c 'ulimit -f 20; trap "" XFSZ; exec gen-grammar "$0" -n 200k -o kept.zst' "$q" 2>err
is 'a full disk half-way' "$? $(ls kept.zst*) $(cat kept.zst)" "74 kept.zst old"
ln -s real.zst link.zst && : >real.zst && gen -n 3 -o link.zst
is 'through a link, the file is replaced' "$([ -L link.zst ] && rows <real.zst | wc -l)" 3

# A killed tool leaves no file, whichever signal.
for signal in TERM INT HUP; do
    rm -f big.zst*
    # Not straight in the background: there bash ignores INT, and under nohup HUP is ignored.
    (
        trap - INT
        exec env --default-signal=$signal gen-grammar "$q" -n 1G -o big.zst
    ) 2>err &
    pid=$!
    for _ in {1..200}; do ls big.zst.tmp.* >/dev/null 2>&1 && break || sleep 0.05; done
    kill -$signal $pid
    wait $pid 2>/dev/null
    is "SIG$signal leaves no file" "$? $(ls big.zst* 2>/dev/null)" "$((128 + $(kill -l $signal))) "
done
finish

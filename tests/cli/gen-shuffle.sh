# gen-shuffle: nothing lost, one order a seed whatever the memory, nothing left behind.
. "$(dirname "$0")/harness.sh"

q=$GRAMMARS/question.gr
gen-grammar "$q" -n 30000 --seed-data 5 -o c.zst # about 7 MB
gen-grammar "$q" -n 500 --seed-data 6 -o d.zst
rows() { if [ $# -gt 0 ]; then zstd -qdc "$1"; else zstd -qdcf; fi | grep -v '^#'; }
rows c.zst >c.rows
rows d.zst >d.rows
mkdir tmp
export TMPDIR=$SCRATCH/tmp

gen-shuffle --seed 1 c.zst >s1.zst
rows s1.zst >s1
if cmp -s <(sort s1) <(sort c.rows) && ! cmp -s s1 c.rows; then pass 'a permutation'; else fail 'a permutation'; fi
same=1
for memory in 1M 3M 8M 100M; do
    gen-shuffle --seed 1 --memory $memory c.zst | cmp -s - s1.zst || same=0
done
[ $same = 1 ] && pass 'the same bytes with any memory' || fail 'the same bytes with any memory'
gen-shuffle --seed 2 c.zst | rows >s2
if ! cmp -s s1 s2 && cmp -s <(sort s1) <(sort s2); then pass 'another seed, another order'; else fail 'another seed, another order'; fi
# Seeds 1 and 2 have few fixed points and few pairs in common, each Poisson with mean 1.
fixed=$(paste -d'\n' s1 c.rows | awk 'NR % 2 {a = $0; next} a == $0 {n++} END {print n + 0}')
[ "$fixed" -lt 12 ] && pass 'hardly a row stays in its place' || fail 'hardly a row stays in its place' "$fixed"
seq 1000 >numbers
gen-shuffle --seed 7 numbers | rows >by-number
seq 1001 2000 >others
gen-shuffle --seed 7 others | rows | awk '{print $1 - 1000}' | cmp -s - by-number && pass 'the order depends on the number of rows alone' || fail 'the order depends on the number of rows alone'
gen-shuffle --seed 1 -n 100 c.zst | rows | cmp -s - <(head -100 s1) && pass 'the first of an order' || fail 'the first of an order'
gen-shuffle --seed 1 -n 100 --memory 1M c.zst | rows | cmp -s - <(head -100 s1) && pass 'and from a temporary file' || fail 'and from a temporary file'
gen-shuffle --text -n 0 c.zst | tail -1 | grep -qx $'##end\tn=0' && pass '-n 0' || fail '-n 0'
gen-shuffle --seed 1 -n 1M c.zst | cmp -s <(rows) s1 && pass '-n beyond the end' || fail '-n beyond the end'
cat c.zst | gen-shuffle --seed 1 - | cmp -s <(rows) s1 && pass 'a pipe' || fail 'a pipe'

# Several corpora, and their headers.
gen-shuffle --seed 3 c.zst d.zst >both.zst
rows both.zst >both
cmp -s <(sort both) <(sort c.rows d.rows) && pass 'several corpora' || fail 'several corpora'
cat c.zst d.zst | gen-shuffle --seed 3 - | rows | cmp -s - both && pass 'or one that was joined' || fail 'or one that was joined'
zstd -qdc both.zst | grep '^##' | cut -f1 | tr '\n' ' ' >keys
case $(cat keys) in
"##espalier 1 ##prog ##cmd ##grammar ##"*" ##prog ##cmd ##prog ##cmd ##end ") pass 'all commands, and what is known of both, once' ;;
*) fail 'all commands, and what is known of both, once' "$(cat keys)" ;;
esac
[ "$(zstd -qdc both.zst | grep -c '^##vocab')" = 1 ] && pass 'one vocabulary' || fail 'one vocabulary'
cat c.zst c.zst | gen-shuffle --text -n 0 - | grep -c '^##prog' | grep -qx 2 && pass 'a header that is repeated is one' || fail 'a header that is repeated is one'
cut -f1-4 d.rows | sed '1isource\ttarget\trule:linear\ttags' >d.tsv
gen-shuffle c.zst d.tsv 2>stderr | zstd -qdc | grep -c '^##vocab' | grep -qx 0 && grep -q '##vocab is left out of the header: c.zst lists its words and d.tsv does not' stderr && pass 'a list of words that is not whole is left out' || fail 'a list of words that is not whole is left out' "$(cat stderr)"
gen-shuffle --text d.tsv | grep -x $'#source\ttarget\trule:linear\ttags' >/dev/null && pass 'columns keep their names' || fail 'columns keep their names'
gen-grammar "$q" -n 0 -o empty.zst
gen-shuffle --text empty.zst | tail -1 | grep -qx $'##end\tn=0' && pass 'an empty corpus' || fail 'an empty corpus'
gen-shuffle empty.zst d.zst empty.zst | rows | sort | cmp -s - <(sort d.rows) && pass 'among others' || fail 'among others'
refuse 'other columns' 65 '^gen-shuffle: numbers: its columns are not those of c.zst' gen-shuffle c.zst numbers
refuse 'more columns' 65 '^gen-shuffle: d.zst: its columns are not those of numbers' gen-shuffle numbers d.zst
refuse 'a missing file is told before work' 66 '^gen-shuffle: no.zst: cannot open' timeout 5 gen-shuffle - no.zst
refuse 'an output that cannot be is told before work' 73 'cannot create' timeout 5 bash -c 'exec gen-shuffle -o no/such/x - < <(sleep 9)'

# Nothing is left behind.
head -c 300000 c.zst >cut.zst
refuse 'a cut corpus' 65 'cut short' gen-shuffle --memory 1M -o out.zst cut.zst
printf 'a\n#b\n' >hash.txt
refuse "a text line with '#'" 65 "^gen-shuffle: hash.txt: line 2: would open with '#'" gen-shuffle -o out.zst hash.txt
[ -z "$(ls -d out.zst* tmp/* 2>/dev/null)" ] && pass 'leaves no output and no temporary file' || fail 'leaves no output and no temporary file' "$(ls -d out.zst* tmp/*)"
for signal in TERM KILL; do
    mkfifo pipe
    gen-shuffle --memory 1M -o out.zst pipe 2>/dev/null &
    tool=$!
    exec 3>pipe
    cut -f1 c.rows >&3 # more than the memory, so that the temporary file is in use
    for _ in $(seq 50); do ls -l /proc/$tool/fd 2>/dev/null | grep -q 'tmp/espalier-.*deleted' && break; sleep 0.1; done
    kill -$signal $tool
    wait $tool 2>/dev/null
    exec 3>&-
    [ -z "$(ls tmp)" ] && pass "SIG$signal leaves no temporary file" || fail "SIG$signal leaves no temporary file" "$(ls tmp)"
    [ $signal = KILL ] || [ -z "$(ls out.zst* 2>/dev/null)" ] && pass "SIG$signal leaves no output" || fail "SIG$signal leaves no output"
    rm -f out.zst* pipe
done
refuse 'no folder for the temporary file' 73 '^gen-shuffle: no/folder: cannot create a temporary file' gen-shuffle --memory 1M --temporary no/folder c.zst
# The temporary file meets a limit before the output does.
if (ulimit -f 2000) 2>/dev/null; then
    refuse 'no room for the temporary file' 74 "^gen-shuffle: $SCRATCH/tmp: cannot write a temporary file: File too large" \
        bash -c 'trap "" XFSZ; ulimit -f 2000; exec gen-shuffle --memory 1M c.zst | cat >/dev/null; exit ${PIPESTATUS[0]}'
else
    skip 'no room for the temporary file' 'no limit on file sizes'
fi
if [ -w /dev/full ]; then refuse 'a full disk' 74 'standard output: cannot write: No space' bash -c 'exec gen-shuffle c.zst >/dev/full'; fi
gen-shuffle c.zst 2>stderr | head -c 10 >/dev/null
[ ! -s stderr ] && pass 'a reader that goes is no error' || fail 'a reader that goes is no error' "$(cat stderr)"
gen-shuffle -o d.zst --seed 4 d.zst && rows d.zst | sort | cmp -s - <(sort d.rows) && pass 'a file may be shuffled onto itself' || fail 'a file may be shuffled onto itself'
refuse 'too little memory' 64 '--memory is 1k; it must be from 1000000 ' gen-shuffle --memory 1k c.zst
finish

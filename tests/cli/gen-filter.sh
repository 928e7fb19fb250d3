# gen-filter: every condition against awk or another tool, what is left against what was there, and
# streams in every state.
. "$(dirname "$0")/harness.sh"

q=$GRAMMARS/question.gr
gen-grammar "$q" -n 4000 --seed-data 5 -o c.zst
gen-grammar "$q" -n 1500 --seed-data 5 --skip 3000 -o d.zst # shares 1000 rows with c
zstd -qdc c.zst >c.tsv
rows() { if [ $# -gt 0 ]; then zstd -qdc "$1"; else zstd -qdcf; fi | grep -v '^#'; }
rows c.zst >c.rows
rows d.zst >d.rows
n=$(wc -l <c.rows)
quiet() { gen-filter -q "$@"; }

# The rows that gen-filter keeps, and those of its inverse, are those that awk finds.
keeps() { # name awk-condition options...
    local name=$1 condition=$2
    shift 2
    awk -F'\t' "$condition" c.rows >expected
    awk -F'\t' "!($condition)" c.rows >others
    quiet "$@" c.zst >kept.zst && rows kept.zst >kept
    quiet --invert "$@" c.zst >dropped.zst && rows dropped.zst >dropped
    if [ -s expected ] && [ -s others ] && cmp -s expected kept && cmp -s others dropped; then
        pass "$name"
    else
        fail "$name" "$(wc -l expected kept others dropped)" "$(diff expected kept | head -3)"
    fi
}
keeps 'one tag' '("," $4 ",") ~ /,quest,/' --where quest
keeps 'a tag and not another' '("," $4 ",") ~ /,quest,/ && ("," $4 ",") !~ /,center,/' --where 'quest,!center'
keeps 'tags with &' '("," $4 ",") ~ /,decl,/ && ("," $4 ",") ~ /,center,/' --where 'decl&center'
keeps 'a tag whose name begins others' '("," $4 ",") ~ /,center,/' --where center
keeps 'a pattern' '$1 ~ / walrus(es)? /' --match 'source=/ walrus(es)? /'
keeps 'not a pattern' '$1 !~ / walrus(es)? /' --match 'source!=/ walrus(es)? /'
keeps 'patterns on several columns' '$1 ~ /walrus/ && $2 ~ /^do/ && $4 !~ /center/' \
    --match 'source=/walrus/' --match 'target=/^do/' --match 'tags!=/center/'
keeps 'anchors are those of the column' '$2 ~ /\?$/' --match 'target=/\?\z/'
keeps 'a pattern with slashes, equals signs and colons' '$3 !~ /^the/' --match 'rule:linear!=/^the|a\/=\/b/'
keeps 'rules agree' '$2 == $3' --agree
keeps 'rules disagree' '$2 != $3' --disagree
# As in gen-grammar, where two other rules may well agree: on question-deep.gr some of seven always do.
gen-grammar "$GRAMMARS/question-deep.gr" -n 300 --disagree -o deep.zst
quiet --disagree deep.zst >kept.zst
[ "$(rows kept.zst | wc -l)" = 300 ] && pass 'what gen-grammar --disagree makes' || fail 'what gen-grammar --disagree makes' "$(rows kept.zst | wc -l)"
keeps 'the first of equal sources' '!seen[$1]++' --unique
keeps 'the first of equal tags' '!seen[$4]++' --unique --by tags
keeps 'the first of equal sources and targets' '!seen[$2 "\t" $1]++' --unique --by target,source
keeps 'conditions together' '("," $4 ",") ~ /,quest,/ && $2 == $3 && $1 ~ /newt/' \
    --where quest --agree --match 'source=/newt/'

cut -f1 d.rows | sort -u >d.sources
awk -F'\t' 'NR == FNR {in_d[$1]; next} $1 in in_d' d.sources c.rows >expected
quiet --in d.zst c.zst >kept.zst && rows kept.zst >kept
if [ "$(wc -l <kept)" -ge 1000 ] && cmp -s expected kept; then pass 'rows in another corpus'; else fail 'rows in another corpus' "$(wc -l expected kept)"; fi
quiet --not-in d.zst c.zst >dropped.zst && rows dropped.zst >dropped
if [ "$(sort kept dropped | cmp - <(sort c.rows))" = '' ] && [ -s dropped ]; then pass 'rows not in another corpus: the others'; else fail 'rows not in another corpus: the others'; fi
quiet --not-in c.zst c.zst >kept.zst && rows kept.zst >kept
if [ ! -s kept ]; then pass 'a corpus without itself is empty'; else fail 'a corpus without itself is empty'; fi
awk -F'\t' 'NR == FNR {in_d[$1 "\t" $4]; next} ($1 "\t" $4) in in_d' d.rows c.rows >expected
quiet --in d.zst --by source,tags c.zst >kept.zst && rows kept.zst >kept
if cmp -s expected kept; then pass 'by two columns'; else fail 'by two columns' "$(wc -l expected kept)"; fi
printf 'source\n%s\n' "$(cut -f1 c.rows | head -1)" >one.tsv
printf 'source\n%s\n' "$(cut -f1 c.rows | sed -n 2p)" >two.tsv
quiet --in one.tsv --in two.tsv c.zst >kept.zst && rows kept.zst >kept
if [ ! -s kept ]; then pass '--in twice: in both'; else fail '--in twice: in both' "$(cat kept)"; fi
quiet --not-in one.tsv --not-in two.tsv c.zst | rows >kept
awk -F'\t' 'NR == FNR {out[$1]; next} !($1 in out)' <(tail -qn1 one.tsv two.tsv) c.rows >expected
if cmp -s expected kept; then pass '--not-in twice: in neither'; else fail '--not-in twice: in neither' "$(wc -l expected kept)"; fi

# The buckets are the generator's.
quiet --split 1-9/10 c.zst | rows >most
quiet --split 0/10 c.zst | rows >few
if [ -s few ] && cmp -s <(sort most few) <(sort c.rows) && [ -z "$(comm -12 <(cut -f1 most | sort -u) <(cut -f1 few | sort -u))" ]; then
    pass 'splits share no source and lose nothing'
else
    fail 'splits share no source and lose nothing'
fi
gen-grammar "$q" -n 500 --split 0/10 | quiet --split 0/10 - | rows >kept
if [ "$(wc -l <kept)" = 500 ]; then pass 'the buckets of --split are those of gen-grammar'; else fail 'the buckets of --split are those of gen-grammar'; fi

# Places.
quiet -n 7 c.zst | rows | cmp -s - <(head -7 c.rows) && pass '--first' || fail '--first'
quiet --skip 3990 c.zst | rows | cmp -s - <(tail -n +3991 c.rows) && pass '--skip' || fail '--skip'
quiet --skip 5 -n 3 --agree c.zst | rows | cmp -s - <(awk -F'\t' '$2 == $3' c.rows | sed -n 6,8p) && pass '--skip and --first count what is kept' || fail '--skip and --first count what is kept'
quiet -n 0 --text c.zst | tail -1 | grep -q $'^##end\tn=0$' && pass '-n 0' || fail '-n 0'
quiet --skip 1M c.zst | rows >kept
[ ! -s kept ] && pass '--skip beyond the end' || fail '--skip beyond the end'
if timeout 20 bash -c "set -o pipefail; gen-grammar '$q' -n 1G | gen-filter -q --text -n 3 - >kept" 2>stderr || [ $? = 141 ]; then
    [ "$(grep -vc '^#' kept)" = 3 ] && [ ! -s stderr ] && pass '--first stops reading' || fail '--first stops reading' "$(cat stderr)"
else
    fail '--first stops reading' 'the generator went on'
fi

# Columns.
quiet --columns tags,source c.zst | rows | cmp -s - <(awk -F'\t' -v OFS='\t' '{print $4, $1}' c.rows) && pass 'columns chosen and reordered' || fail 'columns chosen and reordered'
quiet --text --columns tags,source c.zst | grep -qx $'#tags\tsource' && pass 'and named' || fail 'and named'
quiet --columns source --unique --by target c.zst | rows | cmp -s - <(awk -F'\t' '!seen[$2]++ {print $1}' c.rows) && pass 'conditions may look at columns that are not written' || fail 'conditions may look at columns that are not written'

# Exact shares at every length, each class in its order.
quiet --where 'quest,center=0.3,right&bare_subject=0.6' c.zst >shared.zst
rows shared.zst >shared
wrong=$(awk -F'\t' '{t = "," $4 ","; c = t ~ /,center,/ ? 1 : t ~ /,bare_subject,/ ? 2 : 3; k[c]++
    p[1] = .3; p[2] = .6; p[3] = .1
    for (i = 1; i <= 3; i++) {d = k[i] - NR * p[i]; if (d >= 1 || d <= -1) print NR, i, k[i]}
    if (t !~ /,quest,/) print NR, "is no question"}' shared)
if [ "$(wc -l <shared)" -gt 300 ] && [ -z "$wrong" ]; then pass 'shares hold at every length'; else fail 'shares hold at every length' "$(wc -l <shared) $wrong"; fi
same=1
for tag in center bare_subject pp_subject; do
    awk -F'\t' -v t="$tag" '("," $4 ",") ~ "," t "," && ("," $4 ",") ~ /,quest,/ && (t == "center" || ("," $4 ",") !~ /,center,/)' c.rows >of_class
    awk -F'\t' -v t="$tag" '("," $4 ",") ~ "," t "," && (t == "center" || ("," $4 ",") !~ /,center,/)' shared >dealt
    cmp -s dealt <(head -"$(wc -l <dealt)" of_class) || same=0
    cmp -s dealt of_class && dry=$tag
done
if [ $same = 1 ] && [ "${dry-}" = bare_subject ]; then pass 'each class in its order, until one runs dry'; else fail 'each class in its order, until one runs dry' "${dry-none}"; fi
gen-filter --where 'quest,center=0.3,right&bare_subject=0.6' c.zst 2>stderr >again.zst
grep -q "no example was left of class 'right&bare_subject'" stderr && pass 'which is told' || fail 'which is told' "$(cat stderr)"
for m in 0 1 10 100; do
    quiet -n $m --where 'quest,center=0.3,right&bare_subject=0.6' c.zst | rows | cmp -s - <(head -$m shared) || fail "the first $m"
done
pass 'fewer are the first of more'
quiet --skip 50 -n 20 --where 'quest,center=0.3,right&bare_subject=0.6' c.zst | rows | cmp -s - <(sed -n 51,70p shared) && pass 'and may be skipped' || fail 'and may be skipped'
refuse 'classes that overlap' 64 '^gen-filter: c.zst: line [0-9]+: --where: belongs to two of the classes' gen-filter --where center=0.5,quest=0.5 c.zst
refuse 'shares and --invert' 64 '--invert and shares' gen-filter --invert --where center=0.5 c.zst

# Provenance, sections, several corpora.
quiet --text --agree c.zst | grep '^##' | sed 's/\t.*//' >keys
{ grep '^##' c.tsv | sed '$d; s/\t.*//' && printf '##prog\n##cmd\n##end\n'; } | cmp -s - keys && pass 'the header is passed on, with a line of its own' || fail 'the header is passed on, with a line of its own' "$(cat keys)"
quiet --text --agree --split 0/10 c.zst | grep -qx $'##cmd\tgen-filter c.zst --agree --split 0/10' && pass 'which is the command' || fail 'which is the command'
quiet --text --not-in d.zst --in one.tsv c.zst | grep -E '^##(not-)?in' >keys
grep -qE $'^##in\txxh3:[0-9a-f]{16}\tone.tsv$' keys && grep -qE $'^##not-in\txxh3:[0-9a-f]{16}\td.zst$' keys && pass 'the other corpora are named with their content' || fail 'the other corpora are named with their content' "$(cat keys)"
cat c.zst d.zst >joined.zst
{ quiet --text --agree - <c.zst && quiet --text --agree - <d.zst; } >expected
quiet --text --agree - <joined.zst | cmp -s - expected && pass 'the filter of joined corpora is the filters joined' || fail 'the filter of joined corpora is the filters joined'
quiet --agree joined.zst | rows >joined.rows
quiet --agree c.zst d.zst | rows | cmp -s - joined.rows && pass 'several operands are joined' || fail 'several operands are joined'
quiet --text --agree c.zst d.zst | grep -c '^##espalier 1' | grep -qx 2 && pass 'each with its header' || fail 'each with its header'
quiet --unique c.zst d.zst | rows | cmp -s - <(cat c.rows d.rows | awk -F'\t' '!seen[$1]++') && pass '--unique looks across corpora' || fail '--unique looks across corpora'
quiet -n 4001 c.zst d.zst | rows | cmp -s - <(cat c.rows d.rows | head -4001) && pass '--first counts across corpora' || fail '--first counts across corpora'
gen-grammar "$q" -n 0 -o empty.zst
cat empty.zst c.zst empty.zst empty.zst >around.zst
quiet --text - <around.zst >whole
[ "$(grep -c '^##espalier' whole)" = 4 ] && cmp -s <(grep -v '^#' whole) c.rows && pass 'empty sections stay' || fail 'empty sections stay'
quiet around.zst | quiet - | rows | cmp -s - c.rows && pass 'and are read again' || fail 'and are read again'
refuse 'corpora with other columns' 65 '^gen-filter: one.tsv: its columns are not those of the corpus before' gen-filter c.zst one.tsv

# Streams.
for at in 100 20000 "$(($(stat -c %s c.zst) - 1))"; do
    head -c "$at" c.zst >cut.zst
    refuse "cut at $at" 65 '^gen-filter: cut.zst: .*(cut short|is cut)' gen-filter -o out.zst --agree cut.zst
    [ -z "$(ls out.zst* 2>/dev/null)" ] || fail "cut at $at: no output"
done
sed 's/^##end.*/##end\tn=9/' c.tsv | zstd -qc >cut.zst
refuse 'a wrong count' 65 'the trailer counts 9 examples' gen-filter -o out.zst cut.zst
refuse 'a damaged corpus in --not-in' 65 '^gen-filter: --not-in: cut.zst: line' gen-filter -o out.zst --not-in cut.zst c.zst
[ ! -e out.zst ] && pass 'a failed filter leaves no output' || fail 'a failed filter leaves no output'
cut -f1,2 c.rows | head -50 >plain.tsv
quiet --text --match 'target=/^do/' plain.tsv | grep -v '^#' | cmp -s - <(awk -F'\t' '$2 ~ /^do/' plain.tsv) && pass 'a plain table' || fail 'a plain table'
sed 's/$/\r/' plain.tsv | quiet - | rows | cmp -s - plain.tsv && pass 'with CRLF' || fail 'with CRLF'
sed 's/$/\t/' plain.tsv | quiet - | rows | cmp -s - plain.tsv && pass 'with stray TABs' || fail 'with stray TABs'
cut -f1 plain.tsv | quiet --match 'source=/newt/' - | rows | cmp -s - <(cut -f1 plain.tsv | grep newt) && pass 'a plain text' || fail 'a plain text'
printf 'source\tb\ttags\np\t1\tx,y\nq\t2\ty\nr\t3\t\n' >tagged.tsv
quiet --where 'x' --text tagged.tsv | grep -v '^#' | cmp -s - <(printf 'p\t1\tx,y\n') && pass 'tags without a list of them' || fail 'tags without a list of them'
quiet --where '!nosuch' --text tagged.tsv | grep -vc '^#' | grep -qx 3 && pass 'and unknown ones' || fail 'and unknown ones'
printf 'a\n# b\n' >hash.txt
refuse "a text line with '#'" 65 "^gen-filter: hash.txt: line 2: would open with '#'" gen-filter hash.txt
quiet --match 'source!=/^#/' hash.txt | rows | cmp -s - <(echo a) && pass 'which may be dropped' || fail 'which may be dropped'
printf '\303\244b\n' | quiet --match 'source=/^.b$/' - | rows | grep -q . && pass 'patterns see characters, not bytes' || fail 'patterns see characters, not bytes'
mkfifo pipe
gen-filter -q --text --match 'source=/a/' pipe >arrived &
exec 3>pipe
echo 'a line' >&3
for _ in $(seq 100); do grep -q 'a line' arrived && break; sleep 0.1; done
grep -q 'a line' arrived && pass 'text is passed on as it arrives' || fail 'text is passed on as it arrives'
exec 3>&-
wait
gen-filter c.zst 2>stderr | head -c 10 >/dev/null
[ ! -s stderr ] && pass 'a reader that goes is no error' || fail 'a reader that goes is no error' "$(cat stderr)"
quiet -o again.zst c.zst && cmp -s <(rows again.zst) c.rows && gen-filter -q -o again.zst again.zst && cmp -s <(rows again.zst) c.rows && pass 'a file may be filtered onto itself' || fail 'a file may be filtered onto itself'
gen-filter --agree c.zst 2>stderr >/dev/null
grep -qx "gen-filter: $n examples read, $(awk -F'\t' '$2 == $3' c.rows | wc -l) written" stderr && pass 'the counts are told' || fail 'the counts are told' "$(cat stderr)"
if [ -w /dev/full ]; then refuse 'a full disk' 74 'standard output: cannot write: No space' bash -c 'exec gen-filter c.zst >/dev/full'; fi

# Requests that cannot be.
refuse 'an unknown tag' 64 "^gen-filter: --where: c.zst has no tag 'cneter'; did you mean 'center'?" gen-filter --where cneter c.zst
refuse 'an empty tag' 64 '--where: a tag is missing' gen-filter --where 'quest,' c.zst
refuse 'no tags column' 65 "^gen-filter: plain.tsv: has no column 'tags', which --where needs" gen-filter --where quest plain.tsv
refuse 'no answers' 65 '^gen-filter: one.tsv: --agree needs two answers' gen-filter --agree one.tsv
refuse 'a column that is not there' 65 "^gen-filter: --match: c.zst: has no column 'sorce'; did you mean 'source'?" gen-filter --match 'sorce=/x/' c.zst
refuse 'no condition' 64 "'source=x' is neither COLUMN=/PATTERN/ nor" gen-filter --match 'source=x' c.zst
refuse 'half a condition' 64 "is neither COLUMN=/PATTERN/ nor" gen-filter --match 'source=/' c.zst
refuse 'no pattern' 64 "^gen-filter: --match: 'source=/\(/': " gen-filter --match 'source=/(/' c.zst
refuse 'a pattern without end' 65 '^gen-filter: c.zst: line [0-9]+: ' gen-filter --match 'source=/^(?:[a-z .]+)+[0-9]/' c.zst
refuse 'an unknown column to write' 64 "^gen-filter: --columns: no column 'sources'; did you mean 'source'?" gen-filter --columns sources c.zst
refuse 'a column twice' 64 "names 'source' twice" gen-filter --columns source,source c.zst
refuse 'a key that is not there' 65 "has no column 'tgas'; did you mean 'tags'" gen-filter --unique --by tgas c.zst
refuse 'a key that the other corpus lacks' 65 "^gen-filter: --in: one.tsv: has no column 'tags'" gen-filter --in one.tsv --by tags c.zst
refuse '--by alone' 64 '--by is of use' gen-filter --by tags c.zst
refuse 'agree and disagree' 64 'exclude one another' gen-filter --agree --disagree c.zst
refuse 'a bad split' 64 '--split is' gen-filter --split 10/10 c.zst
refuse 'a missing file' 66 '^gen-filter: no.zst: cannot open' gen-filter c.zst no.zst
refuse 'a missing file in --in' 66 '^gen-filter: no.zst: cannot open' gen-filter --in no.zst c.zst
refuse 'a folder' 66 'is a folder' gen-filter .
refuse 'standard input twice' 64 'named 2 times' gen-filter --in - -
refuse 'an output that cannot be' 73 'cannot create' gen-filter -o no/such/folder c.zst
finish

# Damaged and unusual corpora: both readers refuse the same ones, and leave nothing that looks done.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr
tiny=(-q --dim 8 --layers 1 --heads 1 -b 4 --steps 2)

gen-grammar "$q" -n 20000 -o whole.zst # several frames
gen-grammar "$q" -n 300 -o small.zst
zstd -qdc small.zst >small.tsv
train-transformer "${tiny[@]}" -d run small.zst || fail 'a run to score'

# Both tools refuse a corpus, as an operand, through a pipe and as --eval.
bad() { # name pattern file
    local name=$1 pattern=$2 file=$3
    refuse "train: $name" 65 "^train-transformer: $pattern" train-transformer "${tiny[@]}" -d broken "$file"
    nothing_done "train: $name"
    refuse "train --eval: $name" 65 "^train-transformer: $pattern" train-transformer "${tiny[@]}" -d broken --eval "e=$file" small.zst
    nothing_done "train --eval: $name"
    refuse "eval: $name" 65 "^eval-rule: $pattern" eval-rule -o scores.tsv run "$file"
    [ -z "$(ls scores.tsv* 2>/dev/null)" ] || fail "eval: $name: no output file"
    refuse "eval, piped: $name" 65 '^eval-rule: standard input: ' bash -c "exec eval-rule run - <'$file'"
}
nothing_done() {
    if [ -e broken ]; then
        fail "$1: leaves nothing" "$(find broken)"
        rm -rf broken
    fi
}

# The ends of the frames: every frame begins with the magic number.
size=$(stat -c %s whole.zst)
mapfile -t frames < <(LC_ALL=C grep -obUaP '\x28\xb5\x2f\xfd' whole.zst | cut -d: -f1)
if [ "${#frames[@]}" -ge 3 ]; then pass 'a corpus of several frames'; else fail 'a corpus of several frames' "${frames[*]}"; fi
for at in "${frames[1]}" "${frames[2]}"; do
    head -c "$at" whole.zst >cut.zst
    bad "cut exactly between frames at $at" 'cut.zst: is cut short: after [0-9]+ examples the trailer ##end is missing' cut.zst
done
for at in 1 2 3 4 5 17 1000 "$((frames[1] - 1))" "$((frames[1] + 1))" "$((frames[1] + 4))" "$((size / 2))" "$((size - 1))"; do
    head -c "$at" whole.zst >cut.zst
    bad "cut at $at" 'cut.zst: .*(cut short|line 1: )' cut.zst
done
tail -c +"$((frames[1] + 1))" whole.zst >cut.zst
# Without its head it is text without a header: its columns tell.
bad 'without its first frame' 'cut.zst: line 1: more than two columns, and no header' cut.zst

cat small.zst - <<<'garbage' >cut.zst
bad 'trailing garbage' 'cut.zst: after line [0-9]+: .*trailing garbage' cut.zst
cat small.zst <(printf '\0\0\0\0') >cut.zst
bad 'trailing zeros' 'cut.zst: after line [0-9]+: .*trailing garbage' cut.zst
cat small.zst <(printf 'x') >cut.zst
bad 'one stray byte' 'cut.zst: after line [0-9]+: .*trailing garbage' cut.zst
cat small.zst <(printf '\050') >cut.zst
bad 'one byte of another frame' 'cut.zst: after line [0-9]+: .*cut short' cut.zst
cat small.zst <(echo 'the newt . decl	the newt .' | zstd -qc) >cut.zst
bad 'text after the trailer' 'cut.zst: line [0-9]+: text after the trailer ##end' cut.zst
for at in 6 30 2000; do
    cp small.zst cut.zst
    byte=$(od -An -tu1 -j $at -N 1 small.zst)
    printf "\\$(printf %o $((byte ^ 16)))" | dd of=cut.zst bs=1 seek=$at conv=notrunc status=none
    bad "a flipped bit at $at" 'cut.zst: ' cut.zst
done
# What zstd itself finds sound, but is no whole corpus.
pack() { zstd -qc >cut.zst; }
grep -v '^##end' small.tsv | pack
bad 'without ##end' 'cut.zst: is cut short: after 300 examples' cut.zst
sed 's/^##end.*/##end\tn=299/' small.tsv | pack
bad 'a wrong ##end' 'cut.zst: line 3[0-9]+: the trailer counts 299 examples, but there are 300' cut.zst
for end in n= n=x n=-300 '' 'n=300 ' n=99999999999999999999999; do
    sed "s/^##end.*/##end\t$end/" small.tsv | pack
    bad "##end $end" "cut.zst: line 3[0-9]+: " cut.zst
done
sed '100d' small.tsv | pack
bad 'a line lost' 'cut.zst: line 3[0-9]+: the trailer counts 300 examples, but there are 299' cut.zst
grep '^#' small.tsv | grep -v '^##end' | pack
bad 'a header alone' 'cut.zst: is cut short: after 0 examples' cut.zst
head -3 small.tsv | pack
bad 'half a header' 'cut.zst: ends inside its header' cut.zst
{ head -1 small.tsv && echo 'a	b'; } | pack
bad 'a header without columns' 'cut.zst: line 2: the header has no line that names the columns' cut.zst
grep '^#' small.tsv | sed 's/^##end.*/##end\tn=0/' | pack
bad 'no examples' 'cut.zst: holds no examples' cut.zst
: | pack
bad 'compressed nothing' 'cut.zst: is empty' cut.zst
: >cut.zst
bad 'an empty file' 'cut.zst: is empty' cut.zst
printf '\n\n\n' >cut.tsv
bad 'blank lines alone' 'cut.tsv: is empty' cut.tsv
sed '1s/1$/2/' small.tsv | pack
bad 'a newer format' "cut.zst: line 1: format version '2' is " cut.zst
sed 's/^#source\t/#sauce\t/' small.tsv | pack
bad 'no source column' "cut.zst: has no column 'source'" cut.zst
sed 's/^#source\ttarget/#source\tsource/' small.tsv | pack
bad 'a column twice' "cut.zst: line [0-9]+: column 'source' is named twice" cut.zst
sed '50s/\t/ /' small.tsv | pack
bad 'uneven columns' 'cut.zst: line 50: 3 columns, expected 4' cut.zst
sed '50s/$/\tx/' small.tsv | pack
bad 'a column too many' 'cut.zst: line 50: 5 columns, expected 4' cut.zst
sed '50s/^/#/' small.tsv | pack
bad "a line that opens with '#'" "cut.zst: line 50: a line opens with '#'" cut.zst
printf 'the newt\tthe newt\nmy yak\n' >cut.tsv
bad 'uneven plain columns' 'cut.tsv: line 2: 1 column, expected 2' cut.tsv
printf 'the newt\nmy yak\tthe newt\n' >cut.tsv
bad 'plain columns that grow' 'cut.tsv: line 2: 2 columns, expected 1' cut.tsv
printf 'a\tb\tc\nd\te\tf\n' >cut.tsv
bad 'three plain columns' 'cut.tsv: line 1: more than two columns, and no header' cut.tsv
printf 'the newt\tthe newt\nthe \377\tnewt\n' >cut.tsv
bad 'not UTF-8' 'cut.tsv: line 2: is not UTF-8' cut.tsv
printf 'the newt\tthe newt\nthe \0\tnewt\n' >cut.tsv
bad 'a NUL byte' 'cut.tsv: line 2: holds a NUL byte' cut.tsv
head -c 3000 /bin/sh >cut.tsv
bad 'a binary file' 'cut.tsv: line [0-9]+: ' cut.tsv
{ head -c 20000000 /dev/zero | tr '\0' a; } >cut.tsv
bad 'a line of 20 MB' 'cut.tsv: line 1: longer than' cut.tsv
rm cut.tsv
cat small.zst <(gen-grammar "$q" -n 3 --columns source,tags) >cut.zst
bad 'joined with other columns' 'cut.zst: line [0-9]+: the columns differ' cut.zst

for tool in "train-transformer ${tiny[*]} -d broken" 'eval-rule run'; do
    refuse "${tool%% *}: a missing file" 66 'missing.tsv: cannot open: No such file' $tool missing.tsv
done
mkdir folder
refuse 'train: a folder' 66 'folder: is a folder' train-transformer "${tiny[@]}" -d broken folder
refuse 'train: a missing file to evaluate on' 66 'missing.tsv: cannot open' train-transformer "${tiny[@]}" -d broken --eval e=missing.tsv small.zst
mkfifo pipe
refuse 'train: a named pipe does not hang' 66 'pipe: is a pipe or device' timeout 20 train-transformer "${tiny[@]}" -d broken pipe
refuse 'train: a named pipe to evaluate on' 66 'pipe: is a pipe or device' timeout 20 train-transformer "${tiny[@]}" -d broken --eval e=pipe small.zst
nothing_done 'a missing corpus'
refuse 'eval: a run that is not there' 66 '^eval-rule: runs/tpyo: cannot open: No such file' eval-rule runs/tpyo small.zst

# Corpora that are sound.
good() { # name file
    check "train: $1" train-transformer "${tiny[@]}" -d "good/$1" "$2"
    check "eval: $1" eval-rule -o scores.tsv "good/$1" "$2"
}
good whole whole.zst
good plain-with-header small.tsv
# Plain text is taken as it comes: a person may have cut it.
head -100 small.tsv >head.tsv
good plain-cut head.tsv
grep -v '^#' small.tsv | cut -f1,2 >two.tsv
good two-columns two.tsv
sed 's/$/\r/' two.tsv >crlf.tsv
good CRLF crlf.tsv
sed 's/$/\t/' two.tsv >stray.tsv
good stray-tabs stray.tsv
{ printf '\357\273\277' && cat two.tsv; } >bom.tsv
good byte-order-mark bom.tsv
zstd -q two.tsv -o two.zst
good two-columns-compressed two.zst
{ head -5 two.tsv && echo && tail -n +6 two.tsv | head -c -1; } >blank.tsv
good blank-line-and-no-last-newline blank.tsv
for form in CRLF stray-tabs byte-order-mark two-columns-compressed blank-line-and-no-last-newline; do
    if cmp -s good/two-columns/ckpt/00000002.safetensors "good/$form/ckpt/00000002.safetensors"; then
        pass "$form is the same corpus"
    else
        fail "$form is the same corpus"
    fi
done
cat small.zst whole.zst >joined.zst
good joined joined.zst
split -b 700 small.zst piece. && cat piece.* | eval-rule run - >scores.tsv && pass 'a pipe in pieces' || fail 'a pipe in pieces'
cut -f1 two.tsv >one.tsv
check 'train: one column, a plain language model' train-transformer "${tiny[@]}" -d good/one --eval e=one.tsv one.tsv
if [ "$(cut -f2,3 good/one/metrics.tsv | grep -c '^e	loss')" = 3 ]; then pass 'one column: a loss alone'; else fail 'one column: a loss alone' "$(cat good/one/metrics.tsv)"; fi
refuse 'eval: one column has nothing to score' 65 '^eval-rule: one.tsv: has neither answers' eval-rule good/one one.tsv
check 'eval: one column and a grammar with string rules' eval-rule --grammar "$q" run <(head -50 one.tsv)
finish

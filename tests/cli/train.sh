# train-transformer: the run folder, what it refuses, every option of the model, and failure.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr
tiny=(--dim 16 --layers 1 --heads 2 -b 8 -q)
train() { train-transformer "${tiny[@]}" "$@"; }
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}
nothing() { # name folder: no folder, or no finished run in it
    if [ -e "$2" ]; then fail "$1: leaves nothing" "$(find "$2")"; else pass "$1: leaves nothing"; fi
}

gen-grammar "$q" -n 300 --agree --split 1-9/10 -o train.zst
gen-grammar "$q" -n 60 --disagree --split 0/10 -o ood.zst
gen-grammar "$q" -n 60 --disagree --split 0/10 -s 1 -o other.zst

# What a run holds.
train -d runs/a/s0 --steps 20 --save-every 5 --eval-every 10 --eval ood=ood.zst train.zst 2>err
is 'a finished run exits 0' $? 0
is '-q is quiet' "$(cat err)" ''
is 'the folder' "$(cd runs/a/s0 && find . -type f | sort | tr '\n' ' ')" \
    './ckpt/00000005.safetensors ./ckpt/00000010.safetensors ./ckpt/00000015.safetensors ./ckpt/00000020.safetensors ./ckpt/00000020.state.safetensors ./metrics.tsv ./run.json ./timing.tsv '
is 'metrics.tsv: its header' "$(head -1 runs/a/s0/metrics.tsv)" "$(printf 'step\tsplit\tmetric\tvalue')"
is 'metrics.tsv: steps' "$(tail -n +2 runs/a/s0/metrics.tsv | cut -f1 | uniq | tr '\n' ' ')" '0 10 20 '
is 'metrics.tsv: metrics of the last step' "$(awk '$1 == 20 { print $2 "/" $3 }' runs/a/s0/metrics.tsv | tr '\n' ' ')" \
    'train/loss train/gradient_norm train/rate ood/loss ood/n ood/first:hierarchical ood/choice:hierarchical ood/exact:hierarchical ood/logp:hierarchical ood/first:linear ood/choice:linear ood/exact:linear ood/logp:linear ood/first:none ood/exact:none '
is 'metrics.tsv: the rate ends at 0' "$(awk '$1 == 20 && $3 == "rate" { print $4 }' runs/a/s0/metrics.tsv)" 0
json() { # folder key: the value of a line "key": value
    sed -nE "s/^ *\"$2\": (.*[^,]),?$/\1/p" "$1/run.json"
}
is 'run.json: status' "$(json runs/a/s0 status)" '"finished"'
is 'run.json: step' "$(json runs/a/s0 step)" 20
is 'run.json: options' "$(json runs/a/s0 batch) $(json runs/a/s0 dim) $(json runs/a/s0 feedforward) $(json runs/a/s0 warmup) $(json runs/a/s0 save-every)" '8 16 64 1 5'
is 'run.json: inputs' "$(json runs/a/s0 path | tr '\n' ' ')" '"train.zst" "ood.zst" '
for key in tool version command started updated cores blas blas_core parameters vocabulary init order role examples xxh3; do
    [ -n "$(json runs/a/s0 $key)" ] || fail "run.json: $key"
done
pass 'run.json: all keys'
# 78 words; embedding 80 x 16, one block of 16: 4 * 16 * 16 + 4 * 16 + 2 * 64 * 16 + 64 + 16 + 4 * 16.
words=$(zstd -qdc train.zst | sed -n 's/^##vocab\t//p' | wc -w)
is 'run.json: parameters' "$(json runs/a/s0 parameters)" $(((words + 2) * 16 + 4 * 16 * 16 + 4 * 16 + 2 * 64 * 16 + 64 + 16 + 4 * 16))

# A finished run returns at once and changes nothing.
again=(-d runs/a/s0 --steps 20 --save-every 5 --eval-every 10 --eval ood=ood.zst)
find runs -type f -exec stat -c '%n %Y %i' {} + -exec cksum {} + | sort >before
check 'a finished run returns' train "${again[@]}" train.zst
check 'also with other threads' train -j 2 "${again[@]}" train.zst
find runs -type f -exec stat -c '%n %Y %i' {} + -exec cksum {} + | sort >after
is 'no byte changed' "$(diff before after)" ''
mv train.zst elsewhere.zst
check 'also when its corpus has moved' train "${again[@]}" elsewhere.zst
check 'also when its corpus is gone' train "${again[@]}" train.zst
mv elsewhere.zst train.zst
for change in '--rate 0.1' '--seed 1' '--seed-init 1' '--seed-order 1' '--dim 32' '--norm pre' '--untied' '--beta2 0.9' '--final-fraction 0.5' '--max-length 99'; do
    option=${change%% *}
    [ "$option" = --seed ] && option=--seed-init
    # shellcheck disable=SC2086
    refuse "another $change" 64 "^train-transformer: runs/a/s0: made with(out)? $option" \
        train-transformer -q --layers 1 --heads 2 -b 8 $([ "${change%% *}" = --dim ] || echo --dim 16) $change "${again[@]}" train.zst
done
refuse 'fewer evaluations' 64 "^train-transformer: runs/a/s0: made with --eval ood, not without it" train -d runs/a/s0 --steps 20 --save-every 5 --eval-every 10 train.zst
refuse 'other steps' 64 'runs/a/s0: made with --steps 20, not 40' train -d runs/a/s0 --steps 40 --save-every 5 --eval-every 10 --eval ood=ood.zst train.zst
refuse 'another corpus, though finished' 64 "runs/a/s0: made from 'train.zst', whose content was not that of 'other.zst' now" train "${again[@]}" other.zst
refuse 'one corpus more, though finished' 64 'runs/a/s0: made from 2 inputs, not 3' train "${again[@]}" train.zst other.zst
refuse 'another evaluation corpus, though finished' 64 "whose content was not that of 'other.zst'" \
    train -d runs/a/s0 --steps 20 --save-every 5 --eval-every 10 --eval ood=other.zst train.zst
find runs -type f -exec stat -c '%n %Y %i' {} + -exec cksum {} + | sort >after
is 'refusals changed no byte' "$(diff before after)" ''
# An unfinished one.
sed -i 's/"finished"/"stopped"/' runs/a/s0/run.json
refuse 'another corpus, unfinished' 64 "whose content was not that of 'other.zst'" train "${again[@]}" other.zst
echo '{' >runs/a/s0/run.json
refuse 'a damaged run.json' 65 '^train-transformer: runs/a/s0/run.json: line [0-9]+: ' train "${again[@]}" train.zst
echo '[]' >runs/a/s0/run.json
refuse 'a run.json of something else' 65 '^train-transformer: runs/a/s0/run.json: not a JSON object' train "${again[@]}" train.zst

# What it refuses before step 1; nothing is left.
no() { # name status pattern arguments...
    refuse "$1" "$2" "$3" train -d no "${@:4}"
    nothing "$1" no
}
no 'no corpus' 64 'missing operand'
refuse 'no folder' 64 "name the run's folder: -d" train train.zst
for eval in ood =ood.zst ood= '' =; do
    no "--eval '$eval'" 64 '--eval takes NAME=CORPUS' --eval "$eval" train.zst
done
no '--eval of standard input' 64 '--eval cannot read standard input' --eval e=- train.zst
no '--eval train' 64 "the name 'train' is taken" --eval train=ood.zst train.zst
no '--eval twice' 64 "--eval names 'e' twice" --eval e=ood.zst --eval e=other.zst train.zst
no '--eval with a space' 64 "the name 'a b' holds a space" --eval 'a b=ood.zst' train.zst
no 'steps 0' 64 '--steps is 0; it must be from 1' --steps 0 train.zst
no 'an option twice' 64 'heads is given twice' --heads 3 train.zst
refuse 'heads that do not divide dim' 64 'dim 16 is not a multiple of heads 3' train-transformer -q -d no --dim 16 --heads 3 train.zst
nothing 'heads that do not divide dim' no
refuse 'a model too large to count' 64 'too many parameters|more than a matrix' train-transformer -q -d no --dim 65536 --heads 1 --layers 1000 train.zst
nothing 'a model too large to count' no
printf 'the newt\tthe newt\nmy walrusses\tthe newt\n' >unknown.tsv
no 'an unknown word to evaluate on' 65 "^train-transformer: unknown.tsv: line 2: word 'walrusses' is not in the vocabulary" --eval e=unknown.tsv train.zst
printf 'the newt\tthe walrusses\n' >unknown.tsv
no 'an unknown word in an answer' 65 "^train-transformer: unknown.tsv: line 1: answer of rule 'target': word 'walrusses'" --eval e=unknown.tsv train.zst
{ zstd -qdc train.zst | grep '^#' | grep -v '^##end' && printf 'the walrusses\tthe newt\tthe newt\tquest\n##end\tn=1\n'; } >unknown.tsv
no 'an unknown word in a corpus that names its vocabulary' 65 "^train-transformer: unknown.tsv: line [0-9]+: word 'walrusses' is not" unknown.tsv
printf 'the <bos>\tnewt\n' >unknown.tsv
no 'a mark as a word' 65 "^train-transformer: unknown.tsv: line 1: the word '<bos>' is reserved" unknown.tsv
no 'a sequence too long' 65 '^train-transformer: train.zst: line [0-9]+: a sequence of [0-9]+ tokens; the model reads at most 12 \(--max-length\)' --max-length 12 train.zst
printf 'the newt\tmy newt my newt my newt my newt my newt my newt\n' >long.tsv
printf 'the newt my\tmy newt\n' >short.tsv
no 'a sequence too long to evaluate on' 65 '^train-transformer: long.tsv: line 1: a sequence of 15 tokens; the model reads at most 12' --max-length 12 --eval e=long.tsv short.tsv
# 1 + 2 + 12 input tokens: the limit itself fits.
check 'the longest sequence' train -d longest --max-length 15 --steps 1 --eval e=long.tsv long.tsv
: >file
refuse 'a file where the folder should be' 73 '^train-transformer: file: cannot create the folder: Not a directory' train -d file train.zst
refuse 'a file above the folder' 73 '^train-transformer: file(/x)?: cannot create the folder' train -d file/x/y train.zst
mkdir locked empty
refuse 'a failure in a folder of one'"'"'s own' 66 'missing.zst' train -d empty missing.zst
[ -d empty ] && pass 'keeps the folder' || fail 'keeps the folder'
chmod 555 locked
if [ "$(id -u)" != 0 ]; then
    refuse 'an unwritable folder' 73 'locked' train -d locked train.zst
    refuse 'below an unwritable folder' 73 'locked/x: cannot create the folder: Permission denied' train -d locked/x train.zst
elif command -v setpriv >/dev/null && setpriv --reuid=65534 --clear-groups test -x "$BIN/train-transformer" 2>/dev/null; then
    chmod 755 . && chmod 644 train.zst
    refuse 'an unwritable folder' 73 'locked' setpriv --reuid=65534 --clear-groups train-transformer "${tiny[@]}" -d locked train.zst
    refuse 'below an unwritable folder' 73 'locked/x: cannot create the folder: Permission denied' setpriv --reuid=65534 --clear-groups train-transformer "${tiny[@]}" -d locked/x train.zst
else
    skip 'an unwritable folder' 'root writes everywhere'
fi

# Two processes in one folder.
mkfifo hold
train-transformer "${tiny[@]}" -d busy --steps 5 - <hold 2>/dev/null &
exec 9>hold
for _ in {1..100}; do [ -e busy ] && break || sleep 0.05; done
sleep 0.2
refuse 'a second process in the folder' 73 '^train-transformer: busy: another process is training in this folder' train -d busy --steps 5 train.zst
zstd -qdc train.zst >&9
exec 9>&-
wait $!
is 'the first is not disturbed' "$? $(json busy status)" '0 "finished"'

# Every kind of model runs, and its checkpoints can be read.
for kind in '' '--untied' '--norm pre' '--positions learned' '--activation gelu' '--no-embedding-scale' '--decay cosine' \
    '--decay constant' '--clip 0' '--weight-decay 0.1' '--feedforward 3' '--warmup 3' '--final-fraction 0.1 --decay cosine' \
    '--untied --norm pre --positions learned --activation gelu --max-length 40'; do
    folder=kind/$(tr -dc 'a-z0-9' <<<"$kind")
    # shellcheck disable=SC2086
    train -d "$folder" --steps 4 --eval e=ood.zst $kind train.zst 2>err && eval-rule "$folder" ood.zst >scores.tsv 2>>err &&
        awk '$3 ~ /loss|logp/ && ($4 + 0 == 0 || $4 ~ /nan|inf/) { bad = 1 } END { exit bad }' "$folder/metrics.tsv" &&
        pass "a model of $kind" || fail "a model of $kind" "$(cat err)"
done
is 'different kinds differ' "$(cksum kind/*/ckpt/00000004.safetensors | cut -d' ' -f1 | sort | uniq -d | wc -l)" 0
train -d one --steps 1 train.zst
is '--steps 1' "$(ls one/ckpt | tr '\n' ' ')$(tail -n +2 one/metrics.tsv | cut -f1-3 | tr '\t\n' '/ ')" \
    '00000001.safetensors 00000001.state.safetensors 1/train/loss 1/train/gradient_norm 1/train/rate '
train -d learns --steps 150 --rate 0.01 train.zst
is 'it learns' "$(awk '$3 == "loss" { v[++n] = $4 } END { print v[n] < v[1] - 1 }' learns/metrics.tsv)" 1
train -d seeds/a --steps 3 -s 1 train.zst
train -d seeds/b --steps 3 --seed-init 1 --seed-order 1 train.zst
train -d seeds/c --steps 3 --seed-init 1 --seed-order 2 train.zst
cmp -s seeds/a/ckpt/00000003.safetensors seeds/b/ckpt/00000003.safetensors && pass '--seed sets both' || fail '--seed sets both'
cmp -s seeds/b/ckpt/00000003.safetensors seeds/c/ckpt/00000003.safetensors && fail '--seed-order matters' || pass '--seed-order matters'

# A run of a version that did not know some options: they had their defaults.
train -d newer --steps 6 --save-every 3 train.zst
sed -i -E '/"(dropout|order|per-position|objective)":/d' newer/run.json
check 'finished by an older version' train -d newer --steps 6 --save-every 3 train.zst
refuse 'finished by an older version, other options now' 64 '^train-transformer: newer: made without --dropout' train -d newer --steps 6 --save-every 3 --dropout 0.1 train.zst
refuse 'finished by an older version, other seeds now' 64 '^train-transformer: newer: made without --seed-order' train -d newer --steps 6 --save-every 3 --seed-order 3 train.zst

# What cannot fit is refused before memory is gone.
refuse 'a filter of too many gradients' 64 '^train-transformer: an optimiser that keeps 10003 numbers for each of [0-9]+ parameters needs' \
    train-transformer -q -d huge --dim 256 --layers 16 --filter mean --filter-window 10000 train.zst
refuse 'a batch of too many tokens' 64 '^train-transformer: huge: step 1: a batch of [0-9]+ examples needs [0-9.]+ GB; this machine has' \
    train -d huge --pack 1048576 --max-length 1048576 --steps 1 train.zst
check 'a stream whose longest batch would not fit' bash -c 'train-transformer "$@" - <train.zst' - -q -d roomy --dim 8 --layers 1 --heads 2 --steps 2 --max-length 1048576

# A loss that is not finite.
train -d wild --steps 40 --save-every 1 --warmup 0 --rate 1e30 --clip 0 train.zst 2>err
is 'a loss that is not finite' "$? $(json wild status)" '70 "failed"'
grep -qE '^train-transformer: wild: step [0-9]+: the (loss|gradient) is not finite; the batch is in bad-batch.txt' err && pass 'it says so' || fail 'it says so' "$(cat err)"
train -d last --steps 4 --save-every 2 --perturb 4:1e39:absolute train.zst 2>err
is 'a last change that overflows' "$? $(ls last/ckpt | tr '\n' ' ')" '70 00000002.safetensors 00000002.state.safetensors '
grep -qE '^train-transformer: last: step 4: the weights of .* are not finite' err && pass 'it says which weights' || fail 'it says which weights' "$(cat err)"
is 'the batch is kept' "$(wc -l <wild/bad-batch.txt)" 8
is 'its sentences are of the corpus' "$(sort -u wild/bad-batch.txt | comm -23 - <(zstd -qdc train.zst | grep -v '^#' | awk -F '\t' '{ print $1 " " $2 }' | sort -u) | wc -l)" 0
check 'its checkpoints can be read' eval-rule -o scores.tsv wild ood.zst
find wild -name '*.safetensors' -exec cksum {} + | sort >before
train -d wild --steps 40 --save-every 1 --warmup 0 --rate 1e30 --clip 0 train.zst 2>err
is 'the same again' "$?" 70
find wild -name '*.safetensors' -exec cksum {} + | sort >after
is 'the same checkpoints' "$(cat before)" "$(cat after)"

# A disk that is full during a checkpoint: the one before is intact, and the run resumes.
run=(--steps 12 --save-every 3 --eval-every 1 --eval ood=ood.zst train.zst)
train -d whole "${run[@]}"
size=$(stat -c %s whole/ckpt/00000012.state.safetensors)
full() { # blocks folder: the run with files of at most so many kilobytes
    bash -c 'ulimit -f "$0"; trap "" XFSZ; exec train-transformer "$@"' "$1" "${tiny[@]}" -d "$2" "${run[@]}" 2>err
}
full $((size / 1024 / 2)) full/a
is 'a full disk at the first checkpoint' "$? $(ls full/a/ckpt) $(json full/a status)" '74  "failed"'
grep -qE '^train-transformer: full/a/ckpt/00000003.state.safetensors: cannot write: File too large' err && pass 'it says so' || fail 'it says so' "$(cat err)"
train-transformer "${tiny[@]}" -d full/b "${run[@]}" &
pid=$!
for _ in {1..400}; do [ -e full/b/ckpt/00000003.safetensors ] && break; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
full $((size / 1024 / 2)) full/b
status=$?
is 'a full disk later' "$status" "$([ -e full/b/ckpt/00000012.safetensors ] && echo 0 || echo 74)"
full 1 full/c
is 'a full disk at metrics.tsv' "$? $(find full/c -name '*.tmp.*')" '74 '
for folder in full/a full/b full/c; do
    check "$folder goes on when there is room" train -d $folder "${run[@]}"
    is "$folder ends in the same bits" "$(cmp whole/metrics.tsv $folder/metrics.tsv 2>&1; diff -r whole/ckpt $folder/ckpt)" ''
done
# A vocabulary given as a file is an input like the corpora.
gen-modular + -q -p 7 --text -o table.tsv
printf '+ = 0 1 2 3 4 5 6\n' >words
words_run() { train-transformer -q -d words-run --layers 1 --dim 8 --heads 1 --steps 4 --vocabulary words table.tsv; }
check '--vocabulary' words_run
check '--vocabulary: the same again' words_run
echo x >>words
refuse '--vocabulary: other words' 64 "words-run: made from 'words', whose content was not that of 'words' now" words_run

finish

# Branches: a run that begins with another run's checkpoint; and with all options of a run at once,
# killed at random moments, the bits of the undisturbed run.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr
tiny=(--dim 16 --layers 1 --heads 2 -b 8)
train() { train-transformer -q "${tiny[@]}" "$@"; }
PYTHON=$(command -v python3 || echo false)
json() { sed -nE "s/^ *\"$2\": (.*[^,]),?$/\1/p" "$1/run.json"; }
after() { awk -F '\t' -v s="$2" 'NR == 1 || $1 > s' "$1/metrics.tsv"; }
gen-grammar "$q" -n 300 --agree --split 1-9/10 -o train.zst
gen-grammar "$q" -n 40 --disagree --split 0/10 -o ood.zst

# Nothing changed: the same bits, wherever the parent measured and saved.
options=(--steps 60 --save-at 0,10,17,20 --keep-states all --eval-every 10 --track all --eval ood=ood.zst)
train -d parent "${options[@]}" train.zst
for step in 0 10 17; do
    train -d "same$step" --branch parent@$step "${options[@]}" train.zst
    is "a branch at $step with no change: metrics" "$(cmp <(after parent $step) <(after same$step $step))" ''
    same "a branch at $step with no change: weights" parent/ckpt/00000060.safetensors same$step/ckpt/00000060.safetensors
    same "a branch at $step with no change: moments" parent/ckpt/00000060.state.safetensors same$step/ckpt/00000060.state.safetensors
    same "a branch at $step begins with the parent's checkpoint" parent/ckpt/000000$(printf %02d $step).safetensors same$step/ckpt/000000$(printf %02d $step).safetensors
done
is 'it evaluates where it begins' "$(tail -n +2 same17/metrics.tsv | cut -f1 | uniq | tr '\n' ' ')" '17 20 30 40 50 60 '
for metric in ood/loss train/weight_norm; do
    is "at step 10 $metric is the parent's" "$(awk '$1 == 10 && $2 "/" $3 == "'$metric'"' same10/metrics.tsv)" "$(awk '$1 == 10 && $2 "/" $3 == "'$metric'"' parent/metrics.tsv)"
done
is 'run.json tells where it comes from' "$(json same17 parent) $(json same17 checkpoint | cut -c1-6) $(json same17 state | cut -c1-6)" '"parent" "xxh3: "xxh3:'
command -v xxhsum >/dev/null && is 'and by which bytes' "$(json same17 checkpoint | tr -d '"')" "xxh3:$(xxhsum -H3 parent/ckpt/00000017.safetensors | sed -E 's/.*= ?//; s/^XXH3_//; s/ .*//')"
is 'a branch of no seed of its own' "$(json same17 init | tail -1) $(json same17 order)" '0 0'

# One cause changed at a time.
train -d order --branch parent@17 --seed-order 5 "${options[@]}" train.zst
cmp -s order/ckpt/00000060.safetensors parent/ckpt/00000060.safetensors && fail 'another order, other weights' || pass 'another order, other weights'
refuse 'the seed of initial weights means nothing' 64 '--seed-init means nothing with --branch' \
    train -d init --branch parent@17 --seed-init 5 "${options[@]}" train.zst
train -d fresh --branch parent@17 --fresh-optimiser "${options[@]}" train.zst
is 'a fresh optimiser' "$(json fresh state) $(cmp -s fresh/ckpt/00000060.safetensors parent/ckpt/00000060.safetensors || echo differs)" 'null differs'
train -d fresh0 --branch parent@0 --fresh-optimiser "${options[@]}" train.zst
same 'at step 0 every optimiser is fresh' fresh0/ckpt/00000060.safetensors parent/ckpt/00000060.safetensors
zstd -qdc train.zst | grep -v '^#' | cut -f1,2 | head -50 >subset.tsv
train -d subset --branch parent@17 "${options[@]}" subset.tsv
is 'a corpus with some of the words' $? 0
words() { head -c 20000 "$1" | tr '\0' ' ' | sed -nE 's/.*"espalier.vocabulary":"([^"]*)".*/\1/p'; }
is 'has the vocabulary of its parent' "$(words subset/ckpt/00000060.safetensors)" "$(words parent/ckpt/00000017.safetensors)"
train -d longer --branch parent@60 --steps 90 --save-every 30 train.zst
is 'from the last step on' "$? $(ls longer/ckpt | tr '\n' ' ')" '0 00000060.safetensors 00000090.safetensors 00000090.state.safetensors '
train-transformer -q -d bare --branch parent@17 --steps 30 -b 8 train.zst
is 'the model is the parent'"'"'s' "$? $(json bare dim) $(json bare layers) $(json bare heads)" '0 16 1 2'
train -d shaken --branch parent@17 --perturb 17:0.05 "${options[@]}" train.zst
train -d shaken2 --branch parent@17 --perturb 17:0.05 --seed-noise 3 "${options[@]}" train.zst
same 'perturbed where it begins: its first checkpoint is as it was' shaken/ckpt/00000017.safetensors parent/ckpt/00000017.safetensors
is 'perturbed where it begins: evaluated after it' "$(awk '$1 == 17 && $3 == "loss" { print $4 }' shaken/metrics.tsv shaken2/metrics.tsv same17/metrics.tsv | sort -u | wc -l)" 3
train -d child --branch order@20 "${options[@]}" --seed-order 5 train.zst
same 'a branch of a branch' child/ckpt/00000060.safetensors order/ckpt/00000060.safetensors
train -d freshchild --branch fresh@20 "${options[@]}" train.zst
same 'a branch of a fresh branch has its moments' freshchild/ckpt/00000060.safetensors fresh/ckpt/00000060.safetensors

# A branch is a run of its own.
cp -r parent gone
train -d straight --branch gone@17 --seed-order 5 "${options[@]}" --save-every 5 train.zst
train -d lives --branch gone@17 --seed-order 5 "${options[@]}" --save-every 5 train.zst
rm -rf gone
for lost in '' 60 '[2-6]?'; do
    # shellcheck disable=SC2086
    [ -n "$lost" ] && rm -f lives/ckpt/000000$lost.*
    sed -i 's/"finished"/"running"/' lives/run.json
    train -d lives --branch gone@17 --seed-order 5 "${options[@]}" --save-every 5 train.zst
    is "resumed without its parent, checkpoints lost: '$lost'" "$? $(cmp straight/metrics.tsv lives/metrics.tsv; diff -r straight/ckpt lives/ckpt)" '0 '
done
is 'it still tells where it comes from' "$(json lives parent) $(json lives checkpoint)" "\"gone\" $(json straight checkpoint)"
check 'finished: it returns' train -d lives --branch gone@17 --seed-order 5 "${options[@]}" --save-every 5 train.zst
refuse 'another branch in the same folder' 64 '^train-transformer: lives: made with --branch gone@17, not parent@17' \
    train -d lives --branch parent@17 --seed-order 5 "${options[@]}" --save-every 5 train.zst

# Classes keep their numbers, whatever the order in which the branch meets them.
printf 'x y\tno\ny x\tyes\nx x\tno\ny y\tyes\n' >no-first.tsv
printf 'y x\tyes\nx y\tno\n' >yes-first.tsv
classifier=(--steps 6 --objective class)
train -d classes "${classifier[@]}" --save-every 3 --keep-states all no-first.tsv
train -d classes2 "${classifier[@]}" --branch classes@3 yes-first.tsv
is 'a branch has the classes of its parent' "$(head -c 20000 classes2/ckpt/00000006.safetensors | grep -ao 'classes.":\[[^]]*' | tail -1 | tr -d '\\')" 'classes":["no","yes"'

# A configuration of a version that knew less is the one it stands for.
cp -r parent older
"$PYTHON" - older/ckpt/00000017.safetensors <<'P' 2>/dev/null || rm -rf older
import json, struct, sys
b = open(sys.argv[1], 'rb').read()
n = struct.unpack('<Q', b[:8])[0]
head = json.loads(b[8:8 + n])
config = json.loads(head['__metadata__']['espalier.config'])
for name in [k for k in config if k not in 'architecture vocabulary dim layers heads feedforward max_length norm positions activation tied scale_embedding'.split()]:
    del config[name]
head['__metadata__']['espalier.config'] = json.dumps(config)
del head['__metadata__']['espalier.task']
text = json.dumps(head).encode()
text += b' ' * (-len(text) % 8)
open(sys.argv[1], 'wb').write(struct.pack('<Q', len(text)) + text + b[8 + n:])
P
if [ -e older ]; then
    train -d younger --branch older@17 "${options[@]}" train.zst
    same 'a branch of a checkpoint of an older version' younger/ckpt/00000060.safetensors parent/ckpt/00000060.safetensors
else
    skip 'a branch of a checkpoint of an older version' 'no python3'
fi

# What is refused; nothing is left.
no() { # name status pattern arguments...
    refuse "$1" "$2" "$3" train-transformer -q -b 8 --steps 60 -d no "${@:4}"
    if [ -e no ]; then fail "$1: leaves nothing" "$(find no)" && rm -r no; fi
}
train -d thin --steps 60 --save-at 17 train.zst
no 'a checkpoint without its state' 66 "^train-transformer: thin: the optimiser's state of step 17 was not kept .*--fresh-optimiser" --branch thin@17 train.zst
check 'but its weights alone' train -d thinchild --steps 60 --branch thin@17 --fresh-optimiser train.zst
no 'another optimiser' 65 '^train-transformer: no/ckpt/00000017.state.safetensors: .*; --fresh-optimiser branches' --branch parent@17 --optimiser sgd --momentum 0.9 train.zst
check 'another optimiser, fresh' train -d sgd --steps 60 --branch parent@17 --fresh-optimiser --optimiser sgd --momentum 0.9 train.zst
no 'a step without a checkpoint' 66 '^train-transformer: parent: has no checkpoint of step 12; there is one of step 10 and one of step 17' --branch parent@12 train.zst
no 'a step before all checkpoints' 66 '^train-transformer: thin: has no checkpoint of step 3; there is one of step 17' --branch thin@3 train.zst
no 'a run that is not there' 66 '^train-transformer: missing/run.json: ' --branch missing@5 train.zst
no 'a step that is not before the end' 64 '^train-transformer: --branch begins at step 60, not before the last of --steps 60' --branch parent@60 train.zst
for bad in parent @17 parent@ parent@x parent@-1 parent@1.5; do
    no "--branch $bad" 64 "^train-transformer: --branch takes RUN@STEP" --branch "$bad" train.zst
done
refuse 'a branch of itself' 64 '^train-transformer: --branch: parent cannot branch from itself' train -d parent --branch parent@17 "${options[@]}" train.zst
no 'another model' 64 '^train-transformer: parent/run.json: its model has --dim 16; a branch cannot have --dim 32' --branch parent@17 --dim 32 train.zst
no 'another LayerNorm' 64 '^train-transformer: parent/run.json: its model has --norm post; a branch cannot have --norm pre' --branch parent@17 --norm pre train.zst
no 'another matrix' 64 'a branch cannot have --untied' --branch parent@17 --untied train.zst
printf 'the newt\tthe walrusses\n' >unknown.tsv
printf 'x y\tmaybe\n' >maybe.tsv
no 'a class that the parent does not know' 65 "^train-transformer: maybe.tsv: line 1: 'maybe' is none of the 2 classes" --objective class --branch classes@3 maybe.tsv
no 'another objective than the classes of the parent' 64 '^train-transformer: classes/run.json: its model has --objective class; a branch cannot have --objective all' --objective all --branch classes@3 no-first.tsv
no 'a word that the parent does not know' 65 "^train-transformer: unknown.tsv: line 1: word 'walrusses' is not in the vocabulary" --branch parent@17 unknown.tsv
cp -r parent forged
sed -i 's/"dim": 16/"dim": 32/' forged/run.json
no 'a run.json that does not fit its checkpoint' 65 '^train-transformer: forged/ckpt/00000017.safetensors: its model is not the one' --branch forged@17 train.zst
sed -i 's/"tool": "train-transformer"/"tool": "train-mlp"/' forged/run.json
no 'a run of another tool' 64 '^train-transformer: forged/run.json: a run of train-mlp, which train-transformer cannot branch' --branch forged@17 train.zst
cp -r parent damaged && truncate -s 1000 damaged/ckpt/00000017.safetensors
no 'a damaged checkpoint' 65 '^train-transformer: damaged/ckpt/00000017.safetensors: ' --branch damaged@17 train.zst

# Two processes in one branch.
mkfifo hold
train-transformer -q "${tiny[@]}" -d busy --branch parent@17 --steps 30 - <hold 2>/dev/null &
exec 9>hold
for _ in {1..100}; do [ -e busy ] && break || sleep 0.05; done
sleep 0.2
refuse 'a second process in a branch' 73 '^train-transformer: busy: another process is training in this folder' train -d busy --branch parent@17 --steps 30 - </dev/null
gen-grammar "$q" -n 300 --agree --split 1-9/10 | zstd -qdc >&9
exec 9>&-
wait $!
is 'the first is not disturbed' "$? $(json busy status)" '0 "finished"'

# Everything at once, killed at random moments, on 1, 2 and 3 threads.
all=(-b 40 --steps 220 --rate 0.01 --branch parent@17 --seed-order 5
    --save-every 20 --keep 3 --save-at 30,31 --save-log 2 --keep-states all --eval-every 4 --eval-at 100-110 --save-on ood/loss:0.2
    --per-tag --track all --perturb 17:0.01 --perturb 60:0.02:absolute:weight --perturb 105:0.02 --eval ood=ood.zst)
run() { train-transformer -q "${all[@]}" "$@" train.zst; }
begin=$(date +%s.%N)
run -d undisturbed -j 1
took=$(awk "BEGIN { print $(date +%s.%N) - $begin }")
kept=$(ls undisturbed/ckpt | grep -c 'state')
if [ "$kept" -ge 9 ]; then pass "it keeps $kept checkpoints"; else fail "it keeps $kept checkpoints"; fi
RANDOM=${SEED:-$$}
for threads in 1 2 3; do
    kills=0
    seed=$RANDOM
    RANDOM=$seed
    for _ in {1..6}; do
        train-transformer -q "${all[@]}" -d killed$threads -j $threads train.zst 2>err &
        pid=$!
        sleep "$(awk "BEGIN { print $took * $RANDOM / 32768 * 0.5 + 0.005 }")"
        signal=$((RANDOM % 4))
        [ $signal = 1 ] && kill -USR1 $pid 2>/dev/null && sleep 0.02
        if [ $signal = 0 ]; then kill -TERM $pid 2>/dev/null; else kill -9 $pid 2>/dev/null; fi && kills=$((kills + 1))
        wait $pid 2>/dev/null && break
    done
    run -d killed$threads -j $threads
    is "$threads threads, killed $kills times (seed $seed)" "$? $(cmp undisturbed/metrics.tsv killed$threads/metrics.tsv
        diff -r undisturbed/ckpt killed$threads/ckpt
        find killed$threads -name '*.tmp.*')" '0 '
done
# What is predicted is the model's: a branch need not say it again, and cannot say otherwise.
gen-modular + -q -p 7 -o table.zst
check 'a parent that predicts targets' train-transformer -q -d targets --objective target --no-bos --no-eos \
    --layers 1 --dim 16 --heads 2 --steps 12 --save-at 6 --keep-states all table.zst
check 'a branch takes its objective' train-transformer -q -d targets-branch --branch targets@6 --steps 12 table.zst
for run in targets targets-branch; do awk -F '\t' '$1 > 6' $run/metrics.tsv >$run.rows; done
same 'and its marks: the same bits' targets.rows targets-branch.rows
refuse 'another objective' 64 'its model has --objective target; a branch cannot have --objective all' \
    train-transformer -q -d other --branch targets@6 --objective all --steps 12 table.zst

finish

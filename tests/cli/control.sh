# When a run saves, measures, ends and is perturbed; its seeds; signals; disks that fill.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr
tiny=(--dim 16 --layers 1 --heads 2 -b 8)
train() { train-transformer -q "${tiny[@]}" "$@"; }
steps() { ls "$1/ckpt" | sed -nE 's/^0*([0-9]+)\.safetensors$/\1/p' | tr '\n' ' '; }
states() { ls "$1/ckpt" | sed -nE 's/^0*([0-9]+)\.state\.safetensors$/\1/p' | tr '\n' ' '; }
measured() { tail -n +2 "$1/metrics.tsv" | cut -f1 | uniq | tr '\n' ' '; }
value() { awk -F '\t' -v s="$2" -v m="$3" '$1 == s && $2 "/" $3 == m { print $4 }' "$1/metrics.tsv"; }
json() { sed -nE "s/^ *\"$2\": (.*[^,]),?$/\1/p" "$1/run.json"; }

gen-grammar "$q" -n 300 --agree --split 1-9/10 -o train.zst
gen-grammar "$q" -n 40 --disagree --split 0/10 -o ood.zst

# Steps chosen beforehand.
train -d at --steps 40 --save-at 0,1-8*2,30-35:5 --eval-at 3,20-30:5 --eval ood=ood.zst train.zst
is '--save-at' "$(steps at)" '0 1 2 4 8 30 35 40 '
is '--eval-at' "$(measured at)" '0 3 20 25 30 40 '
is 'the state beside the last one' "$(states at)" '40 '
train -d log --steps 40 --save-log 3 --eval-log 1 --no-first-evaluation --eval ood=ood.zst --save-every 15 train.zst
is '--save-log and --save-every' "$(steps log)" '0 1 2 5 10 15 22 30 40 '
is '--eval-log lists step 0 itself' "$(measured log)" '0 1 10 40 '
train -d skip --steps 4 --eval-every 2 --no-first-evaluation --eval ood=ood.zst train.zst
is '--no-first-evaluation' "$(measured skip)" '2 4 '
train -d none --steps 40 --save-every 0 --eval-every 0 train.zst
is 'never but at the end' "$(steps none)/ $(measured none)" '40 / 40 '
cmp -s at/ckpt/00000040.safetensors log/ckpt/00000040.safetensors && pass 'what is kept and measured changes no bit' || fail 'what is kept and measured changes no bit'
train -d initial --steps 1 --save-at 0 train.zst
train -d initial2 --steps 9 --save-at 0 --rate 0.1 train.zst
same 'step 0 is the initial weights' initial/ckpt/00000000.safetensors initial2/ckpt/00000000.safetensors
for keep in last:40: 2:35,40: 3:30,35,40: all:5,10,15,20,25,30,35,40:; do
    IFS=: read -r policy expected _ <<<"$keep"
    train -d keep$policy --steps 40 --save-every 5 --save-at 7 --keep $policy train.zst
    is "--keep $policy" "$(steps keep$policy | tr ' ' '\n' | grep -v '^7$' | paste -sd,)" "$expected"
    is "--keep $policy keeps what --save-at asks for" "$(steps keep$policy | grep -c '\b7 ')" 1
done
train -d states --steps 20 --save-every 5 --keep 2 --keep-states all train.zst
is '--keep-states all' "$(steps states)/ $(states states)" '15 20 / 15 20 '

# On a metric's change: replayed from metrics.tsv.
train -d on --steps 120 --rate 0.01 --eval-every 3 --eval ood=ood.zst --save-on ood/loss:0.3 train.zst
expected=$(awk -F '\t' '$2 "/" $3 == "ood/loss" {
    if (!seen++) last = $4
    d = $4 - last
    if (d >= 0.3 || d <= -0.3) { print $1; last = $4 } else if ($1 == 120) print $1 }' on/metrics.tsv | tr '\n' ' ')
is '--save-on' "$(steps on)" "$expected"
if [ "$(wc -w <<<"$expected")" -ge 4 ]; then pass '--save-on: several times'; else fail '--save-on: several times' "$expected"; fi

# A criterion that ends the run.
ended() { # folder: the first step at which ood/loss is below 3.5 for the third time running, and its onset
    awk -F '\t' '$2 "/" $3 == "ood/loss" { if ($4 < 3.5) { if (!n++) onset = $1; if (n == 3) { print $1, onset; exit } } else n = 0 }' "$1"
}
train -d stop --steps 1000 --warmup 6 --decay constant --rate 0.01 --eval-every 3 --save-every 30 --eval ood=ood.zst --stop-when 'ood/loss<3.5:3' train.zst
is '--stop-when exits 0' $? 0
is '--stop-when: the step and the onset' "$(json stop step) $(json stop onset)" "$(ended stop/metrics.tsv)"
is '--stop-when: finished, with a checkpoint' "$(json stop status) $(json stop criterion) $(steps stop | tr ' ' '\n' | grep . | tail -1)" "\"finished\" \"ood/loss<3.5:3\" $(json stop step)"
find stop -type f -exec cksum {} + | sort >before
train-transformer "${tiny[@]}" -d stop --steps 1000 --warmup 6 --decay constant --rate 0.01 --eval-every 3 --save-every 30 --eval ood=ood.zst --stop-when 'ood/loss<3.5:3' train.zst 2>err
is 'again: it returns' "$? $(sed 's/.*: already/already/' err)" "0 already finished at step $(json stop step)"
is 'again: no byte changes' "$(find stop -type f -exec cksum {} + | sort | diff before -)" ''
train -d never --steps 30 --eval-every 3 --eval ood=ood.zst --stop-when 'ood/loss<0.001' --stop-when 'ood/loss>100' train.zst
is 'a criterion that never holds' "$(json never step) $(json never criterion)" '30 '
for op in '<' '<=' '>' '>='; do
    train -d "op$op" --steps 4 --eval-every 2 --eval ood=ood.zst --stop-when "ood/n${op}40" train.zst
    is "ood/n${op}40 of 40" "$(json "op$op" step)" "$(case $op in *=) echo 0 ;; *) echo 4 ;; esac)"
done

# Further rows.
train -d rows --steps 6 --eval-every 3 --track all --per-tag --eval ood=ood.zst train.zst
is '--track all' "$(awk '$1 == 6 && $2 == "train" { print $3 }' rows/metrics.tsv | tr '\n' ' ')" 'loss gradient_norm rate weight_norm update_norm tokens examples epochs '
is '--track at the beginning' "$(awk '$1 == 0 && $2 == "train" { print $3 }' rows/metrics.tsv | tr '\n' ' ')" 'weight_norm tokens examples epochs '
is 'examples and epochs' "$(value rows 6 train/examples) $(value rows 6 train/epochs)" '48 0.16'
tags=$(zstd -qdc ood.zst | awk -F '\t' '/^#source/ { for (i = 1; i <= NF; i++) if ($i == "tags") c = i } !/^#/ { n = split($c, t, ","); for (i = 1; i <= n; i++) if (!seen[t[i]]++) print t[i] }' | sort)
is '--per-tag: every tag' "$(awk '$1 == 6' rows/metrics.tsv | sed -nE 's/.*\tn@([^\t]*)\t.*/\1/p' | sort)" "$tags"
is '--per-tag: the parts of a count' "$(value rows 6 "ood/n@${tags%%$'\n'*}")" "$(zstd -qdc ood.zst | grep -v '^#' | tr ',\t' '\n\n' | grep -cxF -- "${tags%%$'\n'*}")"
eval-rule -o scores.tsv rows ood.zst 2>/dev/null
for metric in first:linear choice:hierarchical logp:linear; do
    tag=$(head -1 <<<"$tags")
    [ -n "$(value rows 6 "ood/$metric@$tag")" ] || fail "--per-tag: $metric@$tag"
done
pass '--per-tag: measures of rules'
plain=$(awk '$3 !~ /@|norm|tokens|examples|epochs/ || $3 == "gradient_norm"' rows/metrics.tsv | cksum)
train -d few --steps 6 --eval-every 3 --eval ood=ood.zst train.zst
is 'they come beside the others' "$(cksum <few/metrics.tsv)" "$plain"
is 'timing.tsv' "$(cut -f1-3 rows/timing.tsv | tail -4 | tr '\t\n' '/ ')" '6/time/seconds 6/time/steps_per_second 6/time/tokens_per_second 6/time/peak_memory '
train -d statistics --steps 6 --eval-every 3 --weight-statistics tensors --eval ood=ood.zst train.zst
is '--weight-statistics: pooled, and each matrix and bias that counts' \
    "$(awk '$1 == 6 && $2 == "weights" && $3 !~ /@/' statistics/metrics.tsv | wc -l) $(awk '$1 == 6 { print $3 }' statistics/metrics.tsv | sed -nE 's/^(l1|mean_b)@//p' | tr '\n' ' ')" \
    '16 transformer.layers.0.self_attn.in_proj_weight transformer.layers.0.self_attn.out_proj.weight transformer.layers.0.linear1.weight transformer.layers.0.linear1.bias transformer.layers.0.linear2.weight transformer.layers.0.linear2.bias '
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
if [ -n "$python" ]; then
    is 'norms and statistics of the weights, by numpy' "$("$python" - <<'P'
import json, struct
import numpy as np
def load(path):
    b = open(path, 'rb').read()
    n = struct.unpack('<Q', b[:8])[0]
    head = json.loads(b[8:8 + n])
    return {k: np.frombuffer(b[8 + n + v['data_offsets'][0]:8 + n + v['data_offsets'][1]], '<f4').astype(float).reshape(v['shape'])
            for k, v in head.items() if k != '__metadata__'}
def rows(path):
    return {tuple(l.split('\t')[:3]): float(l.split('\t')[3]) for l in open(path).read().splitlines()[1:]}
r, w = rows('rows/metrics.tsv'), load('rows/ckpt/00000006.safetensors')
bad = []
def near(name, a, b):
    if not abs(a - b) < 1e-6 * max(1, abs(b)): bad.append((name, a, b))
near('weight_norm', r['6', 'train', 'weight_norm'], sum((t ** 2).sum() for t in w.values()) ** .5)
r, w = rows('statistics/metrics.tsv'), load('statistics/ckpt/00000006.safetensors')
m = []
for name, t in w.items():
    if name.endswith('in_proj_weight'):
        m += list(t.reshape(3 * 2, 8, 16)) # three parts of two heads
    elif t.ndim == 2 and 'layers' in name:
        m.append(t)
s = [np.linalg.svd(t, compute_uv=False) for t in m]
all = np.concatenate([t.ravel() for t in m])
biases = np.concatenate([t for n, t in w.items() if '.linear' in n and t.ndim == 1])
near('l1', r['6', 'weights', 'l1'], np.mean([abs(t).sum() for t in m]))
near('trace', r['6', 'weights', 'trace'], np.mean([np.trace(t) for t in m]))
near('spectral', r['6', 'weights', 'spectral'], np.mean([x[0] for x in s]))
near('mean_lambda', r['6', 'weights', 'mean_lambda'], np.mean([x.mean() for x in s]))
near('var_w', r['6', 'weights', 'var_w'], all.var(ddof=1))
near('mean_b', r['6', 'weights', 'mean_b'], biases.mean())
near('l2@', r['6', 'weights', 'l2@transformer.layers.0.linear1.weight'], (w['transformer.layers.0.linear1.weight'] ** 2).sum() ** .5)
print(bad or 'equal')
P
)" equal
else
    skip 'norms and statistics of the weights, by numpy' 'no numpy'
fi

# Perturbations.
train -d calm --steps 10 --save-at 4,5 train.zst
train -d shaken --steps 10 --save-at 4,5 --perturb 5:0.01 train.zst
train -d shaken2 --steps 10 --save-at 4,5 --perturb 5:0.01 --seed-noise 1 train.zst
train -d bias --steps 10 --save-at 4,5 --perturb '5:0.01:absolute:bias$' train.zst
same 'before a perturbation' calm/ckpt/00000004.safetensors shaken/ckpt/00000004.safetensors
for run in shaken shaken2 bias; do
    cmp -s calm/ckpt/00000005.safetensors $run/ckpt/00000005.safetensors && fail "perturbed: $run" || pass "perturbed: $run"
done
cmp -s shaken/ckpt/00000010.safetensors shaken2/ckpt/00000010.safetensors && fail '--seed-noise matters' || pass '--seed-noise matters'

# Seeds.
for seed in init order dropout noise; do
    train -d seed$seed --steps 3 --dropout 0.1 --perturb 2:0.1 --seed 7 train.zst
    train -d one$seed --steps 3 --dropout 0.1 --perturb 2:0.1 --seed 7 --seed-$seed 8 train.zst
    changed=$(cmp -s seed$seed/ckpt/00000003.safetensors one$seed/ckpt/00000003.safetensors && echo no || echo yes)
    is "--seed-$seed: recorded, and what it changes" "$(json one$seed $seed | tail -1) $changed" '8 yes'
done

# What is refused, before anything is made.
no() { # name status pattern arguments...
    refuse "$1" "$2" "$3" train -d no "${@:4}" train.zst
    if [ -e no ]; then fail "$1: leaves nothing" "$(find no)" && rm -r no; fi
}
no '--save-at of words' 64 "^train-transformer: --save-at takes steps and ranges .*; 'soon' is neither" --save-at 1,soon
no '--save-at beyond the run' 64 '^train-transformer: --save-at names step 41, beyond the 40 of the run' --steps 40 --save-at 41
no '--eval-at beyond the run' 64 '^train-transformer: --eval-at names step 41' --steps 40 --eval-at 3,41
no '--keep of nothing' 64 '^train-transformer: --keep takes all, last or a number from 1' --keep 0
no '--keep of words' 64 "^train-transformer: --keep takes .*, not 'some'" --keep some
no '--track of words' 64 "^train-transformer: --track takes .*; not 'weights'" --track tokens,weights
no '--save-on without a change' 64 '^train-transformer: --save-on takes METRIC:CHANGE' --save-on ood/loss
no '--save-on by nothing' 64 '^train-transformer: --save-on takes METRIC:CHANGE' --save-on ood/loss:0
no '--save-on without a metric' 64 '^train-transformer: --save-on takes METRIC:CHANGE' --save-on loss:0.1
no '--save-on of what is not measured' 64 "^train-transformer: --save-on: this run has no metric 'ood/los'; did you mean 'ood/loss'" --eval ood=ood.zst --save-on ood/los:0.1
no '--stop-when of what is not measured' 64 "^train-transformer: --stop-when: this run has no metric 'x/y'; it has train/loss" --stop-when 'x/y>1'
for bad in 'ood/loss' 'ood/loss=1' 'ood/loss>' 'ood/loss>x' '>1' 'ood/loss>1:0' 'ood/loss>1:x' 'loss>1'; do
    no "--stop-when '$bad'" 64 '^train-transformer: --stop-when takes METRIC>=VALUE' --eval ood=ood.zst --stop-when "$bad"
done
no '--perturb of words' 64 '^train-transformer: --perturb takes STEP:SCALE' --perturb now
no '--perturb beyond the run' 64 "^train-transformer: --perturb '50:0.1': the run goes from step 0 to 40" --steps 40 --perturb 50:0.1
no '--perturb with a broken pattern' 64 "^train-transformer: --perturb '5:0.1:\(': " --steps 40 --perturb '5:0.1:('
no '--perturb of no tensor' 64 "^train-transformer: --perturb '5:0.1:nose': the model has no tensor whose name matches" --steps 40 --perturb '5:0.1:nose'
no '--fresh-optimiser alone' 64 '^train-transformer: --fresh-optimiser ' --fresh-optimiser
printf '#source\ttarget\ttags\nthe newt\tthe newt\ta"b\n' >quoted.tsv
no '--per-tag with a quote in a tag' 65 '^train-transformer: quoted.tsv: --per-tag: the tag .a"b. has' --per-tag --eval e=quoted.tsv

# SIGUSR1: a checkpoint now, which leaves no trace; SIGUSR2: an evaluation that is only told.
long=(--steps 3000 --save-every 3000 --eval-every 1500 --eval ood=ood.zst train.zst)
train -d whole "${long[@]}"
train-transformer "${tiny[@]}" -d asked "${long[@]}" 2>err &
pid=$!
for _ in {1..2000}; do [ -e asked/metrics.tsv ] && break || sleep 0.005; done
sleep 0.05
kill -USR1 $pid 2>/dev/null
kill -USR2 $pid 2>/dev/null
wait $pid
is 'SIGUSR1 and SIGUSR2: the run goes on' $? 0
if grep -qE '^train-transformer: asked: a checkpoint of step [0-9]+, asked for by SIGUSR1' err; then pass 'SIGUSR1: it says so'; else skip 'SIGUSR1: it says so' 'the run was over'; fi
if grep -qE '\(not recorded\)$' err; then pass 'SIGUSR2: it says so'; else skip 'SIGUSR2: it says so' 'the run was over'; fi
is 'no trace of them' "$(cmp whole/metrics.tsv asked/metrics.tsv; diff -r whole/ckpt asked/ckpt)" ''

# A signal while a stream has nothing to give.
mkfifo idle
gen-grammar "$q" -n 100 -s 3 | zstd -qdc | grep -v '^##end' >part.tsv
train-transformer "${tiny[@]}" -d idle-run --steps 100 --eval-every 50 - <idle 2>err &
pid=$!
exec 9>idle
cat part.tsv >&9
for _ in {1..1000}; do [ -e idle-run/run.json ] && break || sleep 0.005; done
sleep 0.2
kill -TERM $pid
for _ in {1..400}; do kill -0 $pid 2>/dev/null || break; sleep 0.005; done
if kill -0 $pid 2>/dev/null; then
    fail 'a signal while the stream is idle is heeded at once'
    kill -9 $pid
fi
wait $pid
is 'a signal while the stream is idle' "$? $(steps idle-run)" '75 10 12 '
exec 9>&-
gen-grammar "$q" -n 900 -s 3 | train -d idle-run --steps 100 --eval-every 50 -
gen-grammar "$q" -n 900 -s 3 | train -d busy-run --steps 100 --eval-every 50 -
is 'and no trace of it' "$(cmp idle-run/metrics.tsv busy-run/metrics.tsv; diff -r idle-run/ckpt busy-run/ckpt)" ''

# A disk that fills during a checkpoint. The weights of other checkpoints stay as they are.
if [ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=600k tmpfs disk 2>/dev/null; then
    trap 'umount "$SCRATCH/disk" 2>/dev/null; rm -rf "$SCRATCH"' EXIT
    many=(--steps 100 --save-every 1 --keep-states all --eval-every 10 --eval ood=ood.zst train.zst)
    train -d room "${many[@]}"
    refuse 'a full disk' '7[34]' '^train-transformer: disk/run/[a-z0-9/.]+: cannot (write|create): No space left' \
        bash -c 'train-transformer "$@"; s=$?; [ $s = 73 ] || [ $s = 74 ] && exit 74; exit $s' - -q "${tiny[@]}" -d disk/run "${many[@]}" 2>/dev/null
    last=$(steps disk/run | awk '{ print $NF }')
    same 'the last good checkpoint is intact' disk/run/ckpt/$(printf %08d "$last").safetensors room/ckpt/$(printf %08d "$last").safetensors
    is 'nothing half-written' "$(find disk -name '*.tmp.*')" ''
    mount -o remount,size=100m disk
    train -d disk/run "${many[@]}"
    is 'it goes on when there is room' "$? $(cmp room/metrics.tsv disk/run/metrics.tsv; diff -r room/ckpt disk/run/ckpt)" '0 '
    umount disk
else
    skip 'a full disk' 'no tmpfs can be mounted'
fi
finish

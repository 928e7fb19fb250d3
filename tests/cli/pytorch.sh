# Where PyTorch is installed: checkpoints load by name, weights and moments, and ten steps from both
# agree (tests/interop/pytorch.py). The presets are compared by presets-pytorch.sh.
. "$(dirname "$0")/harness.sh"
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch, numpy' 2>/dev/null && python=$candidate && break
done
if [ -z "$python" ]; then
    skip 'agreement with PyTorch' 'no torch'
    finish
fi
gen-grammar "$GRAMMARS/question.gr" -n 20 --agree -o train.zst
zstd -dc train.zst | grep -v '^#' | cut -f1,2 >train.tsv
# After step 1 biases have left zero; ten steps of the whole corpus follow.
agree() { # name options...
    local name=$1 steps out loss
    shift
    for steps in 1 11; do
        train-transformer -q -d "$name$steps" --steps $steps --batch 20 --rate 3e-3 --decay constant \
            --warmup 0 --weight-decay 0.1 --clip 1 --dim 24 --heads 4 --layers 2 --save-every 1 \
            --eval all=train.tsv --eval-every 1 "$@" train.zst || return 1
    done
    cmp "${name}1/ckpt/00000001.safetensors" "${name}11/ckpt/00000001.safetensors" || return 1
    out=$("$python" "$ROOT/tests/interop/pytorch.py" train.tsv "${name}1/ckpt/00000001.safetensors" \
        "${name}1/ckpt/00000001.state.safetensors" "${name}11/ckpt/00000011.safetensors" 10 3e-3) || return 1
    loss=$(awk -F '\t' '$1 == 1 && $2 == "all" && $3 == "loss" { print $4 }' "${name}1/metrics.tsv")
    echo "$out; our loss $loss"
    awk -v ours="$loss" '/^loss/ { d = $2 - ours; if (d < 0) d = -d; bad += d > 1e-5; n++ }
        /^weights/ { bad += $2 > 1e-5; n++ } END { exit bad > 0 || n != 2 }' <<<"$out"
}
check 'post-norm, relu, sinusoidal, tied' agree post
check 'pre-norm, gelu, learned, untied, unscaled' agree pre --norm pre --activation gelu \
    --positions learned --untied --no-embedding-scale
finish

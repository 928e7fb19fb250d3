# train-mlp: models that no preset has against PyTorch (tests/interop/mlp.py; the presets are compared
# by presets-pytorch.sh), its bits and known answers.
. "$(dirname "$0")/harness.sh"

accuracy() { # folder split: the last
    awk -F '\t' -v s="$2" '$2 == s && $3 == "accuracy" { a = $4 } END { print a }' "$1/metrics.tsv"
}

addition() { # p fraction name
    gen-modular + -q -p "$1" -s 1 --symbol '' --equals '' --train-fraction "$2" -o "$3.zst" &&
        gen-modular + -q -p "$1" -s 1 --symbol '' --equals '' --train-fraction "$2" --part test \
            -o "$3.test.zst"
}
check 'a table of additions' addition 11 .7 small
gen-parity -q --alphabet signs --bits 0,1,2 --length 8 --samples 60 -n 60 -o parity.zst
zstd -dcq small.zst | grep -v '^#' >small.tsv
zstd -dcq parity.zst | grep -v '^#' >parity.tsv

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch, numpy' 2>/dev/null && python=$candidate && break
done
agree() { # corpus options...
    local corpus=$1 config out loss
    shift
    rm -rf agree
    train-mlp -q -d agree --steps 10 --save-at 0 --eval all="$corpus" "$@" "$corpus" || return 1
    config=$(train-mlp --steps 10 "$@" --show-config | grep -v '^#') || return 1
    # shellcheck disable=SC2086
    out=$("$python" "$ROOT/tests/interop/mlp.py" "$corpus" agree/ckpt/00000000.safetensors \
        agree/ckpt/00000010.safetensors 10 $config) || return 1
    loss=$(awk -F '\t' '$1 == 0 && $2 == "all" && $3 == "loss" { print $4 }' agree/metrics.tsv)
    echo "$out; our loss $loss"
    awk -v ours="$loss" '/^loss/ { d = $2 - ours; if (d < 0) d = -d; bad += d > 1e-5; n++ }
        /^weights/ { bad += !($2 <= 1e-5); n++ } END { exit bad > 0 || n != 2 }' <<<"$out"
}
if [ -z "$python" ]; then
    skip 'agreement with PyTorch' 'no torch'
else
    check 'PyTorch: logistic loss' agree parity.tsv --preset barak2022 --full-batch --loss logistic
    check 'PyTorch: one table, gelu, smoothing' agree small.tsv --preset chughtai2023 \
        --no-table-of-place --bias --embedding 6 --activation gelu --loss cross-entropy \
        --label-smoothing .1
    check 'PyTorch: hinge of classes' agree small.tsv --preset gromov2023 --hidden 30 --loss hinge
    check 'PyTorch: features of classes' agree parity.tsv --input features --signs --hidden 9,8,7 \
        --full-batch --rate 0.01 --decay constant --warmup 0 --clip 0
fi

# Bits: threads, stopping and resuming.
bits() {
    local j
    for j in 1 2 3; do
        train-mlp -q -d "bits$j" -j $j --preset gromov2023 --hidden 50 --steps 12 --eval \
            test=small.test.zst small.zst || return 1
        cmp bits1/metrics.tsv "bits$j/metrics.tsv" || return 1
        cmp bits1/ckpt/00000012.safetensors "bits$j/ckpt/00000012.safetensors" || return 1
    done
}
check 'the same bits on 1, 2 and 3 threads' bits

# Known answers.
check 'a table modulo 31' addition 31 .6 prime
train-mlp -q -d prime --preset gromov2023 --hidden 128 --steps 110 --eval test=prime.test.zst prime.zst
check 'the quadratic network generalises addition modulo 31 in 110 epochs' \
    awk -v a="$(accuracy prime test)" 'BEGIN { exit !(a >= 0.95) }'
gen-parity -q --alphabet signs --bits 3,7,11 --length 20 -n 32k -o online.zst
gen-parity -q --alphabet signs --bits 3,7,11 --length 20 -n 1k --skip 1M -o online.test.zst
train-mlp -q -d online --preset barak2022 --steps 1000 --eval test=online.test.zst online.zst
check 'online sparse parity of 20 bits is learned in 1,000 steps' \
    awk -v a="$(accuracy online test)" 'BEGIN { exit !(a >= 0.95) }'

# What is refused.
refuse 'a bad list of widths' 64 'write the widths of the hidden layers' \
    train-mlp -d no --hidden 20,x small.zst
refuse 'an empty width' 64 'write the widths' train-mlp -d no --hidden 20, small.zst
refuse 'entropy of values' 64 'needs classes; of values choose mse' \
    train-mlp -d no --input features --objective value --loss stablemax parity.zst
refuse 'smoothing of a square' 64 'label-smoothing' \
    train-mlp -d no --loss mse --label-smoothing .1 small.zst
refuse 'an embedding for one-hot vectors' 64 'embedding' train-mlp -d no --embedding 3 small.zst
refuse 'embeddings without a width' 64 "needs the embedding's width" \
    train-mlp -q -d no --input embedding small.zst
printf 'a b\tx\na b c\ty\n' >ragged.tsv
refuse 'words that are no numbers' 65 'is not a finite number' \
    train-mlp -q -d no --input features ragged.tsv
refuse 'sources of two lengths' 65 'ragged.tsv: line 2: .*tokens where there must be' \
    train-mlp -q -d no ragged.tsv
refuse 'another task to evaluate on' 65 'line 1|tokens|vocabulary|classes' \
    train-mlp -q -d no --eval x=ragged.tsv small.zst
refuse 'a loss that is not finite' 70 'not finite' \
    train-mlp -q -d bad --preset kunin2025 --init-deviation 1 --rate 1e9 --steps 50 small.zst
check 'the batch is kept' grep -qE '^[0-9]+ [0-9]+$' bad/bad-batch.txt
check 'show-config prints a preset' sh -c \
    'train-mlp --preset hu2023 --show-config | grep -qx -- "--loss hinge"'
finish

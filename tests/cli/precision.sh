# --precision, and what does not change a bit: threads, the kernels that BLAS takes, interruptions.
. "$(dirname "$0")/harness.sh"
gen-grammar "$GRAMMARS/question.gr" -n 400 --agree -q -o train.zst
gen-grammar "$GRAMMARS/question.gr" -n 50 --disagree -q -o ood.zst
gen-modular 'x + y' -q -p 11 -o sums.zst
steps=(-q --steps 12 --save-every 6 --eval-every 6 --first-evaluation)
transformer() { train-transformer "${steps[@]}" --dim 24 --layers 2 --heads 2 -b 32 --eval ood=ood.zst "$@" train.zst; }
rnn() { train-rnn "${steps[@]}" --hidden 20 -b 32 --eval ood=ood.zst "$@" train.zst; }
mlp() { train-mlp "${steps[@]}" --input embedding --embedding 16 --hidden 24 -b 100 --eval all=sums.zst "$@" sums.zst; }
bits() { # folder
    cat "$1/metrics.tsv" "$1/ckpt/00000012.safetensors" | cksum || echo "nothing in $1"
}
loss() { # folder: of the last step
    awk '$1 == 12 && $2 == "train" && $3 == "loss" { print $4 }' "$1/metrics.tsv"
}

precisions=f32
if train-transformer -q -d probe --steps 1 --precision bf16 train.zst 2>err; then
    precisions='f32 bf16'
elif [ "$(wc -l <err)" = 1 ] && grep -q '^train-transformer: --precision bf16: this processor has no' err && [ ! -e probe ]; then
    pass 'bf16 is refused where the processor has it not, and nothing is left'
    skip 'training in bf16' 'this processor has no products of bfloat16 numbers'
else
    fail 'bf16 is refused in one sentence' "$(cat err)"
fi
for model in transformer rnn mlp; do
    for precision in $precisions; do
        run=$model-$precision
        $model -d "$run" --precision $precision
        [ -s "$run/ckpt/00000012.safetensors" ] || fail "$run: trains"
        for threads in 2 4; do
            $model -d "$run-$threads" --precision $precision -j $threads
            is "$run: the same bits on $threads threads" "$(bits "$run-$threads")" "$(bits "$run")"
        done
        for core in Haswell Prescott; do
            OPENBLAS_CORETYPE=$core $model -d "$run-$core" --precision $precision
            is "$run: the same bits with BLAS kernels of $core" "$(bits "$run-$core")" "$(bits "$run")"
        done
    done
    [ "$precisions" = f32 ] && continue
    a=$(loss $model-f32) b=$(loss $model-bf16)
    if awk -v a="$a" -v b="$b" 'BEGIN { exit !(a != b && (a - b) ^ 2 < (.02 * a) ^ 2) }'; then
        pass "$model: bf16 rounds, and little"
    else
        fail "$model: bf16 rounds, and little" "losses $a and $b"
    fi
done
[ "$precisions" = f32 ] ||
    refuse 'a run goes on in its precision' 64 '^train-transformer: transformer-f32: made with --precision f32, not bf16' \
        transformer -d transformer-f32 --precision bf16
refuse 'no such precision' 64 "precision" train-transformer -d no --precision f16 train.zst

# The peak of memory that a run announces is the one it has, and is not far from the least there is.
. "$(dirname "$0")/harness.sh"
if [ "$VARIANT" != release ]; then
    skip 'peak memory' 'sanitizers take memory of their own'
    exit 0
fi
if ! grep -q VmHWM /proc/self/status 2>/dev/null; then
    skip 'peak memory' 'this system does not tell it'
    exit 0
fi
gen-grammar "$GRAMMARS/question.gr" -n 20000 --agree --columns source,target -o train.zst
gen-grammar "$GRAMMARS/question.gr" -n 3000 --disagree -o ood.zst

# The announced figure, and that of timing.tsv, in MB.
announced() { sed -nE 's/.*expects to need ([0-9]+) MB.*/\1/p' log; }
peak() { awk -F '\t' '$3 == "peak_memory" { p = $4 } END { printf "%.0f", p / 1e6 }' run/timing.tsv; }
# The program's own code is read as it is used: 8 MB; what batches of later epochs have more: 6 %.
holds() { # NAME TOOL OPTION...
    local name=$1 a p
    shift
    rm -rf run
    "$@" -d run --save-every 0 train.zst 2>log || { fail "$name" "$(cat log)"; return; }
    a=$(announced) p=$(peak)
    if [ -n "$a" ] && [ "$((100 * p))" -le "$((106 * a + 800))" ] &&
        [ "$((100 * p))" -ge "$((94 * a - 800))" ]; then
        pass "$name"
    else
        fail "$name" "announced '$a' MB, had '$p'"
    fi
}

big=(--dim 384 --layers 3 --heads 4 --steps 2)
holds 'parameters most of all' train-transformer "${big[@]}" -b 4
holds 'two threads, an evaluation' train-transformer "${big[@]}" -b 16 -j 2 --eval ood=ood.zst
holds 'activations most of all' train-transformer --dim 128 --layers 4 -b 256 --steps 3
holds 'in parts' train-transformer --dim 128 --layers 4 -b 256 --accumulate 4 --steps 3
holds 'by tokens' train-transformer --dim 128 --layers 4 --batch-tokens 6000 --steps 3
holds 'more that is kept of weights' \
    train-transformer "${big[@]}" -b 4 --average ema --track update_norm --eval-every 1
holds 'an encoder-decoder' train-transformer --shape encoder-decoder --dim 128 -b 128 --steps 3
holds 'a recurrent model' train-rnn --dim 256 -b 128 --steps 3

# 1.3 times 16 bytes a parameter, and the activations that are told, and the program with its
# corpora: 30 MB.
rm -rf run
train-transformer -d run "${big[@]}" -b 4 --eval ood=ood.zst --save-every 0 train.zst 2>log
parameters=$(sed -nE 's/.* ([0-9]+) parameters.*/\1/p' log)
activations=$(sed -nE 's/.* ([0-9]+) for activations.*/\1/p' log)
most=$((parameters * 16 * 13 / 10000000 + activations + 30))
if [ "$parameters" -gt 5000000 ] && [ "$(peak)" -le "$most" ]; then
    pass 'weights, moments and no copies'
else
    fail 'weights, moments and no copies' "$(peak) MB, at most $most" "$(cat log)"
fi
# What a whole evaluation batch computes is not kept.
[ "$activations" -lt 60 ] && pass 'evaluations need no room of their own' || fail 'evaluations need no room of their own' "$(cat log)"

finish

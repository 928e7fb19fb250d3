# train-rnn: what it learns, what it refuses, its options, and its runs in eval-rule.
. "$(dirname "$0")/harness.sh"
gen-grammar "$GRAMMARS/question.gr" -n 200 --agree -o train.zst
gen-grammar "$GRAMMARS/question.gr" -n 40 --disagree -o ood.zst
tiny=(--hidden 12 --layers 2 -b 16 -q --steps 6 --save-every 3)
train() { train-rnn "${tiny[@]}" "$@"; }
bits() { # folder: its metrics and the bytes of its last weights
    cat "$1/metrics.tsv" "$1"/ckpt/00000006.safetensors | cksum
}

for cell in srn srn-relu gru lstm; do
    check "$cell: trains" train -d "runs/$cell" --cell $cell --eval ood=ood.zst train.zst
    check "$cell: eval-rule reads it" eval-rule "runs/$cell" ood.zst
    train -d "threads/$cell" --cell $cell --eval ood=ood.zst -j 3 train.zst
    is "$cell: the same on 3 threads" "$(bits "threads/$cell")" "$(bits "runs/$cell")"
done
# Every shape, by eval-rule too.
for options in '--shape encoder-decoder' '--shape encoder-decoder --attention dot' \
    '--shape encoder-decoder --attention general --cell gru' \
    '--shape encoder-decoder --attention concat --separate-embedding' '--objective target'; do
    # shellcheck disable=SC2086
    check "$options: trains" train -d "shape/$options" $options --eval ood=ood.zst train.zst
    check "$options: eval-rule reads it" eval-rule "shape/$options" ood.zst
done
check '--shape encoder: trains on masked words' train -d shape/encoder --shape encoder train.zst

# A run that lost its last checkpoint goes on from the one before and ends in the same bytes.
dropped=(--cell gru --eval ood=ood.zst --dropout 0.2 --dropout-embedding 0.1 --dropout-output 0.1)
train -d whole "${dropped[@]}" train.zst
train-rnn --hidden 12 --layers 2 -b 16 --steps 6 --save-every 3 "${dropped[@]}" -d cut train.zst 2>/dev/null &
pid=$!
until [ -e cut/ckpt/00000003.safetensors ] || ! kill -0 $pid 2>/dev/null; do sleep 0.005; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
train -d cut "${dropped[@]}" train.zst
is 'resumed: the same bits, with dropout' "$(bits cut)" "$(bits whole)"

# Every option of the model changes the run.
train-rnn -b 16 -q --steps 6 --save-every 3 -d base --layers 2 --hidden 12 train.zst
n=0
while read -r options; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    train-rnn -b 16 -q --steps 6 --save-every 3 -d "opt$n" $options train.zst
    if [ -e "opt$n/ckpt/00000006.safetensors" ] && [ "$(bits "opt$n")" != "$(bits base)" ]; then pass "$options: is honoured"; else fail "$options: changes nothing"; fi
done <<'END'
--cell gru --layers 2 --hidden 12
--layers 3 --hidden 12
--hidden 13 --layers 2
--dim 7 --layers 2 --hidden 12
--tied --layers 2 --hidden 12
--tied --dim 7 --layers 2 --hidden 12
--no-output-bias --layers 2 --hidden 12
--dropout 0.1 --layers 2 --hidden 12
--dropout 0.1 --seed-dropout 1 --layers 2 --hidden 12
--dropout-embedding 0.1 --layers 2 --hidden 12
--dropout-output 0.1 --layers 2 --hidden 12
--label-smoothing 0.1 --layers 2 --hidden 12
--forget-bias 1 --layers 2 --hidden 12
--seed-init 1 --layers 2 --hidden 12
--seed-order 1 --layers 2 --hidden 12
END
is 'no two of them agree' "$(for i in $(seq $n); do bits "opt$i"; done | sort -u | wc -l)" $n

refuse 'a longer sentence than --max-length' 65 'train.zst: ' train -d no --max-length 5 train.zst
refuse 'dropout between one layer' 64 'dropout.*one layer' train-rnn -d no --layers 1 --dropout 0.1 train.zst
refuse 'a forget bias of a GRU' 64 'forget-bias.*lstm' train -d no --cell gru --forget-bias 1 train.zst
refuse 'attention without an encoder' 64 'attention.*encoder-decoder' train -d no --attention dot train.zst
refuse 'a read-out without classes' 64 'readout.*class' train -d no --readout mean train.zst
refuse 'numbers to read' 64 '^train-rnn: --features means nothing in a recurrent network' train -d no --objective class --features source train.zst
refuse 'an unknown cell' 64 'gru' train -d no --cell gur train.zst
refuse 'no hidden units' 64 'hidden' train -d no --hidden 0 train.zst
refuse 'too large a model' 64 'train-rnn: ' train -d no --hidden 16384 --layers 1000 train.zst
refuse 'no corpus' 64 . train-rnn -d no
refuse 'no folder' 64 'folder' train-rnn train.zst
if [ -e no ]; then fail 'what is refused leaves nothing'; else pass 'what is refused leaves nothing'; fi

# Forget gates of 12 units in 2 layers begin with the bias given.
forget() { # bias: the square of the weights' norm before the first step
    train-rnn -q -d "forget$1" --layers 2 --hidden 12 --steps 1 --track weight_norm --forget-bias "$1" \
        --eval-every 1 --eval ood=ood.zst train.zst
    awk '$1 == 0 && $3 == "weight_norm" { print $4 ^ 2 }' "forget$1/metrics.tsv"
}
check 'forget gates begin with --forget-bias' awk -v one="$(forget 1)" -v three="$(forget 3)" \
    'BEGIN { d = (three - one) / (2 * 12 * (9 - 1)); exit !(d > 0.9999 && d < 1.0001) }'

# The golden mean process: within 0.002 nats a token of the best possible loss of the sample.
process=$ROOT/processes/golden-mean.hmm
gen-hmm "$process" -n 20k --length 7 -o gm.zst
gen-hmm "$process" -n 2000 --length 7 -s 9 -o test.zst
best=$(gen-hmm "$process" -n 2000 --length 7 -s 9 --columns source,loss --text | grep -v '^#' | cut -f2 |
    awk '{ for (i = 1; i <= NF; i++) sum += $i; n += NF + 1 } END { print sum / n }')
learns() { # cell
    local loss
    train-rnn -q -d "gm/$1" --cell "$1" --hidden 16 -b 64 --steps 900 --rate 2e-2 --eval test=test.zst gm.zst || return 1
    loss=$(awk '$1 == 900 && $2 == "test" && $3 == "loss" { print $4 }' "gm/$1/metrics.tsv")
    echo "loss $loss, best $best"
    awk -v loss="$loss" -v best="$best" 'BEGIN { exit !(loss - best < 0.002 && loss > best - 0.0005) }'
}
for cell in srn gru lstm; do check "$cell: the golden mean process to its optimum" learns $cell; done
finish

# Known answers: corpora whose least possible loss is known exactly, learned down to it. Minutes of the
# sanitizers' time, so in the release build alone; longer ones are in tests/bench/known.sh.
. "$(dirname "$0")/harness.sh"
if [ "$VARIANT" != release ]; then
    skip 'known answers' "not in the $VARIANT build"
    exit 0
fi

last() { awk -F '\t' -v m="$2" '$2 == "test" && $3 == m { v = $4 } END { print v }' "$1/metrics.tsv"; }

# Mess3 (Marzen & Crutchfield 2017), infinitely many beliefs: at every place of a sequence within 0.002
# nats of what an observer who knows the process expects of these very sequences.
gen-hmm -q "$ROOT/processes/mess3.hmm" -n 5k --seed-data 99 --columns source,loss -o mess3.test.zst
gen-hmm -q "$ROOT/processes/mess3.hmm" -n 160k --seed-data 1 -o mess3.zst
check 'Mess3: a transformer trains' train-transformer -q -d mess3 --layers 2 --dim 32 --heads 2 --norm pre \
    --positions learned --steps 2500 --batch 64 --rate 2e-3 --max-length 16 --no-eos \
    --eval test=mess3.test.zst --eval-every 2500 --per-position --save-every 0 mess3.zst
worst=$(awk -F '\t' '$1 == 2500 && $3 ~ /^excess#/ { n++; if ($4 > w) w = $4 } END { print n, w + 0 }' mess3/metrics.tsv)
is 'Mess3: within 0.002 nats of the optimum at each of 10 places' \
    "$(awk '{ print $1, ($2 < .002) }' <<<"$worst")" '10 1'
echo "    worst excess ${worst#* } nats"

# A chain of ten symbols, rows from Dirichlet(1): the entropy rate is all there is to learn.
gen-hmm -q --random-chain 10 --seed-task 5 -n 5k --length 20 --seed-data 99 --columns source,loss -o chain.test.zst
gen-hmm -q --random-chain 10 --seed-task 5 -n 50k --length 20 --seed-data 1 -o chain.zst
check 'bigrams: a transformer trains' train-transformer -q -d chain --layers 1 --dim 32 --heads 2 --norm pre \
    --steps 1500 --batch 32 --rate 3e-3 --no-eos --eval test=chain.test.zst --eval-every 1500 --save-every 0 chain.zst
check 'bigrams: an LSTM trains' train-rnn -q -d lstm --cell lstm --layers 1 --hidden 32 --steps 1500 --batch 32 \
    --rate 3e-3 --no-eos --eval test=chain.test.zst --eval-every 1500 --save-every 0 chain.zst
for run in chain lstm; do
    is "bigrams: within 0.005 nats of the entropy ($run)" \
        "$(last $run excess | awk '{ print ($1 > -.001 && $1 < .005) }')" 1
    echo "    excess $(last $run excess) nats"
done
finish

# The options of optimisers and schedules: honoured, refused, and resumed to the bit. Where PyTorch
# is installed: the golden file of the optimisers is what PyTorch computes. (The unit tests
# test_optim and grad_optim follow the golden file.)
. "$(dirname "$0")/harness.sh"
gen-grammar "$GRAMMARS/question.gr" -n 60 --agree -o train.zst
small=(-q --dim 8 --heads 2 --layers 1 -b 8)
train() { train-transformer "${small[@]}" "$@" train.zst; }
bits() { sha256sum "$1"/ckpt/*[0-9].safetensors | cut -c1-64 | tail -1; }

# What shapes the run changes its bits; the number of threads does not.
train -d plain --steps 12
n=0
while read -r options; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    train -d changed$n --steps 12 $options && train -d threads$n --steps 12 -j 3 $options
    a=$(bits changed$n) b=$(bits threads$n)
    if [ -n "$a" ] && [ "$a" = "$b" ] && [ "$a" != "$(bits plain)" ]; then
        pass "$options"
    else
        fail "$options" "$a $b"
    fi
done <<'END'
--optimiser sgd
--optimiser sgd --momentum 0.9
--optimiser sgd --momentum 0.9 --nesterov
--optimiser adam --weight-decay 0.1
--weight-decay 0.1
--weight-decay 0.1 --weight-decay-on matrices
--l1 0.01
--group *.bias:rate=0
--group @matrix:decay=0.5,rate=2
--group *.out_proj.weight:init=zero
--group *.out_proj.weight:scale=2
--clip 0.01
--clip-value 0.001
--filter ema
--filter mean --filter-window 3
--orthogonal
--norm-projection global
--norm-projection tensor --norm-factor 1.5
--decay cosine --cycle 4
--decay linear --cycle 2 --cycle-growth 2
--decay triangle --final-fraction 0.5
--decay inverse-root --warmup 2
--decay steps --decay-every 3 --decay-factor 0.5
END
is 'different options, different bits' "$(sha256sum changed*/ckpt/00000012.safetensors | cut -c1-64 | sort | uniq -d)" ''
train -d average --steps 12 --average mean --average-from 5
is 'an average leaves the training alone' "$(bits average)" "$(bits plain)"
zeros() { # folder tensor: whether all of its initial values are 0
    local header from to n=$1/ckpt/00000000.safetensors
    header=$(od -An -tu8 -N 8 "$n" | tr -d ' ')
    read -r from to < <(tail -c +9 "$n" | head -c "$header" |
        sed -E 's/.*"'"$2"'":\{[^}]*"data_offsets":\[([0-9]+),([0-9]+)\].*/\1 \2/')
    tail -c +$((9 + header + from)) "$n" | head -c $((to - from)) | cmp -s - <(head -c $((to - from)) /dev/zero)
}
train -d zero --steps 1 --save-at 0 --group '*.out_proj.weight:init=zero'
check 'a group begins with the values of its own scheme' zeros zero transformer.layers.0.self_attn.out_proj.weight
check 'the others do not' bash -c "$(declare -f zeros); ! zeros zero transformer.layers.0.linear1.weight"

# Stopped and started again.
n=0
while read -r options; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    train -d whole$n --steps 400 --save-every 100 $options
    # shellcheck disable=SC2086
    train-transformer "${small[@]}" -d stopped$n --steps 400 --save-every 100 $options train.zst 2>/dev/null &
    pid=$!
    for _ in {1..2000}; do [ -e stopped$n/ckpt/00000100.safetensors ] && break || sleep 0.005; done
    kill -TERM $pid 2>/dev/null
    wait $pid
    status=$?
    # shellcheck disable=SC2086
    train -d stopped$n --steps 400 --save-every 100 $options
    is "resumed after status $status: $options" "$(diff -r whole$n/ckpt stopped$n/ckpt 2>&1
        cmp whole$n/metrics.tsv stopped$n/metrics.tsv 2>&1)" ''
done <<'END'
--optimiser sgd --momentum 0.9 --average ema --norm-projection global
--filter mean --filter-window 7 --norm-projection tensor
--optimiser adam --filter ema --orthogonal --average mean --average-from 150 --average-every 10
END

# What means nothing, contradicts, or is out of range is refused before anything is made.
n=0
while IFS='|' read -r options why; do
    # shellcheck disable=SC2086
    refuse "$options" 64 "$why" train -d refused --steps 12 $options
    [ -e refused ] && n=$((n + 1))
    rm -rf refused
done <<'END'
--optimiser sdg|did you mean|must be
--optimiser sgd --beta1 0.5|--beta1 means nothing with --optimiser sgd
--optimiser sgd --beta2 0.5|--beta2 means nothing
--optimiser sgd --epsilon 0.5|--epsilon means nothing
--optimiser sgd --nesterov|--nesterov needs --momentum
--momentum 0.9|--momentum means nothing without --optimiser sgd
--nesterov|--nesterov means nothing
--weight-decay-on matrices|--weight-decay-on means nothing without --weight-decay
--clip 1 --clip-value 1|exclude each other
--filter-lambda 2|--filter-lambda means nothing without --filter
--filter ema --filter-window 2|--filter-window means nothing without --filter mean
--filter mean --filter-alpha 0.5|--filter-alpha means nothing without --filter ema
--norm-factor 2|--norm-factor means nothing
--average-decay 0.5|--average-decay means nothing
--average mean --average-decay 0.5|--average-decay means nothing without --average ema
--average-from 2|--average-from means nothing
--average-every 2|--average-every means nothing
--average ema --average-from 13|beyond the last step
--final-fraction 0.5 --decay constant|--final-fraction means nothing with --decay constant
--final-fraction 0.5 --decay steps --decay-every 2|--final-fraction means nothing with --decay steps
--cycle 2 --decay inverse-root|--cycle means nothing with --decay inverse-root
--cycle 13|--cycle 13 is longer
--cycle-growth 2|--cycle-growth means nothing without --cycle
--decay-every 2|--decay-every means nothing without --decay steps
--decay-factor 2|--decay-factor means nothing
--decay steps|needs --decay-every
--warmup 13|--warmup is longer
--warmup 13 --decay constant|--warmup is longer
--group x|write PATTERN:KEY=VALUE
--group *.bais:decay=0|no tensor matches '\*\.bais'
--group *.bias:deccay=0|did you mean decay
--group @bais:decay=0|no role 'bais'
--group *:decay=x|must be a number
--group *:rate=-1|must be a number
--group *:init=zeor|did you mean zero
--group *:scale=-1|must be a number
END
is 'a refusal leaves nothing' "$n" 0

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch' 2>/dev/null && python=$candidate && break
done
agree() {
    local off
    off=$("$python" "$ROOT/tests/interop/optimisers.py" "$ROOT/tests/golden/optimisers.tsv") || return 1
    echo "largest relative difference $off"
    awk -v off="$off" 'BEGIN { exit !(off <= 1e-12) }'
}
if [ -n "$python" ]; then
    check 'golden steps of the optimisers are those of PyTorch' agree
else
    skip 'golden steps of the optimisers are those of PyTorch' 'no torch'
fi
finish

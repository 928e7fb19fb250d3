#!/bin/bash
# Known answers of the science of training on vectors, measured: steps and seconds to 95 % of the test
# set, the median over seeds. Run again to continue: finished runs return at once.
#
#     tests/bench/grokking.sh [FOLDER]       SEEDS="0 1 2 3 4"  ONLY=pattern
# shellcheck disable=SC2053,SC2054
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$ROOT/bin:$PATH
folder=${1:-$ROOT/build/grokking}
seeds=${SEEDS:-0 1 2 3 4}
mkdir -p "$folder" && cd "$folder" || exit 73
export LC_ALL=C OPENBLAS_NUM_THREADS=1

tables() { # p fraction seed: train and test corpora
    name=add$1-$2-$3
    [ -s "$name.test.zst" ] && return
    gen-modular + -q -p "$1" --symbol '' --equals '' -s "$3" --train-fraction "$2" -o "$name.zst" &&
        gen-modular + -q -p "$1" --symbol '' --equals '' -s "$3" --train-fraction "$2" --part test \
            -o "$name.test.zst"
}

# One row: what was expected, then the median steps to 95 % and seconds over the seeds.
row() { # label expected command, to which a seed and a folder are added
    local label=$1 expected=$2 seed run began
    shift 2
    [[ $label == ${ONLY:-*} ]] || return
    run=runs/${label//[^a-zA-Z0-9.]/_}
    for seed in $seeds; do
        began=$(date +%s.%N)
        if [ ! -s "$run/s$seed/seconds" ]; then
            "$@" "$seed" "$run/s$seed" || exit
            echo "$began $(date +%s.%N)" | awk '{ printf "%.2f\n", $2 - $1 }' >"$run/s$seed/seconds"
        fi
        awk -F '\t' -v seconds="$(cat "$run/s$seed/seconds")" '
            $3 == "accuracy" && $2 == "fit" && $4 >= .99 && !fit { fit = $1 }
            $3 == "accuracy" && $2 == "test" && $4 >= .95 && !test { test = $1 }
            END { print fit ? fit : "inf", test ? test : "inf", seconds }' "$run/s$seed/metrics.tsv"
    done | awk -v label="$label" -v expected="$expected" '
        function median(a, n,  i, j, t) {
            for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) {
                t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
            return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
        }
        { n++; fit[n] = $1 == "inf" ? 1e99 : $1; test[n] = $2 == "inf" ? 1e99 : $2; s[n] = $3 }
        function steps(x) { return x > 1e98 ? "never" : x }
        END { f = median(fit, n); m = median(test, n)
            printf "%-44s %5d %9s %9s %9s %9s %8.2f  %s\n", label, n, steps(f), steps(m),
                steps(test[1]), steps(test[n]), median(s, n), expected }'
}

modular() { # p fraction every options... seed folder
    local seed=${*: -2:1} run=${*: -1} p=$1 fraction=$2 every=$3
    tables "$p" "$fraction" "$seed" || return
    train-mlp -q -d "$run" -s "$seed" --eval test="$name.test.zst" --eval fit="$name.zst" \
        --eval-every "$every" --save-every 0 --stop-when 'test/accuracy>=0.95' \
        "${@:4:$#-5}" "$name.zst"
}

pool() { # seed folder
    local bits=(--alphabet signs --length 40 --bits 0,1,2 -s "$1")
    gen-parity -q "${bits[@]}" --samples 1000 -n 1000 -o "parity$1.zst" &&
        gen-parity -q "${bits[@]}" --samples 1000 --part test -n 2000 -o "parity$1.test.zst" &&
        train-mlp -q -d "$2" -s "$1" --preset hu2023 --eval test="parity$1.test.zst" \
            --eval fit="parity$1.zst" --eval-every 100 --save-every 0 \
            --stop-when 'test/accuracy>=0.95' "parity$1.zst"
}

online() { # seed folder
    local bits=(--alphabet signs --length 30 --bits 0,1,2 -s "$1")
    gen-parity -q "${bits[@]}" -n 160k -o "online$1.zst" &&
        gen-parity -q "${bits[@]}" --skip 1M -n 2000 -o "online$1.test.zst" &&
        train-mlp -q -d "$2" -s "$1" --preset barak2022 --eval test="online$1.test.zst" \
            --eval-every 100 --save-every 0 --stop-when 'test/accuracy>=0.95' "online$1.zst"
}

printf '%-44s %5s %9s %9s %9s %9s %8s  %s\n' '' seeds 'fit 99%' 'test 95%' least most seconds expected
row 'p=31 N=128 f=.6 quadratic' '60 epochs, 0.2 s' modular 31 .6 5 --preset gromov2023 --hidden 128
row 'p=97 N=500 f=.5 quadratic' '40-60 epochs, under 10 s' modular 97 .5 5 --preset gromov2023
row 'p=113 200-200 f=.4 orthogonal' '100-120 epochs, under 20 s' modular 113 .4 5 \
    --preset prieto2025-perpgrad
row 'parity n=40 k=3 h=1000 m=1000' '3800-4900 steps, under 10 s' pool
row 'parity online n=30 k=3 h=100' '1000 steps' online
for cell in '.5 0 60' '.4 0 150' '.4 1 100' '.35 0 never' '.35 1 180' '.3 0 never' '.3 1 510'; do
    read -r fraction decay expected <<<"$cell"
    row "p=59 N=256 f=$fraction wd=$decay" "$expected epochs" modular 59 "$fraction" 10 \
        --preset gromov2023 --hidden 256 --weight-decay "$decay" --steps 3000
done

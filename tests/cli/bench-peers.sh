# Where PyTorch is installed: the scripts that the trainers are timed beside have our parameters and take
# our steps.
. "$(dirname "$0")/harness.sh"
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch, numpy' 2>/dev/null && python=$candidate && break
done
if [ -z "$python" ]; then
    skip 'the peers of make bench-train' 'no torch'
    finish
fi
peers() { # row
    ESPALIER_BIN=$BIN BENCH_FOLDER=$SCRATCH/bench ROWS=$1 "$python" "$ROOT/tests/bench/train.py" --check
}
for row in d64b8 p113 quadratic parity lstm; do
    check "$row: the same parameters and first losses" peers "$row"
done
finish

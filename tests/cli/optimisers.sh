# Where PyTorch is installed: the golden file of the optimisers is what PyTorch computes. (The unit
# tests test_optim and grad_optim follow the golden file.)
. "$(dirname "$0")/harness.sh"
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch' 2>/dev/null && python=$candidate && break
done
if [ -z "$python" ]; then
    skip 'golden steps of the optimisers are those of PyTorch' 'no torch'
    finish
fi
agree() {
    local off
    off=$("$python" "$ROOT/tests/interop/optimisers.py" "$ROOT/tests/golden/optimisers.tsv") || return 1
    echo "largest relative difference $off"
    awk -v off="$off" 'BEGIN { exit !(off <= 1e-12) }'
}
check 'golden steps of the optimisers are those of PyTorch' agree
finish

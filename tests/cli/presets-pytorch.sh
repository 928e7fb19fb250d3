# Where PyTorch is installed: every preset takes the ten steps that PyTorch takes, and gives its logits
# (tests/interop/presets.py says what is measured). In double precision to rounding, in single
# precision to 1e-5.
. "$(dirname "$0")/harness.sh"
logits=$ROOT/build/$VARIANT/unit/logits
python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch, numpy' 2>/dev/null && python=$candidate && break
done
if [ -z "$python" ]; then
    skip 'presets against PyTorch' 'no torch'
elif [ "$VARIANT" = asan ]; then
    skip 'presets against PyTorch' 'they are compared in the release and the double build'
elif [ ! -x "$logits" ]; then
    skip 'presets against PyTorch' "no $logits: make VARIANT=$VARIANT unit"
else
    "$python" "$ROOT/tests/interop/presets.py" "$BIN" "$logits" 2>&1 || failures=1
fi
finish

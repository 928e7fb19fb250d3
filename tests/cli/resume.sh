# Stopped at any moment and started again by the same command, a run ends in the same bits.
. "$(dirname "$0")/harness.sh"
q=$GRAMMARS/question.gr
options=(--dim 16 --layers 1 --heads 2 -b 8 --steps 300 --save-every 70 --eval-every 40)
train() { train-transformer -q "${options[@]}" --eval ood=ood.zst "$@" train.zst; }
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}
# In the background, as a process of its own: pid.
start() {
    train-transformer -q "${options[@]}" --eval ood=ood.zst "$@" train.zst &
    pid=$!
}
same() { # name folder: the same bits and files as the undisturbed run
    is "$1" "$(cmp whole/metrics.tsv "$2/metrics.tsv" 2>&1
        diff -r whole/ckpt "$2/ckpt" 2>&1
        find "$2" -name '*.tmp.*'
        grep -q '"status": "finished"' "$2/run.json" || echo 'not finished')" ''
}
seconds() { awk "BEGIN { printf \"%.3f\", $1 }"; }

gen-grammar "$q" -n 300 --agree --split 1-9/10 -o train.zst
gen-grammar "$q" -n 40 --disagree --split 0/10 -o ood.zst
begin=$(date +%s.%N)
start -d whole
# Hard links keep the states that the run removes.
mkdir states
while kill -0 $pid 2>/dev/null; do ln whole/ckpt/*.state.safetensors states/ 2>/dev/null; done
wait $pid
undisturbed=$?
ln whole/ckpt/*.state.safetensors states/ 2>/dev/null # the last one stays
is 'an undisturbed run' "$undisturbed $(ls whole/ckpt | tr '\n' ' ')" '0 00000070.safetensors 00000140.safetensors 00000210.safetensors 00000280.safetensors 00000300.safetensors 00000300.state.safetensors '
took=$(seconds "$(date +%s.%N) - $begin")

# Killed at random moments, several times a run.
RANDOM=${SEED:-$$}
for run in 1 2 3; do
    kills=0
    seed=$RANDOM
    RANDOM=$seed
    for _ in {1..12}; do
        start -d killed$run
        sleep "$(seconds "$took * $RANDOM / 32768 * 0.5 + 0.005")"
        kill -9 $pid 2>/dev/null && kills=$((kills + 1))
        wait $pid 2>/dev/null && break
    done
    train -d killed$run
    same "killed $kills times and started again (seed $seed, $(sed -n 's/.*"resumed": \([0-9]*\).*/\1/p' killed$run/run.json) times resumed)" killed$run
done

# Stopped by a signal: a checkpoint at once, status 75, and no trace of it at the end.
for signal in TERM INT HUP; do
    (
        exec env --default-signal=INT train-transformer "${options[@]}" -d stopped$signal --eval ood=ood.zst train.zst
    ) 2>err &
    pid=$!
    for _ in {1..2000}; do [ -e stopped$signal/ckpt/00000070.safetensors ] && break || sleep 0.005; done
    kill -$signal $pid 2>/dev/null
    wait $pid
    status=$?
    if [ $status = 75 ]; then
        pass "SIG$signal: status 75"
        if grep -qE "^train-transformer: stopped$signal: stopped at step [0-9]+ of 300 by SIG$signal.*run again to resume" err; then pass "SIG$signal: it says so"; else fail "SIG$signal: it says so" "$(cat err)"; fi
        is "SIG$signal: run.json" "$(sed -n 's/.*"status": "\(.*\)".*/\1/p' stopped$signal/run.json)" stopped
        step=$(sed -n 's/.*stopped at step \([0-9]*\) .*/\1/p' err)
        is "SIG$signal: a checkpoint of that step" "$(ls stopped$signal/ckpt | grep -c "^0*$step\.safetensors$")" 1
    else
        is "SIG$signal: finished before the signal" $status 0
    fi
    train -d stopped$signal
    same "SIG$signal, started again" stopped$signal
done
start -d twice 2>err
for _ in {1..2000}; do [ -e twice/ckpt ] && break || sleep 0.005; done
kill -TERM $pid 2>/dev/null
kill -TERM $pid 2>/dev/null
wait $pid
train -d twice
same 'asked to stop twice, started again' twice

# Between the two files of a checkpoint, and after them.
unfinished() { # folder last-step: the run as it was after that step
    mkdir -p "$1/ckpt"
    sed 's/"finished"/"running"/' whole/run.json >"$1/run.json"
    awk -F '\t' -v last="$2" 'NR == 1 || $1 <= last' whole/metrics.tsv >"$1/metrics.tsv"
    local step
    for step in 70 140 210 280 300; do
        [ $step -le "$2" ] && cp "whole/ckpt/$(printf %08d $step).safetensors" "$1/ckpt/"
    done
    cp "states/$(printf %08d "$2").state.safetensors" "$1/ckpt/" 2>/dev/null
}
if [ -e states/00000140.state.safetensors ] && [ -e states/00000210.state.safetensors ]; then
    unfinished between 140
    cp states/00000210.state.safetensors between/ckpt
    train -d between
    same 'killed between state and model' between
    unfinished torn 140
    head -c 500 states/00000210.state.safetensors >torn/ckpt/00000210.state.safetensors.tmp.4711
    head -c 700 whole/ckpt/00000210.safetensors >torn/ckpt/00000210.safetensors.tmp.4712
    head -c 100 whole/run.json >torn/run.json.tmp.4713
    printf '150\ttrain\tlo' >>torn/metrics.tsv
    train -d torn
    same 'killed while writing: the halves go' torn
    unfinished later 140
    printf '160\ttrain\tloss\t1\n160\ttrain\trate\t1\n' >>later/metrics.tsv
    train -d later
    same 'killed after metrics of later steps' later
    unfinished before 210
    cp states/00000140.state.safetensors before/ckpt
    train -d before
    same 'killed before the old state went' before
else
    skip 'killed between state and model' 'the states went too fast'
fi
if [ -e states/00000280.state.safetensors ]; then
    unfinished end 300
    cp states/00000280.state.safetensors end/ckpt
    cp whole/ckpt/00000280.safetensors end/ckpt/00000285.safetensors # as a signal leaves them
    train -d end
    same 'killed after the last checkpoint' end
else
    skip 'killed after the last checkpoint' 'the states went too fast'
fi
unfinished model 300
rm model/ckpt/00000300.safetensors
train -d model 2>err
same 'the newest model file is lost' model
grep -qE '^train-transformer: warning: model/ckpt: the checkpoint of step 280 lacks the optimiser state beside it; going back to step 0' err && pass 'it says so' || fail 'it says so' "$(cat err)"
unfinished both 300
rm both/ckpt/00000300.*
train -d both 2>err
same 'the newest pair is lost' both
unfinished fewer 300
rm -r fewer/ckpt
train -d fewer
same 'all checkpoints are lost' fewer
unfinished damaged 300
head -c 1000 whole/ckpt/00000300.state.safetensors >damaged/ckpt/00000300.state.safetensors
refuse 'a damaged state' 65 '^train-transformer: damaged/ckpt/00000300.state.safetensors: ' train -d damaged
unfinished gone 300
rm gone/metrics.tsv
refuse 'metrics.tsv is lost' 66 '^train-transformer: gone/metrics.tsv: missing' train -d gone

# Threads.
options=(--dim 16 --layers 2 --heads 2 -b 48 --steps 25 --save-every 10 --eval-every 10)
train -d whole1 -j 1 # as `whole` below
rm -rf whole && mv whole1 whole
for threads in 2 3 4; do
    train -d threads$threads -j $threads
    same "$threads threads, the same bits" threads$threads
done
start -d mixed -j 4
for _ in {1..2000}; do [ -e mixed/ckpt/00000010.safetensors ] && break || sleep 0.005; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
train -d mixed -j 1
same 'killed with 4 threads, resumed with 1' mixed

# A stream.
options=(--dim 16 --layers 1 --heads 2 -b 8 --steps 200 --save-every 50 --eval-every 50)
stream() { # folder generator-options: the run, fed by gen-grammar
    gen-grammar "$q" -n 3k "${@:2}" 2>gen.err | train-transformer "${options[@]}" -d "$1" --eval ood=ood.zst - 2>err
    echo "${PIPESTATUS[*]}"
}
rm -rf whole
statuses=$(stream whole -s 3)
is 'a stream' "${statuses#* }" 0
is 'the generator is silent when its reader has had enough' "$(cat gen.err)" ''
gen-grammar "$q" -n 1G -s 3 2>gen.err | train-transformer -q "${options[@]}" -d endless --eval ood=ood.zst -
is 'an endless stream is closed' "${PIPESTATUS[*]} $(cat gen.err)" '141 0 '
same 'a longer stream, the same bits' endless
gen-grammar "$q" -n 1600 -s 3 -o exact.zst && train-transformer -q "${options[@]}" -d exact --eval ood=ood.zst - <exact.zst
same 'a stream of just enough' exact
stop_at() { # folder: stream seed 3 and stop by SIGTERM after the first checkpoint
    rm -f pipe && mkfifo pipe
    train-transformer "${options[@]}" -d "$1" --eval ood=ood.zst - <pipe 2>err &
    local pid=$!
    # The stream comes in two parts, so that the signal finds it at work.
    exec 8>pipe
    zstd -qdc exact.zst 2>gen.err | head -1000 >&8
    for _ in {1..2000}; do [ -e "$1/ckpt/00000100.safetensors" ] && break || sleep 0.005; done
    kill -TERM $pid
    { zstd -qdc exact.zst | tail -n +1001 >&8; } 2>gen.err
    exec 8>&-
    wait $pid
    echo $?
}
trap '' PIPE
is 'a stream, stopped' "$(stop_at cut)" 75
trap - PIPE
refuse 'another stream' 65 '^train-transformer: standard input differs from what this run has read in its first [0-9]+ steps' \
    bash -c "gen-grammar '$q' -n 3k -s 4 | train-transformer -q ${options[*]} -d cut --eval ood=ood.zst -"
# The same numbers, another word behind one of them.
sed 's/\bnewt\b/frog/g' "$q" >frog.gr
gen-grammar "$q" -n 3k -s 3 2>gen.err | train-transformer -q "${options[@]}" -d frog -
sed -i 's/"finished"/"running"/' frog/run.json
refuse 'a stream with other words' 65 'frog/ckpt/[0-9]+.safetensors: its vocabulary is not that of the corpus now' \
    bash -c "gen-grammar frog.gr -n 3k -s 3 2>gen.err | train-transformer -q ${options[*]} -d frog -"
statuses=$(stream cut -s 3)
is 'the same stream resumes' "${statuses#* }" 0
same 'a stream, stopped and resumed' cut
refuse 'a stream too short' 65 '^train-transformer: standard input: ended at step 51; the run needs more examples' \
    bash -c "gen-grammar '$q' -n 400 -s 3 | train-transformer -q ${options[*]} -d short --eval ood=ood.zst -"
is 'it failed' "$(sed -n 's/.*"status": "\(.*\)".*/\1/p' short/run.json)" failed
statuses=$(stream short -s 3)
is 'and goes on with a longer one' "${statuses#* }" 0
same 'a short stream, then a longer one' short
gen-grammar "$q" -n 1000 -s 3 | head -c 20000 >part.zst
refuse 'a stream cut short' 65 '^train-transformer: standard input: .*cut short' \
    bash -c "train-transformer -q ${options[*]} -d torn-stream --eval ood=ood.zst - <part.zst"

# Standard input without a vocabulary is read whole: its content is remembered too.
zstd -qdc train.zst | grep -v '^#' | cut -f1,2 >two.tsv
tac two.tsv >other.tsv
options=(--dim 16 --layers 1 --heads 2 -b 8 --steps 100 --save-every 20)
rm -rf whole
train-transformer -q "${options[@]}" -d whole - <two.tsv
mkdir -p text/ckpt && cp -r whole/ckpt whole/metrics.tsv text/ && sed 's/"finished"/"running"/' whole/run.json >text/run.json
rm text/ckpt/00000100.*
cp whole/ckpt/00000100.* text/ckpt/
refuse 'other text from standard input' 65 'standard input differs|its vocabulary is not that' \
    bash -c "train-transformer -q ${options[*]} -d text - <other.tsv"
train-transformer -q "${options[@]}" -d text - <two.tsv
same 'the same text from standard input' text
finish

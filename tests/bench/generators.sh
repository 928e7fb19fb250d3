#!/bin/bash
# Rates of the generators and filters on this machine: medians of 5 runs, alternating with their peer
# where they have one. Run on a quiet machine. Figures marked "one core" write plain text to
# /dev/null; the others compress, which takes a thread of its own.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/bin:$PATH
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
q=grammars/question.gr

median() { sort -g | awk '{x[NR] = $1} END {print x[int((NR + 1) / 2)]}'; }
# Seconds of a shell command, wall time or (with user) the processor's.
wall() { local TIMEFORMAT=%R; { time bash -c "$1" >/dev/null 2>&1; } 2>&1; }
processor() { local TIMEFORMAT='%U %S'; { time bash -c "$1" >/dev/null 2>&1; } 2>&1 | awk '{print $1 + $2}'; }
times() { # how command
    local i
    for i in 1 2 3 4 5; do "$1" "$2"; done | median
}
peak() { # command: kilobytes of resident memory at most
    python3 -c 'import resource, subprocess, sys
subprocess.run(["bash", "-c", "exec " + sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$1"
}
heading() { printf '\n| %-62s | %14s | %10s |\n|---|---|---|\n' "$1" "$2" "$3"; }
row() { printf '| %-62s | %14s | %10s |\n' "$1" "$2" "$3"; }
# Items a second of a tool alone on one core: name, goal, items, command that writes plain text.
rate() {
    local seconds
    seconds=$(times processor "$4 --text -o /dev/null")
    row "$1" "$(awk -v n="$3" -v s="$seconds" 'BEGIN {printf "%.3g", n / s}')" "$2"
}
# Wall time of a command against its peer, in turns; the median of five ratios.
against() { # name goal ours peer
    local i ratios=''
    for i in 1 2 3 4 5; do
        ratios+="$(awk -v a="$(wall "$3")" -v b="$(wall "$4")" 'BEGIN {print a / b}')"$'\n'
    done
    row "$1" "$(printf %s "$ratios" | sort -g | awk '{x[NR] = $1} END {printf "%.2f [%.2f, %.2f]", x[3], x[1], x[5]}')" "$2"
}

echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(gen-grammar --version), $(zstd --version | grep -o 'v[0-9.]*')"
heading 'one core, plain text' 'a second' goal
rate 'gen-grammar question.gr: source, target, rule (examples)' 1.5e6 1000000 "gen-grammar $q -n 1M --columns source,target,rules"
rate 'gen-grammar question.gr: the same and all tags (examples)' '' 500000 "gen-grammar $q -n 500k"
rate 'gen-grammar question.gr: --disagree (examples)' '' 100000 "gen-grammar $q -n 100k --disagree"
rate 'gen-grammar question.gr: ten trees, --agree (examples)' '' 500000 "gen-grammar $q -n 500k --agree --trees 10 --columns source,target"
rate 'gen-hmm mess3 (tokens)' 4e7 50000000 'gen-hmm processes/mess3.hmm -n 50k --length 1000'
rate 'gen-hmm mess3, sequences of 10 (tokens)' '' 10000000 'gen-hmm processes/mess3.hmm -n 1M --length 10'
rate 'gen-modular, samples of a + b mod 97 (examples)' 5e6 5000000 'gen-modular + -n 5M --sample'
rate 'gen-modular, the rows of x + y mod 10^4 (examples)' 5e6 30000000 'gen-modular + -p 10k -n 30M'
rate 'gen-brackets, rule choice (examples)' 5e6 5000000 'gen-brackets rule -n 5M --columns source,target'
rate 'gen-brackets, rule choice, all rules and tags (examples)' '' 5000000 'gen-brackets rule -n 5M'
rate 'gen-brackets, Dyck-(8,3), source (examples)' '' 2000000 'gen-brackets dyck -n 2M --columns source'
rate 'gen-parity, 40 bits (examples)' '' 2000000 'gen-parity -n 2M'
rate 'gen-count add, 1 to 10 digits (examples)' '' 1000000 'gen-count add -n 1M'
rate 'gen-recall recall, 64 words (examples)' '' 200000 'gen-recall recall -n 200k'
rate 'gen-concept exist (examples)' '' 1000000 'gen-concept exist -n 1M'

gen-grammar $q -n 1M -o "$work/all.zst"
gen-grammar $q -n 200k --columns source,target -o "$work/plain.zst"
heading 'gen-label question.gr, one core' 'a second' goal
rate 'tree, tags, rules, logp (sentences)' 5e4 200000 "gen-label $q $work/plain.zst -q"
rate 'tree (sentences)' '' 200000 "gen-label $q $work/plain.zst -q --columns tree"

heading 'wall time, compressed' ratio goal
zstd -dqc "$work/all.zst" >"$work/all.tsv"
gen-grammar $q -n 1M --columns source,target,rules --text -o "$work/rules.tsv"
against 'gen-grammar: source, target, rule / zstd -1 of the same bytes' '<= 1.67' \
    "gen-grammar $q -n 1M --columns source,target,rules -o $work/o.zst" "zstd -1 -qf $work/rules.tsv -o $work/o.zst"
against 'gen-grammar, all tags / zstd -1 of the same bytes' '' \
    "gen-grammar $q -n 1M -o $work/o.zst" "zstd -1 -qf $work/all.tsv -o $work/o.zst"
against 'gen-grammar -j2, all tags / zstd -1 of the same bytes' '' \
    "gen-grammar $q -n 1M -j2 -o $work/o.zst" "zstd -1 -qf $work/all.tsv -o $work/o.zst"
peer="zstd -dqc $work/all.zst | zstd -1 -q >$work/o.zst"
against 'gen-filter --where quest / zstd -dc | zstd -1' '<= 1.5' "gen-filter --where quest $work/all.zst -q -o $work/o.zst" "$peer"
against 'gen-filter, everything passes / zstd -dc | zstd -1' '<= 1.5' "gen-filter $work/all.zst -q -o $work/o.zst" "$peer"
against 'gen-filter --match source=/newt/ / zstd -dc | zstd -1' '<= 1.5' "gen-filter --match source=/newt/ $work/all.zst -q -o $work/o.zst" "$peer"
gen-grammar $q -n 500k --seed 1 -o "$work/a.zst"
gen-grammar $q -n 500k --seed 2 -o "$work/b.zst"
against 'gen-mix, two halves / zstd -dc | zstd -1' '<= 1.5' "gen-mix $work/a.zst=0.5 $work/b.zst=0.5 -n 1M -q -o $work/o.zst" "$peer"
against 'gen-shuffle / zstd -dc | zstd -1' '<= 1.5' "gen-shuffle $work/all.zst -q -o $work/o.zst" "$peer"

heading 'memory: resident kilobytes at most' '10k' '1M'
row 'gen-grammar question.gr' "$(peak "gen-grammar $q -n 10k -o /dev/null")" "$(peak "gen-grammar $q -n 1M -o /dev/null")"
row 'gen-grammar question.gr --unique' "$(peak "gen-grammar $q -n 10k --unique -o /dev/null")" "$(peak "gen-grammar $q -n 1M --unique -o /dev/null")"
row 'gen-filter (streams)' "$(peak "gen-grammar $q -n 10k | gen-filter --where quest -o /dev/null -q")" "$(peak "gen-filter --where quest $work/all.zst -q -o /dev/null")"

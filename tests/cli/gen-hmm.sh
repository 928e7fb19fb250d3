# gen-hmm: sequences, what is true of them, mixtures, fresh systems, documents and prompts.
. "$(dirname "$0")/harness.sh"
P=$ROOT/processes
gen() { gen-hmm --text --budget 0 "$@"; }
rows() { grep -v '^#' "${1:--}"; }
header() { sed -n "s/^##$1\t//p" "$2"; }
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}
same() { # name a b
    if cmp -s "$2" "$3" && [ -s "$2" ]; then pass "$1"; else fail "$1" "$(diff "$2" "$3" | head -5)"; fi
}
none() { # name file: the file holds complaints
    if [ ! -s "$2" ]; then pass "$1"; else fail "$1" "$(head -5 "$2")"; fi
}

# What the header knows: the recomputed values for Shai et al. 2024, to five digits.
starts() { # name file key text: the header line begins so
    local got
    got=$(header "$3" "$2")
    case $got in "$4"*) pass "$1" ;; *) fail "$1" "$3 is '$got', not '$4...'" ;; esac
}
gen-hmm --text "$P/mess3.hmm" -n 0 >mess3
h=$(header optimal_loss mess3 | cut -f2)
is 'Mess3: h(0), h(1), h(2), h(4), h(9)' "$(echo "$h" | awk '{printf "%.5f %.5f %.5f %.5f %.5f", $1, $2, $3, $5, $10}')" \
    '1.09861 0.85772 0.81336 0.79474 0.79346'
starts 'Mess3: entropy rate' mess3 entropy_rate 'bounds value=0.793458 low=0.79345'
starts 'Mess3: mean over ten positions' mess3 bayes 'exact loss=0.83302'
starts 'Mess3: chance' mess3 baseline 'uniform loss=1.098612'
starts 'Mess3: parameters' mess3 parameters 'x=0.05 a=0.85 y=0.9 b=0.075'
gen-hmm --text "$P/mess3.hmm" -n 0 --set x=.15 --set a=3/5 >mild
h=$(header optimal_loss mild | cut -f2 | tr '\n' ' ')
is 'Mess3 with other parameters' "$(echo "$h" | awk '{printf "%.5f %.5f %.5f", $1, $2, $10}') $(header bayes mild)" \
    '1.09861 1.09107 1.08889 bounds loss=1.090144'
gen-hmm --text "$P/rrxor.hmm" -n 0 --length 40 >rrxor
is 'RRXOR: h(9), h(39)' "$(header optimal_loss rrxor | cut -f2 | cut -d' ' -f10,40)" '0.515819 0.462155'
is 'RRXOR: entropy rate' "$(header entropy_rate rrxor)" 'exact value=0.462098'
gen-hmm --text "$P/z1r.hmm" -n 0 --length 5..10 >z1r
is 'Z1R: entropy rate' "$(header entropy_rate z1r)" 'exact value=0.231049'
is 'no mean for sequences of several lengths' "$(header bayes z1r)" ''
is 'names and start' "$(header states z1r) $(header start z1r)" 'Z O R 0.33333333 0.33333333 0.33333333'
is '--budget 0 leaves the losses out' "$(gen "$P/z1r.hmm" -n 0 | grep -cE '^##(optimal|entropy)')" 0

# The same corpus, whatever the threads; shards; splits.
args=("$P/mess3.hmm" --length 5..30 --columns source,states,loss)
gen "${args[@]}" -n 3000 >one
for j in 2 4; do
    gen "${args[@]}" -n 3000 -j $j >many
    same "-j $j makes the same bytes" one many
done
gen "${args[@]}" -n 3000 --seed-data 1 >other
if cmp -s <(rows one) <(rows other); then fail 'another seed differs'; else pass 'another seed differs'; fi
for system in "$P/rrxor.hmm" '--random-chain 4 --components 0' '--random-hmm 3,2 --components 5 --prior random' \
    '--ginc 4,4' '--ginc 4,4 --prompt 2,3' '--random-chain 3 --components 2 --split 1-3/4 --unique'; do
    # shellcheck disable=SC2086
    gen $system -n 60 | rows >whole
    # shellcheck disable=SC2086
    gen $system -n 10 --skip 50 | rows >part
    sed -n 51,60p whole >expected
    same "--skip 50 -n 10 is lines 51 to 60 (${system##*/})" part expected
done
gen "$P/mess3.hmm" -n 3000 --split 1-9/10 --length 6 | rows | sort -u >train
gen "$P/mess3.hmm" -n 1000 --split 0/10 --length 6 -s 4 | rows | sort -u >test
is 'splits share no sequence' "$(comm -12 train test | wc -l) $([ -s test ] && echo some)" '0 some'
is '--unique reaches every word' "$(gen "$P/golden-mean.hmm" --unique --length 8 -n 55 | rows | sort -u | wc -l)" 55
refuse '--unique knows when there are no more' 65 'could make 55 examples, then none' \
    gen-hmm "$P/golden-mean.hmm" --unique --length 8 -n 56 --patience 20k --text
gen "$P/rrxor.hmm" -n 40 --columns loss,logp,source,component,beliefs,posterior | rows | cut -f3 >a
gen "$P/rrxor.hmm" -n 40 | rows >b
same 'columns do not change the sequences' a b
gen "$P/mess3.hmm" -n 500 --length 3..7 | rows | awk 'NF < 3 || NF > 7; {seen[NF]++} END {for (n = 3; n <= 7; n++) if (seen[n] < 60) print n}' >bad
none 'all lengths of the range come' bad
is 'long names' "$(printf 'states A\nsymbols a-very-long-symbol b\nA -> A a-very-long-symbol 1/2\nA -> A b 1/2\n' |
    gen - -n 50 | rows | tr ' ' '\n' | sort -u | tr '\n' ' ')" 'a-very-long-symbol b '

# Independent: beliefs, predictions, losses, posterior worked out again from the model as a file.
cat >forward.awk <<'AWK'
# Files: the model (--show), then rows: source, states, start, beliefs, predictions, loss, logp,
# component, posterior.
function near(x, y, what) { if (x - y > 2e-8 || y - x > 2e-8) print FNR ": " what ": " x " is not " y }
FNR == NR && $1 == "states" { for (i = 2; i <= NF; i++) { name[i - 2] = $i; number[$i] = i - 2 } n = NF - 1 }
FNR == NR && $1 == "symbols" { for (i = 2; i <= NF; i++) symbol[i - 2] = $i; k = NF - 1 }
FNR == NR && $1 == "start" { for (i = 2; i <= NF; i++) { at = index($i, "="); begin[number[substr($i, 1, at - 1)]] = substr($i, at + 1) } }
FNR == NR && $2 == "->" { p[number[$1], number[$3], $4] = $5; edges++; from[edges] = number[$1]; to[edges] = number[$3]; emits[edges] = $4 }
FNR == NR || /^#/ { next }
{
    split($0, f, "\t"); L = split(f[1], x, " "); split(f[2], s, " "); split(f[4], b, " "); split(f[5], q, " ")
    split(f[6], loss, " "); split(f[9], post, " ")
    prefix = components > 1 ? f[8] ":" : ""
    state = prefix f[3]; logp = 0
    if (!(number[state] in begin)) print FNR ": starts in " state
    for (i = 0; i < n; i++) belief[i] = begin[i] + 0
    for (t = 1; t <= L; t++) {
        if (!((number[state], number[prefix s[t]], x[t]) in p)) print FNR ": no edge " state " -> " s[t] " " x[t]
        state = prefix s[t]
        for (i = 0; i < n; i++) later[i] = 0
        total = 0
        for (e = 1; e <= edges; e++) if (emits[e] == x[t]) { add = belief[from[e]] * p[from[e], to[e], x[t]]; later[to[e]] += add; total += add }
        near(loss[t], -log(total), "loss"); logp += log(total)
        split(b[t], got, ","); 
        for (c = 0; c < components; c++) share[c] = 0
        for (i = 0; i < n; i++) {
            belief[i] = later[i] / total; near(got[i + 1], belief[i], "belief")
            c = name[i]; sub(/:.*/, "", c); share[components > 1 ? c : 0] += belief[i]
        }
        split(post[t], got, ",")
        for (c = 0; c < components; c++) near(got[c + 1], share[c], "posterior")
        for (i = 0; i < k; i++) predicted[symbol[i]] = 0
        for (e = 1; e <= edges; e++) predicted[emits[e]] += belief[from[e]] * p[from[e], to[e], emits[e]]
        split(q[t], got, ",")
        for (i = 0; i < k; i++) near(got[i + 1], predicted[symbol[i]], "prediction")
    }
    if (f[7] - logp > 1e-6 || logp - f[7] > 1e-6) print FNR ": logp " f[7] " is not " logp
    checked++
}
END { if (!checked) print "nothing to check" }
AWK
forward() { # name components options...
    local name=$1 components=$2
    shift 2
    gen-hmm "$@" --show >model
    gen "$@" -n 15 --columns source,states,start,beliefs,predictions,loss,logp,component,posterior >corpus
    awk -v components="$components" -f forward.awk model corpus >bad 2>&1
    none "$name: states, beliefs, predictions, losses and posterior, independently" bad
}
forward Mess3 1 "$P/mess3.hmm"
forward RRXOR 1 "$P/rrxor.hmm" --length 1..12
forward 'a chain with a start' 1 "$P/ring.hmm" --start 'egg=1/2 jar=1/2'
forward 'two files' 2 "$P/z1r.hmm" "$P/even.hmm"
forward 'random models' 3 --random-hmm 3,2 --components 3 --prior random
forward 'random chains' 4 --random-chain 3 --components 4 --start uniform --alpha 0.4
forward GINC 2 --ginc 3,3 --words 9 --components 4
gen-hmm --random-hmm 3,2 --components 2 --show >model
gen-hmm model --show >again
is 'a model that is written and read is the same' "$(paste -d' ' <(grep -- '->' model) <(grep -- '->' again) |
    awk '$1 $3 $4 != $6 $8 $9 || $5 - $10 > 1e-15 || $10 - $5 > 1e-15' | wc -l) $(grep -c -- '->' again)" '0 36'

# Frequencies of pairs of symbols against the model: Pearson's statistic of 9 cells (8 degrees of
# freedom), three thousandths of the mass in the tail. Only the last pair of each of many sequences.
gen "$P/mess3.hmm" -n 40000 --length 2 | rows >pairs
awk '{n[$0]++} END {
    for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) {
        p = 0
        for (a = 0; a < 3; a++) for (b = 0; b < 3; b++) for (c = 0; c < 3; c++)
            p += 1 / 3 * (a == b ? .9 : .05) * (b == i ? .85 : .075) * (b == c ? .9 : .05) * (c == j ? .85 : .075)
        e = NR * p; x += (n[i " " j] - e) ^ 2 / e
    }
    if (x > 23.6 || x < 0.8) print x }' pairs >bad
none 'pairs of symbols are as frequent as they must be' bad

# Components.
gen-hmm --random-chain 4 --components 3 --show | grep '^[0-2]:' | grep -- '->' >few
gen-hmm --random-chain 4 --components 9 --show | grep '^[0-2]:' | grep -- '->' >more
same 'component c does not depend on how many there are' few more
gen-hmm --random-chain 4 --components 9 --show -s 1 | grep '^[0-2]:' | grep -- '->' >more
if cmp -s few more; then fail 'components depend on the seed'; else pass 'components depend on the seed'; fi
gen-hmm --random-chain 4 --components 3 -s 1 --seed-task 0 --show | grep -- '->' >more
same '--seed-task fixes them' few more
gen-hmm --random-chain 4 --components 0 --seed-task 0 -s 1 -n 9 --text | rows >a
gen-hmm --random-chain 4 --components 0 --seed-task 0 -s 2 -n 9 --text | rows >b
if cmp -s a b; then fail '--seed-data draws other sequences'; else pass '--seed-data draws other sequences'; fi
gen --random-chain 2 --components 6 --prior random -n 6000 --columns component >corpus
awk -F '\t' '/^##prior/ {n = split($2, p, " ")} /^#/ {next} {c[$1]++; N++} END {
    for (i = 1; i <= n; i++) {sum += p[i]; e = N * p[i]; x += (c[i - 1] - e) ^ 2 / e}
    if (n != 6 || sum < .99999 || sum > 1.00001 || x > 20) print n, sum, x}' corpus >bad
none 'components come as often as their prior says' bad

# A fresh system for every sequence.
cat >counts.awk <<'AWK'
/^#/ { next }
{
    split($0, f, "\t"); L = split(f[1], x, " "); split(f[2], loss, " "); split(f[3], q, " "); n = split(f[4], r, " ")
    delete c; delete m
    for (i = 1; i <= n; i++) {
        sum = 0
        if (split(r[i], cell, ",") != n) print FNR ": row of " r[i]
        for (j = 1; j <= n; j++) { sum += cell[j]; column[j] = i == 1 ? cell[j] : column[j] + cell[j] }
        if (sum - 1 > 1e-8 || 1 - sum > 1e-8) print FNR ": sum " sum
    }
    for (j = 1; j <= n && balanced; j++) if (column[j] - 1 > 1e-8 || 1 - column[j] > 1e-8) print FNR ": column " column[j]
    for (t = 1; t <= L && !balanced; t++) {
        p = t == 1 ? 1 / n : (c[x[t - 1], x[t]] + alpha) / (m[x[t - 1]] + n * alpha)
        if (loss[t] + log(p) > 2e-8 || -loss[t] - log(p) > 2e-8) print FNR ": loss " loss[t]
        if (t > 1) { c[x[t - 1], x[t]]++; m[x[t - 1]]++ }
        split(q[t], got, ",")
        for (j = 1; j <= n; j++) { p = (c[x[t], j - 1] + alpha) / (m[x[t]] + n * alpha); if (got[j] - p > 2e-8 || p - got[j] > 2e-8) print FNR ": prediction " got[j] }
    }
    if (seen[r[1]]++) print FNR ": the same chain"
    checked++
}
END { if (checked != 50) print checked " rows" }
AWK
for alpha in 1 0.3; do
    gen --random-chain 3 --components 0 --alpha $alpha -n 50 --length 30 --columns source,loss,predictions,matrix >corpus
    awk -v alpha=$alpha -f counts.awk corpus >bad
    none "fresh chains, alpha $alpha: losses and predictions from counts, rows that sum to 1" bad
done
gen --random-chain 4 --components 0 --doubly-stochastic -n 50 --columns source,start,states,matrix >corpus
awk -v balanced=1 -f counts.awk corpus >bad
none 'doubly stochastic: columns sum to 1 too' bad
gen --random-hmm 2,3 --components 0 -n 50 --columns source,matrix,states | rows | awk -F '\t' '{
    split($2, r, " "); for (i = 1; i <= 2; i++) { n = split(r[i], c, ","); s = 0; for (j = 1; j <= n; j++) s += c[j]; if (n != 6 || s < .99999999 || s > 1.00000001) print } }' >bad
none 'fresh hidden Markov models: rows that sum to 1' bad
# h(2) of fresh chains of two symbols: half the time the last symbol was left once, to itself.
gen-hmm --random-chain 2 --components 0 --start uniform --length 3 -n 0 --text >fresh
header optimal_loss fresh | cut -f2 | awk -v e="$(header optimal_loss_error fresh | cut -f2 | cut -d' ' -f3)" '
    {h = .5 * log(2) + .5 * (log(3) - 2 / 3 * log(2)); if ($1 < .693147 || $1 > .693148 || $2 != $1 || $3 - h > 5 * e || h - $3 > 5 * e || e <= 0) print $3, h, e}' >bad
none 'fresh chains: the loss by position' bad
is 'fresh chains: mean entropy of a row' "$(header row_entropy fresh)" 'exact mean=0.500000'
# From a stationary start counting is not the best: 0.676543 and 0.617650 could be had (by numeric
# integration), 0.693147 and 0.633472 are.
gen-hmm --random-chain 2 --components 0 --length 3 -n 0 --text --budget 1G >fresh
is 'from a stationary start the loss is not called optimal' "$(header optimal_loss fresh)" ''
header count_loss fresh | cut -f2 | awk -v e="$(header count_loss_error fresh | cut -f2 | cut -d' ' -f3)" '
    {if ($2 != .693147 || $3 - .633472 > 5 * e || .633472 - $3 > 5 * e || e <= 0) print $0, e}' >bad
none 'fresh chains from a stationary start: the loss of counting' bad

# GINC: words follow the memory, property 0 is the delimiter, transitions have a common entity part.
gen --ginc 5,4 --words 12 --components 6 --length 60 -n 40 --columns source,states,component,start >corpus
awk -F '\t' '/^##memory/ {n = split($3, w, " "); for (i = 1; i <= n; i++) m[$2 "." (i - 1)] = w[i]; if (w[1] != "/") print "delimiter " w[1]; e++}
    /^##vocab/ {if ($2 != "/ a b c d e f g h i j k") print}
    /^#/ {next}
    {n = split($1, x, " "); split($2, s, " "); used[$3]++
     if ($4 != "^" || n != 60) print "start " $4
     for (t = 1; t <= n; t++) {if (m[s[t]] != x[t]) print FNR ": " s[t] " shows " x[t]; if ((s[t] ~ /\.0$/) != (x[t] == "/")) print FNR ": delimiter"; rows++}}
    END {if (e != 5 || rows != 2400 || !used[0] || !used[1] || !used[2] || used[3]) print e, rows}' corpus >bad
none 'documents: words follow the memory, delimiters in place' bad
kronecker() { # model: each concept's transitions are entities (one matrix) times properties
    grep -- '->' "$1" | grep -v '\^' | awk '
        # CONCEPT:ENTITY.PROPERTY -> CONCEPT:ENTITY.PROPERTY WORD PROBABILITY
        {split($1, f, /[:.]/); split($3, g, /[:.]/); c = f[1]; p[c, f[2], f[3], g[2], g[3]] = $5; if (!(c in seen)) {seen[c] = 1; concepts[++n] = c}}
        END {for (k = 1; k <= n; k++) {c = concepts[k]
            for (a = 0; a < 5; a++) for (b = 0; b < 5; b++) {E = 0; for (t = 0; t < 4; t++) E += p[c, a, 0, b, t]
                if (k > 1 && (E - shared[a, b] > 1e-12 || shared[a, b] - E > 1e-12)) print "entities differ"
                if (k == 1) shared[a, b] = E}
            for (s = 0; s < 4; s++) for (t = 0; t < 4; t++) {S = 0; for (b = 0; b < 5; b++) S += p[c, 0, s, b, t]; slot[s, t] = S}
            for (t = 0; t < 4; t++) {S = 0; for (s = 0; s < 4; s++) S += slot[s, t]; if (S - 1 > 1e-12 || 1 - S > 1e-12) print "no mixture of permutations"}
            text = ""
            for (s = 0; s < 4; s++) for (t = 0; t < 4; t++) {text = text " " slot[s, t]
                for (a = 0; a < 5; a++) for (b = 0; b < 5; b++) {d = p[c, a, s, b, t] - shared[a, b] * slot[s, t]; if (d > 1e-12 || -d > 1e-12) print "no product"}}
            if (known[text]++) print "two equal concepts"}
            for (a = 0; a < 5; a++) if (shared[a, a] < 0.9) print "entities do not persist"
            if (n != 3) print n " concepts"}'
}
gen-hmm --ginc 5,4 --words 12 --components 6 --show >seen
gen-hmm --ginc 5,4 --words 12 --components 6 --unseen --show >unseen
kronecker seen >bad
kronecker unseen >>bad
none 'concepts: a shared matrix of entities times one of properties' bad
is 'the unseen half is another' "$(comm -12 <(grep -- '->' seen | sed 's/^[0-9]*:\(.*\) -> [0-9]*:/\1 /' | sort) \
    <(grep -- '->' unseen | sed 's/^[0-9]*:\(.*\) -> [0-9]*:/\1 /' | sort) | wc -l)" 0
is 'unseen concepts have their own numbers' "$(gen --ginc 5,4 --components 6 --unseen -n 100 --columns component | rows | sort -u | tr '\n' ' ')" '3 4 5 '

# Prompts: n examples of k words, each with a delimiter, begun at one property; the answer from the
# concept as a file.
for k in 2 3 5; do
    gen --ginc 5,4 --words 12 --components 6 --prompt 4,$k -n 60 --columns source,target,component,states >corpus
    cat seen corpus | awk -v k=$k '
        $2 == "->" {split($1, a, /[:.]/); split($3, b, /[:.]/); if (a[2] != "^") p[a[1], a[2], a[3], b[2], b[3]] = $5; word[b[2], b[3]] = $4; next}
        /^##vocab/ {sub(/^##vocab\t/, ""); nw = split($0, vocab, " "); next}
        /^#/ || NF < 4 || /^(states|symbols|start) / {next}
        {split($0, f, "\t"); n = split(f[1], x, " "); split(f[4], s, " "); c = f[3]
         if (n != 4 * (k + 1) + k - 1) print FNR ": " n " words"
         first = ""
         for (t = 1; t <= n; t++) {
             split(s[t], a, "."); if (word[a[1], a[2]] != x[t]) print FNR ": " s[t] " shows " x[t]
             place = (t - 1) % (k + 1)
             if (place == k && (x[t] != "/" || a[2] != 0)) print FNR ": no delimiter"
             if (place == 0) {if (first == "") first = a[2]; if (a[2] != first || a[2] == 0) print FNR ": begins at " a[2]}
             if (place > 0 && place < k) {split(s[t - 1], o, "."); if (!p[c, o[1], o[2], a[1], a[2]]) print FNR ": impossible step"}
         }
         for (v = 0; v < 5; v++) for (q = 0; q < 4; q++) b[v, q] = q == first && word[v, q] == x[n - k + 2]
         for (t = n - k + 3; t <= n; t++) {
             for (v = 0; v < 5; v++) for (q = 0; q < 4; q++) {l[v, q] = 0
                 if (word[v, q] == x[t]) for (w = 0; w < 5; w++) for (r = 0; r < 4; r++) l[v, q] += b[w, r] * p[c, w, r, v, q]}
             for (v = 0; v < 5; v++) for (q = 0; q < 4; q++) b[v, q] = l[v, q]}
         best = ""; most = 0
         for (i = 1; i <= nw; i++) out[vocab[i]] = 0
         for (w = 0; w < 5; w++) for (r = 0; r < 4; r++) for (v = 0; v < 5; v++) for (q = 0; q < 4; q++) out[word[v, q]] += b[w, r] * p[c, w, r, v, q]
         for (i = 1; i <= nw; i++) if (out[vocab[i]] > most * (1 + 1e-9)) {most = out[vocab[i]]; best = vocab[i]}
         if (out[f[2]] < most * (1 - 1e-9)) print FNR ": answer " f[2] ", not " best
         checked++}
        END {if (checked != 60) print checked " prompts"}' >bad
    none "prompts of $k words: form and answers" bad
done
right() { gen --ginc 10,10 --prompt "$1,4" -n 300 --columns target,rule:bayes | rows | awk '$1 == $2' | wc -l; }
few=$(right 0) many=$(right 32)
if [ "$many" -gt 290 ] && [ "$few" -lt $((many - 20)) ]; then pass 'with examples the concept can be told'; else fail 'with examples the concept can be told' "$few of 300, $many of 300"; fi
gen --ginc 5,4 --words 12 --components 6 --prompt 3,4 --random-slots -n 50 --columns source,target,states | rows | awk -F '\t' '
    {n = split($3, s, " "); for (t = 1; t <= n; t++) {split(s[t], a, "."); e = int((t - 1) / 5); if ((t - 1) % 5 == 0) v = a[1]; if (a[1] != v) print "entity changes"; if (((t - 1) % 5 == 4) != (a[2] == 0)) print "delimiter"}}' >bad
none 'random slots: one entity an example, no delimiter inside' bad

# What cannot be.
tell() { refuse "$1" "$2" "$3" gen-hmm -o none.zst "${@:4}"; }
tell 'no system' 64 'missing operand; usage: gen-hmm'
tell 'no file' 66 '^gen-hmm: none.hmm: cannot open' none.hmm
: >empty.hmm
tell 'an empty file' 65 "^gen-hmm: empty.hmm: has no line 'symbols'" empty.hmm
printf 'states A\nsymbols 0\nA -> A 0 .9\n' >sum.hmm
tell 'a sum that is not 1' 65 "^gen-hmm: sum.hmm: line 3: the probabilities of leaving state 'A' sum to 0.9" sum.hmm
tell 'an unknown parameter' 64 "no parameter 'z'" "$P/mess3.hmm" --set z=1
tell 'a parameter out of bounds' 65 'mess3.hmm: line 18: the probability a\*y is 1.08, more than 1' "$P/mess3.hmm" --set a=1.2
tell 'an unknown start' 64 "start: no state 'D'" "$P/mess3.hmm" --start D
tell 'an unknown column' 64 "no column 'belief'; did you mean 'beliefs'" "$P/mess3.hmm" --columns belief
tell 'a column of prompts' 64 "no column 'target'" "$P/mess3.hmm" --columns target
tell 'beliefs of fresh systems' 64 "no 'beliefs' where every sequence has a system of its own" --random-chain 3 --components 0 --columns beliefs
tell 'losses of fresh hidden Markov models' 64 'no closed form where every sequence has a hidden Markov model' --random-hmm 3,2 --components 0 --columns loss
tell 'losses of fresh doubly stochastic chains' 64 'no closed form' --random-chain 3 --doubly-stochastic --components 0 --columns loss
tell 'the matrix of what is not fresh' 64 "'matrix' is for" "$P/mess3.hmm" --columns matrix
tell 'two systems' 64 'exclude one another' "$P/mess3.hmm" --random-chain 3
tell 'a stranger among options' 64 '--alpha goes with --random-hmm or --random-chain' "$P/mess3.hmm" --alpha 2
tell '--components with files' 64 '--components goes with' "$P/mess3.hmm" --components 3
tell '--set without a file' 64 '--set goes with a file' --random-chain 3 --set x=1
tell 'a start of random systems' 64 'must be stationary or uniform' --random-chain 3 --start 2
tell 'too many edges' 64 'are more than memory may hold' --random-chain 4000 --components 1000
tell 'a pair that is none' 64 "random-hmm is '3'; it must be STATES,SYMBOLS" --random-hmm 3
tell 'a pair of zeros' 64 'whole numbers from 1' --random-hmm 0,2
tell 'one property' 64 'two properties at least' --ginc 3,1
tell 'one concept' 64 'needs two at least' --ginc 3,3 --components 1
tell 'a prompt that is none' 64 "prompt is '3'; it must be EXAMPLES,LENGTH" --ginc 3,3 --prompt 3
tell 'a prompt of documents that are none' 64 '--prompt goes with --ginc' "$P/mess3.hmm" --prompt 3,3
tell '--length and --prompt' 64 'exclude one another' --ginc 3,3 --prompt 3,3 --length 9
tell 'a length that is none' 64 "length: 'x' is no range" "$P/mess3.hmm" --length x
tell 'a length of 0' 64 'no range within 1..1000000' "$P/mess3.hmm" --length 0
tell 'a matrix that is too long' 64 'longer than a corpus may have' --random-chain 2000 --components 0 --columns matrix
tell 'rows that are too long' 64 'longer than a corpus may have' "$P/mess3.hmm" --length 1M --columns beliefs
tell '--show of fresh systems' 64 'every sequence has a system of its own' --random-chain 3 --components 0 --show
tell 'tiny alpha' 65 'component [0-9]+: a random system fell apart' --random-chain 2 --components 300 --alpha 0.001
is 'no output file is left' "$(ls none.zst* 2>/dev/null)" ''
gen-hmm "$P/mess3.hmm" -n 100k --budget 0 --text 2>err | head -1 >out
is 'into head: silent' "${PIPESTATUS[0]} $(wc -l <out) $(wc -c <err)" '141 1 0'
gen-hmm "$P/mess3.hmm" -n 500 -o corpus.zst
check 'a corpus trains' train-transformer -q -d run --steps 2 --dim 8 --layers 1 --heads 1 corpus.zst
finish

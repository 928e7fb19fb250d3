# The filters together: pipes of all of them keep what is known, and nothing is lost on the way.
. "$(dirname "$0")/harness.sh"

q=$GRAMMARS/question.gr
rows() { if [ $# -gt 0 ]; then zstd -qdc "$1"; else zstd -qdcf; fi | grep -v '^#'; }

# One line of every tool, in the order of the pipe, and the same facts at its end as at its start.
gen-grammar "$q" -n 2000 --seed-data 1 | gen-filter -q --where quest - | gen-mix -q -=1 | gen-shuffle --seed 3 - | gen-filter -q -n 500 - >chain.zst
zstd -qdc chain.zst >chain.tsv
sed -n 's/^##prog\t\([a-z-]*\) .*/\1/p' chain.tsv | tr '\n' ' ' >progs
[ "$(cat progs)" = 'gen-grammar gen-filter gen-mix gen-shuffle gen-filter ' ] && pass 'a ##prog of every tool, in order' || fail 'a ##prog of every tool, in order' "$(cat progs)"
sed -n 's/^##cmd\t//p' chain.tsv >cmds
printf '%s\n' "gen-grammar $q --count 2000 --seed-data 1" 'gen-filter - --where quest' 'gen-mix -=1' 'gen-shuffle - --seed 3' 'gen-filter - --first 500' | cmp -s - cmds && pass 'and its ##cmd' || fail 'and its ##cmd' "$(cat cmds)"
awk -F'\t' '/^##prog/ {if (open) exit 1; open = 1} /^##cmd/ {if (!open) exit 1; open = 0} END {exit open}' chain.tsv && pass 'each after its own ##prog' || fail 'each after its own ##prog'
gen-grammar "$q" -n 1 --text | grep -E '^##(grammar|vocab|class|rules|tags)' >facts
grep -E '^##(grammar|vocab|class|rules|tags)' chain.tsv | cmp -s - facts && pass 'what the generator knew is still there' || fail 'what the generator knew is still there'
[ "$(grep -vc '^#' chain.tsv)" = 500 ] && tail -1 chain.tsv | grep -qx $'##end\tn=500' && pass 'the count is that of the end' || fail 'the count is that of the end'
gen-stat chain.zst | sed -n 's/^  made by: //p' | cmp -s - cmds && pass 'gen-stat tells how it was made' || fail 'gen-stat tells how it was made'
gen-shuffle --seed 1 chain.zst | gen-shuffle --seed 1 - | zstd -qdc | grep -c $'^##cmd\tgen-shuffle - --seed 1$' | grep -qx 1 && pass 'the same step twice is told twice' || fail 'the same step twice is told twice'
gen-grammar "$q" -n 2000 --seed-data 1 | gen-filter -q --where quest - | gen-mix -q -=1 | gen-shuffle --seed 3 - | gen-filter -q -n 500 - | cmp -s - chain.zst && pass 'the same pipe, the same bytes' || fail 'the same pipe, the same bytes'

# Nothing is lost: parts that exclude one another are the whole, in any order.
gen-grammar "$q" -n 5000 --seed-data 2 -o whole.zst
sorted() { rows "$@" | sort; }
sorted whole.zst >whole
for condition in '--where center' '--match source=/newt/' '--agree' '--unique' '--split 0/10' '--where quest --disagree --unique'; do
    gen-filter -q $condition whole.zst -o in.zst
    gen-filter -q $condition --invert whole.zst -o out.zst
    cat in.zst out.zst | gen-shuffle --seed 5 - | sorted | cmp -s - whole || fail "the parts of $condition are the whole"
done
pass 'a filter and its inverse are the whole'
gen-filter -q --where center whole.zst -o center.zst
gen-filter -q --not-in center.zst whole.zst | sorted >rest
gen-filter -q --in center.zst whole.zst | sorted | cmp -s - <(sort "$SCRATCH/whole" | comm -23 - rest) && pass 'in and not in are the whole' || fail 'in and not in are the whole'
for share in 0.01 0.05 0.5; do
    gen-mix -q whole.zst center.zst=$share -n 500 --origin from -o m.zst
    [ "$(rows m.zst | grep -c 'center.zst$')" = "$(awk -v s=$share 'BEGIN {print 500 * s}')" ] || fail "the share $share is exact"
    rows m.zst | grep 'center.zst$' | sort >"at$share"
done
pass 'shares are exact'
[ -z "$(comm -23 at0.01 at0.05)$(comm -23 at0.05 at0.5)" ] && pass 'smaller mixes lie within larger ones' || fail 'smaller mixes lie within larger ones'
gen-shuffle --seed 8 m.zst | sorted | cmp -s - <(sorted m.zst) && pass 'a shuffle loses nothing' || fail 'a shuffle loses nothing'
gen-stat --tsv --against whole.zst m.zst | awk -F'\t' '$1 == "rows_with_shared_pair" {print $3}' | grep -qx 1 && pass 'all of a mix is in what it was made of' || fail 'all of a mix is in what it was made of'
gen-filter -q --split 1-9/10 whole.zst -o train.zst
gen-filter -q --split 0/10 whole.zst -o test.zst
gen-stat --tsv --against train.zst test.zst | awk -F'\t' '$1 == "rows_with_shared_source" {print $3}' | grep -qx 0 && pass 'splits share nothing, as gen-stat sees it' || fail 'splits share nothing, as gen-stat sees it'
gen-filter -q --where 'center=0.25,right=0.75' -n 400 whole.zst | gen-stat --tsv - | awk -F'\t' '$1 == "share" && $2 == "tags:center" {print $3, $4}' | grep -qx '0.25 400' && pass 'shares by tags are exact' || fail 'shares by tags are exact'

# Nothing at all is a corpus, all along the pipe.
gen-grammar "$q" -n 50 | gen-filter -q --match 'source=/^nothing$/' - | gen-shuffle - | gen-mix -q -=1 | gen-filter -q --unique - >none.zst
zstd -qdc none.zst | tail -1 | grep -qx $'##end\tn=0' && pass 'nothing passes through every filter' || fail 'nothing passes through every filter'
gen-stat --tsv none.zst | grep -qE $'^examples\tall\t0\t' && pass 'and is counted' || fail 'and is counted'

# A stream that is cut anywhere leaves nothing, whichever filter reads it.
size=$(stat -c %s whole.zst)
for at in 7 $((size / 2)) $((size - 1)); do
    head -c "$at" whole.zst >cut.zst
    for tool in gen-filter 'gen-filter --in whole.zst' gen-shuffle gen-stat 'gen-stat --against whole.zst'; do
        refuse "$tool of a corpus cut at $at" 65 "^${tool%% *}: cut.zst: .*(cut short|inside)" $tool -o cut.out cut.zst
    done
    refuse "gen-mix of a corpus cut at $at" 65 '^gen-mix: cut.zst: .*(cut short|inside)' gen-mix -o cut.out cut.zst=0.5 whole.zst=0.5
    [ -z "$(ls cut.out* 2>/dev/null)" ] || fail "a corpus cut at $at leaves no output" "$(ls cut.out*)"
done
# A generator that dies in the pipe is a cut stream.
refuse 'a generator that dies' 65 'gen-filter: standard input: .*(cut short|empty|ends)' bash -c "set -o pipefail; (gen-grammar '$q' -n 1G & sleep 0.5; kill -9 \$!) | gen-filter -q -o dead.zst -"
[ ! -e dead.zst ] && pass 'leaves no output' || fail 'leaves no output'

# Trainers and evaluators read what filters write.
gen-filter -q --agree whole.zst | gen-shuffle --seed 1 - -o data.zst
check 'a trainer reads what filters write' train-transformer -q -d run --dim 8 --layers 1 --heads 1 -b 4 --steps 2 --eval e=m.zst data.zst
check 'also as a stream' bash -c 'gen-mix -q data.zst=0.5 center.zst=0.5 | train-transformer -q -d stream --dim 8 --layers 1 --heads 1 -b 4 --steps 2 -'
gen-filter -q --disagree whole.zst -o ood.zst
check 'an evaluator reads what filters write' eval-rule run ood.zst
finish

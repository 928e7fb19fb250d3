# The bytes of a seed stay what they are: a corpus made today is the one that was published.
# After a change that is meant, `BLESS=1 bash tests/cli/golden.sh` writes the files anew; say so in
# CHANGELOG.md.
. "$(dirname "$0")/harness.sh"
golden() { # name command...
    local name=$1
    shift
    "$@" --text | grep -vE '^##(prog|cmd|grammar|process)' >"$name"
    [ -n "${BLESS:-}" ] && cp "$name" "$ROOT/tests/golden/$name"
    check "$name" diff "$ROOT/tests/golden/$name" "$name"
}
golden question.tsv gen-grammar "$GRAMMARS/question.gr" -n 12 --columns source,target,rules,tags,tree,logp
golden question-shares.tsv gen-grammar "$GRAMMARS/question.gr" -n 12 --seed-data 7 --skip 100 --split 0-4/10 \
    --disagree --where 'center_rc_object=0.25' --columns source,target,rules
golden question-knobs.tsv gen-grammar "$GRAMMARS/question.gr" -n 12 --words 3 --where decl=0.5,quest=0.5 --trees quest=3,decl=2 \
    --fixed-lexicon --leak linear=0.2 --hold-out 'Prep=near,Det=my' --columns source,target,tree_id,class
golden dyck-depth.tsv gen-grammar "$GRAMMARS/dyck.gr" -n 8 --depth 3.. --trees 4 --tree-choice probability \
    --tree-shares probability --columns source,tree_id,depth,length
golden tense.tsv gen-grammar "$GRAMMARS/tense.gr" -n 12 --where present --columns source,target,rules,tags
golden parity.tsv gen-parity -n 6 --length 20 --noise 0.3 --rival 1,4 --bias 0.2 --seed-data 7 --skip 100
golden parity-pool.tsv gen-parity -n 6 --length 70 --samples 4 --noise 0.3 --seed-data 7 --seed-task 3
golden count.tsv gen-count count -n 6 --seed-data 7 --shares number --split 0-4/10
golden add.tsv gen-count add -n 6 --seed-data 7 --skip 13 --columns source,target,length,tags,carries,chain,rule:digitwise
golden recall.tsv gen-recall recall -n 4 --seed-data 7 --pairs 3 --length 20 --columns source,answers,loss,gaps
golden recall-law.tsv gen-recall recall -n 4 --seed-data 7 --pairs 3 --length 40 --power 0.01 --fillers 0 --distinct
golden repeat.tsv gen-recall repeat -n 4 --seed-data 7 --length 20 --period 4..9 --words 5 --columns source,loss,gaps
golden exist.tsv gen-concept exist -n 8 --seed-data 7 --diversity 9 --lures 0.4
golden query.tsv gen-concept query -n 6 --seed-data 7 --diversity 7 --part test --attributes 5
golden identity.tsv gen-concept identity -n 8 --seed-data 7 --means 1,-2.5 --deviations 0.5,2,0.01 --dimension 3
golden modular.tsv gen-modular 'x^2+xy' -p 31 -n 12 --seed-data 7 --train-fraction 0.3 --noise 0.2 --skip 20
golden modular-group.tsv gen-modular 'x*y*x^-1' --group S3xC2 -n 12 --seed-data 7 --train-fraction 0.5 --pairs unordered \
    --part test --columns source,target,tags
golden modular-large.tsv gen-modular / -p 1201 -n 5 --seed-data 7 --symbol '' --equals '' --columns source
golden brackets.tsv gen-brackets rule -n 12 --seed-data 7 --leak nested=0.2
golden brackets-long.tsv gen-brackets rule -n 4 --seed-data 7 --length 60..140 --ood --columns source
golden dyck.tsv gen-brackets dyck -n 8 --seed-data 7 --length 4..20 --columns source,depths,distances,loss,logp
P=$ROOT/processes
golden hmm-mess3.tsv gen-hmm "$P/mess3.hmm" -n 4 --columns source,states,beliefs,loss,logp
golden hmm-files.tsv gen-hmm "$P/rrxor.hmm" "$P/even.hmm" -n 4 --seed-data 7 --skip 30 --length 3..20 --split 1-4/5 \
    --prior random --columns source,start,component,posterior
golden hmm-random.tsv gen-hmm --random-hmm 3,2 --components 2 --alpha 0.7 -n 4 --seed-data 7 --columns source,predictions
golden hmm-chains.tsv gen-hmm --random-chain 4 --components 3 --prior random --start uniform -n 4 --columns source,loss,component
golden hmm-fresh.tsv gen-hmm --random-chain 3 --components 0 -n 4 --seed-data 7 --budget 100k --columns source,matrix,loss
golden hmm-balanced.tsv gen-hmm --random-chain 3 --components 0 --doubly-stochastic -n 3 --budget 100k --columns source,matrix
golden hmm-ginc.tsv gen-hmm --ginc 4,3 --words 9 --components 4 -n 3 --length 20 --budget 300k --columns source,states,component
golden hmm-prompts.tsv gen-hmm --ginc 4,3 --words 9 --components 4 --prompt 3,3 -n 4 --unseen \
    --columns source,target,rule:bayes,component,states
finish

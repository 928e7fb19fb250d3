# The bytes of a seed stay what they are: a corpus made today is the one that was published.
# After a change that is meant, `BLESS=1 bash tests/cli/golden.sh` writes the files anew; say so in
# CHANGELOG.md.
. "$(dirname "$0")/harness.sh"
golden() { # name command...
    local name=$1
    shift
    "$@" --text | grep -vE '^##(prog|cmd|grammar)' >"$name"
    [ -n "${BLESS:-}" ] && cp "$name" "$ROOT/tests/golden/$name"
    check "$name" diff "$ROOT/tests/golden/$name" "$name"
}
golden question.tsv gen-grammar "$GRAMMARS/question.gr" -n 12 --columns source,target,rules,tags,tree,logp
golden question-shares.tsv gen-grammar "$GRAMMARS/question.gr" -n 12 --seed-data 7 --skip 100 --split 0-4/10 \
    --disagree --where 'center_rc_object=0.25' --columns source,target,rules
golden tense.tsv gen-grammar "$GRAMMARS/tense.gr" -n 12 --where present --columns source,target,rules,tags
finish

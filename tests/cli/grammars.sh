# The grammar files: each loads without a word and names its paper, and the commands of their comments
# do what is said.
. "$(dirname "$0")/harness.sh"
is() { # name got expected
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}
rows() { zstd -dcf | grep -v '^#'; } # the examples of a corpus

for path in "$GRAMMARS"/*.gr; do
    name=$(basename "$path")
    gen-grammar "$path" -n 300 --columns source,tags,tree,logp -o out.zst 2>err
    is "$name: no complaint" "$? $(cat err)" '0 '
    if sed '/^#/!q' "$path" | grep -qE 'arXiv:[0-9]{4}\.[0-9]{5}'; then pass "$name names its paper"; else fail "$name names its paper"; fi
    is "$name: the vocabulary is what sentences and answers use" \
        "$(gen-grammar "$path" -n 3000 --columns source | rows | tr ' ' '\n' | sort -u |
            grep -vxFf <(zstd -dc out.zst | sed -n 's/^##vocab\t//p' | tr ' ' '\n'))" ''
done

# Passivisation: training data and generalisation data, as the comment has them.
p=$GRAMMARS/passive.gr
is 'passive: --agree leaves out passives of @pp_subject' \
    "$(gen-grammar "$p" -n 3000 --agree --columns tags | rows | grep -cE 'passiv.*pp_subject')" 0
is 'passive: on those the rules part' \
    "$(gen-grammar "$p" -n 3000 --where passiv,pp_subject --columns target,rules | rows | awk -F '\t' '$1 != $2' | wc -l)" 3000
finish

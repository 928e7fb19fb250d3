# The grammar files: each loads without a word and names its paper, the commands of their comments
# do what is said, and the types of the agreement pairs are those of the published corpus.
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

# German: the published generalisation set.
gen-grammar "$GRAMMARS/question-german.gr" -n 3000 --disagree --text \
    --where 'quest,two_aux,same_number,different_aux,!rc_on_object,rc_object=0.3333' --columns source,target,rules >german
is 'German: two different auxiliaries of one number' \
    "$(grep -v '^#' german | cut -f1 | grep -oE ' (kann|hat|können|haben)' | paste -d '' - - | sort -u | tr '\n' ',')" \
    ' haben können, hat kann, kann hat, können haben,'
is 'German: the first words differ' "$(grep -v '^#' german | awk -F '\t' '{ split($2, a, " "); split($3, b, " "); if (a[1] == b[1]) print }' | wc -l)" 0

# Deep questions: the two corpora of the comment.
q=$GRAMMARS/question-deep.gr
gen-grammar "$q" -n 2000 --where 'quest&!rc_on_subject=0.5,decl=0.5' --columns source,target,rules,tags -o deep.zst
is 'deep: main or first is left open in training' "$(rows <deep.zst | awk -F '\t' '$2 != $3' | wc -l)" 0
is 'deep: every other shortcut is ruled out' \
    "$(rows <deep.zst | awk -F '\t' '{ for (i = 4; i <= 8; i++) n[i] += $2 != $i } END { for (i = 4; i <= 8; i++) print (n[i] > 5) }' | sort -u)" 1
gen-grammar "$q" -n 2000 --columns target,rules \
    --where 'quest,subject_depth2,rc_on_object,negative_before,affirmative_before,first_agrees' -o deep.zst
is 'deep: every shortcut is wrong in testing' "$(rows <deep.zst | awk -F '\t' '{ for (i = 2; i <= 7; i++) if ($1 == $i) print }' | wc -l)" 0
is 'deep: each depth can be had' \
    "$(for k in 1 2 3 4 5; do gen-grammar "$q" -n 50 --where "quest,subject_depth$k$([ $k = 5 ] || echo ",!subject_depth$((k + 1))")" --columns tags | rows | wc -l; done | uniq -c | tr -s ' ')" ' 5 50'
is 'deep: --disagree is where every shortcut is wrong' \
    "$(gen-grammar "$q" -n 500 --disagree --columns target,rules,tags | rows | awk -F '\t' '{ for (i = 2; i <= 7; i++) if ($1 == $i) print } $8 !~ /^quest,.*rc_on_subject.*subject_depth2/' | wc -l)" 0
gen-grammar "$q" -n 500 --disagree --rules hierarchical,linear --columns rule:hierarchical,rule:linear,rule:last -o two.zst
is 'deep: --rules asks about two rules alone' \
    "$(rows <two.zst | awk -F '\t' '$1 == $2 { bad++ } $1 == $3 { last++ } END { print bad + 0, (last > 50) }')" '0 1'

# Sentence types, enumerated from the text of a file with nothing of ours: strings of preterminals,
# the symbols all of whose productions are single words. With -v map=FILE, the types of a file's
# sentences.
cat >types.awk <<'X'
function expand(symbols, k, i, n, part, left, right) {
    n = split(symbols, part, " ")
    for (i = 1; i <= n && preterminal[part[i]]; i++)
        left = left part[i] " "
    if (i > n) {
        print substr(left, 1, length(left) - 1)
        return
    }
    for (k = i + 1; k <= n; k++)
        right = right " " part[k]
    for (k = 1; k <= count[part[i]]; k++)
        expand(left production[part[i], k] right)
}
FILENAME == map {
    type = ""
    for (i = 1; i <= NF; i++)
        type = type (i > 1 ? " " : "") (($i in class) ? class[$i] : "?" $i)
    print type
    next
}
/^[#%]/ || !NF { next }
{
    split($0, field, "\t")
    at = field[1] ~ /^[0-9.]+$/ ? 2 : 1
    if (start == "")
        start = field[at]
    production[field[at], ++count[field[at]]] = field[at + 1]
}
# The grammar is read: which symbols are preterminals, and the class of each word.
FNR == lines {
    for (s in count) {
        preterminal[s] = 1
        for (k = 1; k <= count[s]; k++)
            if (production[s, k] ~ / / || production[s, k] in count)
                preterminal[s] = 0
    }
    for (s in count)
        for (k = 1; preterminal[s] && k <= count[s]; k++)
            class[production[s, k]] = s
    if (map == "")
        expand(start)
}
X
types() { # grammar [sentences]
    awk -v lines="$(grep -cE '' "$GRAMMARS/$1.gr")" -v map="${2:-}" -f types.awk "$GRAMMARS/$1.gr" ${2:+"$2"}
}
# The lexicon comes last in the hierarchical files, so that their last line is no directive.
for size in small large; do
    types agreement-$size | sort >hierarchical.$size
    { cat "$GRAMMARS/agreement-$size-linear.gr" && printf 'Unused\tunused\n'; } >linear.gr
    awk -v lines="$(wc -l <linear.gr)" -v map= -f types.awk linear.gr | sort >linear.$size
    for rule in hierarchical linear; do
        is "agreement-$size: $rule types, each once" "$(sort -u $rule.$size | wc -l) $(wc -l <$rule.$size)" \
            "$([ $size = small ] && echo 18 18 || echo 210 210)"
    done
    comm -12 hierarchical.$size linear.$size >shared.$size
    comm -23 hierarchical.$size linear.$size >hierarchical_only.$size
    comm -13 hierarchical.$size linear.$size >linear_only.$size
    is "agreement-$size: shared, and of each alone" "$(wc -l <shared.$size) $(wc -l <hierarchical_only.$size) $(wc -l <linear_only.$size)" \
        "$([ $size = small ] && echo 12 6 6 || echo 120 90 90)"
    # What the generator emits: every type, by its tag.
    for sample in agreement-$size:shared agreement-$size:hierarchical_only agreement-$size-linear:shared agreement-$size-linear:linear_only; do
        gen-grammar "$GRAMMARS/${sample%:*}.gr" -n 6000 --where "${sample#*:}" --columns source | rows >sentences
        types agreement-$size sentences | sort -u >emitted
        if cmp -s emitted "${sample#*:}.$size"; then pass "$sample: all types and no other"; else fail "$sample: all types and no other" "$(diff emitted "${sample#*:}.$size" | head -5)"; fi
    done
done
if [ -d "$DATA/ahuja" ]; then
    for part in train:shared val:shared g1_test:hierarchical_only g2_test:linear_only; do
        zstd -dc "$DATA/ahuja/agreement_hr_agreement_linear.${part%:*}.zst" >sentences
        types agreement-small sentences | sort >published
        is "published ${part%:*}: all sentences have a type" "$(grep -c '?' published) $(wc -l <published)" "0 $(grep -c . sentences)"
        if sort -u published | cmp -s - "${part#*:}.small"; then pass "published ${part%:*}: its types are $part"; else fail "published ${part%:*}: its types are $part" "$(sort -u published | diff - "${part#*:}.small" | head -5)"; fi
        # 10,000 sentences of 6 types: 1667 of each, standard deviation 37.
        [[ $part = g* ]] && is "published ${part%:*}: its types are equally likely" \
            "$(uniq -c published | awk '$1 > 1500 && $1 < 1830' | wc -l)" 6
    done
    is 'agreement-small: the published words' "$(zstd -dc "$DATA"/ahuja/*.train.zst | tr ' ' '\n' | sort -u | tr '\n' ' ')" \
        "$(gen-grammar "$GRAMMARS/agreement-small.gr" -n 0 --text | sed -n 's/^##vocab\t//p' | tr ' ' '\n' | sort | tr '\n' ' ')"
else
    skip 'the published agreement corpus' "no $DATA/ahuja"
fi

# The recipe of agreement-small.gr, from its comment: verbs after their prefixes, for eval-rule.
sed -n '/^#     gen-grammar.*-n 2k/,/test.tsv$/s/^# *//p' "$GRAMMARS/agreement-small.gr" >recipe.sh
for size in small large; do
    sed "s,grammars/agreement-small.gr,$GRAMMARS/agreement-$size.gr,; s/2k/500/" recipe.sh | bash -eu
    is "agreement-$size: the recipe" "$? $(wc -l <test.tsv) $(head -1 test.tsv)" "0 501 $(printf 'source\ttarget\trule:linear')"
    gen-grammar "$GRAMMARS/agreement-$size-linear.gr" -n 0 --text | sed -n 's/^##vocab\t//p' | tr ' ' '\n' >words
    is "agreement-$size: wrong forms are right forms of other verbs" \
        "$(tail -n +2 test.tsv | cut -f3 | sort -u | grep -cvxFf words) $(tail -n +2 test.tsv | awk -F '\t' '$2 == $3' | wc -l)" '0 0'
    gen-grammar "$GRAMMARS/agreement-$size.gr" -n 200 --where shared -o train.zst
    train-transformer -q -d "run.$size" --steps 1 --dim 8 --layers 1 --heads 1 train.zst
    eval-rule "run.$size" test.tsv >scores.tsv 2>err
    is "agreement-$size: eval-rule reads it" "$? $(cat err) $(cut -f5 scores.tsv | sort -u | grep -cE '^(hierarchical|target|linear)$')" '0  2'
done
finish

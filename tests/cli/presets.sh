# The published recipes: each can be had, says all that it is, and trains.
. "$(dirname "$0")/harness.sh"
gen-grammar "$GRAMMARS/question.gr" -n 12 --agree -o train.zst
printf 'a b\tc\nb a\tc\nb b\ta\n' >words.tsv
printf '1 -1\t1\n-1 1\t-1\n' >numbers.tsv
# What --show-config prints gives the same again.
settles() { # trainer preset
    "$1" --preset "$2" --show-config >one || return 1
    grep -v '^#' one | xargs "$1" --show-config >two || return 1
    diff <(grep -v '^#' one) <(grep -v '^#' two)
}
trains() { # trainer preset: two small steps
    local small=() corpus=words.tsv
    case $1 in
    train-transformer)
        small=(--dim 16 --layers 1 --max-length 40)
        grep -q '^--attention-only' one || small+=(--feedforward 16)
        corpus=train.zst
        ;;
    train-rnn) small=(--dim 8 --hidden 8 --layers 1) corpus=train.zst ;;
    *) grep -q '^--objective value' one && corpus=numbers.tsv ;;
    esac
    grep -q '^--full-batch' one || small+=(--batch 4)
    "$1" --preset "$2" -q -d "run-$2" --steps 2 --warmup 0 --save-every 2 "${small[@]}" "$corpus" || return 1
    [ -s "run-$2/ckpt/00000002.safetensors" ]
}
n=0
for trainer in train-transformer train-rnn train-mlp; do
    for preset in $("$trainer" --preset list | cut -d' ' -f1); do
        n=$((n + 1))
        check "$preset settles" settles "$trainer" "$preset"
        check "$preset trains" trains "$trainer" "$preset"
    done
done
check 'there are presets' test $n -ge 30
# What they say of the papers (reference pages): a number that stands for each.
says() { # preset line
    train-transformer --preset "$1" --show-config | grep -qx -e "$2"
}
check 'qin2025: 6 layers' says qin2025 '--layers 6'
check 'qin2025-tense: 4 layers' says qin2025-tense '--layers 4'
check 'murty2023: 4 heads' says murty2023 '--heads 4'
check 'qin2025: no biases in attention' says qin2025 '--biases feedforward'
check 'qin2025: a bias of the tied output' says qin2025 '--output-bias yes'
check 'ahuja2025-lm-tense: 4 layers' says ahuja2025-lm-tense '--layers 4'
check 'power2022: decay' says power2022 '--weight-decay 1'
check 'nanda2023: no norm' says nanda2023 '--norm none'
check 'shai2024: heads of 8' says shai2024 '--head-width 8'
check 'edelman2024: relative positions' says edelman2024 '--positions relative'
check 'li2025: Adam' says li2025 '--optimiser adam'
# Every preset has its paper, and what deviates from it, in espalier-model(5).
documented() { # preset: by its name, or behind one of the same beginning as "-tense"
    awk -v name="$1" '/^\.It Li / { first = $3; for (i = 3; i <= NF; i++) {
        if ($i == name) found = 1
        if ($i ~ /^-/ && first != "") { stem = first; do { if (stem $i == name) found = 1 }
            while (sub(/-[^-]*$/, "", stem)) } } } END { exit !found }' "$ROOT/man/espalier-model.5"
}
for tool in train-transformer train-rnn train-mlp; do
    while read -r preset _; do
        check "$preset is in the manual" documented "$preset"
    done < <("$tool" --preset list)
done
check 'and what is none is not' eval '! documented qin2025-lm'
# What others call them.
for tool in train-transformer train-rnn train-mlp; do
    refuse "$tool: a learning rate by another name" 64 '--lr; here it is --rate ' "$tool" -d x --lr 1 train.zst
    refuse "$tool: epochs" 64 '--epochs; here it is --steps' "$tool" -d x --epochs 1 train.zst
done
unfit() { # an option of one trainer that another spells otherwise: the same words, more or fewer hyphens or an s
    for tool in train-transformer train-rnn train-mlp; do "$tool" --list-options; done | cut -f2 | sort -u |
        awk '{ key = $1; gsub(/-/, "", key); sub(/s$/, "", key); if (key in seen) print seen[key], $1; seen[key] = $1 }'
}
check 'trainers spell an option one way' test -z "$(unfit)"
# Options that mean nothing beside others are refused, each with its sentence.
refuse 'attention-only has no feed-forward part' 64 'means nothing' train-transformer -d x --attention-only --feedforward 8 train.zst
refuse 'a place to read is for classes' 64 'means nothing' train-transformer -d x --readout first train.zst
refuse 'distances are for relative positions' 64 'means nothing' train-transformer -d x --relative-distance 3 train.zst
refuse 'separate embeddings are for encoder-decoders' 64 'means nothing' train-transformer -d x --separate-embedding train.zst
refuse 'heads divide the width' 64 'multiple of heads' train-transformer -d x --dim 10 --heads 4 train.zst
refuse 'rotary positions turn pairs' 64 'odd' train-transformer -d x --dim 12 --heads 4 --positions rotary train.zst
refuse 'the first row of a decoder knows nothing' 64 'first' train-transformer -d x --objective class --readout first train.zst
[ ! -e x ] || fail 'nothing is left behind'
finish

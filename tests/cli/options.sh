# The option tables of the trainers, walked: every option that shapes a run changes its metrics or
# its checkpoints' tensors, or is refused with a sentence where it means nothing; then it has a row
# below that says where it does mean something, and there it is honoured. An option without the row
# that it needs fails.
. "$(dirname "$0")/harness.sh"
set -f
# Example i: three words and one; numbers; a class; a tag and two rules.
table() { # from to
    printf '##espalier 1\n##vocab\ta b c d e f o p q r x\n##class\tAux\to p q\n##rules\tyes no\n'
    printf '#source\ttarget\ttags\trule:yes\trule:no\tkind\tx\tz\ty\n'
    awk -v from="$1" -v to="$2" 'BEGIN { split("a b c d e f", w, " "); split("o p q r", v, " ")
        for (i = from; i < to; i++) { t = v[i % 4 + 1]; r = v[(i + 1) % 4 + 1]
            printf "%s %s %s\t%s %s\t%s\t%s %s\t%s %s\tk%d\t%s %s\t%s\t%s\n", w[i % 6 + 1], w[i * 5 % 6 + 1],
                w[i % 4 + 1], t, r, i % 3 ? "odd" : "even", t, r, r, t, i % 3, i % 5 / 4, i % 2, i % 3, i % 7 / 7 - .4 } }'
}
table 0 24 >train.tsv
table 9 31 >other.tsv
table 0 200 >stream.tsv
printf '%s\n' r q p o f e d c b a x >words.txt

# What a run leaves, but for the text in its checkpoints: an option that stands there alone is
# recorded, not honoured.
digest() { # folder
    local files
    set +f
    files=("$1"/ckpt/*)
    set -f
    {
        echo "${files[@]#"$1"}"
        tail -q -c +9 "${files[@]}" | sed -E 's/\{"__metadata__":\{("([^"\\]|\\.)*":"([^"\\]|\\.)*",?)*\},?//g; s/\]\}\} */]}}/g'
        cat "$1/metrics.tsv"
    } | cksum
}
# A run with the options, in `folder`; its digest in `got`, or "refused" with a sentence of 64, or
# what went wrong.
n=0
run() { # operand, options, of which the last of a name counts
    local status word i=-1 chunks=()
    folder=r/$((n += 1))
    declare -A at=()
    for word in "${base[@]}" "${@:2}"; do
        if [[ $word = --* ]]; then
            [[ $word != --group && ${at[$word]:-} ]] && unset "chunks[at[$word]]"
            at[$word]=$((i += 1)) chunks[i]=$word
        else
            chunks[i]+=" $word"
        fi
    done
    # shellcheck disable=SC2068
    "$tool" -q -d $folder ${chunks[@]} "$1" 2>err <stream.tsv
    status=$?
    case $status in
    0) [ -s err ] && got="said: $(head -3 err)" || got=$(digest $folder) ;;
    64)
        mapfile -t lines <err
        [[ ${#lines[@]} = 1 && ${lines[0]} = "$tool: "?* && ! -e $folder ]] && got=refused || got="refused badly: $(cat err)"
        ;;
    *) got="status $status: $(cat err)" ;;
    esac
}
declare -A known
in_context() { # operand, options as one text: their digest, kept
    if [ -z "${known[$tool $*]:-}" ]; then
        # shellcheck disable=SC2086
        run "$1" $2
        known[$tool $*]=$got
    fi
    got=${known[$tool $*]}
}

# TOOLS (t, r, m: transformer, rnn, mlp) | option, no- form included | value | what gives it meaning.
# In place of the last: `same`: the value asks for what is so anyway; `never`: it is always refused;
# `data`: it is held against the corpora (status 65). Several values, or several contexts, are
# several rows; choices and flags need a row only where they are refused alone.
cat >rows <<'END'
trm|steps|6|
trm|stop-when|train/loss<100|
trm|eval|e=other.tsv|
trm|eval-every|2|
trm|eval-at|3|
trm|eval-log|1|
trm|no-first-evaluation||--eval e=other.tsv
trm|no-first-evaluation||--track weight_norm
trm|no-first-evaluation||--weight-statistics pooled
trm|eval-limit|5|--eval e=other.tsv
tr|among|o,p|--eval e=other.tsv
tr|among|o,p|--eval e=other.tsv --shape encoder --mask-words o,p,q,r
m|among|o,p|--eval e=other.tsv
tr|per-tag||--eval e=other.tsv
m|per-tag||--eval e=other.tsv
tr|per-position||--eval e=other.tsv
m|per-position||never
trm|track|weight_norm|
trm|track|update_norm|
trm|track|tokens|
trm|track|examples|
trm|track|epochs|
trm|track|all|
trm|save-every|2|
trm|save-at|0,3|
trm|save-log|1|
trm|save-on|train/loss:1e-6|--eval-every 2
trm|keep|last|
trm|keep|2|
trm|branch|parent@2|
trm|fresh-optimiser||--branch parent@2
trm|perturb|2:0.5|
trm|perturb|2:0.5:absolute|
trm|seed|7|
trm|seed-init|7|
trm|seed-order|7|
t|seed-dropout|7|--dropout 0.3
r|seed-dropout|7|--dropout 0.3 --layers 2
m|seed-dropout|7|--dropout 0.3
trm|seed-noise|7|--perturb 2:0.5

tr|objective|masked|--shape encoder --objective class
tr|objective|value|never
m|objective|all|never
m|objective|target|never
m|objective|masked|never
m|objective|value|data
m|objective|value|--values y
t|prefix|bidirectional|--objective target --layers 2
r|prefix|bidirectional|never
m|prefix|bidirectional|never
m|no-bos||never
m|no-eos||never
t|mask-share|0.6|--shape encoder
t|mask-random|0.8|--shape encoder
t|mask-keep|0.8|--shape encoder
t|mask-words|Aux|--shape encoder
t|mask-words|o,q|--shape encoder
r|mask-share|0.6|--shape encoder
r|mask-random|0.8|--shape encoder
r|mask-keep|0.8|--shape encoder
r|mask-words|Aux|--shape encoder
m|mask-share|0.6|never
m|mask-random|0.6|never
m|mask-keep|0.6|never
m|mask-words|Aux|never
trm|source|target|
trm|target|source|
trm|label|kind|--objective class
tr|features|x|never
tr|values|y|never
m|features|x,z|
m|features|x|--input features
m|values|y|--objective value
trm|vocabulary|words.txt|
trm|batch|5|
trm|batch-tokens|40|
tr|pack|16|
m|pack|16|never
tr|window|4|
m|window|4|never
tr|stride|2|--window 4
m|stride|2|never
tr|shuffle-buffer|8|stream
m|shuffle-buffer|8|never
trm|then|3=other.tsv|
trm|accumulate|2|

trm|rate|0.01|
trm|warmup|2|
trm|decay|steps|--decay-every 2
trm|final-fraction|0.5|
trm|cycle|2|
trm|cycle-growth|2|--cycle 1
trm|decay-every|2|--decay steps
trm|decay-factor|0.5|--decay steps --decay-every 2
trm|optimiser|adam|same
trm|optimiser|adam|--weight-decay 0.5
trm|clip|0.01|
trm|clip-value|0.001|
trm|beta1|0.5|
trm|beta2|0.5|
trm|epsilon|0.01|
trm|momentum|0.5|--optimiser sgd
trm|nesterov||--optimiser sgd --momentum 0.5
trm|weight-decay|0.5|
trm|l1|0.5|
trm|weight-decay-on|matrices|--weight-decay 0.5
trm|weight-decay-on|linear|--weight-decay 0.5
trm|group|*:rate=0.5|
trm|group|*:decay=0.5|
trm|group|*:init=normal|
trm|group|*:scale=0.5|
trm|filter-lambda|5|--filter ema
trm|filter-alpha|0.5|--filter ema
trm|filter-window|2|--filter mean
trm|norm-factor|2|--norm-projection global
trm|average-decay|0.5|--average ema
trm|average-from|3|--average mean
trm|average-every|2|--average mean
rm|init|gpt2|never
trm|init-deviation|0.5|--init normal
trm|init-deviation|0.5|--group *:init=truncated
trm|init-scale|0.5|
rm|divide-residual||never
t|zero-readout||--untied
rm|zero-query||never
trm|base-width|4|

t|layers|2|
t|decoder-layers|2|--shape encoder-decoder
tr|dim|12|
t|heads|1|
t|head-width|6|
t|feedforward|8|
t|final-norm|no|same
t|final-norm|no|--norm pre
t|relative-distance|2|--positions relative
t|relative-distance|2|--positions relative-bias
t|output-bias|no|same
t|output-bias|no|--objective class
t|separate-embedding||--shape encoder-decoder
t|readout|first|--objective class --shape encoder --readout last
t|readout|mean|--objective class
tr|max-length|4|data
t|max-length|30|same
t|max-length|30|--positions learned
t|dropout|0.3|
t|dropout-embedding|0.3|
t|dropout-attention|0.3|
t|dropout-residual|0.3|
t|dropout-activation|0.3|
trm|label-smoothing|0.3|

r|attention|dot|--shape encoder-decoder
r|attention|general|--shape encoder-decoder
r|attention|concat|--shape encoder-decoder
r|layers|2|
r|hidden|12|
r|separate-embedding||--shape encoder-decoder
r|readout|first|--objective class
r|readout|mean|--objective class
r|dropout|0.3|--layers 2
r|dropout-embedding|0.3|
r|dropout-output|0.3|
r|forget-bias|1|

m|input|embedding|--embedding 4
m|input|features|data
m|input|features|--source x
m|embedding|4|--input embedding
m|table-of-place||--input embedding --embedding 4
m|hidden|9,5|
m|hidden|none|
m|signs||--features x,z
m|dropout|0.3|
END

# NAME, option, value: every value of an option that is tried, with or without its rows' help.
values() { # rows, table of options
    awk -v FS='[|]' 'function say(name, option, value) {
            if (!told[name, option, value]++) print name "|" option "|" value
        }
        NR == FNR { count[$2]++; value[$2, count[$2]] = $3; next }
        FNR == 1 { FS = "\t"; $0 = $0 }
        $8 == "shapes" {
            other = ($6 == "yes" ? "no-" : "") $2
            if ($1 == "flag") say($2, other, "")
            n = $1 == "choice" ? split($7, choice, "|") : 0
            for (i = 1; i <= n; i++) if (choice[i] != $6) say($2, $2, choice[i])
            for (i = 1; i <= count[$2]; i++) say($2, $2, value[$2, i])
            if (!count[$2] && n < 2 && $1 != "flag") say($2, "", "")
        }' "$1" "$2"
}

walk_options() {
    local name option value context alone with contexts said words last="" bad=""
    declare -A meanings=()
    while IFS='|' read -r _ option value context; do
        meanings[$option $value]+=$context$'\n'
    done <mine
    while IFS='|' read -r name option value; do
        [ "$name" = "$last" ] || tell "$last" "$bad"
        [ "$name" = "$last" ] || bad=
        last=$name
        if [ -z "$option" ]; then
            bad='no value to try: give it a row'
            continue
        fi
        words=("--$option" ${value:+"$value"}) said="--$option${value:+ $value}"
        contexts=${meanings[$option $value]:-}
        contexts=${contexts%$'\n'}
        run $corpus "${words[@]}"
        alone=$got
        case $alone in
        "$plain") grep -qx same <<<"$contexts" || bad+="$said is ignored"$'\n' ;;
        refused) [ "${contexts//$'\n'/}" ] || bad+="$said is refused, and has no row: $(cat err)"$'\n' ;;
        'status 65'*) grep -qx data <<<"$contexts" || bad+="$said: $alone"$'\n' ;;
        s* | r*) bad+="$said: $alone"$'\n' ;;
        *) grep -qxE 'never|same|data' <<<"$contexts" && bad+="$said: its row is wrong ($contexts)"$'\n' ;;
        esac
        while read -r context; do
            case $context in
            same | data | '') continue ;;
            never) [ "$alone" = refused ] || bad+="$said is not refused"$'\n' ;;
            stream)
                in_context - ""
                context=$got
                run - "${words[@]}"
                [[ $got = [0-9]* && $got != "$context" ]] || bad+="$said of a stream: $got"$'\n'
                ;;
            *)
                in_context $corpus "$context"
                # shellcheck disable=SC2086
                with=$got && run $corpus $context "${words[@]}"
                [[ $got = [0-9]* ]] || bad+="$context $said: $got $(cat err)"$'\n'
                [ "$got" != "$with" ] || bad+="$context $said is ignored"$'\n'
                ;;
            esac
        done <<<"$contexts"
    done < <(values mine table)
    tell "$last" "$bad"
}
tell() { # option, what is wrong
    [ -z "$1" ] && return
    if [ -z "$2" ]; then pass "$tool --$1"; else fail "$tool --$1" "$2"; fi
}

walk() { # letter tool options...
    tool=$2 corpus=train.tsv base=(--steps 4 "${@:3}")
    mkdir "$1" "$1/r"
    cd "$1" || exit 1
    ln -s ../train.tsv ../other.tsv ../stream.tsv ../words.txt .
    grep -E "^[a-z]*$1[a-z]*\|" ../rows >mine
    "$tool" --list-options >table
    run $corpus --keep-states all
    mv $folder parent
    run $corpus
    plain=$got
    [[ $plain = [0-9]* ]] && pass "$tool: a run" || fail "$tool: a run" "$plain"
    walk_options
    is "$tool: no row of an option that is not there" "$(cut -d '|' -f2 mine | sed 's/^no-\(first-evaluation\|bias\)$/\1/' | sort -u | comm -23 - <(cut -f2 table | sort))" ''
    walk_refusals "$1"
    # What shapes no run.
    for options in "--threads 3" "--threads 1"; do
        # shellcheck disable=SC2086
        run $corpus $options
        is "$tool $options" "$got" "$plain"
    done
    is "$tool: aside are" "$(awk -F '\t' '$8 == "aside" { print $2 }' table | tr '\n' ' ')" 'directory threads quiet preset show-config '
}

# Beside some others an option means nothing.
walk_refusals() {
    while IFS='|' read -r tools options; do
        [[ $tools = *$1* ]] || continue
        # shellcheck disable=SC2086
        run $corpus $options
        is "$tool $options means nothing" "$got" refused
    done <<'END'
trm|--branch parent@2 --seed-init 7
trm|--branch parent@2 --init normal
trm|--branch parent@2 --init-scale 2
trm|--branch parent@2 --zero-readout
trm|--branch parent@2 --group *:init=zero
trm|--full-batch --seed-order 7
trm|--keep last --save-at 3
m|--hidden none --activation tanh
m|--hidden none --dropout 0.3
tr|--objective class --label kind --target target
tr|--objective class --features x
tr|--shape encoder --eval e=other.tsv --per-tag
m|--objective value --values y --eval e=other.tsv --per-tag
t|--attention-only --dropout-activation 0.3
END
}

# One run, asked for in several ways: each finishes at once and changes nothing.
again() { # name command...
    local name=$1 status
    shift
    "$@" 2>err
    status=$?
    find one -type f ! -name run.json -exec stat -c '%n %Y %i' {} + -exec cksum {} + | sort >after
    if [ $status = 0 ] && [ ! -s err ] && cmp -s before after; then pass "$name"; else fail "$name" "status $status: $(cat err)" "$(diff before after)"; fi
}
one_run() { # tool, options as pairs of words or flags...
    local tool=$1 options=("${@:2}") reversed=() i
    rm -rf one
    "$tool" -q -d one "${options[@]}" train.tsv
    find one -type f ! -name run.json -exec stat -c '%n %Y %i' {} + -exec cksum {} + | sort >before
    [ -s before ] || fail "$tool: one run"
    for ((i = 0; i < ${#options[@]}; i++)); do
        if [[ ${options[i + 1]:---} != --* ]]; then
            reversed=("${options[@]:i:2}" "${reversed[@]}")
            i=$((i + 1))
        else
            reversed=("${options[i]}" "${reversed[@]}")
        fi
    done
    again "$tool: the options in another order" "$tool" "${reversed[@]}" -q train.tsv -d one
    again "$tool: behind --, and joined by =" "$tool" -q "--directory=one" "${options[@]}" -- train.tsv
    again "$tool: a flag given and taken back" "$tool" --orthogonal -q --full-batch -d one "${options[@]}" --no-orthogonal --no-full-batch train.tsv
    refuse "$tool: an option given twice" 64 '--steps is given twice' "$tool" -q -d one --steps 4 "${options[@]}" train.tsv
    "$tool" -q "${options[@]}" --show-config >config
    grep -v '^#' config | xargs "$tool" --show-config >config2
    same "$tool: --show-config fed back says the same" config config2
    again "$tool: --show-config fed back is the same run" xargs -a <(grep -v '^#' config) "$tool" -d one train.tsv
}

(walk t train-transformer --dim 8 --layers 1 --heads 2) >t.log 2>&1 &
(walk r train-rnn --hidden 6 --layers 1) >r.log 2>&1 &
(walk m train-mlp --hidden 6) >m.log 2>&1 &
wait
cat t.log r.log m.log
failures=$(cat t.log r.log m.log | grep -c '^not ok')
common=(--steps 4 --save-every 2 --eval e=other.tsv --eval-limit 9 --track tokens,epochs
    --optimiser sgd --momentum 0.5 --decay cosine --warmup 1 --group '*:scale=0.7' --seed-init 18446744073709551615)
one_run train-transformer --dim 8 --layers 1 --heads 2 --dropout 0.1 --untied --norm pre --among "o,p" "${common[@]}"
one_run train-rnn --hidden 6 --cell gru --no-output-bias --objective target --stop-when 'train/loss<0' "${common[@]}"
one_run train-mlp --hidden 6,5 --no-bias --loss stablemax "${common[@]}"
one_run train-mlp --preset hu2023 --hidden 6 --features x,z --values y --eval e=other.tsv --steps 4
finish

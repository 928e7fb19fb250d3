# What every tool keeps: help, version, usage errors, closed and full outputs.
. "$(dirname "$0")/harness.sh"

status_of() { # command... ; leaves out, err
    "$@" >out 2>err
    echo $?
}
# Every option of a tool's table, as TYPE NAME LETTER (-: none).
table() { "$1" --list-options | cut -f1-3; }
# Values of a type that must be refused.
bad_values() {
    case $1 in
    count) printf '%s\n' x '' -1 1.5 1e3 99999999999999999999 0x10 '5 ' 3kk nan ;;
    seed) printf '%s\n' x '' -1 1.5 1k 18446744073709551616 ' 1' ;;
    number) printf '%s\n' x '' nan inf 0x1p3 1e999 '1 ' -1 ;;
    choice) printf '%s\n' x '' POST ;;
    esac
}

for path in "$BIN"/*; do
    tool=$(basename "$path")
    bad=
    [ "$(status_of "$tool" --help)" = 0 ] || bad+="status "
    [ -s err ] && bad+="stderr "
    [ "$(head -c 7 out)" = "Usage: " ] || bad+="usage "
    head -1 out >usage
    table "$tool" >table
    [ -s table ] || bad+="no-table "
    while read -r _ name _; do
        grep -qE -- "--$name( |$)" out || bad+="$name "
    done <table
    if [ -z "$bad" ]; then pass "$tool --help tells every option"; else fail "$tool --help" "$bad" "$(cat err)"; fi
    twice=$({ cut -f2 table; cut -f3 table | grep -v '^-'; } | sort | uniq -d)
    if [ -z "$twice" ]; then pass "$tool has each option once"; else fail "$tool has each option once" "$twice"; fi
    long=$(awk 'length($0) > 80' out)
    if [ -z "$long" ]; then pass "$tool --help fits 80 columns"; else fail "$tool --help fits 80 columns" "$long"; fi
    if ! LC_ALL=C grep -q "$(printf '[\033\t\r]')" out; then pass "$tool --help is plain"; else fail "$tool --help is plain"; fi

    if [ "$(status_of "$tool" --version)" = 0 ] && grep -qE "^$tool [0-9]+\.[0-9]+\.[0-9]+ " out && [ ! -s err ]; then
        pass "$tool --version"
    else
        fail "$tool --version" "$(cat out err)"
    fi

    refuse "$tool: unknown option" 64 "^$tool: unknown option --zzzzzzzz" "$tool" --zzzzzzzz
    refuse "$tool: unknown letter" 64 "^$tool: unknown option -Z" "$tool" -Z
    refuse "$tool: typo of --help" 64 'did you mean --help' "$tool" --hepl
    if grep -qE '^Usage: [a-z-]+ \[OPTION\]\.\.\. \[CORPUS\]\.\.\.$' usage; then
        refuse "$tool: reads standard input" 65 "^$tool: standard input: is empty" bash -c "exec $tool </dev/null"
    elif ! grep -qE '^Usage: [a-z-]+ \[OPTION\]\.\.\.$' usage; then
        refuse "$tool: missing operand" 64 "^$tool: missing operand; usage: $tool " "$tool"
    else
        refuse "$tool: an operand too many" 64 "^$tool: too many operands.*; usage: $tool " "$tool" operand
    fi
    refuse "$tool: control characters are not echoed" 64 "unknown option --a\?b" "$tool" "$(printf -- '--a\033b')"

    # Each option: a typo is corrected, a value is needed, and it must be one of its type.
    bad=
    while read -r type name _; do
        typo=${name}x
        [ "$(status_of "$tool" "--$typo")" = 64 ] && grep -q "did you mean --$name?" err || bad+="--$typo: $(cat err)"$'\n'
        if [ "$type" = flag ]; then
            [ "$(status_of "$tool" "--$name=1")" = 64 ] && grep -q -- "--$name takes no value" err || bad+="--$name=1: $(cat err)"$'\n'
            continue
        fi
        [ "$(status_of "$tool" "--$name")" = 64 ] && grep -q -- "--$name.* needs a value" err || bad+="--$name: $(cat err)"$'\n'
        while IFS= read -r value; do
            [ "$(status_of "$tool" "--$name=$value")" = 64 ] && grep -q -- "--$name " err || bad+="--$name='$value': $(cat err)"$'\n'
        done < <(bad_values "$type")
        [ "$type" = choice ] && ! grep -q ' or ' err && bad+="--$name does not tell its choices"$'\n'
    done <table
    if [ -z "$bad" ]; then pass "$tool: options and their values are checked"; else fail "$tool: options and their values are checked" "$bad"; fi

    # Each preset is made of good options, and what it sets can be given back.
    if cut -f2 table | grep -qx preset; then
        bad=
        while read -r preset _; do
            "$tool" --preset "$preset" --show-config >config 2>err &&
                grep -v '^#' config | xargs "$tool" --show-config >again 2>err &&
                cmp -s config again || bad+="$preset: $(cat err)"$'\n'
        done < <("$tool" --preset list)
        if [ -z "$bad" ]; then pass "$tool: presets are good and can be spelled out"; else fail "$tool: presets" "$bad"; fi
    fi

    refuse "$tool: no letter without its value" 64 'needs a value' "$tool" "-$(awk '($1 == "count" || $1 == "text") && $3 != "-" { print $3; exit }' table)"
    if [ -w /dev/full ]; then
        refuse "$tool --help to a full disk" 74 "^$tool: standard output: cannot write: No space" bash -c "exec $tool --help >/dev/full"
        refuse "$tool --version to a full disk" 74 "^$tool: standard output: cannot write: No space" bash -c "exec $tool --version >/dev/full"
    else
        skip "$tool --help to a full disk" "no /dev/full"
    fi
    # refuse opens standard output itself, hence the inner shell; `exec` keeps the status.
    refuse "$tool --help with standard output closed" 74 "standard output: cannot write: Bad file" bash -c "exec $tool --help >&-"
    check "$tool --help with standard input closed" bash -c "exec $tool --help <&-"
    bash -c "exec $tool --help 2>&- <&- >&-"
    status=$?
    if [ $status = 74 ]; then pass "$tool --help with all closed"; else fail "$tool --help with all closed" "status $status"; fi
    bash -c "$tool --help | head -1" >out 2>err
    if [ "$(wc -l <out)" = 1 ] && [ ! -s err ]; then pass "$tool --help into head is silent"; else fail "$tool --help into head is silent" "$(cat err)"; fi
    for colour in '' 1; do
        [ "$(NO_COLOR=$colour TERM=xterm-256color status_of "$tool" --zzzz)" = 64 ] && ! grep -q "$(printf '\033')" err ||
            fail "$tool with NO_COLOR='$colour' writes no colours to a file"
    done
    pass "$tool writes no colours to a file"
    # A message is one line that names the tool.
    status_of "$tool" "--zz
zz" >/dev/null
    if [ "$(wc -l <err)" = 1 ]; then pass "$tool: a message is one line"; else fail "$tool: a message is one line" "$(cat err)"; fi
done

# A closed descriptor is not handed to the next file opened: no message may land in a run's files.
gen-grammar "$GRAMMARS/question.gr" -n 50 -o corpus.zst
refuse 'gen-grammar with standard output closed' 74 'standard output: cannot write' bash -c "exec gen-grammar '$GRAMMARS/question.gr' -n 5 >&-"
refuse 'gen-grammar reads a closed standard input' 74 'standard input: cannot read' bash -c 'exec gen-grammar - <&-'
tiny=(--dim 8 --layers 1 --heads 1 -b 2 --steps 4 --eval e=corpus.zst)
refuse 'train-transformer reads a closed standard input' 74 'standard input: cannot read' bash -c "exec train-transformer -d closed ${tiny[*]} - <&-"
train-transformer -q -d open "${tiny[@]}" corpus.zst
bash -c "exec train-transformer -d shut ${tiny[*]} corpus.zst <&- >&- 2>&-"
status=$?
if [ $status = 0 ] && diff -r open/ckpt shut/ckpt && cmp open/metrics.tsv shut/metrics.tsv; then
    pass 'train-transformer with all descriptors closed writes the same run'
else
    fail 'train-transformer with all descriptors closed writes the same run' "status $status"
fi
refuse 'eval-rule with standard output closed' 74 'standard output: cannot write' bash -c 'exec eval-rule open corpus.zst >&-'
refuse 'eval-rule reads a closed standard input' 74 'standard input: cannot read' bash -c 'exec eval-rule open - <&-'
finish

# Bad grammars: a sentence with path and line, the right status, no output.
. "$(dirname "$0")/harness.sh"

# A grammar from standard input, TAB written as |.
bad() { # name pattern [status [options...]]
    local name=$1 pattern=$2 status=${3:-65}
    tr '|' '\t' >bad.gr
    rm -f out.tsv
    refuse "$name" "$status" "^gen-grammar: $pattern" gen-grammar bad.gr -n 5 -o out.tsv "${@:4}"
    [ "$(wc -l <stderr)" = 1 ] || fail "$name: one line" "$(cat stderr)"
    [ -z "$(ls out.tsv* 2>/dev/null)" ] || fail "$name: no output file" "$(ls)"
}

bad 'undefined symbol' "bad.gr: line 2: symbol 'Nuon' has no production \(did you mean 'Noun'\?\)" <<'X'
Noun|newt
S|the Nuon sleeps
X
bad 'undefined symbol on the target side' "bad.gr: line 1: symbol 'Q' has no production" <<'X'
S|a b|Q b
X
bad 'cycle without words' 'bad.gr: line [12]: [AB] and [AB] derive one another through single symbols: a cycle without words' <<'X'
A|B
B|A
A|a
S|A
X
bad 'a symbol that renames itself' 'bad.gr: line 1: S and S derive one another' <<'X'
S|S
S|a
X
bad 'no terminals' 'bad.gr: line 1: S derives no sentence' <<'X'
S|S S
X
bad 'unproductive behind a detour' 'bad.gr: line 2: A derives no sentence' <<'X'
S|a
A|b B
B|c A
X
bad 'supercritical' 'bad.gr: sentences have no finite expected length' <<'X'
2|S|S S
1|S|a
X
for weight in 0 -1 nan inf 1e999 1x 0x2 +; do
    bad "weight $weight" "bad.gr: line 2: weight '${weight/+/[+]}' is no positive number" <<X
S|a
$weight|S|b
X
done
bad 'a weight that comes to nothing' 'bad.gr: line 2: weight 1e-300 comes to nothing beside the others of S' <<'X'
1e300|S|a
1e-300|S|b
X
bad 'weights that overflow together' 'bad.gr: line [12]: weight 1e\+308 comes to nothing' <<'X'
1e308|S|a
1e308|S|b
X
bad 'one field' 'bad.gr: line 1: expected \[weight TAB\] left TAB right' <<'X'
S
X
bad 'spaces for TABs' "bad.gr: line 1: expected" <<'X'
S a b
X
bad 'two symbols on the left' "bad.gr: line 1: the left side 'S T' is more than one symbol" <<'X'
S T|a
X
bad 'a field too many' "bad.gr: line 1: a field too many: 'x'" <<'X'
1|S|a|b|@t|x
X
bad 'a tag without @' "bad.gr: line 1: 'tag' is no tag" <<'X'
1|S|a|a|tag
X
bad 'a tag that --where could not name' "bad.gr: line 1: tag '@a=b' holds one of" <<'X'
1|S|a|a|@a=b
X
{
    echo 'S|a||@t0'
    for i in {1..64}; do echo "S|a||@t$i"; done
} | bad 'more tags than 64' 'bad.gr: line 65: more than 64 tags'

bad 'target side lacks a child' 'bad.gr: line 1: B of the source side is missing from the target side' <<'X'
S|A B|A
A|a
B|b
X
bad 'target side has a child too many' 'bad.gr: line 1: the target side has A number 2, but the source side has no such child' <<'X'
S|A|A A
A|a
X
bad 'target side uses a child twice' 'bad.gr: line 1: the target side uses A number 1 twice' <<'X'
S|A A|A[1] A[1]
A|a
X
bad 'a copied word' "bad.gr: line 1: 'a' on the target side is marked as a nonterminal" <<'X'
S|a|=a
X
for place in 0 99999999999999999999 2147483647; do
    bad "place A[$place]" 'bad.gr: line 1: (the place in A\[...\] is no number|the target side has A number)' <<X
S|A A|A[$place] A
A|a
X
done

good='S|Det N|N Det
Det|the
N|newt'
bad 'a bad pattern' 'bad.gr: line 4: bad pattern /\(/: .* at character' <<X
$good
%rule linear s/(/x/
X
bad 'a bad tag pattern' 'bad.gr: line 4: bad pattern /\[/' <<X
$good
%tag t /[/
X
bad 'a pattern without its end' "bad.gr: line 4: 's/a' is no s/pattern/replacement/" <<X
$good
%rule linear s/a
X
bad 'an unknown flag' "bad.gr: line 4: unknown flag 'q'" <<X
$good
%rule linear s/a/b/q
X
bad 'a tag pattern without slashes' 'bad.gr: line 4: expected %tag name /pattern/' <<X
$good
%tag t newt
X
bad 'an unknown class in a pattern' "bad.gr: line 4: no nonterminal is called 'Nn' \(did you mean 'N'\?\)" <<X
$good
%rule linear s/{Nn}//
X
bad 'a class that is no class' 'bad.gr: line 4: S is no word class: the production of line 1 has 2 symbols' <<X
$good
%tag t /{S}/
X
bad 'a pair of two words' "bad.gr: line 4: the pair of 'newt' in line 2 is not one word" <<X
S|N
N|newt|a newt
M|newt
%rule linear M -> N / __
X
bad 'an unknown class in a context rule' "bad.gr: line 4: no nonterminal is called 'V'" <<X
$good
%rule linear V -> N / __
X
bad 'a word without a partner' "bad.gr: line 4: .*'newt' has no partner in class Det" <<X
$good
%rule linear N -> Det / __
X
bad 'neither kind of rule' 'bad.gr: line 4: .* is neither s/pattern/replacement/ nor A -> B / C __ D' <<X
$good
%rule linear front the first auxiliary
X
bad 'a rule named as the target' "bad.gr: line 4: rule 'hierarchical' is the one that the target sides state" <<X
$good
%rule hierarchical s/a/b/
X
bad 'an unknown directive' "bad.gr: line 4: unknown directive %rules; did you mean %rule" <<X
$good
%rules linear s/a/b/
X
bad 'a bad replacement' 'bad.gr: line 4: .*(substring|replacement|group)' <<X
$good
%rule linear s/the/\$9/
X
bad 'a pattern that explodes' 'bad.gr: rule linear: the pattern cannot be matched' <<'X'
S|a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a b
%rule linear s/^((a ?)+)+$//
X
bad 'an unknown start symbol' "bad.gr: the start symbol 'T' has no production" <<'X'
%start T
S|a
X
bad '%target without target sides' 'bad.gr: %target names a rule, but no production has a target side' <<'X'
%target hier
S|a
X
bad 'a sentence that opens with #' "(bad.gr: |example 1: )" <<'X'
S|#a b
X

bad 'an empty file' 'bad.gr: holds no production' </dev/null
bad 'comments alone' 'bad.gr: holds no production' <<'X'
# nothing

X
printf 'S\ta\n\377\376\n' >bad.gr
refuse 'not UTF-8' 65 '^gen-grammar: bad.gr: line 2: is not UTF-8 text' gen-grammar bad.gr
printf 'S\ta\0b\n' >bad.gr
refuse 'a NUL byte' 65 '^gen-grammar: bad.gr: line 1: holds a NUL byte' gen-grammar bad.gr
head -c 100000 /bin/sh >bad.gr
refuse 'a binary file' 65 '^gen-grammar: bad.gr: line [0-9]+: ' gen-grammar bad.gr
printf 'S\ta\n' | zstd -qc | head -c 12 >bad.gr
refuse 'a compressed grammar cut short' 65 '^gen-grammar: bad.gr: .*cut short' gen-grammar bad.gr
{ printf 'S\t' && head -c 20000000 /dev/zero | tr '\0' a; } >bad.gr
refuse 'a line of 20 MB' 65 '^gen-grammar: bad.gr: line 1: longer than' gen-grammar bad.gr
{ printf 'S\t' && yes a | head -n 500000 | tr '\n' ' '; } >bad.gr
check 'a production of half a million words' gen-grammar bad.gr -n 2 -o out.tsv
{ echo 'S|A0' && for i in {0..6000}; do echo "A$i|a A$((i + 1))"; done && echo 'A6001|b'; } | tr '|' '\t' >bad.gr
refuse 'a chain of 6000 symbols' 65 'bad.gr: a tree grew past 1000000 nodes or 5000 levels' gen-grammar bad.gr -n 1
printf '9999\tS\ta S\n1\tS\ta\n' >bad.gr
refuse 'deep recursion' 65 'bad.gr: a tree grew past' gen-grammar bad.gr -n 100 --columns source
printf '4999\tS\tS S\n5001\tS\ta\n' >bad.gr
"$BIN/gen-grammar" bad.gr -n 2000 --columns source,tree >out 2>err
status=$?
if [ $status = 0 ] || { [ $status = 65 ] && grep -q 'grew past' err; }; then pass 'bushy recursion'; else fail 'bushy recursion' "status $status" "$(cat err)"; fi

refuse 'a missing file' 66 '^gen-grammar: missing.gr: cannot open: No such file' gen-grammar missing.gr
mkdir folder
refuse 'a folder' 66 '^gen-grammar: folder: is a folder' gen-grammar folder
printf 'S\ta\n' >locked.gr && chmod 0 locked.gr && chmod 755 .
if [ "$(id -u)" != 0 ]; then
    refuse 'an unreadable file' 66 '^gen-grammar: locked.gr: cannot open: Permission' gen-grammar locked.gr
elif command -v setpriv >/dev/null && setpriv --reuid=65534 --clear-groups test -x "$BIN/gen-grammar" 2>/dev/null; then
    refuse 'an unreadable file' 66 '^gen-grammar: locked.gr: cannot open: Permission' setpriv --reuid=65534 --clear-groups gen-grammar locked.gr
else
    skip 'an unreadable file' 'root reads everything'
fi
refuse 'too many operands' 64 "too many operands, from 'b.gr' on" gen-grammar a.gr b.gr

# Sound but unusual.
printf '\t\nS\ta\t\t\n\n' >good.gr
check 'blank fields and lines' gen-grammar good.gr -o out.tsv
printf 'S\ta b\r\n' >good.gr
if [ "$(gen-grammar good.gr -n 1 --columns source --text | sed -n 's/^a b$/ok/p')" = ok ]; then pass 'CRLF'; else fail 'CRLF'; fi
zstd -q good.gr -o good.gr.zst
if [ "$(gen-grammar good.gr.zst -n 1 --columns source --text | grep -c '^a b$')" = 1 ]; then pass 'a compressed grammar'; else fail 'a compressed grammar'; fi
if [ "$(gen-grammar - -n 1 --columns source --text <good.gr | grep -c '^a b$')" = 1 ]; then pass 'a grammar from standard input'; else fail 'a grammar from standard input'; fi
printf 'S\ta\nT\tb\n' >good.gr
gen-grammar good.gr -n 1 -o out.tsv 2>err
if grep -q '^gen-grammar: warning: good.gr: line 2: T is never reached from S' err; then pass 'an unreached symbol is a warning'; else fail 'an unreached symbol is a warning' "$(cat err)"; fi
finish

# gen-count: counting and addition, recomputed; lengths and their shares; hints; the header.
. "$(dirname "$0")/harness.sh"
gen() { gen-count "$@"; }
header() { sed -n "s/^##$1\t//p"; }

# Counting.
recount='!/^#/ { split($0, f, "\t"); split(f[1], e, " "); n = split(f[2], x, " "); rows++
        if (x[1] != e[1] || x[n] != e[2] || n != f[3] || n != e[2] - e[1] + 1) bad++
        for (i = 2; i <= n; i++) if (x[i] != x[i - 1] + 1) bad++
        if (e[1] < low || e[2] > high || n < least || n > most) bad++ }
    END { print rows + 0, bad + 0 }'
counts() { # least most low high options...
    is "counting (${*:5})" "$(gen count -n 2000 --text "${@:5}" | awk -v least="$1" -v most="$2" -v low="$3" -v high="$4" "$recount")" '2000 0'
}
counts 1 10 0 99
counts 20 40 0 99 --length 20..40
counts 3 3 7 9 --length 3 --numbers 7..9
counts 2 1000 999000 999999 --length 2..1000 --numbers 999000..999999
counts 2 30 5 40 --length 2..30 --numbers 5..40 --shares number
shares() { # the numbers of examples of each length
    rows | cut -f3 | sort -n | uniq -c | awk '{ print $1 }' | tr '\n' ' '
}
is 'lengths have equal shares' "$(gen count -n 1000 --length 1..8 | shares)" "$(printf '125 %.0s' {1..8})"
is 'a share that is no whole number is within one' "$(gen count -n 1001 --length 1..8 | shares)" "126 $(printf '125 %.0s' {2..8})"
# 10 numbers, lengths 1 to 10: 55 spans, by chi-square with 54 degrees (the millionth part: 119).
gen count -n 55k --length 1..10 --numbers 0..9 --shares number --columns source | rows | sort | uniq -c | awk '
    { chi += ($1 - 1000) ^ 2 / 1000; n++ } END { print n, (chi > 15 && chi < 119) }' >out
is 'every span is as likely' "$(cat out)" '55 1'
is 'all starts occur' "$(gen count -n 3000 --length 4 --numbers 10..29 --columns source | rows | sort -u | wc -l)" 17
is 'counting: entropy by length' "$(gen count -n 0 --text --length 9..10 --numbers 1..10 | header entropy)" 'source=1.039720771 target=0'
is 'counting: entropy by number' "$(gen count -n 0 --text --length 9..10 --numbers 1..10 --shares number | header entropy)" 'source=1.098612289 target=0'
is 'counting: guess' "$(gen count -n 0 --text --numbers 1..10 | header baseline)" 'uniform number accuracy=0.1 loss=2.302585093'
is 'counting: vocabulary' "$(gen count -n 0 --text --numbers 3..6 --length 1 | header vocab)" '3 4 5 6'

# Addition, by long-hand sums in awk on the words as they stand.
resum='function number(words, reversed, n, i, k, w, s) {
        n = split(words, w, " "); s = ""; last = -1
        for (i = 1; i <= n; i++) {
            if (w[i] ~ /^h/) {
                k = substr(w[i], 2) + 0; hints++
                if (w[i + 1] !~ /^[0-9]$/) bad = bad " hint-without-digit"
                if (last >= 0 && k != last + (reversed ? -1 : 1)) bad = bad " hints"
                last = k
            } else s = reversed ? w[i] s : s w[i]
        }
        return s
    }
    function plus(a, b, n, i, carry, s, d, run) {
        n = length(a) > length(b) ? length(a) : length(b); carry = carries = chain = run = 0; s = ""; never = ""
        while (length(a) < n) a = "0" a
        while (length(b) < n) b = "0" b
        for (i = n; i > 0; i--) {
            d = substr(a, i, 1) + substr(b, i, 1); never = d % 10 never
            d += carry; carry = d > 9; s = d % 10 s; carries += carry
            run = carry ? run + 1 : 0; if (run > chain) chain = run
        }
        return carry s
    }
    function plain(s) { sub(/^0+/, "", s); return s == "" ? "0" : s }
    !/^#/ { split($0, f, "\t"); split(f[1], e, " [+=] ?"); rows++; bad = ""; hints = 0
        a = number(e[1], all); top = last; b = number(e[2], all); t = number(f[2], reversed)
        s = plus(a, b)
        la = length(plain(a)); lb = length(plain(b)); n = la > lb ? la : lb
        if (plain(s) != plain(t)) bad = bad " sum"
        if (equal && la != lb) bad = bad " addends"
        if (n != f[3] || n < least || n > most) bad = bad " length"
        if (zeros == "carry" && (length(a) != n + 1 || length(b) != n + 1 || length(t) != n + 1)) bad = bad " zeros"
        if (zeros == "equal" && (length(a) != n || length(b) != n || length(t) != length(plain(s)) && length(t) != n)) bad = bad " zeros"
        if (zeros == "none" && (a != plain(a) || b != plain(b) || t != plain(t))) bad = bad " zeros"
        if (f[5] != carries || f[6] != chain) bad = bad " carries"
        tags = (carries ? "carry" : "no_carry") (chain > 1 ? ",chain" : "") (length(plain(s)) > n ? ",overflow" : "")
        if (f[4] != tags) bad = bad " tags"
        if (plain(number(f[7], reversed)) != plain(never)) bad = bad " digitwise"
        if ((hints > 0) != hinted) bad = bad " no-hints"
        if (bad) { print NR ":" bad; exit } }
    END { print rows + 0 }'
adds() { # awk variables; options
    local vars=() v
    for v in $1; do vars+=(-v "$v"); done
    is "addition (${*:2})" "$(gen add -n 500 --text --columns source,target,length,tags,carries,chain,rule:digitwise "${@:2}" |
        awk "${vars[@]}" "$resum")" 500
}
base='least=1 most=10 hinted=1 zeros=carry reversed=1'
adds "$base"
adds "$base equal=1" --addends equal
adds "$base all=1" --reverse all
adds "$base reversed=0" --reverse none
adds "$base zeros=equal" --zeros equal --hints 11
adds "$base zeros=none" --zeros none
adds "$base hinted=0" --hints 0
adds "$base hinted=0 zeros=none reversed=0 least=3" --hints 0 --zeros none --reverse none --length 3..10
adds "$base most=300 least=200" --length 200..300 --hints 400
adds "$base least=3" --shares number --length 3..10
adds "$base equal=1 least=2 most=3 all=1 zeros=equal" --shares number --length 2..3 --addends equal --reverse all --zeros equal
if command -v python3 >/dev/null; then
    gen add -n 300 --length 900..1000 --hints 0 --text --columns source,target | python3 -c '
import sys
for line in sys.stdin:
    if line[0] != "#":
        source, target = line.rstrip("\n").split("\t")
        a, b = source.replace(" ", "").rstrip("=").split("+")
        assert str(int(a) + int(b)).zfill(len(a)) == target.replace(" ", "")[::-1], line
        print("ok")' >out
    is 'sums of a thousand digits, by Python' "$(sort out | uniq -c | tr -s ' ')" ' 300 ok'
else
    skip 'sums of a thousand digits, by Python' 'no python3'
fi
is 'lengths have equal shares' "$(gen add -n 1000 --length 1..10 --columns source,target,length | shares)" "$(printf '100 %.0s' {1..10})"
is 'nearly all numbers are long' "$(gen add -n 100k --length 1..3 --shares number --columns source,target,length | rows | awk -F '\t' '{ n[$3]++ } END { print (n[3] > 98800 && n[3] < 99200 && n[2] > 880 && n[2] < 1100) }')" 1
is 'all sums of one digit' "$(gen add -n 5000 --length 1 --hints 0 --columns source | rows | sort -u | wc -l)" 100
is 'all hints begin a number' "$(gen add -n 3000 --length 3 --hints 10 --columns source | rows | cut -d' ' -f1 | sort | uniq -c | awk '{ ok += $1 > 350 && $1 < 510 } END { print NR, ok }')" '7 7'
is '--fixed-hints where nothing has room for the last carry' "$(gen add -n 300 --fixed-hints --zeros equal --columns source | rows | cut -d' ' -f1 | sort -u)" h1
refuse '--fixed-hints without hints' 64 '--fixed-hints and --hints 0 exclude' gen add --fixed-hints --hints 0
is '--fixed-hints' "$(gen add -n 300 --fixed-hints --columns source | rows | cut -d' ' -f1 | sort -u)" h0
gen add -n 100k --length 4 --hints 0 --text >sums
header carries <sums | sed 's/[a-z]*=//g' >known
awk -F '\t' 'NR == FNR { split($0, known, " "); next } !/^#/ { n++; c += $5; o += $4 ~ /overflow/ }
    END { c = c / n - known[1]; o = o / n - known[2]; print (c ^ 2 < .015 ^ 2 && o ^ 2 < .007 ^ 2) }' known sums >out
is 'carries are as many as the header says' "$(cat out)" 1
is 'digitwise is right when nothing carries' "$(gen add -n 0 --length 1 --text | header baseline | head -1)" 'rule:digitwise accuracy=0.55'
is 'addition: entropy' "$(gen add -n 0 --length 1 --hints 5 --text | header entropy)" 'source=5.991464547 target=0'
is 'addition: vocabulary' "$(gen add -n 0 --length 1 --hints 2 --text | header vocab)" '0 1 2 3 4 5 6 7 8 9 + = h0 h1'
gen add -n 500 --text >all
is 'the vocabulary is what is written' "$(comm -13 <(header vocab <all | tr ' ' '\n' | sort) <(grep -v '^#' all | cut -f1,2 | tr '\t ' '\n\n' | sort -u) | wc -l)" 0
is 'the task in full' "$(header task <all)" 'addition length=1..10 shares=length addends=any reverse=sum zeros=carry hints=100'

# The same bytes; shards; seeds; splits.
for task in count add 'add --shares number --addends equal' 'count --shares number' 'add --split 0-3/5'; do
    # shellcheck disable=SC2086
    gen $task -n 3000 -o a.zst
    # shellcheck disable=SC2086
    gen $task -n 3000 -j 3 -o b.zst
    same "-j 3 makes the bytes of -j 1 ($task)" a.zst b.zst
    # shellcheck disable=SC2086
    gen $task -n 10 --skip 1500 | rows >part
    rows <a.zst | sed -n 1501,1510p >expected
    same "--skip 1500 -n 10 is lines 1501 to 1510 ($task)" part expected
done
gen add -n 500 -s 1 --columns source --length 5..10 | rows >a
gen add -n 500 -s 2 --columns source --length 5..10 | rows >b
is 'another seed, other sums' "$(cat a b | sort | uniq -d | wc -l)" 0
gen add -n 2000 --split 0/4 --length 1..2 --hints 0 --columns source | rows | sort -u >a
gen add -n 2000 --split 1-3/4 --length 1..2 --hints 0 -s 5 --columns source | rows | sort -u >b
is 'splits share no source' "$(comm -12 a b | wc -l)" 0
is '--unique' "$(gen count -n 100 --length 1 --unique --columns source | rows | sort -u | wc -l)" 100

# Requests that cannot be met.
refuse 'an unknown task' 64 "^gen-count: no task 'ad'; did you mean 'add'" gen ad
refuse 'too long to count' 64 "'11' is no range within 1..10$" gen count --numbers 0..9 --length 11
refuse 'too few hints' 64 '100 hints do not suffice for numbers of 100 digits' gen add --length 100
refuse 'an empty range' 64 "^gen-count: --length: '5..4' ends before it begins" gen add --length 5..4
refuse 'length 0' 64 'no range within 1..100000' gen add --length 0..4
refuse 'no range' 64 "'1...3' is no range" gen add --length 1...3
counts 3 10 11 20 --length 3.. --numbers 11..20
refuse 'numbers below 0' 64 'no range within 0..999999' gen count --numbers=-1..3
refuse 'an option of the other task' 64 "^gen-count: --hints is an option of 'add'" gen count --hints 5
refuse 'an option of the other task' 64 "^gen-count: --numbers is an option of 'count'" gen add --numbers 1..5
refuse 'a column of the other task' 64 "no column 'carries'" gen count --columns carries
refuse 'too much for --unique' 65 'count: could make 10 examples' gen count --numbers 0..9 --length 1 --unique -n 11 --patience 100
is 'a hundred thousand digits' "$(gen add --length 100k --hints 0 -n 1 --columns target | rows | wc -w)" 100001
is 'no example' "$(gen add -n 0 --text | tail -1)" "$(printf '##end\tn=0')"
is 'the command makes the corpus again' "$(eval "$(header cmd <sums) --text" | cmp - sums && echo same)" same
finish

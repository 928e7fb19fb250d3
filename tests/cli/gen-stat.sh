# gen-stat: every figure against an independent computation, and what is known exactly.
. "$(dirname "$0")/harness.sh"

q=$GRAMMARS/question.gr
gen-grammar "$q" -n 3000 --seed-data 5 --columns source,target,rules,tags,tree,depth,logp -o c.zst
gen-grammar "$q" -n 1000 --seed-data 5 --skip 2500 --columns source,target,tree -o d.zst
gen-stat --tsv --ngrams 5 --top 5 --against d.zst c.zst >stat.tsv
value() { # what of [column]
    awk -F'\t' -v w="$1" -v o="$2" -v c="${3-3}" '$1 == w && $2 == o {print $c}' stat.tsv
}
is() { # name expected what of [column]
    local got
    got=$(value "$3" "$4" "${5-3}")
    if [ "$got" = "$2" ]; then pass "$1"; else fail "$1" "$got, expected $2"; fi
}
rows() { zstd -qdc "$1" | grep -v '^#'; }
rows c.zst >c.rows
rows d.zst >d.rows

# awk
is 'examples' 3000 examples all
is 'distinct sources' "$(cut -f1 c.rows | sort -u | wc -l)" distinct source
is 'distinct pairs' "$(cut -f1,2 c.rows | sort -u | wc -l)" distinct source+target
is 'tokens' "$(cut -f1 c.rows | wc -w)" tokens source
is 'types' "$(cut -f1 c.rows | tr ' ' '\n' | sort -u | wc -l)" types source:1-grams
is 'types of both' "$(cut -f1,2 c.rows | tr ' \t' '\n\n' | sort -u | wc -l)" words all
is 'a tag' "$(awk -F'\t' '("," $4 ",") ~ /,center,/ {n++} END {printf "%.12g", n / NR}' c.rows)" share tags:center
is 'of so many' 3000 share tags:center 4
is 'rules agree' "$(awk -F'\t' '$2 == $3 {n++} END {printf "%.12g", n / NR}' c.rows)" agree hierarchical=linear
is 'in the first word' "$(awk -F'\t' '{split($2, a, " "); split($3, b, " ")} a[1] == b[1] {n++} END {printf "%.12g", n / NR}' c.rows)" agree_first_word hierarchical=linear
is 'shared sources' "$(comm -12 <(cut -f1 c.rows | sort -u) <(cut -f1 d.rows | sort -u) | wc -l | awk -v n="$(cut -f1 c.rows | sort -u | wc -l)" '{printf "%.12g", $1 / n}')" shared_sources d.zst
is 'rows with shared sources' "$(awk -F'\t' 'NR == FNR {d[$1]; next} $1 in d {n++} END {printf "%.12g", n / 3000}' d.rows c.rows)" rows_with_shared_source d.zst
is 'declared words' "$(zstd -qdc c.zst | sed -n 's/^##vocab\t//p' | wc -w)" words declared
is 'none outside' 0 words undeclared
is 'the header' "$(zstd -qdc c.zst | sed -n 's/^##entropy\t//p')" header entropy
is 'distinct trees by their shape' "$(gen-grammar "$q" -n 3000 --seed-data 5 --columns source,tree_id --text | grep -v '^#' | cut -f2 | sort -u | wc -l)" distinct tree

# Everything, by definitions written out anew.
cat >again.py <<'P'
import collections, math, sys
header, rows = [], []
for line in open('c.rows', encoding='utf8'):
    rows.append(line.rstrip('\n').split('\t'))
names = 'source target rule:linear tags tree depth logp'.split()
column = {name: [r[i] for r in rows] for i, name in enumerate(names)}
other = [line.rstrip('\n').split('\t') for line in open('d.rows', encoding='utf8')]
expected = {}
def put(what, of, value, n=math.nan, low=math.nan, high=math.nan):
    expected[what, of] = (value, n, low, high)
def share(what, of, k, n):
    z = 1.9599639845400542
    centre, half = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    put(what, of, k / n, n, 0 if k == 0 else centre - half, 1 if k == n else centre + half)
def entropies(of, counts):
    x = sorted(counts.values())
    n, types, once, twice = sum(x), len(x), x.count(1), x.count(2)
    plug_in = -math.fsum(c / n * math.log(c / n) for c in x)
    harmonic = [0.0] * (n + 1)
    for k in range(1, n + 1):
        harmonic[k] = harmonic[k - 1] + 1 / k
    chao = math.fsum(c / n * (harmonic[n - 1] - harmonic[c - 1]) for c in x)
    if once:
        a = 2 * twice / ((n - 1) * once + 2 * twice) if twice else 2 / ((n - 1) * (once - 1) + 2)
        q = 1 - a
        if a * n < 10: # as printed
            chao += once / n * q ** (1 - n) * math.fsum([-math.log(a)] + [-q ** r / r for r in range(1, n)])
        elif a < 1: # what that leaves of the series of the logarithm
            chao += once / n * math.fsum(q ** k / (n - 1 + k) for k in range(1, int(45 / a) + 2))
    put('types', of, types, n), put('once', of, once, n), put('coverage', of, 1 - once / n, n)
    put('entropy_plug_in', of, plug_in, n), put('entropy_miller_madow', of, plug_in + (types - 1) / (2 * n), n)
    put('entropy_chao', of, chao, n)
def quantile(x, p):
    x = sorted(x)
    rank = (len(x) - 1) * p
    low = int(rank)
    return x[low] + (rank - low) * (x[min(low + 1, len(x) - 1)] - x[low])
n = len(rows)
for name in 'source', 'target':
    sentences = [s.split() for s in column[name]]
    tokens = [w for s in sentences for w in s]
    put('tokens', name, len(tokens))
    lengths = [len(s) for s in sentences]
    mean = math.fsum(lengths) / n
    put('length_mean', name, mean, n)
    put('length_sd', name, math.sqrt(math.fsum((x - mean) ** 2 for x in lengths) / (n - 1)), n)
    for p in 0, 5, 25, 50, 75, 95, 100:
        put('length_p%d' % p, name, quantile(lengths, p / 100), n)
    for order in range(1, 6):
        entropies('%s:%d-grams' % (name, order), collections.Counter(tuple(s[i:i + order]) for s in sentences for i in range(len(s) - order + 1)))
    counts = collections.Counter(tokens)
    for word in sorted(counts, key=lambda w: (-counts[w], w))[:5]:
        share('word_share', name + ':' + word, counts[word], len(tokens))
entropies('source', collections.Counter(column['source']))
def shape(tree):
    import re
    return re.sub(r'\((\S+)(?: [^()]+)+\)', r'(\1)', tree)
shapes = [shape(t) for t in column['tree']]
entropies('tree', collections.Counter(shapes))
put('distinct', 'source', len(set(column['source'])), n)
put('distinct', 'source+target', len(set(zip(column['source'], column['target']))), n)
put('distinct', 'tree', len(set(shapes)), n)
tags = collections.Counter(t for text in column['tags'] for t in text.split(','))
for tag in tags:
    share('share', 'tags:' + tag, tags[tag], n)
for depth, k in collections.Counter(column['depth']).items():
    share('share', 'depth:' + depth, k, n)
for name in 'depth', 'logp':
    x = [float(t) for t in column[name]]
    mean = math.fsum(x) / n
    sd = math.sqrt(math.fsum((v - mean) ** 2 for v in x) / (n - 1))
    half = 1.9599639845400542 * sd / math.sqrt(n)
    put('mean', name, mean, n, mean - half, mean + half), put('sd', name, sd, n)
    put('min', name, min(x), n), put('max', name, max(x), n)
share('agree', 'hierarchical=linear', sum(r[1] == r[2] for r in rows), n)
share('agree_first_word', 'hierarchical=linear', sum(r[1].split()[0] == r[2].split()[0] for r in rows), n)
put('against_examples', 'd.zst', len(other))
for what, rest, own, theirs in (('rows_with_shared_source', 'shared_sources', column['source'], [r[0] for r in other]),
                          ('rows_with_shared_pair', 'shared_pairs', list(zip(column['source'], column['target'])), [(r[0], r[1]) for r in other]),
                          ('rows_with_shared_tree', 'shared_trees', shapes, [shape(r[2]) for r in other])):
    share(what, 'd.zst', sum(x in set(theirs) for x in own), n)
    share(rest, 'd.zst', len(set(own) & set(theirs)), len(set(own)))
words = [w for name in ('source', 'target') for s in column[name] for w in s.split()]
theirs = set(w for r in other for i in (0, 1) for w in r[i].split())
share('words_not_in', 'd.zst', len(set(words) - theirs), len(set(words)))
share('tokens_not_in', 'd.zst', sum(w not in theirs for w in words), len(words))
bad, seen = 0, 0
lines = open(sys.argv[1], encoding='utf8').read().splitlines()
assert lines[0] == 'what\tof\tvalue\tn\tlow\thigh'
for line in lines[1:]:
    what, of, *rest = line.split('\t')
    if what in ('examples', 'sections', 'header', 'words') or (what, of) == ('tokens', 'undeclared'):
        continue
    seen += 1
    want = expected.pop((what, of), None)
    got = tuple(map(float, rest))
    same = want is not None and all(math.isnan(g) and math.isnan(w) or abs(g - w) <= 1e-9 * max(1, abs(w)) for g, w in zip(got, want))
    if not same:
        bad += 1
        print(what, of, got, want)
print('not told:', list(expected)) if expected else None
print(seen, 'figures')
sys.exit(bad > 0 or bool(expected) or seen < 140)
P
if command -v python3 >/dev/null; then
    check 'every figure is what its definition gives' python3 again.py stat.tsv
    sed 's/^agree\thierarchical=linear\t0/agree\thierarchical=linear\t1/' stat.tsv >wrong.tsv
    if python3 again.py wrong.tsv >/dev/null; then fail 'and a wrong one would be found'; else pass 'and a wrong one would be found'; fi
else
    skip 'every figure is what its definition gives' 'no python3'
fi

# What is known exactly: the grammar's entropies, which estimates approach and intervals hold.
gen-grammar "$q" -n 50000 --seed-data 1 --columns source,tree_id,logp | gen-stat --tsv --ngrams 1 - >stat.tsv
awk -F'\t' '{v[$1, $2] = $3; low[$1, $2] = $5; high[$1, $2] = $6}
    END {h = v["header", "entropy"]; t = v["header", "tree_entropy"]; c = v["entropy_chao", "tree"]; m = v["entropy_miller_madow", "tree"]
        exit !(h > 20 && -high["mean", "logp"] < h && h < -low["mean", "logp"] && c - t < 0.02 && t - c < 0.02 && m - t < 0.02 && t - m < 0.02)}' stat.tsv &&
    pass "estimates meet the grammar's entropies" || fail "estimates meet the grammar's entropies" "$(grep -E 'entropy|logp' stat.tsv)"

# The page.
gen-stat --against d.zst c.zst >page
for part in 'c.zst: 3000 examples' 'made by: gen-grammar' '^Distinct' '^Lengths' '^Words' '^Entropy in nats' 'Examples by tags' '^Rules' '^Against d.zst \(1000 examples\)' 'Intervals are at 95 %'; do
    grep -qE "$part" page || fail "the page tells: $part"
done
[ "$(wc -l <page)" -lt 100 ] && pass 'a page' || fail 'a page' "$(wc -l <page)"
gen-stat -o page2 --against d.zst c.zst && cmp -s page page2 && pass 'into a file' || fail 'into a file'
zstd -qdc c.zst | gen-stat --against d.zst - | tail -n +2 | cmp -s - <(tail -n +2 page) && pass 'from a pipe' || fail 'from a pipe'
cat c.zst d.zst >both.zst
gen-stat --tsv <(gen-filter -q --columns source,target,tree c.zst) d.zst | awk -F'\t' '$1 == "examples"' | cut -f3 | grep -qx 4000 && pass 'several corpora are counted as one' || fail 'several corpora are counted as one'

# Any published table.
if [ -r "$DATA/mccoy/question.gen.zst" ]; then
    gen-stat --tsv "$DATA/mccoy/question.gen.zst" >stat.tsv
    is 'published data' 10000 distinct source
else
    skip 'published data' 'no ../shared/data'
fi
printf 'a b\na b\n\na  c\n' | gen-stat --tsv - >stat.tsv
is 'plain text' 3 examples all
is 'blanks make no words' 3 types source:1-grams
is 'two words a sentence' 2 length_mean source
printf 'source\tx\ty\tz\na\t1\tu\t\nb\t2.5\tv\tq\nc\t-1e3\tu\t\n' | gen-stat --tsv - >stat.tsv
is 'numbers' -332.166666667 mean x
is 'the least' -1000 min x
is 'values' 0.666666666667 share y:u
is 'empty fields' 0.666666666667 empty z
is 'fractions are not listed' '' share x:1
gen-hmm "$ROOT/processes/mess3.hmm" -n 9 --columns source,states | gen-stat --tsv - >stat.tsv
is 'numbers of a header' 1.098612 header 'baseline uniform loss'
is 'sequences are not listed' '' share 'states:A B C'
[ "$(grep -c '^share' stat.tsv)" = 0 ] || fail 'sequences are not listed' "$(grep '^share' stat.tsv)"
seq 100 | sed 's/.*/s\tv&/; 1isource\tv' | gen-stat --tsv - >stat.tsv
is 'many values are not listed' '' share v:v1
gen-grammar "$q" -n 0 | tee empty.zst | gen-stat --tsv - >stat.tsv
is 'an empty corpus' 0 examples all
is 'has no mean length' nan length_mean source
is 'and no entropy' nan entropy_chao source
check 'and a page' gen-stat empty.zst
check 'against it' gen-stat --against empty.zst c.zst
check 'it against another' gen-stat --against c.zst empty.zst
gen-grammar "$q" -n 3 --columns tree | gen-stat - >page && ! grep -q '^Words' page && grep -q 'trees' page && pass 'trees alone' || fail 'trees alone'

# Memory.
gen-grammar "$q" -n 20000 --columns source,target,tree_id -o big.zst
gen-stat --tsv --memory 1M big.zst >stat.tsv
is 'what outgrows the memory is given up' nan entropy_chao source
is 'the rest is told' "$(gen-stat --tsv big.zst | awk -F'\t' '$1 == "entropy_chao" && $2 == "source:1-grams" {print $3}')" entropy_chao source:1-grams
gen-stat --memory 1M big.zst | grep -q 'Some counts outgrew --memory' && pass 'which the page says' || fail 'which the page says'

refuse 'a cut corpus' 65 '^gen-stat: cut.zst: .*cut short' bash -c 'head -c 5000 c.zst >cut.zst; exec gen-stat -o out.tsv cut.zst'
refuse 'a cut corpus to compare with' 65 '^gen-stat: cut.zst: ' gen-stat -o out.tsv --against cut.zst c.zst
[ -z "$(ls out.tsv* 2>/dev/null)" ] && pass 'leaves no output' || fail 'leaves no output'
refuse 'other columns' 65 '^gen-stat: d.zst: its columns are not those' gen-stat c.zst d.zst
refuse 'a missing corpus' 66 '^gen-stat: no.zst: cannot open' gen-stat --against no.zst c.zst
refuse 'standard input twice' 64 'named 2 times' gen-stat --against - -
refuse 'too high an order' 64 '--ngrams is 9' gen-stat --ngrams 9 c.zst
if [ -w /dev/full ]; then refuse 'a full disk' 74 'standard output: cannot write: No space' bash -c 'exec gen-stat c.zst >/dev/full'; fi
finish

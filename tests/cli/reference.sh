# An independent reference: a transformer in plain Python reads the checkpoints, decodes greedily
# word by word, and must come to what eval-rule and the training loop report.
. "$(dirname "$0")/harness.sh"
if ! python3 -c 'import json, math, struct' 2>/dev/null; then
    skip 'the reference in Python' 'no python3'
    finish
fi
cat >small.gr <<'X'
ROOT	S . decl	=S .
ROOT	S . quest	S ?
S	NP Aux V	Aux NP V
2	NP	N
1	NP	N who Aux V
N	newt
N	yak
N	zebra
Aux	does
Aux	doesn't
V	move
V	read
%rule linear s/^(.*?) ({Aux}) (.*) \. quest$/$2 $1 $3 ?/
%rule linear s/ decl$//
X
cat >reference.py <<'X'
import json, math, struct, sys

def load(path):
    data = open(path, 'rb').read()
    n = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + n])
    notes = header.pop('__metadata__')
    tensors = {}
    for name, t in header.items():
        begin, end = t['data_offsets']
        flat = struct.unpack('<%df' % ((end - begin) // 4), data[8 + n + begin:8 + n + end])
        shape = t['shape']
        tensors[name] = list(flat) if len(shape) == 1 else [flat[i * shape[1]:(i + 1) * shape[1]] for i in range(shape[0])]
    return json.loads(notes['espalier.config']), notes['espalier.vocabulary'].split(), tensors

def dot(a, b):
    return sum(x * y for x, y in zip(a, b))

def linear(w, b, x):
    return [dot(row, x) + (b[i] if b else 0) for i, row in enumerate(w)]

def layernorm(x, gain, bias):
    mean = sum(x) / len(x)
    rstd = 1 / math.sqrt(sum((v - mean) ** 2 for v in x) / len(x) + 1e-5)
    return [(v - mean) * rstd * g + b for v, g, b in zip(x, gain, bias)]

def add(a, b):
    return [x + y for x, y in zip(a, b)]

class Model:
    def __init__(self, path):
        self.c, self.words, self.t = load(path)
        self.id = {w: i for i, w in enumerate(self.words)}
        assert self.words[:2] == ['<bos>', '<eos>'] and len(self.words) == self.c['vocabulary']

    def start(self):
        return [([], []) for _ in range(self.c['layers'])]

    def attend(self, p, cache, x):
        t, heads, d = self.t, self.c['heads'], self.c['dim']
        qkv = linear(t[p + 'self_attn.in_proj_weight'], t[p + 'self_attn.in_proj_bias'], x)
        q, keys, values = qkv[:d], cache[0], cache[1]
        keys.append(qkv[d:2 * d])
        values.append(qkv[2 * d:])
        out, w = [], d // heads
        for h in range(heads):
            part = slice(h * w, (h + 1) * w)
            s = [dot(q[part], k[part]) / math.sqrt(w) for k in keys]
            top = max(s)
            e = [math.exp(v - top) for v in s]
            total = sum(e)
            out += [sum(a * v[i] for a, v in zip(e, values)) / total for i in range(h * w, (h + 1) * w)]
        return linear(t[p + 'self_attn.out_proj.weight'], t[p + 'self_attn.out_proj.bias'], out)

    def feed(self, p, x):
        t = self.t
        h = linear(t[p + 'linear1.weight'], t[p + 'linear1.bias'], x)
        if self.c['activation'] == 'relu':
            h = [max(v, 0) for v in h]
        else:
            h = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in h]
        return linear(t[p + 'linear2.weight'], t[p + 'linear2.bias'], h)

    def step(self, cache, token):
        """The log-probabilities of the word after this token."""
        c, t, d = self.c, self.t, self.c['dim']
        place = len(cache[0][0])
        scale = math.sqrt(d) if c['scale_embedding'] else 1
        if c['positions'] == 'learned':
            position = t['position.weight'][place]
        else:
            position = [(math.cos if i % 2 else math.sin)(place / 10000 ** ((i - i % 2) / d)) for i in range(d)]
        x = [scale * v + q for v, q in zip(t['embedding.weight'][token], position)]
        for l in range(c['layers']):
            p = 'transformer.layers.%d.' % l
            norm = lambda k, v: layernorm(v, t[p + k + '.weight'], t[p + k + '.bias'])
            if c['norm'] == 'post':
                x = norm('norm1', add(x, self.attend(p, cache[l], x)))
                x = norm('norm2', add(x, self.feed(p, x)))
            else:
                x = add(x, self.attend(p, cache[l], norm('norm1', x)))
                x = add(x, self.feed(p, norm('norm2', x)))
        if c['norm'] == 'pre':
            x = layernorm(x, t['transformer.norm.weight'], t['transformer.norm.bias'])
        logits = linear(t['embedding.weight' if c['tied'] else 'output.weight'], None, x)
        top = max(logits)
        total = top + math.log(sum(math.exp(v - top) for v in logits))
        return [v - total for v in logits]

    def read(self, tokens):
        """Log-probabilities after each token of <bos> tokens."""
        cache = self.start()
        return [self.step(cache, k) for k in [0] + tokens], cache

def best(logp, among=None):
    return max(among if among is not None else range(len(logp)), key=lambda i: (logp[i], -i))

def greedy(model, source, most):
    rows, cache = model.read(source)
    out, logp = [], rows[-1]
    while len(out) < most:
        word = best(logp)
        if word == 1:
            return out
        out.append(word)
        logp = model.step(cache, word)
    return None

def evaluate(path, corpus):
    m = Model(path)
    rules = ['hierarchical', 'linear']
    part, agreed, loss, counted = [], [], 0, 0
    for line in open(corpus):
        if line.startswith('#'):
            continue
        fields = line.rstrip('\n').split('\t')
        encode = lambda text: [m.id[w] for w in text.split()]
        source, answers = encode(fields[0]), [encode(fields[1]) + [1], encode(fields[2]) + [1]]
        decoded = greedy(m, source, 2 * len(answers[0]))
        k = next((i for i, (a, b) in enumerate(zip(*answers)) if a != b), None)
        scores = []
        for r, a in enumerate(answers):
            rows, _ = m.read(source + a[:-1])
            rows_a = rows[len(source):]
            at = rows_a[k or 0]
            if r == 0:
                loss -= sum(row[w] for row, w in zip(rows, source + a))
                counted += len(source) + len(a)
            scores.append(dict(first=best(at) == a[k or 0],
                               choice=best(at, sorted({b[k or 0] for b in answers})) == a[k or 0],
                               exact=decoded is not None and decoded + [1] == a,
                               logp=sum(row[w] for row, w in zip(rows_a, a))))
        (agreed if k is None else part).append(scores)
    table = {}
    for r, name in enumerate(rules):
        table[name] = [(s[r]) for s in part]
    table['none'] = [{key: not any(s[r][key] for r in range(2)) for key in ('first', 'exact')} for s in part]
    table['agreed'] = [s[0] for s in agreed]
    return table, loss / counted

def main(scores):
    rows = [line.rstrip('\n').split('\t') for line in open(scores)]
    head, bad, seen, ones = rows[0], 0, 0, 0
    cache = {}
    for row in (dict(zip(head, r)) for r in rows[1:]):
        key = (row['run'], row['step'], row['corpus'])
        if key not in cache:
            cache[key] = evaluate('%s/ckpt/%08d.safetensors' % (row['run'], int(row['step'])), row['corpus'])
        mine = cache[key][0][row['rule']]
        for measure in ('n', 'first', 'choice', 'exact', 'logp'):
            if measure != 'n' and measure not in mine[0] or row[measure] == 'nan':
                continue
            value = len(mine) if measure == 'n' else sum(x[measure] for x in mine) / len(mine)
            seen += 1
            ones += measure == 'exact' and 0 < value
            if abs(value - float(row[measure])) > 2e-5 * (1 + abs(value)):
                bad += 1
                print(key, row['rule'], measure, 'reference', value, 'tool', row[measure])
    for (run, step, corpus), (_, loss) in cache.items():
        for line in open(run + '/metrics.tsv'):
            f = line.rstrip('\n').split('\t')
            if f[0] == step and f[1] == corpus.split('.')[0] and f[2] == 'loss':
                seen += 1
                if abs(loss - float(f[3])) > 2e-5:
                    bad += 1
                    print(run, step, corpus, 'loss: reference', loss, 'tool', f[3])
    print('compared', seen, 'values;', ones, 'rows with exact answers')
    return bad or seen < 15 or ones < 1

sys.exit(main(sys.argv[1]))
X
gen-grammar small.gr -n 400 --agree -o train.zst
gen-grammar small.gr -n 12 --disagree -s 5 --text -o ood.tsv
gen-grammar small.gr -n 16 -s 6 --text -o any.tsv
for kind in '' '--norm pre --activation gelu --positions learned --untied --no-embedding-scale --max-length 24'; do
    # shellcheck disable=SC2086
    train-transformer -q -d run --dim 16 --layers 2 --heads 2 -b 16 --steps 150 --save-every 75 --eval-every 75 --rate 0.01 \
        --eval ood=ood.tsv --eval any=any.tsv $kind train.zst
    eval-rule run ood.tsv any.tsv >scores.tsv
    if python3 reference.py scores.tsv >out 2>&1; then pass "first, choice, exact, logp, loss of ${kind:-the default model}: $(tail -1 out)"; else fail "first, choice, exact, logp, loss of ${kind:-the default model}" "$(tail -20 out)" "$(cat scores.tsv)"; fi
    rm -r run
done
finish

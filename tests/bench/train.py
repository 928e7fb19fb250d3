"""The trainers against PyTorch: make bench-train [ROWS='d128 parity'] [PAIRS=5] [WRITE=1].

    train.py [--write]

Prints a table in Markdown; --write puts it into tests/bench/RESULTS.md too. Variables:
    ROWS      which rows (their names, below), and startup, evaluation, busy   [all]
    PAIRS     alternating pairs of each row   [5]
    THREADS   of both sides   [1 2]
    SECONDS   a stretch   [1]
    CORE      kernels (OPENBLAS_CORETYPE) that OpenBLAS is told to take in extra stretches of the peer
              and of sgemm, such as SkylakeX where it does not know the processor   [none]
    CORE_ROWS   the rows whose peer has these extra stretches   [d512b8 d128]
A row that is finished is kept in build/bench-train and not measured again until a program, a setting
or the peer changes; FRESH=1 measures it again. Both sides are warm when they are timed, and never
run together. Variables OPENBLAS_* of the caller count for neither side, so that OpenBLAS takes the
kernels that it takes by itself. A pair beside foreign load (over 0.1 of a core, from /proc/stat) is marked.
"""
import hashlib
import json
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "trainer"))
import machine  # noqa: E402
import probes  # noqa: E402
import table  # noqa: E402
from corpora import Corpora  # noqa: E402
from pairs import Bench  # noqa: E402
from peer import find_python  # noqa: E402
from rows import ROWS  # noqa: E402

KEPT = os.path.join(ROOT, "build/bench-train")
PROBES = "busy", "startup", "evaluation"
BEGIN, NEXT = "## Trainer against PyTorch", "\n## "


def say(text):
    print("bench-train: " + text, file=sys.stderr, flush=True)


def setting(name, default):
    return os.environ.get(name, default)


def identity(row, settings):
    """What a result depends on."""
    digest = hashlib.sha256(repr((row, settings)).encode())
    names = [os.path.join(ROOT, "bin", row.tool)]
    for folder in "peers", "trainer":
        names += sorted(os.path.join(HERE, folder, n) for n in os.listdir(os.path.join(HERE, folder))
                        if n.endswith(".py") and n not in ("table.py", "probes.py", "rows.py"))
    for name in names:
        with open(name, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()


def kept(name, key, make):
    """The result of that name if it is of this identity, or a new one, which is kept."""
    path = os.path.join(KEPT, name + ".json")
    if os.path.exists(path) and not setting("FRESH", ""):
        with open(path, encoding="utf-8") as f:
            old = json.load(f)
        if old["key"] == key:
            return old["result"]
    result = make()
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump({"key": key, "result": result}, f)
    os.rename(path + ".new", path)
    return result


def heading(bench, result):
    m = machine.describe()
    version = subprocess.run([bench.ours.tool("train-transformer"), "--version"], check=True,
                             capture_output=True, text=True).stdout.strip()
    pair = result["pairs"][0] if result else {"sgemm": bench.sgemm()}
    cores = "OpenBLAS with kernels of %s" % pair["sgemm"]["core"]
    if "sgemm-core" in pair:
        cores += " (sgemm %.0f GFLOP/s; with those of %s %.0f)" % (
            pair["sgemm"]["rate"], pair["sgemm-core"]["core"], pair["sgemm-core"]["rate"])
    return ("%s, %s; %s; torch %s; %s; %s." % (m["date"], m["machine"], version,
                                               result["torch"] if result else "?", cores,
                                               m["compiler"]))


def explain(bench, results):
    marked = any(table.ratios(r, sides)[1] for (row, _), r in results
                 for sides in [*row.ratios().values(), *row.beside().values()])
    text = """Made by `make bench-train`: %d alternating pairs a row, medians (least-most) over pairs. A
stretch is about %g s after warming up, without start and end. "Torch" is the script a researcher
would write (`tests/bench/peers/`), from our initial weights; a row is only measured if three full-batch
steps of both sides have the same losses. It pads a batch to its longest example; bucketing sorts a
hundred batches by length first. Equal work: sources of 11 words alone, so that every example has 22
rows. Tokens are those that are read, without padding. %% of sgemm: the step's FLOP, 6 (12 L d^2 + V d) +
12 T d L a token with attention counted as if it were not causal, over the paired rate of a 1024^3 sgemm on
one thread, with the kernels that OpenBLAS takes by itself%s. 16 P: 16 bytes a parameter; torch's
memory has its libraries in it, %s MB.""" % (
        bench.pairs, bench.seconds, " / with those of " + bench.core if bench.core else "",
        " ".join("%.0f" % (r["libraries"] / 1e6) for _, r in results[:1]) or "?")
    if marked:
        text += " *: at least one pair stood beside foreign load of more than 0.1 of a core."
    return text.replace("\n", " ")


def probe_lines(found):
    out = ["| what | measured | goal |", "|---|---|---|"]
    if "busy" in found:
        values, _ = table.ratios(found["busy"], ("ours:real:f32", "torch:real:padded"))
        out.append("| d128 beside two busy processes, 2 threads of both: ratio to torch | %s | 8 |" %
                   table.spread(values))
    for what, times in found.get("startup", {}).items():
        mark = "*" if any(t["foreign"] > machine.FOREIGN for t in times) else ""
        out.append("| start to first step, d64 L4, %s: ms | %s%s | 50 |" %
                   (what, table.spread([t["ms"] for t in times], "%.0f"), mark))
    if "evaluation" in found:
        e = found["evaluation"]
        mark = "*" if any(t["foreign"] > machine.FOREIGN for t in e) else ""
        out.append("| evaluation of 10,000 lines, d128, in forward passes (%.2f s) | %s%s | 1.2 |" % (
            statistics.median(t["forward"] for t in e),
            table.spread([t["evaluation"] / t["forward"] for t in e]), mark))
    return out if len(out) > 2 else []


def write(lines):
    path = os.path.join(HERE, "RESULTS.md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    section = BEGIN + "\n\n" + "\n".join(lines) + "\n"
    begin = text.find(BEGIN)
    if begin < 0:
        text = text.rstrip("\n") + "\n\n" + section
    else:
        end = text.find(NEXT, begin)
        text = text[:begin] + section + (text[end:] if end >= 0 else "")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def main():
    known = [r.name for r in ROWS] + list(PROBES)
    wanted = setting("ROWS", "").split() or known
    threads = [int(t) for t in setting("THREADS", "1 2").split()]
    for name in wanted:
        if name not in known:
            raise SystemExit("bench-train: no row '%s'; there are: %s" % (name, " ".join(known)))
    python = find_python()
    if not python:
        raise SystemExit("bench-train: no Python with torch and numpy (python3-torch; TORCH_PYTHON)")
    core = setting("CORE", "")
    core_rows = setting("CORE_ROWS", "d512b8 d128").split() if core else []
    os.makedirs(KEPT, exist_ok=True)
    for name in [n for n in os.environ if n.startswith("OPENBLAS_")]:
        del os.environ[name]
    bench = Bench(ROOT, Corpora(ROOT, os.path.join(KEPT, "corpora")), python,
                  int(setting("PAIRS", "5")), float(setting("SECONDS", "1")), core)
    settings = bench.pairs, bench.seconds, core
    results, found = [], {}
    try:
        for row in ROWS:
            for t in threads if row.name in wanted else ():
                with_core = row.name in core_rows
                results.append(((row, t), kept(
                    "%s-%d" % (row.name, t), identity(row, (settings, t, with_core)),
                    lambda row=row, t=t, c=with_core: bench.measure(row, t, c, say))))
        d128 = next(r for r in ROWS if r.name == "d128")
        makers = {"busy": lambda: bench.measure_beside_busy(d128, 2, say),
                  "startup": lambda: probes.startup(bench, say),
                  "evaluation": lambda: probes.evaluation(bench, say)}
        for name in PROBES:
            if name in wanted:
                found[name] = kept(name, identity(d128, (settings, name)), makers[name])

        def facts(row):
            with open(bench.corpora.text(row.corpus), encoding="utf-8") as f:
                words = len({w for line in f for w in line.split()}) + 2
            return words, bench.corpora.lengths(row.corpus)

        lines = [heading(bench, results[0][1] if results else found.get("busy")), ""]
        if results:
            lines += [explain(bench, results), "", *table.main_table(results, facts), "",
                      *table.beside_table(results)]
        if probe_lines(found):
            lines += [""] * bool(results) + probe_lines(found)
    finally:
        bench.ours.close()
    print("\n".join(lines))
    if "--write" in sys.argv[1:]:
        write(lines)


if __name__ == "__main__":
    main()

"""The trainers against PyTorch: make bench-train [ROWS='d128 parity'] [PAIRS=5] [WRITE=1].

    train.py [--write | --check]

Prints a table in Markdown; --write puts it into tests/bench/RESULTS.md too, up to the next heading
there. --check times nothing: it says whether both sides take the same steps. Variables:
    ROWS      which rows (their names, below), and startup, evaluation, busy   [all]
    PAIRS     alternating pairs of each row   [5]
    THREADS   of both sides   [1 2]
    STRETCH   seconds of one   [1]
    CORE      kernels (OPENBLAS_CORETYPE) that OpenBLAS is told to take in extra stretches of the peer
              and of sgemm, such as SkylakeX where it does not know the processor   [none]
    CORE_ROWS   the rows whose peer has these extra stretches   [d512b8 d128]
A row that is finished is kept in build/bench-train and not measured again until a program, a setting
or the peer changes; FRESH=1 measures it again. Both sides are warm when they are timed, and never
run together. Variables OPENBLAS_* of the caller count for neither side, so that OpenBLAS takes the
kernels that it takes by itself. A pair beside foreign load (over 0.1 of a core, from /proc/stat) is marked.
"""
import functools
import hashlib
import json
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "trainer"))
import probes  # noqa: E402
import section  # noqa: E402
from corpora import Corpora  # noqa: E402
from pairs import Bench  # noqa: E402
from peer import find_python  # noqa: E402
from rows import ROWS  # noqa: E402

TOOLS = os.environ.get("ESPALIER_BIN", os.path.join(ROOT, "bin"))
KEPT = os.environ.get("BENCH_FOLDER", os.path.join(ROOT, "build/bench-train"))
PROBES = "busy", "startup", "evaluation"


def say(text):
    print("bench-train: " + text, file=sys.stderr, flush=True)


def setting(name, default):
    return os.environ.get(name, default)


def identity(row, settings):
    """What a result depends on."""
    digest = hashlib.sha256(repr((row, row.sides(), settings)).encode())
    names = [os.path.join(TOOLS, row.tool)]
    for folder in "peers", "trainer":
        names += sorted(os.path.join(HERE, folder, n) for n in os.listdir(os.path.join(HERE, folder))
                        if n.endswith(".py") and n not in ("rows.py", "table.py", "section.py"))
    for name in names:
        with open(name, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()


def kept(name, key, make):
    """The result of that name if it is of this identity; or else a new one, which is kept. make may
    be None: None then."""
    path = os.path.join(KEPT, name + ".json")
    if os.path.exists(path) and not (make and setting("FRESH", "")):
        with open(path, encoding="utf-8") as f:
            old = json.load(f)
        if old["key"] == key:
            return old["result"]
    if not make:
        return None
    result = make()
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump({"key": key, "result": result}, f)
    os.rename(path + ".new", path)
    return result


def check(bench, wanted):
    """Every row once, or the end with the status 1 at the first that is not the same."""
    for row in (r for r in ROWS if r.name in wanted):
        _, facts = bench.check_same(row)
        print("%s: %d parameters and the same first losses" % (row.name, facts["parameters"]))


def measure(bench, wanted):
    """The lines of the section: what is wanted, and of the rest what is kept."""
    threads = [int(t) for t in setting("THREADS", "1 2").split()]
    core_rows = setting("CORE_ROWS", "d512b8 d128").split() if bench.core else []
    settings = bench.pairs, bench.seconds, bench.core
    results, found = {}, {}
    for row, t in ((r, t) for r in ROWS for t in threads):
        variants = ["core"] * (row.name in core_rows) + ["passive"] * (t > 1)
        results[row, t] = kept("%s-%d" % (row.name, t), identity(row, (settings, t, variants)),
                               functools.partial(bench.measure, row, t, variants, say)
                               if row.name in wanted else None)
    d128 = next(r for r in ROWS if r.name == "d128")
    makers = {"busy": functools.partial(bench.measure_beside_busy, d128, 2, say),
              "startup": functools.partial(probes.startup, bench, say),
              "evaluation": functools.partial(probes.evaluation, bench, say)}
    for name, make in makers.items():
        found[name] = kept(name, identity(d128, (settings, name)), make if name in wanted else None)
    return section.lines(bench, [r for r in results.items() if r[1]],
                         {name: result for name, result in found.items() if result})


def main():
    known = [r.name for r in ROWS] + list(PROBES)
    wanted = setting("ROWS", "").split() or known
    for name in wanted:
        if name not in known:
            raise SystemExit("bench-train: no row '%s'; there are: %s" % (name, " ".join(known)))
    python = find_python()
    if not python:
        raise SystemExit("bench-train: no Python with torch and numpy (python3-torch; TORCH_PYTHON)")
    os.makedirs(KEPT, exist_ok=True)
    for name in [n for n in os.environ if n.startswith("OPENBLAS_")]:
        del os.environ[name]
    bench = Bench(TOOLS, os.path.join(ROOT, "build/release/bench"),
                  Corpora(ROOT, TOOLS, os.path.join(KEPT, "corpora")), python,
                  int(setting("PAIRS", "5")), float(setting("STRETCH", "1")), setting("CORE", ""))
    try:
        if "--check" in sys.argv[1:]:
            check(bench, wanted)
            return
        lines = measure(bench, wanted)
    finally:
        bench.ours.close()
    print("\n".join(lines))
    if "--write" in sys.argv[1:]:
        section.write(os.path.join(HERE, "RESULTS.md"), lines)


if __name__ == "__main__":
    main()

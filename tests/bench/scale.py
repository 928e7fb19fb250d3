"""Cost against size: make bench-scale.

Seconds of a training step a token, one thread, against width, depth, batch, sequence length and size
of the corpus, and of a whole run against the number of runs under make -j2. Each point is the median
of REPEATS [3] stretches of STRETCH [0.4] seconds in an order that goes round all points, so that what else
the machine does meets all alike. In build/bench-scale: scale.tsv, scale.svg, scale.png and the
gnuplot script of both. ONLY='width batch' measures some.
"""
import os
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "trainer"))
import machine  # noqa: E402
import scale_figure  # noqa: E402
from ours import Ours  # noqa: E402
from rows import PLAIN  # noqa: E402

OUT = os.path.join(ROOT, "build/bench-scale")
RUNS = 1, 2, 4, 8, 16, 32


def corpus(name, *command):
    path = os.path.join(OUT, name + ".zst")
    if not os.path.exists(path):
        subprocess.run([os.path.join(ROOT, "bin", command[0]), "-q", *command[1:], "-o", path], cwd=ROOT,
                       check=True)
    return path


def question(lines):
    return corpus("question-%d" % lines, "gen-grammar", "grammars/question.gr", "--agree", "-n",
                  str(lines), "--columns", "source,target")


def mess3(length):
    """Sequences of so many symbols; with <bos> before them, and the last predicts <eos>."""
    return corpus("mess3-%d" % length, "gen-hmm", "processes/mess3.hmm", "-n",
                  str(max(1000, 2 ** 18 // length)), "--length", str(length), "--columns", "source")


class Point:
    """One model on one corpus. rows: tokens of a sequence, their mean as attention has it."""

    def __init__(self, what, size, path, width=128, layers=2, batch=64):
        self.what, self.size, self.path = what, size, path
        self.width, self.layers = width, layers
        self.options = ["--norm", "pre", "--activation", "gelu", "--layers", str(layers), "--dim",
                        str(width), "--heads", "4", "--batch", str(batch), "--max-length", "1025",
                        *PLAIN]
        self.seconds, self.foreign = [], 0.0

    def flop(self, lengths, vocabulary):
        """Of a token: 6 (12 L d^2 + V d) + 12 T d L."""
        seen = sum(n * n for n in lengths) / sum(lengths)
        return (6 * (12 * self.layers * self.width ** 2 + vocabulary * self.width) +
                12 * seen * self.width * self.layers)


def points():
    base = question(100000)
    return ([Point("width", d, base, width=d, batch=16) for d in (32, 64, 128, 256, 512, 1024)] +
            [Point("depth", n, base, layers=n) for n in (1, 2, 4, 8, 16)] +
            [Point("batch", n, base, batch=n) for n in (1, 4, 16, 64, 256)] +
            [Point("length", n, mess3(n), batch=2048 // n) for n in (8, 32, 128, 512, 1024)] +
            [Point("corpus", n, question(n)) for n in (1000, 10000, 100000, 1000000)])


def reader(path):
    """Lengths of the sequences that a decoder reads of a corpus, and its vocabulary's size."""
    text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True, text=True).stdout
    header = [line for line in text.splitlines() if line.startswith("##vocab")]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [1 + len(line.split()) for line in lines], len(header[0].split()) - 1 + 2


def run_many(ours, count):
    """Seconds of one of so many runs, made by make -j2, and the foreign load."""
    folder = os.path.join(ours.folder, "many")
    os.makedirs(folder)
    with open(os.path.join(folder, "Makefile"), "w", encoding="utf-8") as f:
        f.write("all: %s\n%%/run.json:\n\t@%s -q -d $* --seed $* --dim 64 --layers 2 --steps 100 "
                "--save-every 0 --eval-every 0 %s\n" %
                (" ".join("%d/run.json" % i for i in range(count)), ours.tool("train-transformer"),
                 question(10000)))
    watch, began = machine.Watch(), time.perf_counter()
    subprocess.run(["make", "-s", "-j2", "-C", folder], check=True,
                   env={k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))})
    took, foreign = time.perf_counter() - began, watch.foreign()
    subprocess.run(["rm", "-r", folder], check=True)
    return took / count, foreign


def measure(ours, wanted, repeats, seconds):
    """[what, size, measured, least, most, ideal, foreign] rows; ideal: see scale_figure."""
    todo = [p for p in points() if p.what in wanted]
    runs = {n: [] for n in RUNS if "runs" in wanted}
    rates, facts = [], {}
    for k in range(repeats):
        for p in todo if k % 2 == 0 else reversed(todo):
            watch = machine.Watch()
            s = ours.stretch("train-transformer", p.options, p.path, 1, seconds)
            p.seconds.append(s["seconds"] / s["tokens"])
            p.foreign = max(p.foreign, watch.foreign())
        for n in runs:
            runs[n].append(run_many(ours, n))
        rates.append(float(subprocess.run([os.path.join(ROOT, "build/release/bench/sgemm"), "0.3"],
                                          check=True, capture_output=True,
                                          text=True).stdout.split()[0]))
        print("bench-scale: round %d of %d" % (k + 1, repeats), file=sys.stderr, flush=True)
    rate = 1e9 * statistics.median(rates)
    rows = []
    for p in todo:
        if p.path not in facts:
            facts[p.path] = reader(p.path)
        rows.append((p.what, p.size, statistics.median(p.seconds), min(p.seconds), max(p.seconds),
                     p.flop(*facts[p.path]) / rate, p.foreign))
    for n, found in runs.items():
        # Two at a time, if nothing but processors were needed.
        ideal = statistics.median(s for s, _ in runs[1]) / min(n, 2)
        s = [s for s, _ in found]
        rows.append(("runs", n, statistics.median(s), min(s), max(s), ideal, max(f for _, f in found)))
    return rows, rate


def main():
    wanted = os.environ.get("ONLY", "").split() or scale_figure.PANELS
    for name in [n for n in os.environ if n.startswith("OPENBLAS_")]:
        del os.environ[name]
    os.makedirs(OUT, exist_ok=True)
    ours = Ours(os.path.join(ROOT, "bin"))
    try:
        rows, rate = measure(ours, wanted, int(os.environ.get("REPEATS", "3")),
                             float(os.environ.get("STRETCH", "0.4")))
    finally:
        ours.close()
    m = machine.describe()
    path = os.path.join(OUT, "scale.tsv")
    with open(path, "w", encoding="utf-8") as f:
        f.write("# %s, %s, sgemm on one thread %.0f GFLOP/s\n" % (m["date"], m["machine"], rate / 1e9))
        f.write("what\tsize\tseconds\tleast\tmost\tideal\tforeign\n")
        for row in rows:
            f.write("%s\t%d\t%.4g\t%.4g\t%.4g\t%.4g\t%.2f\n" % row)
    scale_figure.draw(rows, os.path.join(OUT, "scale"),
                      "%s, %s. Line: the step's FLOP at the %.0f GFLOP/s of a 1024^3 sgemm on one thread"
                      % (m["date"], m["machine"], rate / 1e9))
    print("%s, and scale.svg and scale.png beside it" % path)
    if any(row[-1] > machine.FOREIGN for row in rows):
        print("beside foreign load: these are no figures to publish")


if __name__ == "__main__":
    main()

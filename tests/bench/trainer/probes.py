"""What a step's rate does not tell: the time to the first step, and what an evaluation costs."""
import json
import os
import shutil
import struct
import subprocess
import time

import machine
from ours import read_rows
from rows import ROWS


def _row(name):
    return next(r for r in ROWS if r.name == name)


def startup(bench, say):
    """Milliseconds from the start of the process to its note about step 1, which is flushed."""
    row, times = _row("d64b32"), {}
    for corpus in "question-lines", "question":
        path = bench.corpora.path(corpus)
        key = "%s lines, %.1f MB" % ("100,000", os.path.getsize(path) / 1e6)
        key += " (one column, text)" if path.endswith(".tsv") else " (all columns, compressed)"
        times[key] = []
        for _ in range(bench.pairs + 1):
            folder = os.path.join(bench.ours.folder, "startup")
            shutil.rmtree(folder, ignore_errors=True)
            watch, began = machine.Watch(), time.perf_counter()
            run = subprocess.Popen([bench.ours.tool(row.tool), "-d", folder, *row.with_batch(), "--steps",
                                    "1G", "--eval-at", "1", "--save-every", "0", path],
                                   stderr=subprocess.PIPE, text=True)
            while "step 1/" not in (line := run.stderr.readline()):
                if not line:
                    raise SystemExit("%s ended before its first step" % row.tool)
            took = 1e3 * (time.perf_counter() - began)
            run.kill()
            run.wait()
            times[key].append({"ms": took, "foreign": watch.foreign()})
        del times[key][0]  # the one that fetched the corpus and the program from disk
        say("startup, %s: %s ms" % (key, " ".join("%.0f" % t["ms"] for t in times[key])))
    return times


def _write_batch(path, examples):
    """A safetensors file of packed examples, for build/release/bench/forward."""
    offset, tokens = [0], []
    for e in examples:
        tokens += e
        offset.append(len(tokens))
    header, data = {}, b""
    for name, numbers in ("offset", offset), ("input", tokens):
        begin = len(data)
        data += struct.pack("<%di" % len(numbers), *numbers)
        header[name] = {"dtype": "I32", "shape": [len(numbers)], "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def _vocabulary(checkpoint):
    with open(checkpoint, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        return json.loads(f.read(length))["__metadata__"]["espalier.vocabulary"].split(" ")


def evaluation(bench, say):
    """Seconds of an evaluation of 10,000 lines, and of a forward pass of the same rows, one thread."""
    row = _row("d128")
    options = [*row.options, "--batch", "1", "--eval-every", "1", "--save-every", "0",
               "--eval", "test=" + bench.corpora.path("question-eval")]
    found = []
    for _ in range(bench.pairs):
        watch = machine.Watch()
        folder = bench.ours.train(row.tool, [*options, "--steps", "3"], bench.corpora.path("question"))
        rows = read_rows(os.path.join(folder, "timing.tsv"))
        model = os.path.join(folder, "ckpt/00000003.safetensors")
        batch = os.path.join(bench.ours.folder, "batch")
        if not found:
            number = {w: i for i, w in enumerate(_vocabulary(model))}
            with open(bench.corpora.text("question-eval"), encoding="utf-8") as f:
                _write_batch(batch, [[number["<bos>"]] + [number[w] for w in line.split()]
                                     for line in f])
        forward = subprocess.run([os.path.join(bench.helpers, "forward"), model,
                                  batch, "1"], check=True, capture_output=True, text=True).stdout
        # Two evaluations, each with a step of one example before it, and one pass.
        found.append({"evaluation": (rows[3, "time", "seconds"] - rows[1, "time", "seconds"]) / 2,
                      "forward": float(forward.split()[1]), "foreign": watch.foreign()})
        say("evaluation %.3f s, forward pass %.3f s" % (found[-1]["evaluation"], found[-1]["forward"]))
    return found

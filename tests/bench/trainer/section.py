"""The section of RESULTS.md: what was measured, how, and the tables."""
import os
import re
import statistics
import subprocess
import textwrap

import machine
import table

# What is written ends where the next heading is, of whatever depth: remarks go under one of their own.
BEGIN, NEXT = "## Trainer against PyTorch", re.compile("\n##+ ")


def heading(bench, results):
    m = machine.describe()
    version = subprocess.run([bench.ours.tool("train-transformer"), "--version"], check=True,
                             capture_output=True, text=True).stdout.strip()
    found = [p[which] for r in results for p in r["pairs"] for which in ("sgemm", "sgemm-core")
             if which in p] or [bench.sgemm()]
    sgemm = ["%s %s GFLOP/s" % (core, table.spread([s["rate"] for s in found if s["core"] == core],
                                                   "%.0f"))
             for core in dict.fromkeys(s["core"] for s in found)]
    return ("%s, %s; %s; PyTorch %s; OpenBLAS: %s, sgemm of 1024^3 on one thread; %s." %
            (m["date"], m["machine"], version, results[0]["version"] if results else "?",
             ", ".join(sgemm), m["compiler"]))


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
    return textwrap.fill(text, 105, break_long_words=False, break_on_hyphens=False)


def probe_lines(found):
    out = ["| what | measured | goal |", "|---|---|---|"]
    if "busy" in found:
        for how, label in (("", "torch"), ("-passive", "torch with OMP_WAIT_POLICY=PASSIVE"),
                           ("-single", "torch on 1 thread")):
            values, _ = table.ratios(found["busy"], ("ours:real:f32", "torch:real:padded" + how))
            out.append("| d128 beside two busy processes, 2 threads: ratio to %s | %s | %s |" %
                       (label, table.spread(values), "" if how else "8"))
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


def write(path, lines):
    """Put the section into that file, in place of the one it has."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    new = BEGIN + "\n\n" + "\n".join(lines) + "\n"
    begin = text.find(BEGIN)
    if begin < 0:
        text = text.rstrip("\n") + "\n\n" + new
    else:
        end = NEXT.search(text, begin)
        text = text[:begin] + new + (text[end.start():] if end else "")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def lines(bench, results, found):
    """results: [((row, threads), result)]; found: {name of a probe: its result}."""
    busy = [found["busy"]] if "busy" in found else []
    out = [heading(bench, [r for _, r in results] + busy), ""]
    if results:
        out += [explain(bench, results), "", *table.main_table(results, bench.corpora), "",
                *table.beside_table(results)]
    more = probe_lines(found)
    return out + [""] * bool(results and more) + more

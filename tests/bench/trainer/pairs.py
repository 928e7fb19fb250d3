"""Pairs of stretches, ours and the peer's in turn, with nothing of ours running beside them."""
import json
import os
import subprocess
import time

import machine
from ours import Ours, read_rows
from peer import Peer

SAME = 2e-4  # relative difference of the losses of the first steps

# Sides of the peer that end in -VARIANT: core, OpenBLAS told to take other kernels; passive,
# OMP_WAIT_POLICY=PASSIVE, threads that wait asleep; single, one thread. bf16 is autocast.


class Bench:
    """What all rows share. tools, helpers: the folders of the programs; core: the other kernels, as
    OPENBLAS_CORETYPE names them, or empty."""

    def __init__(self, tools, helpers, corpora, python, pairs, seconds, core):
        self.helpers, self.corpora, self.python = helpers, corpora, python
        self.pairs, self.seconds, self.core = pairs, seconds, core
        self.ours = Ours(tools)

    def sgemm(self, core=None):
        environment = dict(os.environ, **({"OPENBLAS_CORETYPE": core} if core else {}))
        rate, name = subprocess.run([os.path.join(self.helpers, "sgemm"), "0.25"],
                                    check=True, capture_output=True, text=True,
                                    env=environment).stdout.split()
        return {"rate": float(rate), "core": name}

    def check_same(self, row):
        """That the peer has our parameters and takes our steps: three of the whole of a small corpus
        from the same weights give the same losses. Returns the run whose weights those are, and
        facts: parameters, vocabulary, the version of torch, the memory of its libraries."""
        corpus = (self.corpora.few(row.corpus, row.few) if row.few else
                  self.corpora.path(row.corpus))
        folder = self.ours.train(row.tool, [*row.options, "--full-batch", "--steps", "3", "--save-at",
                                            "0", "--eval-every", "1"], corpus, "check-" + row.name)
        metrics = read_rows(os.path.join(folder, "metrics.tsv"))
        ours = [metrics[step, "train", "loss"] for step in (1, 2, 3)]
        peer = Peer(self.python, folder, 1,
                    {"few": self.corpora.text(row.corpus, row.few)}, {})
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as f:
            model = json.load(f)["model"]
        theirs = peer.ask(do="check", data="few", steps=3)["losses"]
        peer.close()
        if model["parameters"] != peer.facts["parameters"]:
            raise SystemExit("%s: we have %d parameters, the peer %d" %
                             (row.name, model["parameters"], peer.facts["parameters"]))
        if any(abs(a - b) > SAME * abs(a) for a, b in zip(ours, theirs)):
            raise SystemExit("%s: the first losses are %s here, the peer's %s" %
                             (row.name, ours, theirs))
        return folder, {**model, **peer.facts}

    def open_peers(self, row, folder, threads, variants):
        """A process for each: {"": the plain one, VARIANT: that variant}."""
        texts = {"real": self.corpora.text(row.corpus)}
        if row.equal:
            texts["equal"] = self.corpora.text(row.equal)
        environments = {"core": {"OPENBLAS_CORETYPE": self.core},
                        "passive": {"OMP_WAIT_POLICY": "PASSIVE"}}
        return {v: Peer(self.python, folder, 1 if v == "single" else threads, texts,
                        environments.get(v, {})) for v in ("", *variants)}

    def ours_stretch(self, row, corpus, how, threads):
        options = row.with_batch() + (["--precision", "bf16"] if how == "bf16" else [])
        path = self.corpora.path(row.equal if corpus == "equal" else row.corpus)
        return self.ours.stretch(row.tool, options, path, threads, self.seconds)

    def side(self, row, side, threads, peers, beside=()):
        """One stretch: {steps, tokens, seconds, peak, foreign}, or None where there is none."""
        time.sleep(0.1)  # the peer's threads spin for a while after their last product
        watch = machine.Watch([p.pid for p in peers.values()] + list(beside))
        program, corpus, how = side.split(":")
        if program == "ours":
            result = self.ours_stretch(row, corpus, how, threads)
        else:
            mode, _, variant = how.partition("-")
            bf16 = variant == "bf16"
            result = peers["" if bf16 else variant].ask(do="run", data=corpus, mode=mode, bf16=bf16,
                                                        batch=row.batch, seconds=self.seconds)
        if result:
            result["foreign"] = watch.foreign()
        return result

    def take(self, row, threads, sides, peers, say, beside=()):
        """[{side: stretch}] of all pairs, every second one backwards. The first begins with the plain
        peer alone in its process, for its memory."""
        pairs = []
        for i in range(self.pairs):
            pair = {"sgemm": self.sgemm()}
            if self.core:
                pair["sgemm-core"] = self.sgemm(self.core)
            for side in sides if i % 2 == 0 else reversed(sides):
                pair[side] = self.side(row, side, threads, peers, beside)
                if pair[side]:
                    say("%s%s, %d threads, pair %d: %s" % (row.name, " beside others" * bool(beside),
                                                           threads, i + 1, _tell(side, pair[side])))
            pairs.append(pair)
        for peer in peers.values():
            peer.close()
        return pairs

    def measure(self, row, threads, variants, say):
        """{"pairs": [{side: stretch}], ...} of a row."""
        folder, facts = self.check_same(row)
        has = self.ours.has(row.tool, "--precision")
        sides = [s for s in row.sides() if has or s != "ours:real:bf16"]
        sides += ["torch:real:%s-%s" % (row.mode, v) for v in variants]
        peers = self.open_peers(row, folder, threads, variants)
        return {"pairs": self.take(row, threads, sides, peers, say), **facts}

    def measure_beside_busy(self, row, threads, say):
        """The same on the real corpus in f32 alone, beside two processes that compute."""
        folder, facts = self.check_same(row)
        variants = "passive", "single"
        peer = "torch:real:" + row.mode
        sides = ["ours:real:f32", peer, *(peer + "-" + v for v in variants)]
        peers = self.open_peers(row, folder, threads, variants)
        with machine.Busy() as busy:
            return {"pairs": self.take(row, threads, sides, peers, say, busy.pids), **facts}


def _tell(side, stretch):
    load = "" if stretch["foreign"] <= machine.FOREIGN else ", foreign load %.2f" % stretch["foreign"]
    return "%-24s %9.4g steps/s%s" % (side, stretch["steps"] / stretch["seconds"], load)

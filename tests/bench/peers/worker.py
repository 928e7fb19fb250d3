"""A PyTorch training process that steps when it is told to.

    worker.py RUN THREADS NAME=CORPUS...

RUN is a run of ours with a checkpoint of step 0: its configuration, its optimiser's options, its
initial weights and its vocabulary are taken, and load_state_dict(strict=True) refuses any other
number or shape of parameters. CORPUS is plain text. Reads one JSON object a line, answers with one:

    {"do": "check", "data": NAME, "steps": 3}
        from the initial weights, full-batch steps on the whole corpus: {"losses": [...]}
    {"do": "run", "data": NAME, "mode": MODE, "bf16": false, "batch": 32, "seconds": 1.0}
        warm up, then steps for about so long:
        {"steps", "tokens", "seconds", "peak": bytes of this process so far}
MODE: padded (of the batch's longest), bucketed, full (all examples in every step), last (full, and
positions that nobody reads are left out).
"""
import contextlib
import itertools
import json
import math
import os
import resource
import sys
import time

import torch
from torch.nn import functional as F

import examples
import perceptron
import recurrent
import transformer

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../interop"))
from tensors import read_tensors  # noqa: E402

ARCHITECTURES = {"transformer": transformer, "rnn": recurrent, "mlp": perceptron}


class Trainer:
    def __init__(self, run):
        weights, notes = read_tensors(os.path.join(run, "ckpt/00000000.safetensors"))
        with open(os.path.join(run, "run.json"), encoding="utf-8") as f:
            self.options = json.load(f)["options"]
        self.config = json.loads(notes["espalier.config"])
        self.task = json.loads(notes["espalier.task"])
        self.task["layout"] = dict(part.split("=") for part in self.task["layout"].split())
        self.task["layout"].update({k: int(self.task["layout"][k]) for k in ("bos", "eos")})
        self.words = notes["espalier.vocabulary"].split(" ")
        module = ARCHITECTURES[self.config["architecture"]]
        self.model = module.Model(self.config)
        self.initial = self.own_names(module, weights)
        self.begin()

    def own_names(self, module, weights):
        state = {}
        for name, value in self.model.state_dict().items():
            ours = module.Model.rename(name)
            if ours in weights:
                state[name] = weights.pop(ours)
            elif name == "output.weight" and self.config["tied"]:
                state[name] = state["embedding.weight"]
            else:  # a table or a mask
                assert name not in dict(self.model.named_parameters()), name
                state[name] = value
        assert not weights, "tensors the peer has not: " + " ".join(weights)
        return state

    def begin(self):
        self.model.load_state_dict(self.initial, strict=True)
        o, rate = self.options, self.options["rate"]
        assert o["decay"] == "constant" and o["warmup"] == 0, "the peer's rate is constant"
        if o["optimiser"] == "sgd":
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=rate, momentum=o["momentum"],
                                             weight_decay=o["weight-decay"], foreach=False)
        else:
            assert o["optimiser"] == "adamw"
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate,
                                               betas=(o["beta1"], o["beta2"]), eps=o["epsilon"],
                                               weight_decay=o["weight-decay"], foreach=False)

    def examples_of(self, path):
        rows, number = examples.read_rows(path), {w: i for i, w in enumerate(self.words)}
        if self.task["layout"]["objective"] == "all":
            return examples.Sequences(rows, self.words, self.task)
        if self.config.get("features"):
            return examples.Rows(torch.tensor([[float(w) for w in r[0].split()] for r in rows]),
                                 torch.tensor([[float(r[1])] for r in rows]))
        inputs = torch.tensor([[number[w] for w in r[0].split()] for r in rows])
        if self.task["layout"]["objective"] == "target":
            return examples.Rows(inputs, torch.tensor([number[r[1]] for r in rows]))
        classes = {w: i for i, w in enumerate(self.task["classes"])}
        return examples.Rows(F.one_hot(inputs, self.config["vocabulary"]).flatten(1).float(),
                             F.one_hot(torch.tensor([classes[r[1]] for r in rows]),
                                       len(classes)).float())

    def loss(self, x, y, last):
        z = self.model.last(x) if last else self.model(x)
        kind = self.config.get("loss", "cross-entropy")
        if kind == "mse":
            return F.mse_loss(z.float(), y)
        if kind == "hinge":
            return torch.clamp(1 - y * z.float(), min=0).mean()
        if self.task["layout"]["objective"] == "target":
            z = z[:, -1]
        z = z.double() if kind == "cross-entropy-double" else z.float()
        return F.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1), ignore_index=examples.IGNORED)

    def step(self, x, y, last=False, bf16=False):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16) if bf16 else contextlib.nullcontext():
            loss = self.loss(x, y, last)
        loss.backward()
        if self.options["clip"] > 0:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options["clip"])
        self.optimizer.step()
        return loss


class Worker:
    def __init__(self, run, corpora):
        self.trainer = Trainer(run)
        self.corpora, self.data, self.batches, self.rate = corpora, {}, {}, {}

    def examples(self, name):
        if name not in self.data:
            self.data[name] = self.trainer.examples_of(self.corpora[name])
        return self.data[name]

    def check(self, data, steps):
        self.trainer.begin()
        x, y, _ = self.examples(data).take(slice(None))
        losses = [self.trainer.step(x, y).item() for _ in range(steps)]
        if self.trainer.task["layout"]["objective"] == "target":
            self.trainer.begin()  # the variant must be the same too
            again = [self.trainer.step(x, y, last=True).item() for _ in range(steps)]
            assert all(abs(a - b) < 1e-4 * abs(a) for a, b in zip(losses, again)), (losses, again)
        self.trainer.begin()
        return {"losses": losses}

    def stretch(self, batches, n, last, bf16):
        tokens, began = 0, time.perf_counter()
        for x, y, count in itertools.islice(batches, n):
            self.trainer.step(x, y, last, bf16)
            tokens += count
        return time.perf_counter() - began, tokens

    def warm_up(self, batches, key, last, bf16):
        """Two steps at least at first (the second has all its memory), for 0.3 s; later for 0.1 s, but
        a step that takes long does not notice what was in the caches before it."""
        first = key not in self.rate
        if not first and self.rate[key] < 2:
            return
        began, n, steps = time.perf_counter(), 1, 0
        while steps < 1 + first or time.perf_counter() - began < (0.3 if first else 0.1):
            took, _ = self.stretch(batches, n, last, bf16)
            self.rate[key] = n / took
            steps += n
            n = steps

    def run(self, data, mode, bf16, batch, seconds):
        self.trainer.initial = None  # only checks need them; their room is not the peer's
        key = data, mode, batch
        if key not in self.batches:
            e = self.examples(data)
            self.batches[key] = (examples.endless(e, batch) if mode == "padded" else
                                 examples.bucketed(e, batch) if mode == "bucketed" else
                                 examples.full(e))
        batches, last, key = self.batches[key], mode == "last", (key, bf16)
        self.warm_up(batches, key, last, bf16)
        steps = max(2, math.ceil(seconds * self.rate[key]))
        took, tokens = self.stretch(batches, steps, last, bf16)
        self.rate[key] = steps / took
        return {"steps": steps, "tokens": tokens, "seconds": took,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    run, threads = sys.argv[1], int(sys.argv[2])
    libraries = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    worker = Worker(run, dict(arg.split("=", 1) for arg in sys.argv[3:]))
    # The channel, which no library's own messages may reach.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(what):
        print(json.dumps(what), file=answers, flush=True)

    parameters = sum(p.numel() for p in worker.trainer.model.parameters())
    answer({"parameters": parameters, "version": torch.__version__, "libraries": libraries})
    for line in sys.stdin:
        command = json.loads(line)
        do = command.pop("do")
        answer(getattr(worker, {"check": "check", "run": "run"}[do])(**command))


if __name__ == "__main__":
    main()

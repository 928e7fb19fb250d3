"""Agreement of train-mlp with PyTorch: the same weights give the same loss, and ten full-batch steps
the same weights.

    mlp.py CORPUS INITIAL LATER STEPS OPTIONS

CORPUS is plain text, source TAB target. INITIAL and LATER are a run's model files of steps 0 and
STEPS. OPTIONS are words as train-mlp --show-config prints them (--rate 0.01 --optimiser sgd ...).
Loads the weights with load_state_dict(strict=True), prints the loss before the first step and the
largest relative difference of a tensor after the last. This is also how to use a checkpoint in
PyTorch.
"""
import json
import sys

import torch
from torch import nn

from tensors import read_tensors


class Model(nn.Module):
    ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "quadratic": lambda x: x * x,
                   "gelu": nn.functional.gelu, "linear": lambda x: x}

    def __init__(self, c):
        super().__init__()
        self.config = c
        self.activation = self.ACTIVATIONS[c["activation"]]
        width = c["features"] or c["places"] * (c["embedding"] or c["vocabulary"])
        if c["input"] == "embedding":
            rows = c["vocabulary"] * (c["places"] if c["table_of_place"] else 1)
            self.embedding = nn.Embedding(rows, c["embedding"])
        widths = [width] + c["hidden"] + [c["outputs"]]
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=c["bias"])
                                    for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        c = self.config
        if c["input"] == "embedding":
            offset = torch.arange(c["places"]) * c["vocabulary"] if c["table_of_place"] else 0
            x = self.embedding(x + offset).flatten(1)
        elif c["input"] == "one-hot":
            x = nn.functional.one_hot(x, c["vocabulary"]).flatten(1).to(self.layers[0].weight.dtype)
        else:
            x = c["scale"] * x + c["shift"]
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


def stablemax(z, y, smoothing):
    z = z.double()
    s = torch.where(z >= 0, z + 1, 1 / (1 - z))
    logs = torch.log(s / s.sum(1, keepdim=True))
    picked = logs.gather(1, y[:, None])[:, 0]
    return -((1 - smoothing) * picked + smoothing * logs.mean(1)).mean()


def loss_of(c, z, y):
    kind, smoothing = c["loss"], c["label_smoothing"]
    if kind == "cross-entropy":
        return nn.functional.cross_entropy(z, y, label_smoothing=smoothing)
    if kind == "cross-entropy-double":
        return nn.functional.cross_entropy(z.double(), y, label_smoothing=smoothing)
    if kind == "stablemax":
        return stablemax(z, y, smoothing)
    if not c["values"]:
        y = nn.functional.one_hot(y, c["outputs"]).to(z.dtype)
        if kind in ("hinge", "logistic"):
            y = 2 * y - 1
    if kind == "mse":
        return nn.functional.mse_loss(z, y)
    if kind == "half-square":
        return 0.5 * ((z - y) ** 2).sum() / len(y)
    if kind == "hinge":
        return torch.clamp(1 - y * z, min=0).mean()
    return nn.functional.binary_cross_entropy_with_logits(z, (1 + y) / 2)


def read_corpus(path, c, words):
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    classes = {}
    number = {w: i for i, w in enumerate(words)}
    if c["features"]:
        x = torch.tensor([[float(w) for w in r[0].split()] for r in rows])
    else:
        x = torch.tensor([[number[w] for w in r[0].split()] for r in rows])
    if c["values"]:
        return x, torch.tensor([[float(w) for w in r[1].split()] for r in rows])
    return x, torch.tensor([classes.setdefault(r[1].split()[0], len(classes)) for r in rows])


def main():
    corpus, first, later, steps = sys.argv[1:5]
    words = sys.argv[5:]
    options = {w[2:]: words[i + 1] if i + 1 < len(words) else "" for i, w in enumerate(words)
               if w.startswith("--")}
    torch.set_num_threads(1)
    weights, notes = read_tensors(first)
    c = json.loads(notes["espalier.config"])
    model = Model(c)
    model.load_state_dict(weights, strict=True)
    x, y = read_corpus(corpus, c, notes["espalier.vocabulary"].split(" "))
    print("loss %.9g" % loss_of(dict(c, label_smoothing=0), model(x), y).item())  # as evaluations do
    rate, decay = float(options["rate"]), float(options["weight-decay"])
    if options["optimiser"] == "sgd":
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, weight_decay=decay)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay,
                                      betas=(float(options["beta1"]), float(options["beta2"])),
                                      eps=float(options["epsilon"]))
    for _ in range(int(steps)):
        optimizer.zero_grad()
        loss_of(c, model(x), y).backward()
        for p in model.parameters():
            if "orthogonal" in options:
                w, g = p.detach(), p.grad
                across = g - (w * g).sum() / ((w * w).sum() + 1e-30) * w
                p.grad = across * (g.norm() / (across.norm() + 1e-30))
        optimizer.step()
    theirs, _ = read_tensors(later)
    print("weights %.3g" % max((p.detach() - theirs[name]).norm().item() / theirs[name].norm().item()
                               for name, p in model.named_parameters()))


if __name__ == "__main__":
    main()

"""Agreement with PyTorch: the same weights give the same loss, and the same steps the same weights.

    pytorch.py CORPUS CHECKPOINT STATE LATER STEPS RATE

CORPUS is plain text, source TAB target. CHECKPOINT and STATE are a run's files after its first step,
LATER its model file STEPS steps on, every step having seen the whole corpus once at a constant RATE
with clipping at norm 1. Loads the weights with load_state_dict(strict=True) into nn.Embedding and
nn.TransformerEncoder, goes the steps with torch.optim.AdamW, and prints the largest differences.
This is also how to use a checkpoint in PyTorch.
"""
import json
import math
import struct
import sys

import numpy
import torch
from torch import nn


def read_tensors(path):
    """The tensors and metadata of a safetensors file of float32 (and a few float64) tensors."""
    with open(path, "rb") as f:
        data = f.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    notes = header.pop("__metadata__", {})
    kinds = {"F32": numpy.float32, "F64": numpy.float64, "U64": numpy.uint64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = numpy.frombuffer(data[8 + length + begin:8 + length + end], kinds[entry["dtype"]])
        if entry["dtype"] != "U64":
            tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors, notes


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.scale = math.sqrt(c["dim"]) if c["scale_embedding"] else 1.0
        self.embedding = nn.Embedding(c["vocabulary"], c["dim"])
        layer = nn.TransformerEncoderLayer(c["dim"], c["heads"], c["feedforward"], dropout=0.0,
                                           activation=c["activation"], batch_first=True,
                                           norm_first=c["norm"] == "pre")
        self.transformer = nn.TransformerEncoder(
            layer, c["layers"], nn.LayerNorm(c["dim"]) if c["norm"] == "pre" else None)
        if c["positions"] == "learned":
            self.position = nn.Embedding(c["max_length"], c["dim"])
        else:
            self.position = None
            at = torch.arange(c["max_length"], dtype=torch.float64)[:, None]
            rate = torch.exp(torch.arange(0, c["dim"], 2, dtype=torch.float64) *
                             (-math.log(10000.0) / c["dim"]))
            table = torch.zeros(c["max_length"], c["dim"], dtype=torch.float64)
            table[:, 0::2] = torch.sin(at * rate)
            table[:, 1::2] = torch.cos(at * rate)[:, :c["dim"] // 2]
            self.table = table.float()
        self.output = None if c["tied"] else nn.Linear(c["dim"], c["vocabulary"], bias=False)

    def forward(self, tokens):
        n = tokens.shape[0]
        place = self.position.weight[:n] if self.position is not None else self.table[:n]
        x = (self.embedding(tokens) * self.scale + place)[None]
        mask = torch.triu(torch.full((n, n), float("-inf")), diagonal=1)
        x = self.transformer(x, mask=mask)[0]
        weight = self.embedding.weight if self.output is None else self.output.weight
        return x @ weight.T


def mean_loss(model, sequences):
    loss, count = 0.0, 0
    for s in sequences:
        loss = loss + nn.functional.cross_entropy(model(s[:-1]), s[1:], reduction="sum")
        count += len(s) - 1
    return loss / count


def main():
    corpus, first, state, later, steps, rate = sys.argv[1:7]
    torch.set_num_threads(1)
    weights, notes = read_tensors(first)
    model = Model(json.loads(notes["espalier.config"]))
    model.load_state_dict(weights, strict=True)
    model.train()
    number = {w: i for i, w in enumerate(notes["espalier.vocabulary"].split(" "))}
    sequences = []
    for line in open(corpus, encoding="utf-8"):
        words = line.rstrip("\n").replace("\t", " ").split(" ")
        sequences.append(torch.tensor([0] + [number[w] for w in words] + [1]))
    print("loss %.9g" % mean_loss(model, sequences).item())

    moments, _ = read_tensors(state)
    optimizer = torch.optim.AdamW(model.parameters(), lr=float(rate), betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=0.1)
    for name, p in model.named_parameters():
        optimizer.state[p] = {"step": torch.tensor(1.0), "exp_avg": moments["first." + name],
                              "exp_avg_sq": moments["second." + name]}
    for _ in range(int(steps)):
        optimizer.zero_grad()
        mean_loss(model, sequences).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    theirs, _ = read_tensors(later)
    worst = 0.0
    for name, p in model.named_parameters():
        difference = p.detach() - theirs[name]
        if name.endswith("in_proj_bias"):
            # Keys' biases shift all scores of a query alike: their gradient is 0 but for rounding,
            # which Adam blows up to whole steps. They change no output.
            third = len(difference) // 3
            difference[third:2 * third] = 0
        worst = max(worst, difference.norm().item() / theirs[name].norm().item())
    print("weights %.3g" % worst)


main()

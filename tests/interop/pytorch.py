"""Agreement with PyTorch: the same weights give the same loss, and the same steps the same weights.

    pytorch.py CORPUS CHECKPOINT STATE LATER STEPS RATE

CORPUS is plain text, source TAB target. CHECKPOINT and STATE are a run's files after its first step,
LATER its model file STEPS steps on, every step having seen the whole corpus once at a constant RATE
with clipping at norm 1. Loads the weights with load_state_dict(strict=True) into the module of
transformers.py, goes the steps with torch.optim.AdamW, and prints the largest differences.
"""
import json
import sys

import torch
from torch import nn

from tensors import read_tensors
from transformers import build


def mean_loss(model, sequences):
    loss, count = 0.0, 0
    for s in sequences:
        loss = loss + model.loss(model(s[:-1]), s[1:])
        count += len(s) - 1
    return loss / count


def main():
    corpus, first, state, later, steps, rate = sys.argv[1:7]
    torch.set_num_threads(1)
    weights, notes = read_tensors(first)
    model = build(json.loads(notes["espalier.config"]))
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

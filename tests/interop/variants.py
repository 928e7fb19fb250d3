"""Agreement with PyTorch of models and steps that a test has written down.

    variants.py FOLDER

Every file FOLDER/*.safetensors holds a configuration (espalier.config), its weights, a batch
(batch.*), our logits, our loss, and the weights after `steps` steps of gradient descent on the batch
(after.*). Prints a line for each: its name, how far logits and weights differ relative to their size,
how far the weights' movement does, and whether PyTorch's own modules were the model.
"""
import glob
import json
import os
import sys

import torch

from tensors import read_tensors
from transformers import build


def examples(model, t):
    """tokens, memory, prefix, target of each example."""
    def rows(name, offset, s):
        if "batch." + name not in t:
            return None
        at = t["batch." + offset].long()
        return t["batch." + name][at[s]:at[s + 1]].long()

    for s in range(len(t["batch.offset"]) - 1):
        prefix = int(t["batch.prefix"][s]) if "batch.prefix" in t else 0
        target = t["batch.label"][s:s + 1].long() if model.one else rows("target", "offset", s)
        yield rows("input", "offset", s), rows("memory", "memory_offset", s), prefix, target


def main():
    torch.set_num_threads(1)
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.safetensors"))):
        t, notes = read_tensors(path)
        model = build(json.loads(notes["espalier.config"]))
        weights = {k: v for k, v in t.items()
                   if not k.startswith(("batch.", "after.", "our."))}
        model.load_state_dict(weights, strict=True)
        model.train()
        rate, steps = float(notes["rate"]), int(notes["steps"])
        losses, worst = [], 0.0
        for step in range(steps + 1):
            logits, loss, count = [], 0.0, 0
            for tokens, memory, prefix, target in examples(model, t):
                out = model(tokens, memory, prefix)
                logits.append(out)
                loss = loss + model.loss(out[target >= 0], target[target >= 0])
                count += int((target >= 0).sum())
            loss = loss / count
            if step == 0:
                ours, theirs = t["our.logits"], torch.cat(logits).detach()
                far = ((ours - theirs).abs().max() / theirs.abs().max()).item()
                far = max(far, abs(float(notes["loss"]) - loss.item()) / abs(loss.item()))
            if step == steps:
                break
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= rate * p.grad
        moved = apart = 0.0
        for name, p in model.named_parameters():
            d = (p.detach() - t["after." + name]).norm().item()
            size = t["after." + name].norm().item()
            worst = max(worst, d / size if size > 1e-3 else d)
            apart += d ** 2
            moved += (t["after." + name] - weights[name]).norm().item() ** 2
        print("%s\t%.3g\t%.3g\t%.3g\t%s" % (notes["name"], far, worst, (apart / moved) ** 0.5,
                                           "torch" if model.standard else "plain"))


main()

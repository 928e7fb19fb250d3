"""Agreement of recurrent networks with PyTorch: the same weights give the same outputs and loss, and
the same steps the same weights.

    rnn.py FOLDER

FOLDER holds one folder for each model: ckpt/00000000.safetensors and ckpt/00000010.safetensors, the
weights before and after ten steps of AdamW (rate 0.001, clipping at norm 1) on one batch; batch.json,
that batch, the outputs at all of its rows and the losses before each step. Loads the weights with
load_state_dict(strict=True), and prints a line for each model: its name and the largest differences
of outputs (absolute), losses (relative) and weights (relative, norm by tensor). This is also how to
use a checkpoint in PyTorch.
"""
import json
import os
import sys

import torch
from torch import nn

from tensors import read_tensors


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        kind = {"srn": nn.RNN, "srn-relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[c["cell"]]
        more = {"nonlinearity": "relu"} if c["cell"] == "srn-relu" else {}
        both = c["shape"] == "encoder"

        def layers():
            return kind(c["dim"], c["hidden"], c["layers"], dropout=c["dropout"], batch_first=True,
                        bidirectional=both, **more)

        width = c["hidden"] * (2 if both else 1)
        outputs = c["classes"] or c["vocabulary"]
        self.embedding = nn.Embedding(c["vocabulary"], c["dim"])
        if c["shape"] == "encoder-decoder":
            if c["separate_embedding"]:
                self.source_embedding = nn.Embedding(c["vocabulary"], c["dim"])
            self.encoder, self.decoder = layers(), layers()
        else:
            self.rnn = layers()
        if c["attention"] == "general":
            self.attention = nn.Linear(width, width, bias=False)
        if c["attention"] == "concat":
            self.attention = nn.ModuleDict({"query": nn.Linear(width, width, bias=False),
                                            "key": nn.Linear(width, width, bias=False),
                                            "score": nn.Linear(width, 1, bias=False)})
        if c["attention"] != "none":
            self.combine = nn.Linear(2 * width, width, bias=False)
        if c["tied"]:
            if width != c["dim"]:
                self.projection = nn.Linear(width, c["dim"], bias=False)
            # The matrix is the embedding's: only the bias is the output's own.
            self.output = nn.ParameterDict(
                {"bias": nn.Parameter(torch.zeros(outputs))} if c["output_bias"] else {})
        else:
            self.output = nn.Linear(width, outputs, bias=c["output_bias"])

    def scores(self, h, memory):
        if self.c["attention"] == "dot":
            return h @ memory.T
        if self.c["attention"] == "general":
            return h @ self.attention(memory).T
        a = self.attention
        return a["score"](torch.tanh(a["query"](h)[:, None] + a["key"](memory)[None]))[..., 0]

    def forward(self, tokens, source=None):
        """The logits at each token of one example (of a classifier: of the example)."""
        c = self.c
        if c["shape"] == "encoder-decoder":
            table = self.source_embedding if c["separate_embedding"] else self.embedding
            memory, state = self.encoder(table(source)[None])
            h = self.decoder(self.embedding(tokens)[None], state)[0][0]
            if c["attention"] != "none":
                context = torch.softmax(self.scores(h, memory[0]), dim=-1) @ memory[0]
                h = torch.tanh(self.combine(torch.cat([context, h], dim=-1)))
        else:
            h = self.rnn(self.embedding(tokens)[None])[0][0]
        if c["objective"] == "class":
            first, last = h[:1], h[-1:]
            if c["shape"] == "encoder":  # each direction at its own end
                n = c["hidden"]
                first, last = (torch.cat([h[:1, :n], h[-1:, n:]], dim=-1),
                               torch.cat([h[-1:, :n], h[:1, n:]], dim=-1))
            h = {"first": first, "last": last, "mean": h.mean(dim=0, keepdim=True)}[c["readout"]]
        if not c["tied"]:
            return self.output(h)
        if hasattr(self, "projection"):
            h = self.projection(h)
        logits = h @ self.embedding.weight.T
        return logits + self.output["bias"] if c["output_bias"] else logits


def outputs(model, batch):
    at, from_ = batch["offset"], batch.get("memory_offset")
    found = []
    for i in range(len(at) - 1):
        tokens = torch.tensor(batch["input"][at[i]:at[i + 1]])
        source = torch.tensor(batch["memory"][from_[i]:from_[i + 1]]) if from_ else None
        found.append(model(tokens, source))
    return torch.cat(found)


def compare(folder):
    before, notes = read_tensors(os.path.join(folder, "ckpt/00000000.safetensors"))
    after, _ = read_tensors(os.path.join(folder, "ckpt/00000010.safetensors"))
    with open(os.path.join(folder, "batch.json"), encoding="utf-8") as f:
        batch = json.load(f)
    c = json.loads(notes["espalier.config"])
    model = Model(c)
    model.load_state_dict(before, strict=True)
    model.train()
    target = torch.tensor(batch["target"])
    rows = outputs(model, batch)
    ours = torch.tensor(batch["output"]).reshape(rows.shape)
    output = (rows.detach() - ours).abs().max().item()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8,
                                  weight_decay=0)
    loss = 0.0
    for step in range(10):
        optimizer.zero_grad()
        mean = nn.functional.cross_entropy(outputs(model, batch), target, ignore_index=-1,
                                           label_smoothing=c["label_smoothing"])
        mean.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        loss = max(loss, abs(mean.item() / batch["loss"][step] - 1))
    weights = max(((p.detach() - after[name]).norm() / after[name].norm()).item()
                  for name, p in model.named_parameters())
    print("%s\t%.3g\t%.3g\t%.3g" % (os.path.basename(folder), output, loss, weights))


def main():
    torch.set_num_threads(1)
    for name in sorted(os.listdir(sys.argv[1])):
        compare(os.path.join(sys.argv[1], name))


if __name__ == "__main__":
    main()

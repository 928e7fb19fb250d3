"""A decoder as a researcher writes it for speed: nn.Linear, one product for queries, keys and values,
fused GELU, dense causal attention over padded batches, with our tensors' names."""
import math

import torch
from torch import nn
from torch.nn import functional as F


def sinusoid(length, dim):
    at = torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, dim, 2, dtype=torch.float64) * (-math.log(10000.0) / dim))
    return torch.stack([torch.sin(at * rate), torch.cos(at * rate)], -1).view(length, dim).float()


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.width = c["heads"], c["head_width"] or c["dim"] // c["heads"]
        across, bias = self.heads * self.width, c["biases"] == "all"
        self.in_proj = nn.Linear(c["dim"], 3 * across, bias=bias)
        self.out_proj = nn.Linear(across, c["dim"], bias=bias)
        self.register_buffer("mask", torch.full((c["max_length"],) * 2, -math.inf).triu(1))

    def split(self, y, parts):
        batch, time = y.shape[:2]
        y = y.view(batch, time, parts, self.heads, self.width).permute(2, 0, 3, 1, 4)
        return y.reshape(parts, batch * self.heads, time, self.width)

    def forward(self, x):
        batch, time = x.shape[:2]
        q, k, v = self.split(self.in_proj(x), 3)
        # One call for the scores, their scale and the mask.
        scores = torch.baddbmm(self.mask[:time, :time].to(q.dtype), q, k.transpose(1, 2),
                               alpha=1 / math.sqrt(self.width))
        y = torch.bmm(torch.softmax(scores, -1).to(v.dtype), v)
        return self.out_proj(y.view(batch, self.heads, time, self.width).transpose(1, 2)
                             .reshape(batch, time, -1))

    def last(self, x):
        """What the last position reads; it sees all, so that there is no mask."""
        batch, time = x.shape[:2]
        across = self.heads * self.width
        weight, bias = self.in_proj.weight, self.in_proj.bias
        q = F.linear(x[:, -1:], weight[:across], None if bias is None else bias[:across])
        kv = F.linear(x, weight[across:], None if bias is None else bias[across:])
        (q,), (k, v) = self.split(q, 1), self.split(kv, 2)
        p = torch.softmax(torch.bmm(q, k.transpose(1, 2)) / math.sqrt(self.width), -1)
        return self.out_proj(torch.bmm(p.to(v.dtype), v).view(batch, 1, across))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.self_attn = Attention(c)
        bias = c["biases"] in ("all", "feedforward")
        self.linear1 = nn.Linear(c["dim"], c["feedforward"], bias=bias)
        self.linear2 = nn.Linear(c["feedforward"], c["dim"], bias=bias)
        self.activation = {"relu": F.relu, "gelu": F.gelu}[c["activation"]]
        norm = (lambda: nn.LayerNorm(c["dim"])) if c["norm"] == "pre" else nn.Identity
        self.norm1, self.norm2 = norm(), norm()

    def feed(self, x):
        return x + self.linear2(self.activation(self.linear1(self.norm2(x))))

    def forward(self, x):
        return self.feed(x + self.self_attn(self.norm1(x)))

    def last(self, x):
        return self.feed(x[:, -1:] + self.self_attn.last(self.norm1(x)))


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        assert c["shape"] == "decoder" and c["norm"] in ("pre", "none"), c
        assert c["positions"] in ("sinusoidal", "learned") and not c["bidirectional_prefix"], c
        self.scale = math.sqrt(c["dim"]) if c["scale_embedding"] else 1.0
        self.embedding = nn.Embedding(c["vocabulary"], c["dim"])
        if c["positions"] == "learned":
            self.position = nn.Embedding(c["max_length"], c["dim"])
        else:
            self.register_buffer("table", sinusoid(c["max_length"], c["dim"]))
        self.layers = nn.ModuleList([Block(c) for _ in range(c["layers"])])
        self.norm = nn.LayerNorm(c["dim"]) if c["norm"] == "pre" else nn.Identity()
        self.output = nn.Linear(c["dim"], c["vocabulary"], bias=False)
        if c["tied"]:
            self.output.weight = self.embedding.weight

    @staticmethod
    def rename(name):
        """Our name of one of these tensors; None: it has no other name there."""
        name = name.replace("in_proj.", "in_proj_")
        return "transformer." + name if name.startswith(("layers.", "norm.")) else name

    def embed(self, tokens):
        x = self.embedding(tokens)
        if self.scale != 1:
            x = x * self.scale
        table = self.position.weight if hasattr(self, "position") else self.table
        return x + table[:tokens.shape[1]]

    def forward(self, tokens):
        """Logits of every position: batch x time x vocabulary."""
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))

    def last(self, tokens):
        """Logits of the last position, computing no other where none is needed."""
        x = self.embed(tokens)
        for layer in self.layers[:-1]:
            x = layer(x)
        return self.output(self.norm(self.layers[-1].last(x)))

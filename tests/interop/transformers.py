"""Transformers of every configuration, as PyTorch modules under our tensors' names.

build(config) gives a module whose state_dict is a checkpoint's tensors (load_state_dict(strict=True))
and whose call takes one example and returns its rows of logits. Where nn.TransformerEncoder or
nn.Transformer can be the model it is; elsewhere plain modules of the same names are. This is how to
use a checkpoint in PyTorch.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

DEFAULTS = {"shape": "decoder", "objective": "all", "bidirectional_prefix": False, "classes": 0,
            "readout": "last", "decoder_layers": 0, "separate_embedding": False, "head_width": 0,
            "gated": False, "relative_distance": 0, "attention_scale": 0, "output_scale": 0,
            "biases": "all", "output_bias": "default", "final_norm": "default",
            "loss": "cross-entropy", "label_smoothing": 0}

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "tanh": torch.tanh, "silu": F.silu,
               "quadratic": lambda x: x * x, "squared-relu": lambda x: F.relu(x) ** 2,
               "gelu-tanh": lambda x: 0.5 * x * (1 + torch.tanh(
                   math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))}


def sinusoid(length, dim):
    at = torch.arange(length, dtype=torch.float64)[:, None]
    rate = torch.exp(torch.arange(0, dim, 2, dtype=torch.float64) * (-math.log(10000.0) / dim))
    table = torch.zeros(length, dim, dtype=torch.float64)
    table[:, 0::2] = torch.sin(at * rate)
    table[:, 1::2] = torch.cos(at * rate)[:, :dim // 2]
    return table.to(torch.get_default_dtype())


def rotate(x, interleaved):
    """x: heads x n x width."""
    n, width = x.shape[1:]
    rate = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(n, dtype=torch.float64)[:, None] * rate
    c, s = (f(angle).to(x.dtype) for f in (torch.cos, torch.sin))
    a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
    turned = (c * a - s * b, s * a + c * b)
    return torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)


class Norm(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(c["dim"]))
        self.bias = nn.Parameter(torch.zeros(c["dim"])) if c["biases"] != "none" else None

    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias)


class Attention(nn.Module):
    """Queries from x, keys and values from `memory`; seen: which query sees which key."""

    def __init__(self, c, positions, causal):
        super().__init__()
        self.c, self.positions = c, positions
        self.width = c["head_width"] or c["dim"] // c["heads"]
        across = c["heads"] * self.width
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * across, c["dim"]))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * across)) if c["biases"] == "all" else None
        self.out_proj = nn.Linear(across, c["dim"], bias=c["biases"] == "all")
        self.before = c["relative_distance"] or c["max_length"] - 1
        rows = self.before + 1 + (0 if causal else self.before)
        if positions == "relative":
            self.relative_keys = nn.Parameter(torch.zeros(rows, across))
        if positions == "relative-bias":
            self.relative_bias = nn.Parameter(torch.zeros(rows, c["heads"]))

    def heads(self, x, part):
        across = self.c["heads"] * self.width
        rows = slice(part * across, (part + 1) * across)
        bias = self.in_proj_bias[rows] if self.in_proj_bias is not None else None
        y = F.linear(x, self.in_proj_weight[rows], bias)
        return y.view(len(x), self.c["heads"], self.width).transpose(0, 1)

    def forward(self, x, memory, seen):
        q, k, v = self.heads(x, 0), self.heads(memory, 1), self.heads(memory, 2)
        if self.positions.startswith("rotary"):
            q, k = (rotate(t, self.positions == "rotary-interleaved") for t in (q, k))
        score = q @ k.transpose(1, 2)
        distance = torch.arange(len(memory))[None] - torch.arange(len(x))[:, None]
        row = distance.clamp(-self.before, self.before) + self.before
        row = torch.where(seen, row, torch.zeros_like(row))
        if self.positions == "relative":
            table = self.relative_keys[row].view(*row.shape, self.c["heads"], self.width)
            score = score + torch.einsum("hid,ijhd->hij", q, table)
        score = score * (self.c["attention_scale"] or self.width ** -0.5)
        if self.positions == "relative-bias":
            score = score + self.relative_bias[row].permute(2, 0, 1)
        p = torch.softmax(score.masked_fill(~seen, float("-inf")), -1)
        return self.out_proj((p @ v).transpose(0, 1).reshape(len(x), -1))


class Block(nn.Module):
    def __init__(self, c, causal, crossed):
        super().__init__()
        self.c = c
        self.self_attn = Attention(c, c["positions"], causal)
        norms = 1
        if crossed:
            self.multihead_attn = Attention(c, "none", False)
            norms += 1
        if c["feedforward"]:
            bias = c["biases"] in ("all", "feedforward")
            self.linear1 = nn.Linear(c["dim"], c["feedforward"], bias=bias)
            if c["gated"]:
                self.linear1_gate = nn.Linear(c["dim"], c["feedforward"], bias=bias)
            self.linear2 = nn.Linear(c["feedforward"], c["dim"], bias=bias)
            norms += 1
        if c["norm"] != "none":
            for k in range(norms):
                setattr(self, "norm%d" % (k + 1), Norm(c))

    def feed(self, x):
        f = ACTIVATIONS[self.c["activation"]]
        if self.c["gated"]:
            return self.linear2(f(self.linear1_gate(x)) * self.linear1(x))
        return self.linear2(f(self.linear1(x)))

    def forward(self, x, seen, memory):
        parts = [lambda y: self.self_attn(y, y, seen)]
        if memory is not None:
            everything = torch.ones(len(x), len(memory), dtype=torch.bool)
            parts.append(lambda y: self.multihead_attn(y, memory, everything))
        if self.c["feedforward"]:
            parts.append(self.feed)
        for k, part in enumerate(parts):
            norm = getattr(self, "norm%d" % (k + 1), None)
            if self.c["norm"] == "pre":
                x = x + part(norm(x))
            elif self.c["norm"] == "post":
                x = norm(x + part(x))
            else:
                x = x + part(x)
        return x


def has_final_norm(c):
    return c["final_norm"] == "yes" or (c["final_norm"] == "default" and c["norm"] == "pre")


class Stack(nn.Module):
    def __init__(self, c, layers, causal, crossed):
        super().__init__()
        self.layers = nn.ModuleList([Block(c, causal, crossed) for _ in range(layers)])
        self.norm = Norm(c) if has_final_norm(c) else None

    def forward(self, x, seen, memory=None):
        for layer in self.layers:
            x = layer(x, seen, memory)
        return x if self.norm is None else self.norm(x)


def is_standard(c):
    """Whether PyTorch's own modules can be the model."""
    return (c["feedforward"] and not c["gated"] and c["activation"] in ("relu", "gelu") and
            c["norm"] in ("pre", "post") and c["biases"] == "all" and not c["attention_scale"] and
            c["positions"] in ("sinusoidal", "learned", "none") and
            c["head_width"] in (0, c["dim"] // c["heads"]) and c["dim"] % c["heads"] == 0)


class Standard(nn.Module):
    """nn.TransformerEncoder with the names and the call of Stack."""

    def __new__(cls, c, layers):
        layer = nn.TransformerEncoderLayer(c["dim"], c["heads"], c["feedforward"], 0.0,
                                           c["activation"], batch_first=True,
                                           norm_first=c["norm"] == "pre")
        return nn.TransformerEncoder(layer, layers,
                                     nn.LayerNorm(c["dim"]) if has_final_norm(c) else None)


class Bias(nn.Module):
    """The bias of an output whose weight is the embedding's."""

    def __init__(self, n):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n))


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        c = self.c = {**DEFAULTS, **config}
        self.both = c["shape"] == "encoder-decoder"
        self.one = c["objective"] == "class"
        self.standard = is_standard(c)
        self.scale = math.sqrt(c["dim"]) if c["scale_embedding"] else 1.0
        self.embedding = nn.Embedding(c["vocabulary"], c["dim"])
        learned = c["positions"] == "learned"
        if learned:
            self.position = nn.Embedding(c["max_length"], c["dim"])
        if c["positions"] == "sinusoidal":
            self.table = sinusoid(c["max_length"], c["dim"])
        if c["separate_embedding"]:
            self.source_embedding = nn.Embedding(c["vocabulary"], c["dim"])
            if learned:
                self.source_position = nn.Embedding(c["max_length"], c["dim"])
        causal = c["shape"] == "decoder" and not c["bidirectional_prefix"]
        after = c["decoder_layers"] or c["layers"]
        if self.both and self.standard:
            self.transformer = nn.Transformer(c["dim"], c["heads"], c["layers"], after,
                                              c["feedforward"], 0.0, c["activation"],
                                              batch_first=True, norm_first=c["norm"] == "pre")
            if not has_final_norm(c):
                self.transformer.encoder.norm = self.transformer.decoder.norm = None
        elif self.both:
            self.transformer = nn.Module()
            self.transformer.encoder = Stack(c, c["layers"], False, False)
            self.transformer.decoder = Stack(c, after, True, True)
        elif self.standard:
            self.transformer = Standard(c, c["layers"])
        else:
            self.transformer = Stack(c, c["layers"], causal, False)
        bias = c["output_bias"] == "yes" or (c["output_bias"] == "default" and self.one)
        if self.one:
            self.classifier = nn.Linear(c["dim"], c["classes"], bias=bias)
        elif not c["tied"]:
            self.output = nn.Linear(c["dim"], c["vocabulary"], bias=bias)
        elif bias:
            self.output = Bias(c["vocabulary"])

    def embed(self, tokens, source):
        source = source and self.c["separate_embedding"]
        x = (self.source_embedding if source else self.embedding)(tokens) * self.scale
        if self.c["positions"] == "learned":
            return x + (self.source_position if source else self.position).weight[:len(tokens)]
        return x + self.table[:len(tokens)] if self.c["positions"] == "sinusoidal" else x

    def forward(self, tokens, memory=None, prefix=0):
        """Logits: a row for each token, or one of the classes."""
        c, n = self.c, len(tokens)
        seen = torch.ones(n, n, dtype=torch.bool)
        if c["shape"] != "encoder":
            seen = seen.tril()
            if c["bidirectional_prefix"]:
                seen[:, :prefix] = True
        x = self.embed(tokens, False)
        hidden = torch.zeros(n, n).masked_fill(~seen, float("-inf"))
        if self.both:
            m = self.embed(memory, True)
            if self.standard:
                x = self.transformer(m[None], x[None], tgt_mask=hidden)[0]
            else:
                every = torch.ones(len(m), len(m), dtype=torch.bool)
                x = self.transformer.decoder(x, seen, self.transformer.encoder(m, every))
        elif self.standard:
            x = self.transformer(x[None], mask=hidden)[0]
        else:
            x = self.transformer(x, seen)
        if self.one:
            x = x.mean(0) if c["readout"] == "mean" else x[-1 if c["readout"] == "last" else 0]
        x = x * (c["output_scale"] or 1)
        if self.one:
            return self.classifier(x)[None]
        if not c["tied"]:
            return self.output(x)
        return F.linear(x, self.embedding.weight, getattr(getattr(self, "output", None), "bias", None))

    def loss(self, logits, target):
        """The sum over rows."""
        e = self.c["label_smoothing"]
        if self.c["loss"] != "stablemax":
            wide = logits.double() if self.c["loss"].endswith("double") else logits
            return F.cross_entropy(wide, target, reduction="sum", label_smoothing=e)
        x = logits.double()
        s = torch.where(x >= 0, x + 1, 1 / (1 - x.clamp(max=0)))
        log = torch.log(s / s.sum(-1, keepdim=True))
        q = F.one_hot(target, logits.shape[-1]) * (1 - e) + e / logits.shape[-1]
        return -(q * log).sum()


def build(config):
    return Model(config)

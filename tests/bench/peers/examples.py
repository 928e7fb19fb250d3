"""The examples of a corpus as tensors, made once before any step is timed, and batches of them."""
import torch

IGNORED = -1


class Sequences:
    """What a language model reads and predicts, padded to the longest example of a batch."""

    def __init__(self, rows, words, task):
        layout = task["layout"]
        number = {w: i for i, w in enumerate(words)}
        bos = [number["<bos>"]] * int(layout["bos"])
        eos = [number["<eos>"]] * int(layout["eos"])
        whole = [bos + [number[w] for part in row[:2] for w in part.split()] + eos for row in rows]
        self.length = torch.tensor([len(w) - 1 for w in whole])
        longest = int(self.length.max())
        self.tokens = torch.zeros(len(whole), longest, dtype=torch.long)
        self.target = torch.full((len(whole), longest), IGNORED)
        for i, w in enumerate(whole):
            self.tokens[i, :len(w) - 1] = torch.tensor(w[:-1])
            self.target[i, :len(w) - 1] = torch.tensor(w[1:])

    def __len__(self):
        return len(self.length)

    def take(self, which):
        """Inputs, targets, tokens that count."""
        length = self.length[which]
        longest = int(length.max())
        return self.tokens[which, :longest], self.target[which, :longest], int(length.sum())


class Rows:
    """Inputs of one size; nothing to pad."""

    def __init__(self, inputs, target):
        self.inputs, self.target = inputs, target

    def __len__(self):
        return len(self.target)

    def take(self, which):
        return self.inputs[which], self.target[which], 0


def endless(examples, batch):
    """Batches of random examples: epoch after epoch in a new order."""
    order = torch.randperm(0)
    while True:
        while len(order) < batch:
            order = torch.cat([order, torch.randperm(len(examples))])
        yield examples.take(order[:batch])
        order = order[batch:]


def bucketed(examples, batch, buffer=100):
    """The same, but a hundred batches at a time are sorted by length, cut, and taken in random order."""
    while True:
        order = torch.randperm(len(examples))
        for some in order[:len(order) // batch * batch].split(buffer * batch):
            some = some[examples.length[some].argsort()]
            parts = some.split(batch)
            for k in torch.randperm(len(parts)):
                yield examples.take(parts[k])


def full(examples):
    everything = examples.take(slice(None))
    while True:
        yield everything


def read_rows(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]

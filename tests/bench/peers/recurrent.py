"""A language model on nn.LSTM over padded batches, with our tensors' names."""
from torch import nn


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        assert c["cell"] == "lstm" and c["shape"] == "decoder" and not c["tied"], c
        self.embedding = nn.Embedding(c["vocabulary"], c["dim"])
        self.rnn = nn.LSTM(c["dim"], c["hidden"], c["layers"], batch_first=True)
        self.output = nn.Linear(c["hidden"], c["vocabulary"], bias=c["output_bias"])

    @staticmethod
    def rename(name):
        return name

    def forward(self, tokens):
        return self.output(self.rnn(self.embedding(tokens))[0])

"""A multilayer perceptron on dense inputs, with our tensors' names."""
from torch import nn
from torch.nn import functional as F


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        inputs = c["features"] or c["places"] * c["vocabulary"]
        widths = [inputs] + c["hidden"] + [c["outputs"]]
        self.layers = nn.ModuleList(nn.Linear(a, b, bias=c["bias"])
                                    for a, b in zip(widths, widths[1:]))
        self.activation = {"relu": F.relu, "quadratic": lambda x: x * x}[c["activation"]]

    @staticmethod
    def rename(name):
        return name

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

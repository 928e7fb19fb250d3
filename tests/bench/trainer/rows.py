"""The rows of the table: what is trained, on what, and beside which forms of the peer.

`sides` name what is timed in each pair: PROGRAM:CORPUS:HOW. `ratios` are the columns, each the rate
of one side over that of another; goals are those of the column, None where there is none. A row's
columns: equal (the same work on both sides), real (the corpus as it is, the peer padding it), bf16
(ours in bf16 beside f32 of the peer). `beside` has further ratios, for information.
"""
from dataclasses import dataclass, field


@dataclass(eq=False)  # hashed as itself
class Row:
    name: str
    label: str
    tool: str
    options: list
    batch: int           # 0: all examples
    corpus: str          # of corpora.py
    equal: str = ""      # one of its kind in which every example has the same length
    mode: str = "padded"
    few: int = 200       # examples of which both sides' first losses are compared; 0: all
    goals: dict = field(default_factory=dict)
    threads: tuple = (1, 2)
    width: int = 0       # for the FLOP model; 0: no share of sgemm
    layers: int = 0

    def with_batch(self):
        return self.options + (["--batch", str(self.batch)] if self.batch else [])

    def sides(self):
        if self.equal:
            return ["ours:real:f32", "torch:real:padded", "torch:real:bucketed", "ours:real:bf16",
                    "torch:real:padded-bf16", "ours:equal:f32", "torch:equal:padded"]
        extra = ["torch:real:last", "torch:real:last-bf16"] if self.name == "p113" else []
        return ["ours:real:f32", "torch:real:" + self.mode, *extra, "ours:real:bf16",
                "torch:real:%s-bf16" % self.mode]

    def ratios(self):
        peer = "torch:real:" + self.mode
        if self.equal:
            return {"equal": ("ours:equal:f32", "torch:equal:padded"),
                    "real": ("ours:real:f32", peer), "bf16": ("ours:real:bf16", peer)}
        return {"equal": ("ours:real:f32", peer), "bf16": ("ours:real:bf16", peer)}

    def beside(self):
        peer = "torch:real:" + self.mode
        more = {"f32 beside torch's bf16 autocast": ("ours:real:f32", peer + "-bf16"),
                "bf16 beside torch's bf16 autocast": ("ours:real:bf16", peer + "-bf16"),
                "f32 beside torch with other kernels (CORE)": ("ours:real:f32", peer + "-core"),
                "f32 beside torch with OMP_WAIT_POLICY=PASSIVE": ("ours:real:f32",
                                                                  peer + "-passive")}
        if self.equal:
            more["f32 beside torch bucketing by length"] = ("ours:real:f32", "torch:real:bucketed")
        if self.name == "p113":
            more["f32 beside torch computing the last position alone"] = (
                "ours:real:f32", "torch:real:last")
            more["bf16 beside the same in f32"] = ("ours:real:bf16", "torch:real:last")
        return more


# No schedule, so that the peer needs none; otherwise a trainer's defaults (AdamW, clipping at norm 1)
# and PyTorch's own weight decay.
PLAIN = ["--decay", "constant", "--warmup", "0", "--rate", "1e-3", "--weight-decay", "0.01"]


def transformer(name, layers, dim, heads, batch, goals):
    return Row(name, "transformer d%d L%d h%d, batch %d" % (dim, layers, heads, batch),
               "train-transformer",
               ["--norm", "pre", "--activation", "gelu", "--layers", str(layers), "--dim", str(dim),
                "--heads", str(heads)] + PLAIN,
               batch, "question", "question-equal", goals=goals, width=dim, layers=layers)


def goals(equal=None, real=None, bf16=None):
    return {"equal": equal, "real": real, "bf16": bf16}


ROWS = [
    transformer("d512b8", 6, 512, 8, 8, goals(1.35, 2.5, 5)),
    transformer("d512b64", 6, 512, 8, 64, goals(1.3, 2.3, 5)),
    transformer("d128", 2, 128, 4, 64, goals(2.3, 4.5, 8)),
    transformer("d64b32", 4, 64, 4, 32, goals(4, 8)),
    transformer("d64b8", 4, 64, 4, 8, goals(4, 8)),
    Row("p113", "transformer, modular addition p=113, full batch", "train-transformer",
        ["--preset", "nanda2023", "--warmup", "0"], 0, "addition113", mode="full",
        goals=goals(4, None, 8)),
    Row("quadratic", "quadratic MLP, modular addition p=97, full batch", "train-mlp",
        ["--preset", "gromov2023"], 0, "addition97", mode="full", few=0,
        goals=goals(3)),  # few would not have every class
    Row("parity", "MLP, sparse parity n=40 k=3, batch 32", "train-mlp", ["--preset", "hu2023"], 32,
        "parity40", goals=goals(10)),
    Row("lstm", "LSTM, hidden 256, batch 64", "train-rnn",
        ["--hidden", "256"] + PLAIN, 64, "question", "question-equal",
        goals=goals(2, 4)),
]

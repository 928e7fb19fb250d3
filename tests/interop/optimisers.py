"""Ten steps of every optimiser in PyTorch, in double precision.

    optimisers.py >tests/golden/optimisers.tsv     make the golden file
    optimisers.py tests/golden/optimisers.tsv      compare with it: the largest relative difference

The problem and the names of the cases are those of tests/unit/trajectories.h, whose tests compare
espalier's own steps with the golden file. Where torch.optim has the thing it is used; the rest
(gradient filters, projections) is written as its authors published it.
"""
import sys
from collections import deque

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
SHAPES = {"layer.weight": (4, 3), "layer.bias": (4,), "readout.weight": (3, 4)}


class Problem:
    def __init__(self):
        self.params, at = {}, 0
        for name, shape in SHAPES.items():
            n = torch.Size(shape).numel()
            x = torch.tensor([((i * 37) % 101 - 50) / 64 for i in range(at, at + n)])
            self.params[name] = torch.nn.Parameter(x.reshape(shape))
            at += n

    def set_gradients(self, step, scale):
        at = 0
        for p in self.params.values():
            n = p.numel()
            c = torch.tensor([((i * 17) % 13 + 1) / 8 for i in range(at, at + n)])
            d = torch.tensor([((i * 29 + step * 13) % 31 - 15) / 32 for i in range(at, at + n)])
            p.grad = ((c * p.detach().reshape(-1) + d) * scale).reshape(p.shape)
            at += n


def all_of(problem):
    return [{"params": list(problem.params.values())}]


def groups(problem):
    p = problem.params
    return [{"params": [p["layer.weight"]]}, {"params": [p["layer.bias"]], "weight_decay": 0},
            {"params": [p["readout.weight"]], "rate": 0.1}]


def adamw(**options):
    return lambda g: torch.optim.AdamW(g, lr=1, **{"weight_decay": 0.0, **options})


def adam(**options):
    return lambda g: torch.optim.Adam(g, lr=1, **options)


def sgd(**options):
    return lambda g: torch.optim.SGD(g, lr=1, **options)


def orthogonal(params):
    for w in params.values():
        g = w.grad
        across = g - (w * g).sum() / (w * w).sum() * w
        w.grad = (across * (g.norm() / across.norm())).detach()


class Slow:
    def __init__(self, alpha, strength):
        self.alpha, self.strength, self.mean = alpha, strength, {}

    def __call__(self, params):
        for name, p in params.items():
            before = self.mean.get(name, p.grad)
            self.mean[name] = before * self.alpha + p.grad * (1 - self.alpha)
            p.grad = p.grad + self.mean[name] * self.strength


class Window:
    def __init__(self, length, strength):
        self.length, self.strength, self.past = length, strength, {}

    def __call__(self, params):
        for name, p in params.items():
            past = self.past.setdefault(name, deque(maxlen=self.length))
            past.append(p.grad)
            if len(past) == self.length:
                p.grad = p.grad + sum(past) / len(past) * self.strength


def l1(strength):
    def add(params):
        for p in params.values():
            p.grad = p.grad + strength * p.detach().sign()
    return add


class NormGlobal:
    def __init__(self, factor):
        self.factor, self.first = factor, None

    def now(self, params):
        return torch.cat([p.detach().reshape(-1) for p in params.values()]).norm()

    def before(self, params):
        self.first = self.now(params) if self.first is None else self.first

    def after(self, params):
        factor = self.factor * self.first / self.now(params)
        for p in params.values():
            p.data *= factor


class NormTensor(NormGlobal):
    def before(self, params):
        self.first = self.first or {k: p.detach().norm() for k, p in params.items()}

    def after(self, params):
        for k, p in params.items():
            p.data *= self.factor * self.first[k] / p.detach().norm()


def averaged(decay):
    if decay is None:
        return lambda problem: torch.optim.swa_utils.AveragedModel(problem)
    return lambda problem: torch.optim.swa_utils.AveragedModel(
        problem, avg_fn=lambda a, p, n: decay * a + (1 - decay) * p)


CASES = {
    "sgd": dict(make=sgd()),
    "sgd-decay": dict(make=sgd(weight_decay=0.1)),
    "sgd-momentum": dict(make=sgd(momentum=0.9)),
    "sgd-nesterov": dict(make=sgd(momentum=0.9, nesterov=True, weight_decay=0.05)),
    "sgd-groups": dict(make=sgd(momentum=0.5, weight_decay=0.2), groups=groups),
    "adam": dict(make=adam()),
    "adam-decay": dict(make=adam(betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "adamw": dict(make=adamw(weight_decay=0.1)),
    "adamw-tiny": dict(make=adamw(betas=(0.9, 0.99), eps=1e-25), scale=2.0 ** -40),
    "adamw-groups": dict(make=adamw(weight_decay=0.2), groups=groups),
    "adamw-clip": dict(make=adamw(betas=(0.5, 0.7), eps=0.1), clip=1.0),
    "adamw-clip-value": dict(make=adamw(eps=0.1), clip_value=0.25),
    "sgd-clip": dict(make=sgd(weight_decay=0.3), clip=1.0),
    "adamw-ema": dict(make=adamw(), average=averaged(0.75), first=1, every=1),
    "adamw-mean": dict(make=adamw(), average=averaged(None), first=3, every=2),
    "adamw-slow": dict(make=adamw(eps=0.1), filters=lambda: [Slow(0.9, 2.0)]),
    "sgd-window": dict(make=sgd(), filters=lambda: [Window(4, 5.0)]),
    "sgd-window-one": dict(make=sgd(), filters=lambda: [Window(1, 0.5)]),
    "sgd-orthogonal": dict(make=sgd(), filters=lambda: [orthogonal]),
    "adamw-slow-orthogonal": dict(make=adamw(eps=0.1), clip=0.7,
                                  filters=lambda: [Slow(0.5, 1.0), orthogonal]),
    "sgd-l1": dict(make=sgd(), filters=lambda: [l1(0.125)]),
    "sgd-norm": dict(make=sgd(), norm=lambda: NormGlobal(1.0)),
    "adamw-norm-tensor": dict(make=adamw(), norm=lambda: NormTensor(0.5)),
}


class Module(torch.nn.Module):
    def __init__(self, params):
        super().__init__()
        self.list = torch.nn.ParameterList(list(params.values()))


def run(case):
    problem = Problem()
    group_list = case.get("groups", all_of)(problem)
    factors = [g.pop("rate", 1.0) for g in group_list]
    optimiser = case["make"](group_list)
    filters = case.get("filters", list)()
    norm = case["norm"]() if "norm" in case else None
    module = Module(problem.params)
    average = case["average"](module) if "average" in case else None
    for step in range(1, 11):
        problem.set_gradients(step, case.get("scale", 1.0))
        for f in filters:
            f(problem.params)
        if "clip" in case:
            torch.nn.utils.clip_grad_norm_(problem.params.values(), case["clip"])
        if "clip_value" in case:
            torch.nn.utils.clip_grad_value_(problem.params.values(), case["clip_value"])
        for group, factor in zip(optimiser.param_groups, factors):
            group["lr"] = 0.1 / (1 + (step - 1) % 3) * factor
        if norm:
            norm.before(problem.params)
        optimiser.step()
        if norm:
            norm.after(problem.params)
        if average and step >= case["first"] and (step - case["first"]) % case["every"] == 0:
            average.update_parameters(module)
        if step in (1, 2, 5, 10):
            yield step, torch.cat([p.detach().reshape(-1) for p in problem.params.values()])
    if average:
        yield 11, torch.cat([p.detach().reshape(-1) for p in average.module.list])


def main():
    lines = [(name, step, values) for name, case in CASES.items() for step, values in run(case)]
    if len(sys.argv) < 2:
        print("##made by: python3 tests/interop/optimisers.py, torch " + torch.__version__)
        print("##step 11: the averaged weights")
        print("#case\tstep\tweights")
        for name, step, values in lines:
            print("%s\t%d\t%s" % (name, step, " ".join("%.17g" % v for v in values.tolist())))
        return
    golden = [line.rstrip("\n").split("\t") for line in open(sys.argv[1]) if line[0] != "#"]
    assert [(n, str(s)) for n, s, _ in lines] == [(n, s) for n, s, _ in golden]
    worst = 0.0
    for (_, _, values), (_, _, text) in zip(lines, golden):
        was = torch.tensor([float(x) for x in text.split()])
        worst = max(worst, ((values - was).norm() / was.norm()).item())
    print("%.3g" % worst)


main()

"""The table, in Markdown, of what was measured."""
import statistics

import machine


def spread(values, form=None):
    """Median (least-most)."""
    form = form or ("%.2f" if max(values) < 100 else "%.0f")
    return (form + " (" + form + "-" + form + ")") % (statistics.median(values), min(values),
                                                      max(values))


def rate(stretch):
    """Tokens a second, or steps where there are no tokens to count."""
    return (stretch["tokens"] or stretch["steps"]) / stretch["seconds"]


def ratios(result, sides):
    """Of all pairs; with how many of them beside foreign load."""
    pairs = [p for p in result["pairs"] if p.get(sides[0]) and p.get(sides[1])]
    # Where nobody pads, the peer counts no tokens.
    whole = all(p[s]["tokens"] for p in pairs for s in sides)
    measure = rate if whole else lambda s: s["steps"] / s["seconds"]
    foreign = sum(max(p[s]["foreign"] for s in sides) > machine.FOREIGN for p in pairs)
    return [measure(p[sides[0]]) / measure(p[sides[1]]) for p in pairs], foreign


def significant(x):
    return "%.0f" % x if x >= 1000 else "%.3g" % x


def cell(row, result, column):
    sides = row.ratios().get(column)
    values, foreign = ratios(result, sides) if sides else ([], 0)
    goal = row.goals.get(column)
    if not values:
        return "" if goal is None else "not measured; goal %g" % goal
    text = spread(values) + ("*" if foreign else "")
    if goal is None:
        return text
    return text + (", goal %g" % goal if statistics.median(values) >= goal else
                   ", **misses %g**" % goal)


def flop_per_token(row, vocabulary, lengths):
    """6 (12 L d^2 + V d) + 12 T d L with T the rows of a sequence, a token's mean: attention counted
    as if it were not causal."""
    seen = sum(n * n for n in lengths) / sum(lengths)
    return (6 * (12 * row.layers * row.width ** 2 + vocabulary * row.width) +
            12 * seen * row.width * row.layers)


def shares(row, result, lengths, probe):
    side = "ours:real:f32"
    work = flop_per_token(row, result["vocabulary"], lengths) * 1e-9
    return [100 * work * rate(p[side]) / p[probe]["rate"] for p in result["pairs"] if probe in p]


def memory(result):
    """MB: ours, 16 bytes a parameter (weights, gradients, two moments), the peer, its libraries."""
    ours = max(p["ours:real:f32"]["peak"] for p in result["pairs"])
    first = result["pairs"][0]
    theirs = next(v["peak"] for k, v in first.items() if k.startswith("torch") and v)
    return "%.0f / %.0f / %.0f" % (ours / 1e6, 16 * result["parameters"] / 1e6, theirs / 1e6)


def median_rate(row, result, side):
    found = [p[side] for p in result["pairs"] if p.get(side)]
    return significant(statistics.median(rate(s) if row.equal else s["steps"] / s["seconds"]
                                         for s in found)) if found else ""


def main_table(results, corpora):
    out = ["| one row a configuration; threads of both sides | ours a second | torch a second "
           "| equal work, f32 | real corpus, padded peer, f32 | ours bf16, torch f32 "
           "| % of sgemm | MB: ours / 16 P / torch |", "|---|---|---|---|---|---|---|---|"]
    for (row, threads), result in results:
        share = ""
        if row.width:
            probes = ["sgemm"] + (["sgemm-core"] if "sgemm-core" in result["pairs"][0] else [])
            lengths = corpora.lengths(row.corpus)
            share = " / ".join("%.0f" % statistics.median(shares(row, result, lengths, probe))
                               for probe in probes)
        out.append("| %s, %d thr. | %s %s | %s | %s | %s | %s | %s | %s |" % (
            row.label, threads, median_rate(row, result, "ours:real:f32"),
            "tokens" if row.equal else "steps",
            median_rate(row, result, "torch:real:" + row.mode), cell(row, result, "equal"),
            cell(row, result, "real"), cell(row, result, "bf16"), share, memory(result)))
    return out


def beside_table(results):
    out = ["| for information: ours | threads | ratio |", "|---|---|---|"]
    for (row, threads), result in results:
        for label, sides in row.beside().items():
            values, foreign = ratios(result, sides)
            if values:
                out.append("| %s: %s | %d | %s%s |" % (row.label, label, threads, spread(values),
                                                       "*" if foreign else ""))
    return out

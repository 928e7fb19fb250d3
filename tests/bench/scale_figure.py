"""The figure of scale.py: six panels, log-log, each with what the arithmetic alone would cost.

The line is `ideal`: the FLOP of a token at the rate of sgemm, or half of one run's time. Drawn by
gnuplot and not by eval-plot, whose panels share one horizontal axis.
"""
import subprocess

PANELS = ["width", "depth", "batch", "length", "corpus", "runs"]
X = {"width": "width", "depth": "layers", "batch": "examples in a batch",
     "length": "symbols in a sequence", "corpus": "examples in the corpus",
     "runs": "runs under make -j2"}
POINT, LINE = "#0072B2", "#D55E00"

HEAD = """set terminal {terminal}
set output '{path}'
set encoding utf8
set multiplot layout 2,3 margins 0.08,0.985,0.165,0.95 spacing 0.068,0.175
set logscale xy 10
set border 3 lw 0.8 lc rgb '#404040'
set tics nomirror scale 0.6 textcolor rgb '#202020'
set grid ytics back lt 1 lc rgb '#d8d8d8' lw 0.7
set format y '%g'
set key reverse Left samplen 1.5 spacing 1.1 width -2
set style line 1 lc rgb '{point}' pt 7 ps {size} lw 1.2
set style line 2 lc rgb '{line}' lw 1.6
set label 1 '{caption}' at screen 0.012,0.03 left font ',{small}' textcolor rgb '#606060'
"""
TERMINALS = {".svg": ("svg size 960,560 font 'DejaVu Sans,12' background '#ffffff'", 0.7, 11),
             ".png": ("pngcairo size 1920,1120 fontscale 1.9 font 'DejaVu Sans,10' linewidth 2", 1.4, 8)}


def _data(rows, what):
    """In microseconds a token, or seconds a run."""
    scale = 1 if what == "runs" else 1e6
    return "".join("%g %g %g %g %g\n" % (r[1], *(scale * v for v in r[2:6]))
                   for r in rows if r[0] == what)


def _range(values, least=1.0):
    """So much of a decade at least, and some room at both ends."""
    low, high = min(values) / 1.35, max(values) * 1.35
    if high / low < 10 ** least:
        middle, half = (low * high) ** 0.5, 10 ** (least / 2)
        low, high = middle / half, middle * half
    return "[%g:%g]" % (low, high)


def _ticks(sizes):
    """Every size, or every second one where there are many."""
    step = 2 if len(sizes) > 6 else 1

    def word(n):
        return "%gM" % (n / 1e6) if n >= 1e6 else "%gk" % (n / 1e3) if n >= 1e4 else "%d" % n
    return "(%s)" % ", ".join("'%s' %d" % (word(n), n) for n in sizes[::step])


def script(rows, path, terminal, size, small, caption):
    out = [HEAD.format(terminal=terminal, path=path, point=POINT, line=LINE, caption=caption.replace("'", "''"),
                       size=size, small=small)]
    tokens = [scaled for r in rows if r[0] != "runs" for scaled in (1e6 * v for v in r[3:6])]
    panels = [w for w in PANELS if any(r[0] == w for r in rows)]
    for i, what in enumerate(panels):
        these = [r for r in rows if r[0] == what]
        runs = what == "runs"
        sizes = [r[1] for r in these]
        out.append("$%s << END\n%sEND\n" % (what, _data(rows, what)))
        out.append("set title 'abcdef'[%d:%d].'   %s' offset 0,-0.6\n" %
                   (i + 1, i + 1, {"runs": "cost of a run", "length": "sequence length",
                                   "corpus": "size of the corpus"}.get(what, what)))
        out.append("set xlabel '%s' offset 0,0.4\n" % X[what])
        # One scale for all costs of a token, so that panels can be compared.
        out.append("set yrange %s\n" % (_range([v for r in these for v in r[3:6]]) if runs else
                                        _range(tokens)))
        out.append("set ylabel '%s' offset 1.2,0\n" % ("s a run" if runs else "µs a token"
                                                     if i % 3 == 0 else ""))
        out.append("set xrange %s\nset xtics %s\nset mxtics 1\n" % (_range(sizes, 0.5), _ticks(sizes)))
        out.append("set key %s\n" % ("top left" if runs or i == min(1, len(panels) - 1) else "off"))
        out.append("set ytics %s\n" % ("(.01,.02,.05,.1,.2,.5,1,2,5,10,20)" if runs else "autofreq"))
        out.append("plot $%s using 1:5 with lines ls 2 title '%s', '' using 1:2:3:4 with yerrorlines "
                   "ls 1 title '%s'\n" % (what, "half of one run" if runs else "FLOP at the rate of sgemm",
                                          "measured"))
        out.append("unset label 1\n")  # once is enough
    return "".join(out) + "unset multiplot\n"


def draw(rows, stem, caption):
    """stem.gp, stem.svg and stem.png."""
    for suffix, (terminal, size, small) in TERMINALS.items():
        text = script(rows, stem + suffix, terminal, size, small, caption)
        with open(stem + ".gp", "w", encoding="utf-8") as f:
            f.write(text)
        subprocess.run(["gnuplot", stem + ".gp"], check=True)

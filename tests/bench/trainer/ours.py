"""Stretches of a trainer of ours, timed by its own timing.tsv between two steps, so that neither start
nor end counts."""
import math
import os
import shutil
import subprocess
import tempfile


def scratch():
    """A folder for runs, in memory where there is room: checkpoints are not what is timed."""
    return tempfile.mkdtemp(prefix="bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)


def read_rows(path):
    """{(step, split, metric): value} of a metrics file."""
    with open(path, encoding="utf-8") as f:
        rows = (line.split("\t") for line in f.read().splitlines()[1:])
        return {(int(step), split, metric): float(value) for step, split, metric, value in rows}


class Ours:
    def __init__(self, tools):
        self.tools, self.folder = tools, scratch()
        self.rate = {}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def tool(self, name):
        return os.path.join(self.tools, name)

    def has(self, tool, option):
        text = subprocess.run([self.tool(tool), "--help"], check=True, capture_output=True, text=True)
        return option in text.stdout

    def train(self, tool, options, corpus, name="run"):
        """A run from its start; returns its folder, or None if it was refused (status 64)."""
        folder = os.path.join(self.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        done = subprocess.run([self.tool(tool), "-q", "-d", folder, *options, corpus], check=False,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode == 64 and "bf16" in options:
            return None
        if done.returncode != 0:
            raise SystemExit("%s %s: %s" % (tool, " ".join(options), done.stderr))
        return folder

    def stretch(self, tool, options, corpus, threads, seconds):
        """Warm up, then steps for about so long; None if this machine has not the precision."""
        key = tool, *options, corpus, threads
        options = [*options, "--threads", str(threads), "--save-every", "0"]
        if key not in self.rate and not self.calibrate(key, tool, options, corpus):
            return None
        warm = max(1, math.ceil(0.3 * self.rate[key]))
        end = warm + max(2, math.ceil(seconds * self.rate[key]))
        folder = self.train(tool, [*options, "--steps", str(end), "--eval-at", "%d,%d" % (warm, end)],
                            corpus)
        rows = read_rows(os.path.join(folder, "timing.tsv"))
        self.rate[key] = rows[end, "time", "steps_per_second"]
        return {"steps": end - warm, "seconds": (end - warm) / self.rate[key],
                "tokens": rows[end, "time", "tokens_per_second"] * (end - warm) / self.rate[key],
                "peak": rows[end, "time", "peak_memory"]}

    def calibrate(self, key, tool, options, corpus):
        steps, took = 2, 0
        while took < 0.2:
            folder = self.train(tool, [*options, "--steps", str(steps), "--eval-at", "1,%d" % steps],
                                corpus)
            if folder is None:
                return False
            rate = read_rows(os.path.join(folder, "timing.tsv"))[steps, "time", "steps_per_second"]
            took = (steps - 1) / rate
            self.rate[key] = rate
            steps = max(2 * steps, math.ceil(0.3 * rate))
        return True

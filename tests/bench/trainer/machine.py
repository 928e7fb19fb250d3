"""What the figures were measured on, and who else was using it at the time."""
import os
import platform
import resource
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
FOREIGN = 0.1  # cores; a measurement beside more is marked


def _busy():
    """Seconds that all processors have worked, or were kept from it by another machine (steal)."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def _own(workers):
    total = sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                          resource.RUSAGE_CHILDREN)))
    for pid in workers:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


class Watch:
    """Foreign load, in cores, of the time since this was made; `workers`: our running children."""

    def __init__(self, workers=()):
        self.workers = workers
        self.began = time.monotonic(), _busy(), _own(workers)

    def foreign(self):
        wall, busy, own = (b - a for a, b in zip(self.began, (time.monotonic(), _busy(),
                                                              _own(self.workers))))
        return max(0.0, (busy - own) / max(wall, 0.05))


def has_avx512():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        return any(line.startswith("flags") and " avx512f " in line for line in f)


def describe():
    """{what: text} of the machine and its software but for those that are measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")),
                     platform.machine())
    compiler = subprocess.run([os.environ.get("CC", "cc"), "--version"], check=False,
                              capture_output=True, text=True).stdout.split("\n")[0]
    return {"date": time.strftime("%Y-%m-%d", time.gmtime()),
            "machine": "%d cores, %s%s" % (os.cpu_count(), model,
                                           " with AVX-512" if has_avx512() else ""),
            "compiler": compiler}


class Busy:
    """Two processes that do nothing but compute, while this is open."""

    def __enter__(self):
        self.processes = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2)]
        self.pids = [p.pid for p in self.processes]
        return self

    def __exit__(self, *_):
        for p in self.processes:
            p.kill()
            p.wait()

"""A PyTorch process that waits between the stretches that it is asked for."""
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
WORKER = os.path.join(HERE, "../peers/worker.py")


def find_python():
    """A Python with torch, or None."""
    for python in os.environ.get("TORCH_PYTHON"), "python3", "/usr/bin/python3":
        if python and subprocess.run([python, "-c", "import torch, numpy"], check=False,
                                     stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


class Peer:
    """more: variables of its environment."""

    def __init__(self, python, run, threads, corpora, more):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads),
                           OPENBLAS_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1",
                           **more)
        self.process = subprocess.Popen(
            [python, WORKER, run, str(threads), *("%s=%s" % pair for pair in corpora.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.facts = self.answer()

    @property
    def pid(self):
        return self.process.pid

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the peer has ended with status %d" % self.process.wait())
        return json.loads(line)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

"""The corpora that are trained on, made once; plain text of each for the peer."""
import os
import subprocess

QUESTION = ["gen-grammar", "grammars/question.gr", "--agree"]
MODULAR = ["gen-modular", "+", "--symbol", ""]
COMMANDS = {
    # 100,000 questions and declaratives of every length.
    "question": QUESTION + ["-n", "100k"],
    # The same grammar, only sources of 11 words, whose targets have 10: 22 rows an example, so that
    # there is nothing to pad and nothing to gain by packing.
    "question-equal": QUESTION + ["-n", "20k", "--length", "11"],
    "question-lines": QUESTION + ["-n", "100k", "--columns", "source", "--text"],
    "question-eval": QUESTION + ["-n", "10k", "--skip", "1M"],
    "addition113": MODULAR + ["-p", "113", "--train-fraction", ".3"],
    "addition97": MODULAR + ["-p", "97", "--equals", "", "--train-fraction", ".5"],
    "parity40": ["gen-parity", "--alphabet", "signs", "--length", "40", "--bits", "0,1,2",
                 "--samples", "1000", "-n", "1000"],
}


class Corpora:
    def __init__(self, root, tools, folder):
        self.root, self.tools, self.folder = root, tools, folder
        os.makedirs(folder, exist_ok=True)

    def path(self, name):
        path = os.path.join(self.folder, name + (".tsv" if "--text" in COMMANDS[name] else ".zst"))
        if not os.path.exists(path):
            tool, *rest = COMMANDS[name]
            subprocess.run([os.path.join(self.tools, tool), "-q", *rest, "-o", path],
                           cwd=self.root, check=True)
        return path

    def few(self, name, first):
        """Its first examples, with its header."""
        path = os.path.join(self.folder, "%s.%d.zst" % (name, first))
        if not os.path.exists(path):
            subprocess.run([os.path.join(self.tools, "gen-filter"), "-q", "-n", str(first),
                            self.path(name), "-o", path], check=True)
        return path

    def text(self, name, first=0):
        """The path of source and target as lines without a header: all, or so many."""
        path = os.path.join(self.folder, "%s.%s.txt" % (name, first or "all"))
        if not os.path.exists(path):
            text = subprocess.run([os.path.join(self.tools, "gen-filter"), "-q", "--text",
                                   "--columns", "source,target", self.path(name)], check=True,
                                  capture_output=True, text=True).stdout
            lines = [line for line in text.splitlines(True) if not line.startswith("#")]
            with open(path + ".new", "w", encoding="utf-8") as f:
                f.writelines(lines[:first or None])
            os.rename(path + ".new", path)
        return path

    def lengths(self, name):
        """The rows of every example as a decoder reads it: <bos>, source and target."""
        with open(self.text(name), encoding="utf-8") as f:
            return [1 + len(line.split()) for line in f]

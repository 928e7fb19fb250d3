# metrics.tsv of several runs -> blocks of "step share" for gnuplot, one block a run, under a comment
# that names it (arm and seed, the last two folders).
BEGIN { FS = "\t" }
FNR == 1 {
    n = split(FILENAME, part, "/")
    printf "%s# %s %s\n", (NR > 1 ? "\n\n" : ""), part[n - 2], part[n - 1]
}
$2 == "ood" && $3 == "choice:hierarchical" { print $1, $4 }

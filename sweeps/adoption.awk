# metrics.tsv of several runs -> a table of rule adoption over time, for a terminal.
BEGIN { FS = "\t" }
FNR == 1 {
    n = split(FILENAME, part, "/")
    run = part[n - 2] "/" part[n - 1]
    runs[++n_runs] = run
}
$1 % step_width != 0 { next }
$2 == "ood" && $3 == "n" { n_ood = $4 }
$2 == "ood" && $3 == "choice:hierarchical" {
    tree[$1, run] = $4
    if (!($1 in seen)) {
        seen[$1] = 1
        steps[++n_steps] = $1
    }
}
$2 == "ood" && $3 == "choice:linear" { line[$1, run] = $4 }
$2 == "id" && $3 == "exact:agreed" { exact[$1, run] = $4 }
END {
    printf "\nRule adoption over time: the share of %d out-of-distribution questions for which the likeliest\n", n_ood
    printf "of the four auxiliaries is the main one (tree) or the first one (line): chance is .25, or .5 between\n"
    printf "the two in the sentence; and of in-distribution questions answered exactly (id).\n\n"
    printf "%8s", ""
    for (i = 1; i <= n_runs; i++) printf "  %-20s", runs[i]
    printf "\n%8s", "step"
    for (i = 1; i <= n_runs; i++) printf "  %6s %6s %6s", "tree", "line", "id"
    printf "\n"
    for (k = 1; k <= n_steps; k++) {
        printf "%8d", steps[k]
        for (i = 1; i <= n_runs; i++)
            printf "  %6.3f %6.3f %6.3f", tree[steps[k], runs[i]], line[steps[k], runs[i]], exact[steps[k], runs[i]]
        printf "\n"
    }
}

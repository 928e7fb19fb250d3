# eval-rule's TSV of last checkpoints -> a verdict per run. A run is committed to a rule when it
# gives that rule's first word in more than 95 % of the cases (Qin et al. 2025, section 5.2).
BEGIN { FS = "\t" }
FNR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    next
}
$at["corpus"] ~ /ood/ && $at["rule"] != "none" {
    run = $at["run"]
    if (!(run in best)) order[++n_runs] = run
    if (!(run in best) || $at["first"] > best[run]) {
        best[run] = $at["first"] + 0
        rule[run] = $at["rule"]
        text[run] = sprintf("%.3f [%.3f, %.3f], n=%d", $at["first"], $at["first_lo"], $at["first_hi"], $at["n"])
    }
}
END {
    printf "\nVerdict at the last step (share of first words, 95 %% Wilson interval over sentences):\n\n"
    for (i = 1; i <= n_runs; i++) {
        r = order[i]
        printf "  %-36s %-22s %s %s\n", r, (best[r] > 0.95 ? rule[r] : "not committed, leans"), (best[r] > 0.95 ? "" : rule[r]), text[r]
    }
    printf "\nThe interval is over sentences within one run. Seeds differ far more than that: one seed an arm is an\nillustration, not a result (SEEDS=\"1 2 3 4 5\" runs more).\n\n"
}

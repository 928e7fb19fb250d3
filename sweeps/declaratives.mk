# Which declaratives teach a tree-shaped rule of question formation?
#
# After Qin, Saphra & Alvarez-Melis 2025 (arXiv:2412.04619), sections 3.2 and 4.2, at a size that a
# laptop trains. Every arm sees the same 50,000 ambiguous questions (no relative clause on the
# subject, so that fronting the first and the main auxiliary give the same answer); the arms differ
# only in the 50,000 declaratives beside them, to be copied: arm center1 has 1 % of them center
# embedded, arm center100 has 100 %.
#
#     make -f sweeps/declaratives.mk -j2 demo               one seed an arm
#     make -f sweeps/declaratives.mk -j2 SEEDS="1 2 3 4 5" demo
#     make -f sweeps/declaratives.mk -j2 SEEDS="1 2 3 4 5" ARMS="right subject" \
#         PUBLISHED=question.gen.zst demo          other arms; scored on McCoy's published questions too
#     make -f sweeps/declaratives.mk LAUNCH='srun -n1' -j64 SEEDS="$$(seq 50)" demo
#
# Stop it at any time; the same command goes on. Runs are never made twice.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

.SECONDEXPANSION:
MAKEFLAGS   += --no-builtin-rules

QUICK  ?=
# The default seed is one whose runs part clearly; README.md has five.
SEEDS  ?= 1
LAUNCH ?=
BIN    := bin
OUT    := runs/declaratives$(if $(QUICK),-quick)
.PRECIOUS: $(OUT)/data/decl-%.tsv.zst

# What each arm's declaratives are, in gen-grammar's terms.
ARMS            ?= center1 center100
DECL_center1    := decl,center=0.01
DECL_center100  := decl,center
# right branching alone; relative clauses of which the subject is the head alone
DECL_right      := decl,right
DECL_subject    := decl,center_rc_subject

# The recipe: 6 layers, batch 8 and a slow decay matter; see the figures in README.md.
TRAIN := --layers 6 --dim 128 --heads 4 --batch 8 --steps 15000 --rate 5e-4 --final-fraction 0.1 \
         --eval-every 300 --save-every 3000 --eval-limit 500
QUICK_TRAIN := --layers 4 --dim 64 --heads 4 --batch 32 --steps 2000 --rate 1e-3 --final-fraction 0.1 \
         --eval-every 100 --save-every 500 --eval-limit 300
OPTIONS = $(if $(QUICK),$(QUICK_TRAIN),$(TRAIN)) --among Aux
# A published out-of-distribution set (plain text, perhaps compressed) to score on too; or nothing.
PUBLISHED ?=
EVALS := ood=$(OUT)/data/ood.tsv.zst id=$(OUT)/data/id.tsv.zst $(if $(PUBLISHED),published=$(OUT)/data/published.tsv.zst)
EVAL_FILES = $(foreach e,$(EVALS),$(lastword $(subst =, ,$e)))

RUNS  := $(foreach a,$(ARMS),$(foreach s,$(SEEDS),$(OUT)/$a/s$s))

.PHONY: demo runs
demo: $(OUT)/verdict.tsv $(OUT)/adoption.png $(OUT)/adoption.svg
	@awk -v step_width=$(if $(QUICK),200,1500) -f sweeps/adoption.awk $(RUNS:%=%/metrics.tsv)
	@awk -f sweeps/verdict.awk $(OUT)/verdict.tsv
	@echo 'Figure: $(OUT)/adoption.svg and $(OUT)/adoption.png; all numbers: $(OUT)/verdict.tsv'
ifdef QUICK
	@echo 'QUICK=1 left out: 6 layers (4 here), width 128 (64), 15,000 updates of 8 sentences (2,000 of 32).'
	@echo 'It is long enough for both arms to learn the task, not for the rise of the hierarchical rule.'
endif

runs: $(RUNS:%=%/finished)

# Corpora, no sentence twice, as in the published data. The training questions and the in-distribution
# test are the first 50,000 and the next 1,000 of one draw. The out-of-distribution questions meet the
# published conditions: exactly two auxiliaries, of one number, different words, no relative clause on
# the object, and a third of them with an object relative. (Their sentences may occur as declaratives.)
QUEST := --seed-data 1 --agree --unique --where quest
$(OUT)/data/quest.tsv.zst: grammars/question.gr
	@mkdir -p $(@D)
	$(BIN)/gen-grammar $< -n 50k $(QUEST) -o $@
$(OUT)/data/id.tsv.zst: grammars/question.gr
	@mkdir -p $(@D)
	$(BIN)/gen-grammar $< -n 1k --skip 50k $(QUEST) -o $@
$(OUT)/data/decl-%.tsv.zst: grammars/question.gr
	@mkdir -p $(@D)
	$(BIN)/gen-grammar $< -n 50k --seed-data 2 --agree --unique --where '$(DECL_$*)' -o $@
$(OUT)/data/ood.tsv.zst: grammars/question.gr
	@mkdir -p $(@D)
	$(BIN)/gen-grammar $< -n 2k --seed-data 3 --disagree --unique --where \
	  'quest,two_aux,same_number,different_aux,!rc_on_object,center_rc_object=0.3333' -o $@

# A run. The order-only prerequisite keeps finished runs when the tools are built anew; other options
# than those a folder was made with are an error, not an old result. Through cat, parallel runs report
# in whole lines.
$(OUT)/options: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(OPTIONS)' | cmp -s - $@ || printf '%s\n' '$(OPTIONS)' > $@
.PHONY: FORCE
FORCE:

arm = $(word 1,$(subst /, ,$*))
$(OUT)/data/published.tsv.zst: $(PUBLISHED) grammars/question.gr
	@mkdir -p $(@D)
	$(BIN)/gen-label grammars/question.gr $< -o $@

$(OUT)/%/finished: $(OUT)/data/quest.tsv.zst $(OUT)/data/decl-$$(call arm).tsv.zst \
                   $(EVAL_FILES) $(OUT)/options | $(BIN)/train-transformer
	$(LAUNCH) $(BIN)/train-transformer -d $(@D) $(OPTIONS) \
	  --seed $(patsubst s%,%,$(notdir $(@D))) $(EVALS:%=--eval %) $(word 1,$^) $(word 2,$^) 2>&1 | cat >&2
	@touch $@

$(OUT)/verdict.tsv: $(RUNS:%=%/finished) | $(BIN)/eval-rule
	$(BIN)/eval-rule -q --last --among Aux --tsv $(RUNS) $(EVAL_FILES) -o $@

$(OUT)/adoption.%: $(RUNS:%=%/finished) | $(BIN)/eval-plot
	$(BIN)/eval-plot curves -m ood/choice:hierarchical --group arm --reference 0.25:chance \
	  --title 'Rule adoption: OOD questions that front the main auxiliary' \
	  --y-label 'share, among four auxiliaries' -o $@ $(RUNS)

$(BIN)/%:
	$(MAKE) --no-print-directory $@

# espalier: build, test, demonstrate.
#
#   make            the tools, in bin/
#   make check      every test: release, sanitizers, double-precision gradients
#   make demo       the first sweep, with its table and figure (QUICK=1: a short form)
#   make deps       install the libraries (apt-get; as root or through sudo)
#   make help       the other targets

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS   += --no-builtin-rules

VERSION := 0.1.0

# release: what users run.  asan: the same under address and undefined-behaviour sanitizers.
# double: real = double, for gradient checks.  fuzz: for clang's fuzzer.  Each has a build folder of
# its own.
VARIANT ?= release
B       := build/$(VARIANT)
BIN     := $(if $(filter release,$(VARIANT)),bin,$(B)/bin)

CC       ?= cc
ifeq ($(origin CC),default)
CC       := cc
endif
CPPFLAGS := -D_XOPEN_SOURCE=700 -I.
# No -ffast-math and no -march=native; contraction off: the bits of a run must not depend on which
# instructions the compiler happened to fuse.
CFLAGS   ?= -O2 -g
BASE     := -std=c11 -pthread -ffp-contract=off -fno-common -Werror=implicit-function-declaration
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wno-missing-field-initializers -Wvla -Wwrite-strings -Wformat=2 -Wundef
ifdef DEV
WARN     += -Werror
endif
VFLAGS_release :=
VFLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
VFLAGS_double  := -DREAL_IS_DOUBLE
VFLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                  -fno-omit-frame-pointer
ifeq ($(filter $(VARIANT),release asan double fuzz),)
$(error VARIANT is '$(VARIANT)'; it must be release, asan, double or fuzz)
endif
VFLAGS   := $(VFLAGS_$(VARIANT))
ALLFLAGS := $(CPPFLAGS) $(CFLAGS) $(BASE) $(WARN) $(VFLAGS)
LDLIBS   := -lpcre2-8 -lzstd -lcsv -ljansson -lxxhash -lopenblas -lm -lpthread

LIB_SRC  := $(sort $(wildcard lib/*.c))
NN_SRC   := $(sort $(wildcard nn/*.c))
TOOL_SRC := $(sort $(wildcard gen/gen-*.c train/train-*.c eval/eval-*.c))
TOOLS    := $(notdir $(TOOL_SRC:.c=))
# Modules that only the tools of one folder share.
MOD_SRC  := $(filter-out $(TOOL_SRC),$(sort $(wildcard gen/*.c train/*.c eval/*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
GRAD_SRC := $(sort $(wildcard tests/unit/grad_*.c))

# Short lines while building; V=1 shows the commands, -s nothing.
Q   := $(if $(V),,@)
say  = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-4s %s\n' $(1) $(2))

obj       = $(patsubst %.c,$(B)/%.o,$(1))
ARCHIVES := $(B)/libnn.a $(B)/libespalier.a
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
GRAD_BIN := $(patsubst tests/unit/%.c,$(B)/unit/%,$(GRAD_SRC))
# Programs that tests call.
HELPERS  := $(B)/unit/logits


.PHONY: all help man fuzz fuzz-targets bench bench-gen bench-train bench-scale bench-products known deps check check-fast demo clean fmt lint unit grad tools
all: tools
tools: $(TOOLS:%=$(BIN)/%)
unit: $(UNIT_BIN) $(HELPERS)
grad: $(GRAD_BIN) $(HELPERS)

help:
	@sed -n '3,8p' Makefile | cut -c3-
	@echo '  make check-fast the tests of the release build alone'
	@echo '  make bench      rates of the tools on this machine'
	@echo '  make bench-gen  rates of the generators and filters, beside zstd'
	@echo '  make bench-train the trainers beside PyTorch (25 minutes; ROWS="d128 parity" PAIRS=5 WRITE=1)'
	@echo '  make bench-products  products of matrices, beside OpenBLAS and oneDNN'
	@echo '  make bench-scale cost a token against the size of everything, and of runs under -j2'
	@echo '  make known      known answers of the science of training, five seeds each (minutes)'
	@echo '  make fuzz       fuzz the readers of files, ten minutes each'
	@echo '  make man        manual pages, in build/man/'
	@echo '  make fmt lint   clang-format in place; compiler and cppcheck warnings as errors'
	@echo '  make clean      remove bin/ and build/'
	@echo 'Variables: VARIANT=release|asan|double  DEV=1 (warnings are errors)  SEEDS="1 2 3"  QUICK=1'

# Flags stamp: rewritten only when the flags change; every object depends on it.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ALLFLAGS)' | cmp -s - $@ || printf '%s\n' '$(CC) $(ALLFLAGS)' > $@
# Asked once: are the libraries there? The compiler's own answer would name one header.
$(B)/libraries:
	@mkdir -p $(@D)
	@printf '#include <%s>\n' stdio.h csv.h jansson.h xxhash.h zstd.h cblas.h > $@.c
	@if ! $(CC) -E $@.c >/dev/null 2>&1; then rm $@.c; \
	   echo 'the compiler or a library is missing: run "make deps" first' >&2; exit 1; fi
	@rm $@.c; touch $@
# Version stamp: the commit, with a + when the tree differs from it.
$(B)/version.h: FORCE
	@mkdir -p $(@D)
	@g=$$(git rev-parse --short=7 HEAD 2>/dev/null || echo unknown); \
	 if [ "$$g" != unknown ] && ! git diff --quiet HEAD -- lib nn gen train eval 2>/dev/null; then g="$$g+"; fi; \
	 printf '#define ESPALIER_VERSION "%s"\n#define ESPALIER_COMMIT "%s"\n' '$(VERSION)' "$$g" > $@.new; \
	 if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/flags | $(B)/libraries
	@mkdir -p $(@D)
	$(call say,cc,$<)
	$(Q)$(CC) $(ALLFLAGS) $(OBJFLAGS) -MMD -MP -c -o $@ $<
$(B)/lib/version.o: $(B)/version.h
$(B)/lib/version.o: OBJFLAGS = -include $(B)/version.h
# The numerics gain from the vectoriser, which takes sqrtf only where nobody reads errno.
$(call obj,$(NN_SRC)): OBJFLAGS = -O3 -fno-math-errno
# One file for each set of instructions; which of them runs is asked for at run time.
ifneq ($(filter x86_64 amd64,$(shell uname -m)),)
$(call obj,nn/product_avx2.c): OBJFLAGS += -mavx2 -mfma
$(call obj,nn/product_avx512.c): OBJFLAGS += -mavx512f
$(call obj,nn/product_bf16.c): OBJFLAGS += -mavx512f -mavx512bw -mavx512bf16
endif
# So do these, in double.
$(call obj,eval/gaussian_hmm.c eval/hmm_passes.c eval/baum_welch.c lib/k_means.c): OBJFLAGS = -O3

$(B)/libespalier.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(Q)ar rcs $@ $^
$(B)/libnn.a: $(call obj,$(NN_SRC))
	@rm -f $@
	$(Q)ar rcs $@ $^

define TOOL_RULE
$(BIN)/$(notdir $(1:.c=)): $(call obj,$(1)) $(call obj,$(filter $(dir $(1))%,$(MOD_SRC))) $(ARCHIVES)
	@mkdir -p $$(@D)
	$$(call say,link,$$@)
	$$(Q)$$(CC) $$(ALLFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach t,$(TOOL_SRC),$(eval $(call TOOL_RULE,$(t))))

$(B)/unit/%: $(B)/tests/unit/%.o $(call obj,$(MOD_SRC)) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(ALLFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Programs that benchmarks call.
$(B)/bench/products $(B)/tests/bench/products.o: DNNL := $(wildcard /usr/include/dnnl.h)
$(B)/tests/bench/products.o: OBJFLAGS = $(if $(DNNL),-DHAVE_DNNL)
$(B)/bench/products: LDLIBS += $(if $(DNNL),-ldnnl)
$(B)/bench/%: $(B)/tests/bench/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(ALLFLAGS) -o $@ $^ $(LDLIBS)

# Fuzz targets, built by clang: make VARIANT=fuzz CC=clang fuzz-targets (tests/fuzz/run does it).
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libespalier.a
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(CC) $(ALLFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzz-targets: $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))

-include $(shell find build -name '*.d' 2>/dev/null)
.PRECIOUS: $(B)/%.o

# Debian packages: the compiler, the libraries, and what the tests and the figures call.
PACKAGES := gcc libc6-dev make zstd libpcre2-dev libzstd-dev libopenblas-pthread-dev libcsv-dev \
            libjansson-dev libxxhash-dev libcmocka-dev gnuplot-nox graphviz python3
deps:
	@missing=; for p in $(PACKAGES); do \
	   dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	 [ -n "$$missing" ] || exit 0; \
	 install="apt-get install -y --no-install-recommends$$missing"; \
	 if ! command -v apt-get >/dev/null; then \
	   echo "make deps: this system has no apt-get; install the equivalent of:$$missing" >&2; exit 1; fi; \
	 if [ "$$(id -u)" = 0 ]; then sudo=; \
	 elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo='sudo '; \
	 else echo "make deps: these packages are missing; install them with:" >&2; \
	   echo "    sudo $$install" >&2; exit 1; fi; \
	 echo "make deps: installing$$missing"; \
	 $${sudo}apt-get update -q >/dev/null && $${sudo}env DEBIAN_FRONTEND=noninteractive $$install >/dev/null

# The sub-makes run after deps, so that a fresh system has a compiler by then.
check: deps
	@tests/run release asan double
check-fast: deps
	@tests/run release

demo: deps
	@$(MAKE) --no-print-directory tools
	@$(MAKE) --no-print-directory -f sweeps/declaratives.mk $(if $(filter -j%,$(MAKEFLAGS)),,-j2) demo

# Rates on this machine, for tests/bench/RESULTS.md.
bench: tools
	@tests/bench/rates.sh
bench-gen: tools
	@tests/bench/generators.sh
known: tools
	@tests/bench/grokking.sh
# Beside Debian's python3-torch; the options are in tests/bench/train.py.
bench-train: tools $(B)/bench/sgemm $(B)/bench/forward
	@python3 tests/bench/train.py $(if $(WRITE),--write)
bench-scale: tools $(B)/bench/sgemm
	@python3 tests/bench/scale.py
# Products of matrices alone, beside OpenBLAS and, where libdnnl-dev is installed, oneDNN.
bench-products: $(B)/bench/products
	@env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS=1 $<

# Fuzz the readers of files, ten minutes each (SECONDS=n; needs clang and its libclang-rt).
fuzz:
	@tests/fuzz/run $(or $(SECONDS),600)

# Manual pages: those of formats are in man/, those of tools come from their option tables.
man: tools
	@mkdir -p build/man
	@for t in $(TOOLS); do $(BIN)/$$t --man > build/man/$$t.1; done
	@cp man/*.5 build/man/
	@echo 'read them with: man build/man/PAGE'

fmt:
	clang-format -i $(shell git ls-files '*.c' '*.h')
lint:
	$(MAKE) DEV=1 VARIANT=release tools unit
	clang-format --dry-run -Werror $(shell git ls-files '*.c' '*.h')
	cppcheck -q --std=c11 --enable=warning,portability --error-exitcode=1 -I. \
	  --suppress=nullPointerRedundantCheck --suppress=nullPointerArithmeticRedundantCheck \
	  --suppress=arrayIndexThenCheck --suppress=ctunullpointer lib nn gen train eval

clean:
	rm -rf bin build

#include "train/transformer_options.h"

/* What a paper does not say, and where its code says otherwise, is told in `about` or here.
 *
 * Question formation and tense: the code that Murty et al., Ahuja et al. and Qin et al. share has
 * post-norm blocks without a last norm, ReLU, sinusoidal positions, scaled embeddings, dropout 0.1
 * at all four places, no biases in attention but one of the output, also of a tied one; AdamW with
 * epsilon 1e-7 and decay 0, batches of 8. Its matrices are Xavier uniform: those of queries, keys
 * and values each by itself, so in_proj_weight, the three as one here, is scaled; linear1's with
 * gain sqrt(2). Its biases of linear layers are nn.Linear's own, a tied output's are 0. In the code
 * the rate of a step is that of the step before it here (the first is 0). Qin et al.: linear decay
 * to 0 at step 300k; clipping at norm 1. Murty et al.: clipping at 1 and an output matrix of its
 * own as in their code (the paper says 10, and tied), and its decay to 0 at step 2M, of which 300k
 * are gone. Ahuja et al. give rate, batch, sizes and tied embeddings; the rest is the shared
 * code's. Their classifier reads an encoder's last row here, and an empty slot of their cloze has
 * to be a word of the corpus. Of simple agreement they train 200k steps. */
#define QUESTIONS                                                                                  \
    " --dim 512 --feedforward 2048 --norm post --activation relu --positions sinusoidal"           \
    " --biases feedforward --dropout 0.1 --batch 8 --steps 300k --optimiser adamw"                 \
    " --epsilon 1e-7 --weight-decay 0 --rate 1e-4 --warmup 10k --decay linear --clip 1"            \
    " --init xavier-uniform --group '*.in_proj_weight:scale=1.4142135623730951'"                   \
    " --group '*.linear1.weight:scale=1.4142135623730951' --group '*.linear?.bias:init=pytorch'"
#define QIN " --heads 8 --output-bias yes --eval-every 2k --save-every 2k" QUESTIONS
#define MURTY                                                                                      \
    " --heads 4 --untied --output-bias yes --group output.bias:init=pytorch"                       \
    " --final-fraction 0.8542713567839196 --eval-every 3k" QUESTIONS
#define AHUJA       " --heads 8 --eval-every 1k" QUESTIONS
#define AHUJA_WORDS " --layers 6 --output-bias yes" AHUJA

/* minGPT and nanoGPT: normal initial values of deviation 0.02, the residual outputs' divided by the
 * root of twice the layers. */
#define GPT                                                                                        \
    " --norm pre --positions learned --no-embedding-scale --init gpt2 --init-deviation 0.02"       \
    " --warmup 0 --decay constant --clip 0"

const struct opt_preset transformer_presets[] = {
    {"qin2025", "Qin, Saphra and Alvarez-Melis, arXiv:2412.04619: question formation",
     "--layers 6 --objective all" QIN},
    {"qin2025-tense", "the same: tense inflection", "--layers 4 --objective all" QIN},
    {"murty2023", "Murty et al. 2023: question formation, best depth, as in code",
     "--layers 6 --objective all" MURTY},
    {"murty2023-tense", "the same: tense inflection, best depth",
     "--layers 4 --objective all" MURTY},
    {"ahuja2025-lm", "Ahuja et al., arXiv:2404.16367: language model",
     "--objective all" AHUJA_WORDS},
    {"ahuja2025-lm-tense", "the same: tense inflection",
     "--layers 4 --objective all --output-bias yes" AHUJA},
    {"ahuja2025-prefix", "the same: prefix-LM, causal prefix",
     "--objective target --prefix causal" AHUJA_WORDS},
    {"ahuja2025-bidirectional", "the same: prefix-LM, bidirectional prefix",
     "--objective target --prefix bidirectional" AHUJA_WORDS},
    {"ahuja2025-seq2seq", "the same: encoder-decoder, 6 and 6 blocks",
     "--shape encoder-decoder --objective target" AHUJA_WORDS},
    {"ahuja2025-class", "the same: the first auxiliary as a class",
     "--layers 6 --shape encoder --objective class --readout last"
     " --group classifier.bias:init=pytorch" AHUJA},
    {"ahuja2025-cloze", "the same: masked auxiliaries (tense: --mask-words Verb)",
     "--shape encoder --objective masked --mask-words Aux" AHUJA_WORDS},
    /* openai/grok: nn.Linear's and nn.Embedding's own initial values, no bias but in norms; the
     * paper's weight decay of 1 (the code's default is 0). The loss is on the answer alone; the
     * code counts the mark that ends an equation too. Batches are the smaller of 512 and half the
     * training set: for a set below 1,024 give --batch. */
    {"power2022", "Power et al., arXiv:2201.02177: grokking on small tables",
     "--layers 2 --dim 128 --heads 4 --feedforward 512 --norm post --activation relu"
     " --positions sinusoidal --biases norm --untied --no-embedding-scale --max-length 50"
     " --objective target --no-eos --batch 512 --steps 100k --optimiser adamw --rate 1e-3"
     " --beta1 0.9 --beta2 0.98 --weight-decay 1 --warmup 10 --decay constant --clip 0"
     " --init pytorch"},
    /* The rate rises over ten epochs in the code, and is that of the step before it here. The rows
     * `a b =` use three of the 8 positions, or four with an operator; the others have no gradient
     * and decay. */
    {"nanda2023", "Nanda et al., arXiv:2301.05217: modular addition",
     "--layers 1 --dim 128 --heads 4 --head-width 32 --feedforward 512 --norm none"
     " --activation relu --positions learned --biases feedforward --untied --no-embedding-scale"
     " --max-length 8 --objective target --no-bos --no-eos --loss cross-entropy-double"
     " --full-batch --steps 40k --optimiser adamw --rate 1e-3 --beta1 0.9 --beta2 0.98"
     " --weight-decay 1 --warmup 10 --decay constant --clip 0 --init width"},
    /* The paper's width of the feed-forward part, 256 (the mock configuration in the code has 12).
     * Initial values are those of the transformer_lens package, deviation 0.8 / sqrt(64). */
    {"shai2024", "Shai et al., arXiv:2405.15943: belief states of hidden Markov models",
     "--layers 4 --dim 64 --heads 1 --head-width 8 --feedforward 256 --norm pre --activation relu"
     " --positions learned --output-bias yes --untied --no-embedding-scale --max-length 10"
     " --objective all --no-bos --no-eos --batch 64 --steps 1M --optimiser sgd --rate 1e-2"
     " --weight-decay 0 --warmup 0 --decay constant --clip 0 --init normal --init-deviation 0.1"},
    /* Schedule and clipping are not known: none. */
    {"park2024", "Park et al., arXiv:2412.01003: mixtures of Markov chains",
     "--layers 2 --dim 64 --heads 4 --feedforward 256 --activation gelu --max-length 512"
     " --objective all --no-bos --no-eos --batch 128 --steps 107979 --optimiser adamw --rate 6e-4"
     " --beta1 0.9 --beta2 0.95 --weight-decay 0.1 --weight-decay-on matrices" GPT},
    /* As in code: the clipping that its configuration names is commented out. Its dropout of the
     * table of distances is not there. */
    {"edelman2024", "Edelman et al., arXiv:2402.11004: statistical induction heads",
     "--layers 2 --dim 16 --heads 1 --attention-only --norm pre --positions relative --biases norm"
     " --untied --no-embedding-scale --dropout 0.1 --max-length 100 --objective all --no-bos"
     " --no-eos --batch 64 --steps 2k --optimiser adamw --rate 5e-4 --beta1 0.9 --beta2 0.95"
     " --weight-decay 0.1 --weight-decay-on linear --warmup 0 --decay constant --clip 0"
     " --init normal --init-deviation 0.02 --group '*.out_proj.weight:scale=0.5'"},
    /* One of 270 models: 2 blocks (of 1, 2, 3), 2 heads (of 2, 4), decay 1e-3 (of 0, 1e-3, 1e-2); a
     * million examples, evaluated every 1,000 and saved every 100,000. Classes are the first two
     * outputs of a language model in the code. */
    {"li2025", "Li et al., arXiv:2507.06445: rules of balanced parentheses",
     "--layers 2 --dim 64 --heads 2 --feedforward 256 --activation gelu-tanh --max-length 42"
     " --objective class --readout last --output-bias no --batch 8 --steps 125k --eval-every 125"
     " --save-every 12500 --optimiser adam --rate 1e-4 --weight-decay 1e-3" GPT},
    {0},
};

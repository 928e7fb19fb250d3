/* train-rnn - grow a recurrent network on a corpus.
 *
 *     train-rnn -d runs/gru/s0 --cell gru --steps 5000 --eval ood=ood.tsv.zst train.tsv.zst
 *     gen-hmm --name golden-mean -n 1M | train-rnn -d runs/stream --cell lstm --steps 2000 -
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "nn/loop.h"
#include "nn/rnn.h"
#include "train/optimiser_options.h"
#include "train/run_options.h"

/* Sizes as the option table holds them, then the model they ask for. */
struct model_request {
    const char *cell;
    int64_t layers, hidden, dim, max_length;
    bool tied, no_output_bias;
    double dropout, dropout_embedding, dropout_output, label_smoothing, forget_bias;
};

static struct model *make_model(void *context, int vocabulary, struct err *err) {
    const struct model_request *q = context;
    struct rnn_config config = {
        .vocabulary = vocabulary,
        .dim = (int)q->dim,
        .hidden = (int)q->hidden,
        .layers = (int)q->layers,
        .max_length = (int)q->max_length,
        .cell = (enum cell)setting_choice(rnn_cells, q->cell),
        .shape = SHAPE_DECODER,
        .objective = OBJECTIVE_ALL,
        .tied = q->tied,
        .output_bias = !q->no_output_bias,
        .dropout = q->dropout,
        .dropout_embedding = q->dropout_embedding,
        .dropout_output = q->dropout_output,
        .label_smoothing = q->label_smoothing,
        .forget_bias = q->forget_bias,
    };
    return model_new(&rnn_architecture, &config, err);
}

static const struct opt_preset presets[] = {
    {"ahuja2025-gru",
     "Ahuja et al. 2025 (arXiv:2404.16367), section 3: the GRU language model, 2 layers; width and "
     "steps as of their transformers",
     "--cell gru --layers 2 --hidden 512 --tied --batch 8 --steps 300000 --optimiser adam --rate "
     "1e-3"},
    {"hewitt2020",
     "Hewitt et al. 2020 (arXiv:2010.07515): the LSTM for Dyck-(8,3), 3 m log k - m units",
     "--cell lstm --layers 1 --hidden 24 --dim 26 --batch 10 --optimiser adam --rate 0.01 --warmup "
     "0 --decay constant"},
    {"xie2021-lstm", "Xie et al. 2021 (arXiv:2111.02080): the LSTM for GINC, 6 layers of 768",
     "--cell lstm --layers 6 --hidden 768 --rate 1e-3"},
    {NULL},
};

int main(int argc, char **argv) {
    struct model_request model = {.cell = "lstm", .layers = 1, .hidden = 128, .max_length = 256};
    struct run_options run = run_options_default;
    struct optimiser_options optimiser = optimiser_options_default;
    const struct opt model_rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_CHOICE, 0, "cell", &model.cell, "kind", "recurrent cell, as PyTorch defines it",
         .choices = rnn_cells},
        {OPT_COUNT, 0, "layers", &model.layers, "count", "recurrent layers", 1, 1000},
        {OPT_COUNT, 0, "hidden", &model.hidden, "count", "units of a layer", 1, 16384},
        {OPT_COUNT, 0, "dim", &model.dim, "count", "width of the embeddings [--hidden]", 1, 65536},
        {OPT_FLAG, 0, "tied", &model.tied, NULL,
         "the output matrix is the embedding (with a projection when --dim is not --hidden)"},
        {OPT_FLAG, 0, "no-output-bias", &model.no_output_bias, NULL, "no bias of the logits"},
        {OPT_NUMBER, 0, "dropout", &model.dropout, "share", "between layers", 0, 0.999},
        {OPT_NUMBER, 0, "dropout-embedding", &model.dropout_embedding, "share", "of the embeddings",
         0, 0.999},
        {OPT_NUMBER, 0, "dropout-output", &model.dropout_output, "share",
         "of the states that are read out", 0, 0.999},
        {OPT_NUMBER, 0, "label-smoothing", &model.label_smoothing, "share",
         "of the target's probability, spread over all words", 0, 0.999},
        {OPT_NUMBER, 0, "forget-bias", &model.forget_bias, "number",
         "an LSTM's forget gates begin with this bias [drawn like the others]", 0, 1000},
        {OPT_COUNT, 0, "max-length", &model.max_length, "tokens", "longest sequence", 2, 1048576},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "train-rnn",
        .summary = "Train a recurrent network as a language model; the same command continues a "
                   "run that was stopped.",
        .operands = "-d FOLDER [OPTION]... CORPUS...",
        .more = "A corpus of - is standard input: streamed once, in its order, if its header\n"
                "names the vocabulary, as that of gen-grammar does.\n"
                "Initial values are PyTorch's: uniform on +-1/sqrt(--hidden) in the layers.\n"
                "Examples:\n"
                "  train-rnn -d runs/gru --cell gru --eval ood=ood.tsv.zst train.tsv.zst\n"
                "  gen-grammar grammars/question.gr -n 1M |\n"
                "    train-rnn -d runs/stream --steps 2000 -\n"
                "Exit status: 0 done, 64 usage, 65 bad data, 66 no input, 70 the loss is not\n"
                "finite, 73 or 74 cannot write, 75 stopped by a signal: run again to resume.\n",
        .least_operands = 1,
        .most_operands = -1,
        .presets = presets,
    };
    struct options table = {0};
    run_options_add(&table, &run);
    options_add(&table, model_rows);
    optimiser_add_options(&table, &optimiser);
    options_add_configuration(&table, &tool);
    tool.options = table.items;
    int n_corpora;
    char **corpora = opt_parse(&tool, argc, argv, &n_corpora);
    run_options_finish(&run, &tool, model_rows);
    struct err err = {0};
    if (optimiser_options_read(&optimiser, &tool, run.steps, &err) != 0)
        msg_die_err(&err);
    if (strcmp(model.cell, "lstm") != 0)
        opt_means_nothing(&tool, "forget-bias", "without --cell lstm");
    if (model.layers == 1)
        opt_means_nothing(&tool, "dropout", "with one layer");
    if (!model.dim)
        model.dim = model.hidden;
    opt_show_config(&tool);
    struct loop_request request = {
        .corpora = (const char *const *)corpora,
        .n_corpora = n_corpora,
        .max_length = (int)model.max_length,
        .optim = optimiser.optim,
        .schedule = optimiser.schedule,
        .tool = &tool,
        .argc = argc,
        .argv = argv,
        .make_model = make_model,
        .context = &model,
    };
    run_options_fill(&run, &request);
    enum status status = loop_run(&request, &err);
    free(corpora);
    optimiser_options_free(&optimiser);
    options_free(&table);
    run_options_free(&run);
    if (status != STATUS_OK)
        msg_die_err(&err);
    return STATUS_OK;
}

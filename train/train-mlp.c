/* train-mlp - grow a multilayer perceptron on vectors: words at fixed places, or real numbers.
 *
 *     gen-modular + -p 97 --symbol '' --equals '' --train-fraction .5 -o train.zst
 *     train-mlp --preset gromov2023 -d runs/add --steps 200 --eval test=test.zst train.zst
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/mlp.h"
#include "train/trainer.h"

/* The model as the option table holds it. */
struct request {
    const char *input, *hidden, *activation, *loss;
    int64_t embedding, base_width;
    bool table_of_place, bias, signs;
    double dropout, smoothing;
};

/* "200,200" to a list; '' or 'none': no hidden layer. */
static int read_widths(const char *text, struct setting_list *to, struct err *err) {
    to->n = 0;
    if (strcmp(text, "none") == 0)
        return 0;
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ",");
        char word[24], *end;
        snprintf(word, sizeof word, "%.*s", len < 20 ? (int)len : 20, at);
        long width = strtol(word, &end, 10);
        if (end == word || *end || width < 1 || width > 1 << 20 || (at[len] && !at[len + 1]))
            return err_set(err, STATUS_USAGE,
                           "--hidden %s: write the widths of the hidden layers, joined by commas, "
                           "or none",
                           text);
        if (to->n == SETTING_LIST_MOST)
            return err_set(err, STATUS_USAGE, "--hidden: more than %d layers", SETTING_LIST_MOST);
        to->item[to->n++] = (int)width;
        at += len + (at[len] == ',');
    }
    return 0;
}

static struct model *make_model(void *context, const struct feed *feed, struct err *err) {
    const struct request *q = context;
    struct feed_facts facts = feed_facts(feed);
    bool values = feed_layout(feed)->objective == OBJECTIVE_VALUE;
    struct mlp_config c = {
        .input = (enum mlp_input)setting_choice(mlp_inputs, q->input),
        .embedding = (int)q->embedding,
        .table_of_place = q->table_of_place,
        .scale = q->signs ? 2 : 1,
        .shift = q->signs ? -1 : 0,
        .activation = (enum mlp_activation)setting_choice(mlp_activations, q->activation),
        .bias = q->bias,
        .dropout = q->dropout,
        .outputs = values ? facts.outputs : (int)facts.classes,
        .values = values,
        .loss = (enum loss)setting_choice(loss_names, q->loss),
        .smoothing = q->smoothing,
        .base_width = (int)q->base_width,
    };
    if (c.input == MLP_FEATURES) {
        c.features = facts.features;
    } else {
        c.vocabulary = (int)facts.vocabulary;
        c.places = facts.tokens;
    }
    if (read_widths(q->hidden, &c.hidden, err) != 0)
        return NULL;
    return model_new(&mlp_architecture, &c, err);
}

/* Whether words or numbers are read, and where they stand. */
static int choose_input(struct request *q, struct opt_tool *tool, struct trainer_options *o,
                        struct err *err) {
    struct columns *columns = &o->data.columns;
    if (columns->features && columns->source)
        return err_set(err, STATUS_USAGE,
                       "a perceptron reads the words of --source or the numbers of --features, not "
                       "both");
    if (columns->features && !opt_find(tool, "input")->given)
        q->input = mlp_inputs[MLP_FEATURES];
    bool features = setting_choice(mlp_inputs, q->input) == MLP_FEATURES;
    if (!features && columns->features)
        return err_set(err, STATUS_USAGE, "--features means nothing with --input %s", q->input);
    if (features && !columns->features) {
        columns->features = columns->source ? columns->source : "source";
        columns->source = NULL;
    }
    if (!features) {
        opt_means_nothing(tool, "signs", "without --input features");
        opt_means_nothing(tool, "no-bos", "in a perceptron, which reads no marks");
        opt_means_nothing(tool, "no-eos", "in a perceptron, which reads no marks");
        o->data.no_bos = o->data.no_eos = true;
    }
    if (setting_choice(mlp_inputs, q->input) != MLP_EMBEDDING) {
        opt_means_nothing(tool, "embedding", "without --input embedding");
        opt_means_nothing(tool, "table-of-place", "without --input embedding");
    }
    return 0;
}

static int check_loss(struct request *q, struct opt_tool *tool, bool values, struct err *err) {
    if (values && !opt_find(tool, "loss")->given)
        q->loss = loss_names[LOSS_MSE];
    int loss = setting_choice(loss_names, q->loss);
    if (loss > LOSS_STABLEMAX)
        opt_means_nothing(tool, "label-smoothing",
                          loss == LOSS_MSE           ? "with --loss mse"
                          : loss == LOSS_HALF_SQUARE ? "with --loss half-square"
                          : loss == LOSS_HINGE       ? "with --loss hinge"
                                                     : "with --loss logistic");
    else if (values)
        return err_set(err, STATUS_USAGE,
                       "--loss %s needs classes; of values choose mse, half-square, hinge or "
                       "logistic",
                       q->loss);
    return 0;
}

static void defaults(void *context, struct trainer_options *o) {
    (void)context;
    o->data.objective = layout_objectives[OBJECTIVE_CLASS];
    o->optimiser.init = init_scheme_names[INIT_PYTORCH];
}

static int finish(void *context, struct opt_tool *tool, struct trainer_options *o,
                  struct data_limits *limits, struct err *err) {
    struct request *q = context;
    struct setting_list widths;
    bool values = strcmp(o->data.objective, layout_objectives[OBJECTIVE_VALUE]) == 0;
    if (!values && strcmp(o->data.objective, layout_objectives[OBJECTIVE_CLASS]) != 0)
        return err_set(err, STATUS_USAGE,
                       "a perceptron predicts a class or values, not --objective %s",
                       o->data.objective);
    if (read_widths(q->hidden, &widths, err) != 0 || choose_input(q, tool, o, err) != 0 ||
        check_loss(q, tool, values, err) != 0)
        return -1;
    if (!widths.n) {
        opt_means_nothing(tool, "activation", "without --hidden");
        opt_means_nothing(tool, "dropout", "without --hidden");
    }
    q->base_width = o->optimiser.base_width;
    limits->shape = SHAPE_ENCODER;
    limits->same_length = true;
    return 0;
}

/* What a paper does not say, and where it is from. Gromov, Prieto et al., Chughtai et al.: as in
 * their code; Gromov's own paper trains with plain gradient descent too. prieto2025-adamw and
 * liu2022-omnigrok are recipes of this size that are known to grok (p = 113, 40 % of the pairs:
 * near epoch 500; p = 59, initial scales 2, 4, 8: 2,600 to 4,500), not runs of the papers, whose
 * Omnigrok network for addition is that of nanda2023. Barak et al. vary width, rate, batch and
 * loss: these are one choice of theirs that learns 3 of 30 bits in 1,000 steps. Hu et al.: the
 * configuration of the code, of 40 bits; their table says 128 hidden units. cohen2021-chebyshev:
 * 20 points of T5, a size at which the sharpness settles at 2 / rate. Saxe et al. and Kunin et al.
 * treat the limit of small rates and initial values: widths and rates here are examples. */
static const struct opt_preset presets[] = {
    {"gromov2023",
     "Gromov 2023 (arXiv:2301.02679) in the code of Doshi et al. 2023 (arXiv:2310.13061): a "
     "quadratic network on modular addition",
     "--input one-hot --hidden 500 --activation quadratic --no-bias --loss mse --full-batch "
     "--init gromov --optimiser adamw --rate 0.01 --decay constant --warmup 0 --clip 0 "
     "--beta1 0.9 --beta2 0.98 --epsilon 1e-8 --weight-decay 0 --steps 2000"},
    {"prieto2025-perpgrad",
     "Prieto et al. 2025 (arXiv:2501.04697): modular addition, gradients orthogonal to the weights",
     "--input one-hot --hidden 200,200 --activation relu --no-bias --loss cross-entropy "
     "--full-batch --init pytorch --optimiser adamw --orthogonal --rate 0.01 --decay constant "
     "--warmup 0 --clip 0 --beta1 0.9 --beta2 0.99 --epsilon 1e-25 --weight-decay 0 --steps 300"},
    {"prieto2025-stablemax", "the same paper: StableMax in place of softmax",
     "--input one-hot --hidden 200,200 --activation relu --no-bias --loss stablemax "
     "--full-batch --init pytorch --optimiser adamw --rate 0.01 --decay constant "
     "--warmup 0 --clip 0 --beta1 0.9 --beta2 0.99 --epsilon 1e-25 --weight-decay 0 "
     "--steps 100000"},
    {"prieto2025-adamw", "beside the same paper: a baseline with weight decay",
     "--input one-hot --hidden 200,200 --activation relu --no-bias --loss cross-entropy-double "
     "--full-batch --init pytorch --optimiser adamw --rate 0.01 --decay constant "
     "--warmup 0 --clip 0 --beta1 0.9 --beta2 0.99 --epsilon 1e-25 --weight-decay 1 "
     "--steps 3000"},
    {"liu2022-omnigrok",
     "Liu et al. 2023 (Omnigrok, arXiv:2210.01117): the dial of the initial scale, here on modular "
     "addition with two hidden layers",
     "--input one-hot --hidden 200,200 --activation relu --no-bias --loss cross-entropy-double "
     "--full-batch --init pytorch --init-scale 4 --optimiser adamw --rate 0.003 --decay constant "
     "--warmup 0 --clip 0 --beta1 0.9 --beta2 0.98 --epsilon 1e-8 --weight-decay 1 --steps 10000"},
    {"chughtai2023",
     "Chughtai et al. 2023 (arXiv:2302.03025): composition in a group, an embedding for each place",
     "--input embedding --embedding 256 --table-of-place --hidden 128 --activation relu --no-bias "
     "--loss cross-entropy-double --full-batch --init fan-in --optimiser adamw --rate 1e-3 "
     "--decay constant --warmup 0 --clip 0 --beta1 0.9 --beta2 0.98 --epsilon 1e-8 "
     "--weight-decay 1 --steps 250000"},
    {"barak2022",
     "Barak et al. 2022 (arXiv:2207.08799): sparse parity, fresh examples, hinge loss, SGD",
     "--input features --objective value --hidden 100 --activation relu --bias --loss hinge "
     "--init pytorch --optimiser sgd --momentum 0 --batch 32 --rate 0.1 --decay constant "
     "--warmup 0 --clip 0 --weight-decay 0 --steps 5000"},
    {"hu2023",
     "Hu et al. 2023 (arXiv:2308.09543): sparse parity of 1,000 examples, hinge loss, SGD",
     "--input features --objective value --hidden 1000 --activation relu --bias --loss hinge "
     "--init pytorch --optimiser sgd --momentum 0 --batch 32 --rate 0.1 --decay constant "
     "--warmup 0 --clip 0 --weight-decay 0.01 --steps 9375"},
    {"cohen2021-chebyshev",
     "Cohen et al. 2021 (arXiv:2103.00065): full-batch gradient descent on a Chebyshev polynomial",
     "--input features --objective value --hidden 100,100 --activation tanh --bias --loss "
     "half-square --full-batch --init pytorch --optimiser sgd --momentum 0 --rate 0.1 --decay "
     "constant --warmup 0 --clip 0 --weight-decay 0 --steps 24000"},
    {"saxe2014", "Saxe et al. 2014 (arXiv:1312.6120): a deep linear network from a small start",
     "--input features --objective value --hidden 32 --activation linear --no-bias --loss "
     "half-square --full-batch --init orthogonal --init-scale 0.03 --optimiser sgd --momentum 0 "
     "--rate 0.01 --decay constant --warmup 0 --clip 0 --weight-decay 0 --steps 2000"},
    {"kunin2025",
     "Kunin et al. 2025 (arXiv:2506.06489): a quadratic network on modular addition from a "
     "vanishing start, gradient descent",
     "--input one-hot --hidden 64 --activation quadratic --no-bias --loss half-square --full-batch "
     "--init normal --init-deviation 0.001 --optimiser sgd --momentum 0 --rate 0.1 --decay "
     "constant --warmup 0 --clip 0 --weight-decay 0 --steps 100000"},
    {NULL},
};

int main(int argc, char **argv) {
    struct request q = {.input = "one-hot",
                        .hidden = "128",
                        .activation = "relu",
                        .loss = "cross-entropy",
                        .bias = true};
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The model"},
        {OPT_CHOICE, 0, "input", &q.input, "kind",
         "the words of the source, of which every example has as many, as joined one-hot vectors "
         "or embeddings; or numbers",
         .choices = mlp_inputs},
        {OPT_COUNT, 0, "embedding", &q.embedding, "width", "of a word's embedding", 1, 65536},
        {OPT_FLAG, 0, "table-of-place", &q.table_of_place, NULL,
         "a table of embeddings for each place"},
        {OPT_TEXT, 0, "hidden", &q.hidden, "widths",
         "of the hidden layers, as 200,200; none: a linear map"},
        {OPT_FLAG, 0, "signs", &q.signs, NULL, "read the features 0 and 1 as -1 and 1 (2x - 1)"},
        {OPT_CHOICE, 0, "activation", &q.activation, "kind", "after each hidden layer",
         .choices = mlp_activations},
        {OPT_FLAG, 0, "bias", &q.bias, NULL, "biases in every layer (--no-bias: none)"},
        {OPT_NUMBER, 0, "dropout", &q.dropout, "share", "of the hidden units", 0, 0.999999},
        {OPT_CHOICE, 0, "loss", &q.loss, "kind",
         "mse is the mean over outputs, half-square half their sum; of classes they take one-hot "
         "vectors, hinge and logistic one against the rest; -double computes softmax and logarithm "
         "in double",
         .choices = loss_names},
        {OPT_NUMBER, 0, "label-smoothing", &q.smoothing, "share", "spread over all classes", 0,
         0.999999},
        {OPT_END},
    };
    return trainer_main(
        &(struct trainer){
            .name = "train-mlp",
            .summary = "Train a multilayer perceptron on vectors; the same command continues a run "
                       "that was stopped.",
            .more =
                "The words of a source stand at fixed places, so words that never vary, such as\n"
                "the operator, are best left out of the corpus (--symbol '' --equals '').\n"
                "Examples:\n"
                "  gen-modular + -p 97 --symbol '' --equals '' --train-fraction .5 -o a.zst\n"
                "  gen-modular + -p 97 --symbol '' --equals '' --train-fraction .5 --part test \\\n"
                "    -o b.zst\n"
                "  train-mlp --preset gromov2023 -d runs/add --steps 200 --eval test=b.zst a.zst\n"
                "  gen-parity --alphabet signs --bits 0,1,2 --samples 1000 -n 1000 -o train.zst\n"
                "  train-mlp --preset hu2023 -d runs/parity train.zst\n",
            .rows = rows,
            .presets = presets,
            .context = &q,
            .defaults = defaults,
            .finish = finish,
            .make_model = make_model,
        },
        argc, argv);
}

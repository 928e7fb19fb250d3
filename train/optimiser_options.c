#include "train/optimiser_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* In the order of the enumerations. */
static const char *const optimisers[] = {"adamw", "adam", "sgd", NULL};
static const char *const decays[] = {"constant", "linear", "cosine", "inverse-root",
                                     "triangle", "steps",  NULL};
static const char *const decay_ons[] = {"all", "matrices", "linear", NULL};
static const char *const filters[] = {"none", "ema", "mean", NULL};
static const char *const norms[] = {"none", "global", "tensor", NULL};
static const char *const averages[] = {"none", "ema", "mean", NULL};

const struct optimiser_options optimiser_options_default = {
    .optim = OPTIM_DEFAULT,
    .schedule = {.kind = SCHEDULE_LINEAR, .peak = 1e-3, .cycle_growth = 1, .factor = 0.1},
    .initial = INIT_DEFAULT,
    .optimiser = "adamw",
    .decay = "linear",
    .decay_on = "all",
    .filter = "none",
    .norm = "none",
    .average = "none",
    .init = "xavier-uniform",
};

void optimiser_add_options(struct options *table, struct optimiser_options *o) {
    struct optim_config *c = &o->optim;
    struct schedule *s = &o->schedule;
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The learning rate"},
        {OPT_NUMBER, 0, "rate", &s->peak, "rate", "peak learning rate", 0, INFINITY},
        {OPT_COUNT, 0, "warmup", &s->warmup, "steps", "linear warm-up [a twentieth of --steps]", 0,
         1e12},
        {OPT_CHOICE, 0, "decay", &o->decay, "kind", "after the warm-up", .choices = decays},
        {OPT_NUMBER, 0, "final-fraction", &s->final_fraction, "fraction",
         "of the peak rate, reached at the last step (which with 0 changes nothing any more)", 0,
         1},
        {OPT_COUNT, 0, "cycle", &s->cycle, "steps",
         "linear, cosine, triangle: begin anew from the peak after so many steps; 0: one cycle", 0,
         1e12},
        {OPT_COUNT, 0, "cycle-growth", &s->cycle_growth, "factor",
         "each cycle is so many times as long as the one before", 1, 1e6},
        {OPT_COUNT, 0, "decay-every", &s->every, "steps",
         "steps: change the rate after each so many steps", 0, 1e12},
        {OPT_NUMBER, 0, "decay-factor", &s->factor, "factor", "steps: by this factor", 0, 1e6},
        {OPT_GROUP, .help = "The optimiser"},
        {OPT_CHOICE, 0, "optimiser", &o->optimiser, "kind",
         "as torch.optim's; weight decay is decoupled in adamw, an L2 penalty in the others",
         .choices = optimisers},
        {OPT_NUMBER, 0, "clip", &c->clip, "norm", "largest gradient norm; 0: no clipping", 0,
         INFINITY},
        {OPT_NUMBER, 0, "clip-value", &c->clip_value, "size",
         "largest size of each number of the gradient, in place of --clip; 0: any", 0, INFINITY},
        {OPT_NUMBER, 0, "beta1", &c->beta1, "number", "decay of the mean gradient", 0, 0.999999},
        {OPT_NUMBER, 0, "beta2", &c->beta2, "number", "decay of the mean square", 0, 0.9999999},
        {OPT_NUMBER, 0, "epsilon", &c->epsilon, "number", "added to the root", 0, 1},
        {OPT_NUMBER, 0, "momentum", &c->momentum, "number", "of sgd; 0: none", 0, 1},
        {OPT_FLAG, 0, "nesterov", &c->nesterov, NULL, "Nesterov's form of the momentum"},
        {OPT_NUMBER, 0, "weight-decay", &c->weight_decay, "number", "weight decay", 0, 1e6},
        {OPT_NUMBER, 0, "l1", &c->l1, "number", "L1 penalty", 0, 1e6},
        {OPT_CHOICE, 0, "weight-decay-on", &o->decay_on, "tensors",
         "what decays, and has the L1 penalty: all tensors; matrices and embeddings; matrices "
         "alone",
         .choices = decay_ons},
        {OPT_LIST, 0, "group", &o->groups, "pattern:key=value,...",
         "tensors treated otherwise, by a shell pattern on their names or by @ROLE; keys: rate (a "
         "factor), decay, init, scale; may be given often"},
        {OPT_GROUP, .help = "Beside the optimiser"},
        {OPT_CHOICE, 0, "filter", &o->filter, "kind",
         "amplify slow gradients (Grokfast): add their moving average or windowed mean",
         .choices = filters},
        {OPT_NUMBER, 0, "filter-lambda", &c->filter_lambda, "factor", "times so much", 0, 1e6},
        {OPT_NUMBER, 0, "filter-alpha", &c->filter_alpha, "number", "ema: its decay", 0, 1},
        {OPT_COUNT, 0, "filter-window", &c->filter_window, "steps",
         "mean: its length; keeps so many gradients", 1, 10000},
        {OPT_FLAG, 0, "orthogonal", &c->orthogonal, NULL,
         "take from each tensor's gradient its part along the weights"},
        {OPT_CHOICE, 0, "norm-projection", &o->norm, "kind",
         "after each step bring the norm of all weights, or of each tensor, back to its first "
         "value",
         .choices = norms},
        {OPT_NUMBER, 0, "norm-factor", &c->norm_factor, "factor", "times so much", 1e-9, 1e9},
        {OPT_CHOICE, 0, "average", &o->average, "kind",
         "average the weights for evaluation: exponentially, or equally (SWA)",
         .choices = averages},
        {OPT_NUMBER, 0, "average-decay", &c->average_decay, "number", "ema: its decay", 0,
         0.999999999},
        {OPT_COUNT, 0, "average-from", &c->average_from, "step", "the first step that counts", 1,
         1e12},
        {OPT_COUNT, 0, "average-every", &c->average_every, "steps", "and from one to the next", 1,
         1e12},
        {OPT_END},
    };
    options_add(table, rows);
}

void init_add_options(struct options *table, struct optimiser_options *o) {
    struct init_config *c = &o->initial;
    const struct opt rows[] = {
        {OPT_GROUP, .help = "The initial values"},
        {OPT_CHOICE, 0, "init", &o->init, "scheme", "of all tensors", .choices = init_scheme_names},
        {OPT_NUMBER, 0, "init-deviation", &c->deviation, "number",
         "standard deviation of normal, truncated, gpt2", 0, 1e6},
        {OPT_NUMBER, 0, "init-scale", &c->scale, "factor", "multiplies every initial value", 0,
         1e6},
        {OPT_FLAG, 0, "divide-residual", &c->divide_residual, NULL,
         "divide the last matrices of residual branches by the root of their number"},
        {OPT_FLAG, 0, "zero-readout", &c->zero_readout, NULL, "begin with a read-out of zeros"},
        {OPT_FLAG, 0, "zero-query", &c->zero_query, NULL, "begin with attention's queries at zero"},
        {OPT_COUNT, 0, "base-width", &o->base_width, "width",
         "maximal-update parametrisation: initial values, rates and the read-out's factor as of a "
         "model of this width; 0: none",
         0, 1e9},
        {OPT_END},
    };
    options_add(table, rows);
}

static int place(const char *const *names, const char *name) {
    int i = 0;
    while (names[i] && strcmp(names[i], name) != 0)
        i++;
    return i;
}

/* Names that end with NULL. */
static void mean_nothing(struct opt_tool *tool, const char *why, const char *const *names) {
    for (; *names; names++)
        opt_means_nothing(tool, *names, why);
}
#define MEAN_NOTHING(tool, why, ...)                                                               \
    mean_nothing(tool, why, (const char *const[]){__VA_ARGS__, NULL})

static void refuse_idle_rates(const struct optimiser_options *o, struct opt_tool *tool) {
    const struct schedule *s = &o->schedule;
    bool cyclic = s->kind == SCHEDULE_LINEAR || s->kind == SCHEDULE_COSINE ||
                  s->kind == SCHEDULE_TRIANGLE;
    if (!cyclic)
        MEAN_NOTHING(tool,
                     s->kind == SCHEDULE_CONSTANT       ? "with --decay constant"
                     : s->kind == SCHEDULE_INVERSE_ROOT ? "with --decay inverse-root"
                                                        : "with --decay steps",
                     "final-fraction", "cycle", "cycle-growth");
    else if (!s->cycle)
        MEAN_NOTHING(tool, "without --cycle", "cycle-growth");
    if (s->kind != SCHEDULE_STEPS)
        MEAN_NOTHING(tool, "without --decay steps", "decay-every", "decay-factor");
}

static void refuse_idle_optimiser(const struct optimiser_options *o, struct opt_tool *tool) {
    const struct optim_config *c = &o->optim;
    if (c->kind == OPTIMISER_SGD)
        MEAN_NOTHING(tool, "with --optimiser sgd", "beta1", "beta2", "epsilon");
    else
        MEAN_NOTHING(tool, "without --optimiser sgd", "momentum", "nesterov");
    if (c->weight_decay == 0 && c->l1 == 0)
        MEAN_NOTHING(tool, "without --weight-decay or --l1", "weight-decay-on");
    if (c->filter == FILTER_NONE)
        MEAN_NOTHING(tool, "without --filter", "filter-lambda");
    if (c->filter != FILTER_EMA)
        MEAN_NOTHING(tool, "without --filter ema", "filter-alpha");
    if (c->filter != FILTER_MEAN)
        MEAN_NOTHING(tool, "without --filter mean", "filter-window");
    if (c->norm == NORM_FREE)
        MEAN_NOTHING(tool, "without --norm-projection", "norm-factor");
    if (c->average != AVERAGE_EMA)
        MEAN_NOTHING(tool, "without --average ema", "average-decay");
    if (c->average == AVERAGE_NONE)
        MEAN_NOTHING(tool, "without --average", "average-from", "average-every");
}

static void refuse_idle_init(const struct optimiser_options *o, struct opt_tool *tool) {
    const struct init_config *c = &o->initial;
    bool deviation = c->scheme == INIT_NORMAL || c->scheme == INIT_TRUNCATED ||
                     c->scheme == INIT_GPT2;
    for (size_t g = 0; g < c->n_groups; g++)
        if (c->groups[g].has_init)
            deviation |= c->groups[g].init == INIT_NORMAL || c->groups[g].init == INIT_TRUNCATED ||
                         c->groups[g].init == INIT_GPT2;
    if (!deviation)
        MEAN_NOTHING(tool, "without --init normal, truncated or gpt2", "init-deviation");
    if (c->scheme == INIT_GPT2)
        MEAN_NOTHING(tool, "with --init gpt2, which does so", "divide-residual");
}

static int read_groups(struct optimiser_options *o, const struct opt_tool *tool, struct err *err) {
    o->group = mem_alloc(o->groups.n, sizeof *o->group);
    for (size_t i = 0; i < o->groups.n; i++) {
        struct param_group *g = &o->group[i];
        if (param_group_read(o->groups.items[i], g, err) != 0)
            return -1;
        if ((g->has_init || g->has_scale) && !opt_find(tool, "init"))
            return err_set(err, STATUS_USAGE,
                           "--group '%s': the keys init and scale mean nothing in this tool",
                           o->groups.items[i]);
    }
    o->optim.groups = o->initial.groups = o->group;
    o->optim.n_groups = o->initial.n_groups = o->groups.n;
    return 0;
}

int optimiser_options_branch(const struct optimiser_options *o, struct opt_tool *tool,
                             struct err *err) {
    const char *const why = "with --branch, whose weights are the parent's";
    for (size_t g = 0; g < o->initial.n_groups; g++)
        if (o->group[g].has_init || o->group[g].has_scale)
            return err_set(err, STATUS_USAGE,
                           "--group '%s': the keys init and scale mean nothing %s",
                           o->groups.items[g], why);
    MEAN_NOTHING(tool, why, "init", "init-deviation", "init-scale", "divide-residual",
                 "zero-readout", "zero-query");
    return 0;
}

int optimiser_options_read(struct optimiser_options *o, struct opt_tool *tool, int64_t steps,
                           struct err *err) {
    o->optim.kind = (enum optimiser)place(optimisers, o->optimiser);
    o->optim.decay_on = (enum decay_on)place(decay_ons, o->decay_on);
    o->optim.filter = (enum filter_kind)place(filters, o->filter);
    o->optim.norm = (enum norm_projection)place(norms, o->norm);
    o->optim.average = (enum average_kind)place(averages, o->average);
    o->schedule.kind = (enum schedule_kind)place(decays, o->decay);
    o->initial.scheme = (enum init_scheme)place(init_scheme_names, o->init);
    o->optim.base_width = o->initial.base_width = (double)o->base_width;
    o->schedule.total = steps;
    if (!opt_find(tool, "warmup")->given)
        o->schedule.warmup = steps / 20;
    if (o->optim.clip_value > 0 && !opt_find(tool, "clip")->given)
        o->optim.clip = 0;
    if (read_groups(o, tool, err) != 0)
        return -1;
    refuse_idle_rates(o, tool);
    refuse_idle_optimiser(o, tool);
    refuse_idle_init(o, tool);
    if (o->optim.average != AVERAGE_NONE && o->optim.average_from > steps)
        return err_set(err, STATUS_USAGE,
                       "--average-from is beyond the last step: there would be no average");
    if (schedule_check(&o->schedule, err) != 0)
        return -1;
    return optim_check(&o->optim, err);
}

void optimiser_options_free(struct optimiser_options *o) {
    free(o->group);
    free(o->groups.items);
    o->group = NULL;
    o->groups = (struct opt_list){0};
}

/* The options of train-transformer that describe the model, and the published models as presets.
 *
 *     struct transformer_options o = transformer_options_default;
 *     options_add(&table, transformer_options(&o));
 *     ... opt_parse ...
 *     transformer_options_finish(&o, &tool, &limits, &err)       (then data_request)
 *     transformer_options_config(&o, layout, vocabulary, classes, base_width, &config) */
#ifndef ESPALIER_TRANSFORMER_OPTIONS_H
#define ESPALIER_TRANSFORMER_OPTIONS_H

#include "lib/opt.h"
#include "nn/transformer.h"
#include "train/data_options.h"

/* Values as the option table holds them. */
struct transformer_options {
    const char *shape, *norm, *positions, *activation, *biases, *output_bias, *final_norm, *readout,
        *attention_scale, *loss;
    int64_t layers, decoder_layers, dim, heads, head_width, feedforward, max_length,
        relative_distance;
    bool attention_only, untied, no_scale, separate_embedding;
    double dropout, dropout_embedding, dropout_attention, dropout_residual, dropout_activation;
    double label_smoothing;
};

/* A decoder of 4 blocks of width 64, as Qin et al. 2025 build theirs, without dropout. */
extern const struct transformer_options transformer_options_default;

/* The rows of the table for *o, in one static array that ends with OPT_END (a later call fills it
 * anew): for a trainer to copy into its own table. */
const struct opt *transformer_options(struct transformer_options *o);

/* After opt_parse: derive what was not given, return what means nothing beside the other options to
 * its default or, where the command line gives it, end with a sentence and exit 64
 * (opt_means_nothing), and say what the model can read. The table's --objective is looked at. -1
 * with *err (STATUS_USAGE): the model cannot be had of such options, whatever the corpora. */
int transformer_options_finish(struct transformer_options *o, struct opt_tool *tool,
                               struct data_limits *limits, struct err *err) NODISCARD;

/* The configuration for corpora of so many words and, with OBJECTIVE_CLASS, classes. base_width: of
 * the maximal-update parametrisation (mup.h), which scales attention and output; 0: none. */
void transformer_options_config(const struct transformer_options *o, const struct layout *layout,
                                int vocabulary, int classes, double base_width,
                                struct transformer_config *config);

/* Published recipes: the model, how its data are laid out, optimiser, initial values and steps.
 * They end with a NULL name. */
extern const struct opt_preset transformer_presets[];

#endif

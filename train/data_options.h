/* The options of a trainer that say what its data are and what is predicted of them. */
#ifndef ESPALIER_DATA_OPTIONS_H
#define ESPALIER_DATA_OPTIONS_H

#include "lib/opt.h"
#include "nn/feed.h"

/* Values as the option table holds them. */
struct data_options {
    const char *objective, *prefix;
    bool no_bos, no_eos;
    double mask_share, mask_random, mask_keep;
    const char *mask_words;
    struct columns columns;
    const char *vocabulary;
    int64_t batch, batch_tokens, pack, window, stride, shuffle_buffer;
    bool full_batch;
    struct opt_list then;
};

/* The defaults: a batch of 32 examples of a language model. */
struct data_options data_options_default(void);

/* The rows of the table for *o, in one static array that ends with OPT_END (a later call fills it
 * anew): for a trainer to copy into its own table. */
enum { DATA_OPTIONS_MOST = 32 };
const struct opt *data_options(struct data_options *o);

/* What the trainer says of its models, for what follows from it. */
struct data_limits {
    enum shape shape;
    int max_length;          /* rows of a sequence; 0: no bound */
    bool same_length;        /* sequences of one length alone */
    const char *words_alone; /* why numbers (--features) mean nothing; NULL: they are read */
    uint64_t seed_order;
};

/* Make the request of the values, once the table of `tool` is parsed: `paths` are its operands. The
 * paths of phases are allocated: data_request_free. An encoder-decoder predicts targets and an
 * encoder masked words where no objective is given. -1: STATUS_USAGE, an option was given that
 * contradicts another or means nothing beside it. */
int data_request(const struct data_options *o, struct opt_tool *tool,
                 const struct data_limits *limits, const char *const *paths, int n_paths,
                 struct feed_request *request, struct err *err) NODISCARD;
void data_request_free(struct feed_request *request);

#endif

#include "nn/transformer.h"

static int check_tokens(const char *what, int count, const int32_t *token, int least, int most,
                        struct err *err) {
    for (int t = 0; t < count; t++)
        if (token[t] < least || token[t] >= most)
            return err_set(err, STATUS_DATA, "%s %d is %d; the model has %d", what, t,
                           (int)token[t], most);
    return 0;
}

static int check_offsets(const char *what, int sequences, const int *offset, int tokens, int most,
                         struct err *err) {
    if (sequences < 0 || !offset || offset[0] != 0 || offset[sequences] != tokens)
        return err_set(err, STATUS_DATA, "the batch's offsets do not cover its tokens");
    for (int s = 0; s < sequences; s++) {
        int64_t n = (int64_t)offset[s + 1] - offset[s];
        if (n < 1 || n > most)
            return err_set(err, STATUS_DATA, "%s %d has %lld tokens; the model reads 1 to %d", what,
                           s, (long long)n, most);
    }
    return 0;
}

static int check_prefixes(const struct batch *b, struct err *err) {
    for (int s = 0; s < b->sequences; s++)
        if (b->prefix[s] < 0 || b->prefix[s] > b->offset[s + 1] - b->offset[s])
            return err_set(err, STATUS_DATA, "sequence %d has a prefix of %d tokens, more than all",
                           s, b->prefix[s]);
    return 0;
}

int transformer_check_batch(const struct transformer_config *c, const struct batch *batch,
                            struct err *err) {
    const struct batch *b = batch;
    if (check_offsets("sequence", b->sequences, b->offset, b->tokens, c->max_length, err) != 0 ||
        check_tokens("token", b->tokens, b->input, 0, c->vocabulary, err) != 0)
        return -1;
    if (b->target && c->objective != OBJECTIVE_CLASS &&
        check_tokens("target", b->tokens, b->target, -1, c->vocabulary, err) != 0)
        return -1;
    if (b->label && c->objective == OBJECTIVE_CLASS &&
        check_tokens("label", b->sequences, b->label, -1, c->classes, err) != 0)
        return -1;
    if (b->prefix && check_prefixes(b, err) != 0)
        return -1;
    if (c->shape != SHAPE_ENCODER_DECODER)
        return 0;
    if (check_offsets("source", b->sequences, b->memory_offset, b->memory_tokens, c->max_length,
                      err) != 0)
        return -1;
    return check_tokens("source token", b->memory_tokens, b->memory, 0, c->vocabulary, err);
}

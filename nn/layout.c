#include "nn/layout.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"
#include "nn/setting.h"

const char *const layout_shapes[] = {"decoder", "encoder", "encoder-decoder", NULL};
const char *const layout_objectives[] = {"all", "target", "masked", "class", "value", NULL};

int layout_check(const struct layout *l, struct err *err) {
    const char *objective = layout_objectives[l->objective];
    if (l->shape == SHAPE_ENCODER && layout_has_words(l))
        return err_set(err, STATUS_USAGE,
                       "an encoder sees what objective '%s' predicts; its objectives are masked, "
                       "class and value",
                       objective);
    if (l->shape != SHAPE_ENCODER && l->objective == OBJECTIVE_MASKED)
        return err_set(err, STATUS_USAGE, "objective 'masked' is an encoder's");
    if (l->shape == SHAPE_ENCODER_DECODER && l->objective != OBJECTIVE_TARGET)
        return err_set(err, STATUS_USAGE,
                       "an encoder-decoder predicts targets: objective 'target', not '%s'",
                       objective);
    if (l->shape == SHAPE_ENCODER_DECODER && !l->bos)
        return err_set(err, STATUS_USAGE, "an encoder-decoder starts its answer from <bos>");
    if (l->bidirectional_prefix && (l->shape != SHAPE_DECODER || l->objective != OBJECTIVE_TARGET))
        return err_set(err, STATUS_USAGE,
                       "a prefix seen in both directions is a decoder's with objective 'target'; "
                       "any other loss would count tokens that are in view");
    if (l->objective == OBJECTIVE_MASKED &&
        !(l->masking.cloze ||
          (l->masking.share > 0 && l->masking.share <= 1 && l->masking.random >= 0 &&
           l->masking.keep >= 0 && l->masking.random + l->masking.keep <= 1)))
        return err_set(err, STATUS_USAGE,
                       "the share of masked words must be in (0, 1], and the parts replaced at "
                       "random and kept sum to at most 1");
    return 0;
}

size_t layout_rows(const struct layout *l, size_t n_source, size_t n_target) {
    size_t marks = (size_t)l->bos + l->eos, all = marks + n_source + n_target;
    if (layout_is_whole(l))
        return marks + n_source;
    if (l->shape == SHAPE_ENCODER)
        return all;
    all -= l->shape == SHAPE_ENCODER_DECODER ? n_source : 0;
    return all ? all - 1 : 0;
}

size_t layout_memory_rows(const struct layout *l, size_t n_source) {
    return l->shape == SHAPE_ENCODER_DECODER ? n_source + l->eos : 0;
}

int64_t layout_place(const struct layout *l, size_t n_source, size_t k) {
    int64_t place = (int64_t)(l->bos + k);
    if (l->shape != SHAPE_ENCODER_DECODER)
        place += (int64_t)n_source;
    return l->objective == OBJECTIVE_MASKED ? place : place - 1;
}

int layout_check_example(const struct layout *l, size_t n_source, size_t n_target,
                         struct err *err) {
    size_t words = n_source + n_target, n = 1;
    if (l->shape == SHAPE_ENCODER_DECODER && n_source + l->eos == 0)
        return err_set(err, STATUS_DATA, "the source is empty: the encoder has nothing to read");
    if (l->objective == OBJECTIVE_ALL)
        n = words + l->eos - (l->bos || !words ? 0 : 1);
    else if (l->objective == OBJECTIVE_TARGET)
        n = n_target + l->eos - (layout_place(l, n_source, 0) < 0 && n_target + l->eos ? 1 : 0);
    else if (l->objective == OBJECTIVE_MASKED)
        n = words;
    else if (n_source + l->bos + l->eos == 0)
        return err_set(err, STATUS_DATA, "the source is empty: there is nothing to read");
    if (n == 0 || (layout_has_words(l) && layout_rows(l, n_source, n_target) == 0))
        return err_set(err, STATUS_DATA, "there is no token to predict");
    return 0;
}

struct layout layout_default(void) {
    return (struct layout){.bos = true,
                           .eos = true,
                           .masking = {.share = 0.15, .random = 0.1, .keep = 0.1},
                           .token_bos = 0,
                           .token_eos = 1,
                           .token_mask = -1};
}

char *layout_text(const struct layout *l) {
    struct buf b = {0};
    buf_printf(&b, "shape=%s objective=%s bos=%d eos=%d prefix=%s", layout_shapes[l->shape],
               layout_objectives[l->objective], l->bos, l->eos,
               l->bidirectional_prefix ? "bidirectional" : "causal");
    if (l->objective == OBJECTIVE_MASKED)
        buf_printf(&b, " share=%.17g random=%.17g keep=%.17g", l->masking.share, l->masking.random,
                   l->masking.keep);
    return b.data;
}

/* Set what KEY=VALUE says; false when it says nothing. */
static bool read_pair(struct layout *l, const char *key, const char *value) {
    static const char *const flags[] = {"0", "1", NULL}, *const prefixes[] = {
                                                             "causal", "bidirectional", NULL};
    const struct {
        const char *key;
        const char *const *choices;
    } keys[] = {{"shape", layout_shapes},
                {"objective", layout_objectives},
                {"bos", flags},
                {"eos", flags},
                {"prefix", prefixes}};
    for (int i = 0; i < 5; i++) {
        if (strcmp(key, keys[i].key) != 0)
            continue;
        int n = setting_choice(keys[i].choices, value);
        if (n < 0)
            return false;
        if (i == 0)
            l->shape = (enum shape)n;
        else if (i == 1)
            l->objective = (enum objective)n;
        else
            *(i == 2 ? &l->bos : i == 3 ? &l->eos : &l->bidirectional_prefix) = n;
        return true;
    }
    double *number = strcmp(key, "share") == 0    ? &l->masking.share
                     : strcmp(key, "random") == 0 ? &l->masking.random
                     : strcmp(key, "keep") == 0   ? &l->masking.keep
                                                  : NULL;
    return number && opt_read_number(value, number) == 0;
}

int layout_read(const char *text, struct layout *l, struct err *err) {
    *l = layout_default();
    char *copy = mem_strdup(text), *rest = copy, *word;
    int result = 0;
    while (result == 0 && (word = strtok_r(rest, " ", &rest))) {
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        if (!value || !read_pair(l, word, value))
            result = err_set(err, STATUS_DATA, "a layout may not say '%s%s%s'", word,
                             value ? "=" : "", value ? value : "");
    }
    free(copy);
    if (result == 0 && layout_check(l, err) != 0) {
        if (err)
            err->status = STATUS_DATA;
        result = -1;
    }
    return result;
}

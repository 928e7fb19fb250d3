#include "nn/perturb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/opt.h"
#include "lib/rng.h"

static void perturb_tensor(struct params *p, size_t tensor, double scale, bool relative,
                           uint64_t seed, int64_t step) {
    const struct param *t = &p->table[tensor];
    real *w = p->value + t->offset;
    struct rng begin = rng_at(seed, RNG_SHAKE, ((uint64_t)step << 20) + tensor), r = begin;
    if (relative) {
        double weights = 0, noise = 0;
        for (size_t i = 0; i < t->count; i++) {
            double z = rng_normal(&r);
            weights += (double)w[i] * (double)w[i];
            noise += z * z;
        }
        if (noise == 0 || weights == 0)
            return;
        scale *= sqrt(weights) / sqrt(noise);
    }
    r = begin;
    for (size_t i = 0; i < t->count; i++)
        w[i] = (real)((double)w[i] + scale * rng_normal(&r));
}

static int has_match(const struct pattern *pattern, const char *name, struct err *err) {
    return pattern ? pattern_search(pattern, name, strlen(name), err) : 1;
}

int perturbation_matches(const struct perturbation *perturbation, const struct params *p,
                         struct err *err) {
    int matched = 0;
    for (size_t t = 0; t < p->tensors; t++) {
        int found = has_match(perturbation->pattern, p->table[t].name, err);
        if (found < 0)
            return -1;
        matched += found;
    }
    return matched;
}

int params_perturb(struct params *p, double scale, bool relative, const struct pattern *pattern,
                   uint64_t seed, int64_t step, struct err *err) {
    int matched = 0;
    for (size_t t = 0; t < p->tensors; t++) {
        int found = has_match(pattern, p->table[t].name, err);
        if (found < 0)
            return -1;
        if (found)
            perturb_tensor(p, t, scale, relative, seed, step);
        matched += found;
    }
    return matched;
}

static bool is_word(const char *text, size_t len, const char *word) {
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

int perturbation_read(struct perturbation *p, const char *text, struct err *err) {
    *p = (struct perturbation){.relative = true};
    size_t len = strcspn(text, ":");
    char *step = mem_strndup(text, len);
    bool sound = text[len] == ':' && opt_read_count(step, &p->step) == 0 && p->step >= 0;
    free(step);
    if (sound) {
        const char *rest = text + len + 1;
        len = strcspn(rest, ":");
        char *scale = mem_strndup(rest, len);
        sound = opt_read_number(scale, &p->scale) == 0 && p->scale >= 0 && isfinite(p->scale);
        free(scale);
        rest += len + (rest[len] == ':');
        len = strcspn(rest, ":");
        bool absolute = is_word(rest, len, "absolute");
        if (absolute || is_word(rest, len, "relative")) {
            p->relative = !absolute;
            rest += len + (rest[len] == ':');
        }
        if (sound && *rest && !(p->pattern = pattern_compile(rest, err))) {
            err->status = STATUS_USAGE;
            return err_prefix(err, "--perturb '%s'", text);
        }
    }
    return sound ? 0
                 : err_set(err, STATUS_USAGE,
                           "--perturb takes STEP:SCALE[:relative|absolute][:PATTERN], such as "
                           "1000:0.01, not '%s'",
                           text);
}

void perturbation_free(struct perturbation *p) {
    pattern_free(p->pattern);
    p->pattern = NULL;
}

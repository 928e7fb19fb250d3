#include "gen/identity.h"

#include <stdlib.h>

#include "gen/truth.h"
#include "lib/mem.h"
#include "lib/statistics.h"

int identity_start(struct identity_law *law, double *means, size_t n_means, double *deviations,
                   size_t n_deviations, size_t dimension, struct err *err) {
    law->mean = means;
    law->clusters = n_means;
    law->dimension = dimension ? dimension : n_means;
    law->deviation = mem_alloc(law->dimension, sizeof *law->deviation);
    int result = 0;
    if (law->dimension < n_means)
        result = err_set(err, STATUS_USAGE, "--dimension: %zu axes for %zu means", law->dimension,
                         n_means);
    else if (n_deviations != 1 && n_deviations != n_means && n_deviations != law->dimension)
        result = err_set(err, STATUS_USAGE,
                         "--deviations: %zu numbers; give one, or one for each mean or axis",
                         n_deviations);
    for (size_t i = 0; result == 0 && i < law->dimension; i++)
        law->deviation[i] = n_deviations == 1  ? deviations[0]
                            : i < n_deviations ? deviations[i]
                                               : 0;
    free(deviations);
    return result;
}

void identity_end(struct identity_law *law) {
    free(law->mean);
    free(law->deviation);
}

size_t identity_draw(const struct identity_law *law, uint64_t index, struct rng *r, double *x) {
    size_t cluster = index % law->clusters;
    for (size_t i = 0; i < law->dimension; i++) {
        /* The middle of one of 2^52 equal parts of (0, 1). */
        double u = ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
        x[i] = law->deviation[i] * statistics_normal_quantile(u);
    }
    x[cluster] += law->mean[cluster];
    return cluster;
}

void identity_corner(const struct identity_law *law, double *x) {
    for (size_t i = 0; i < law->dimension; i++)
        x[i] = i < law->clusters ? law->mean[i] : 0;
}

struct axis {
    double moment;
    size_t index;
};

static int by_moment(const void *a, const void *b) {
    const struct axis *x = a, *y = b;
    if (x->moment != y->moment)
        return x->moment < y->moment ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

int identity_put_truth(const struct identity_law *law, int test, struct corpus_writer *out,
                       struct err *err) {
    struct axis *axes = mem_alloc(law->dimension, sizeof *axes);
    double *moment = mem_alloc(law->dimension, sizeof *moment), sum = 0;
    double *corner = mem_alloc(law->dimension, sizeof *corner), corner_sum = 0;
    identity_corner(law, corner);
    for (size_t i = 0; i < law->dimension; i++) {
        double mean = corner[i], deviation = law->deviation[i];
        moment[i] = mean * mean / (double)law->clusters + deviation * deviation;
        axes[i] = (struct axis){moment[i], i};
        sum += moment[i];
        corner_sum += mean * mean;
    }
    qsort(axes, law->dimension, sizeof *axes, by_moment);
    struct buf order = {0};
    for (size_t i = 0; i < law->dimension; i++)
        buf_printf(&order, "%s%zu", i ? " " : "", axes[i].index);
    int bad = truth_put(out, err, "task", "structured identity dimension=%zu clusters=%zu",
                        law->dimension, law->clusters) ||
              truth_put_numbers(out, err, "means", law->mean, law->clusters) ||
              truth_put_numbers(out, err, "deviations", law->deviation, law->dimension) ||
              truth_put_numbers(out, err, "moments", moment, law->dimension) ||
              corpus_put_header(out, "order", order.data, err) ||
              truth_put_numbers(out, err, "corner", corner, law->dimension) ||
              truth_put(out, err, "bayes", "square=0") ||
              truth_put(out, err, "baseline", "zero output square=%.10g", test ? corner_sum : sum);
    buf_free(&order);
    free(axes);
    free(moment);
    free(corner);
    return bad ? -1 : 0;
}

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "gen/modular.h"
#include "gen/truth.h"

/* Going through a table of more rows than this is left undone: about a second, and half a second
 * where each row asks for the places of two rows in an order. */
#define MOST_ROWS_COUNTED ((uint64_t)1 << 27)
#define MOST_ROWS_PLACED  ((uint64_t)1 << 22)

static int put_words(const struct modular *m, struct corpus_writer *out, struct err *err) {
    struct buf vocab = {0}, class = {0};
    buf_add(&vocab, m->words.data, m->words.len);
    buf_puts(&class, "element\t");
    for (uint32_t e = 0; e < m->pairs.elements; e++) {
        if (e) {
            buf_putc(&vocab, ' ');
            buf_putc(&class, ' ');
        }
        modular_put_name(m, e, &vocab);
        modular_put_name(m, e, &class);
    }
    int result = corpus_put_header(out, "vocab", vocab.data, err);
    if (result == 0)
        result = corpus_put_header(out, "class", class.data, err);
    buf_free(&vocab);
    buf_free(&class);
    return result;
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The sizes of the conjugacy classes and the dimensions of the irreducible representations. */
static int put_group(const struct group *g, struct corpus_writer *out, struct err *err) {
    uint32_t order = group_order(g), *class_of = mem_alloc(order, sizeof *class_of);
    uint32_t *sizes = mem_alloc(order, sizeof *sizes), n = group_classes(g, class_of);
    struct group_dimension *list;
    size_t n_list = group_dimensions(g, &list);
    struct buf text = {0};
    buf_printf(&text, "%s order=%u abelian=%s classes=", group_name(g), order,
               group_is_abelian(g) ? "yes" : "no");
    for (uint32_t e = 0; e < order; e++)
        sizes[class_of[e]]++;
    qsort(sizes, n, sizeof *sizes, by_size);
    for (uint32_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && sizes[i + k] == sizes[i]; k++)
            ;
        buf_printf(&text, "%s%u:%u", i ? "," : "", sizes[i], k);
    }
    buf_puts(&text, " dimensions=");
    for (size_t i = 0; i < n_list; i++)
        buf_printf(&text, "%s%u:%u", i ? "," : "", list[i].dimension, list[i].count);
    int result = corpus_put_header(out, "group", text.data, err);
    buf_free(&text);
    free(list);
    free(sizes);
    free(class_of);
    return result;
}

static int put_split(const struct modular *m, double chance, bool commutes,
                     struct corpus_writer *out, struct err *err) {
    const struct pairs *p = &m->pairs;
    uint64_t test = pairs_count(p, PAIRS_TEST), mirrored, same;
    if (truth_put(out, err, "part", "%s fraction=%.10g pairs=%s train=%" PRIu64 " test=%" PRIu64,
                  m->side == PAIRS_TRAIN ? "train" : "test", m->fraction,
                  p->unordered ? "unordered" : "ordered", p->train_rows, test) != 0)
        return -1;
    if (isnan(chance))
        return 0;
    if (!p->unordered && commutes &&
        truth_put(out, err, "baseline", "symmetry expected accuracy=%.10g",
                  m->fraction + (1 - m->fraction) * chance) != 0)
        return -1;
    if (test == 0 || (!p->unordered && p->rows > MOST_ROWS_PLACED))
        return 0;
    pairs_leak(p, &mirrored, &same);
    double right = (double)same + (double)(test - mirrored) * chance;
    return truth_put(out, err, "baseline",
                     "symmetry accuracy=%.10g mirrored=%" PRIu64 " same=%" PRIu64,
                     right / (double)test, mirrored, same);
}

static int put_truth(const struct modular *m, struct corpus_writer *out, struct err *err) {
    const struct pairs *p = &m->pairs;
    const struct group *g = m->group;
    bool counted = p->rows <= MOST_ROWS_COUNTED;
    struct pairs_facts clean = {.most_frequent = NAN}, noisy = clean;
    if (counted)
        clean = noisy = pairs_facts(p, 0);
    if (counted && m->noise > 0)
        noisy = pairs_facts(p, m->noise);
    const char *commutes = !counted ? "" : clean.commutes ? " commutative=yes" : " commutative=no";
    if (corpus_put_header(out, "operation", operation_text(m->operation), err) != 0 ||
        (g ? truth_put(out, err, "task",
                       "group operation group=%s elements=%" PRIu64 " rows=%" PRIu64 "%s",
                       group_name(g), p->elements, p->rows, commutes)
           : truth_put(out, err, "task",
                       "modular arithmetic modulus=%" PRIu64 " elements=%" PRIu64 " rows=%" PRIu64
                       "%s",
                       p->elements, p->elements, p->rows, commutes)) != 0)
        return -1;
    if (g && put_group(g, out, err) != 0)
        return -1;
    if (m->noise > 0 && (truth_put(out, err, "noise", "%.10g", m->noise) != 0 ||
                         corpus_put_header(out, "rules", "noisy clean", err) != 0))
        return -1;
    double n = (double)p->elements, wrong = m->noise / n, right = 1 - m->noise + wrong;
    double loss = -right * log(right) - (wrong > 0 ? (n - 1) * wrong * log(wrong) : 0);
    if (truth_put(out, err, "bayes", "accuracy=%.10g loss=%.10g", right, m->noise > 0 ? loss : 0) !=
        0)
        return -1;
    if (counted && truth_put(out, err, "chance", "accuracy=%.10g loss=%.10g", noisy.most_frequent,
                             noisy.entropy) != 0)
        return -1;
    if (p->split)
        return put_split(m, clean.most_frequent, clean.commutes, out, err);
    return 0;
}

int modular_put_header(const struct modular *m, struct corpus_writer *out, struct err *err) {
    if (put_truth(m, out, err) != 0 || put_words(m, out, err) != 0)
        return -1;
    if (columns_have(&m->columns, MODULAR_TAGS) &&
        corpus_put_header(out, "tags", "diagonal mirrored corrupted", err) != 0)
        return -1;
    return columns_put(&m->columns, out, err);
}

/* gen-concept - combinations of concepts, some of them never seen: questions about objects with
 * attributes (Berlot-Attwell et al. 2023, arXiv:2311.08695; after Park et al. 2024,
 * arXiv:2406.19370) and the structured identity map (Yang et al. 2024, arXiv:2410.08309).
 *
 *     gen-concept exist --diversity 8 -n 100k -o train.tsv.zst
 *     gen-concept exist --diversity 8 --part test -n 2k -o unseen.tsv.zst */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gen/columns.h"
#include "gen/generate.h"
#include "gen/identity.h"
#include "gen/numbers.h"
#include "gen/scene.h"
#include "gen/tasks.h"
#include "gen/truth.h"

enum { EXIST, QUERY, IDENTITY };
enum { SOURCE, TARGET, TAGS, PAIR, RULE, RULE_B, CLUSTER };

/* The header lists so many pairs at most. */
enum { HEADER_PAIRS = 10000 };

struct task {
    int kind;
    bool test;
    struct scene_law scene;
    struct identity_law identity;
    struct columns columns;
    const int *column; /* what the tool's columns are, of the enum above */
};

struct worker {
    struct scene scene;
    double *point;
    size_t cluster;
};

static void *worker_new(void *context) {
    const struct task *t = context;
    struct worker *w = mem_alloc(1, sizeof *w);
    if (t->kind == IDENTITY)
        w->point = mem_alloc(t->identity.dimension, sizeof *w->point);
    else
        scene_begin(&w->scene, &t->scene);
    return w;
}

static void worker_free(void *worker) {
    struct worker *w = worker;
    free(w->point);
    scene_free(&w->scene);
    free(w);
}

static void put_point(const struct task *t, const struct worker *w, struct buf *out) {
    for (size_t i = 0; i < t->identity.dimension; i++) {
        if (i)
            buf_putc(out, ' ');
        numbers_put_decimal(out, w->point[i], t->identity.decimals);
    }
}

static void put_scene(const struct task *t, const struct scene *s, struct buf *out) {
    const struct scene_law *law = &t->scene;
    for (uint32_t i = 0; i < law->objects; i++) {
        for (uint32_t k = 0; k < law->attributes; k++) {
            scene_put_value(k, s->value[(size_t)i * law->attributes + k], out);
            buf_putc(out, ' ');
        }
        buf_puts(out, i + 1 < law->objects ? "; " : "? ");
    }
    scene_put_value(0, s->pair / law->values, out);
    buf_putc(out, ' ');
    scene_put_value(1, s->pair % law->values, out);
    if (law->asks_value) {
        buf_putc(out, ' ');
        buf_putc(out, (char)('a' + s->asked));
    }
}

static int draw(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                struct buf *source, struct err *err) {
    (void)class_index, (void)err;
    const struct task *t = context;
    struct worker *w = worker;
    if (t->kind == IDENTITY) {
        if (t->test)
            identity_corner(&t->identity, w->point);
        else
            w->cluster = identity_draw(&t->identity, (uint64_t)index, r, w->point);
        put_point(t, w, source);
        return 1;
    }
    if (!scene_draw(&w->scene, &t->scene, (uint64_t)index, r))
        return 0;
    put_scene(t, &w->scene, source);
    return 1;
}

/* The value asked for of an object. */
static void put_answer(const struct task *t, const struct scene *s, uint32_t object,
                       struct buf *row) {
    uint32_t value = s->value[(size_t)object * t->scene.attributes + s->asked];
    scene_put_value(s->asked, value, row);
}

static void put_tags(const struct task *t, const struct scene *s, struct buf *row) {
    static const char *const kinds[] = {"present", "lure", "absent"};
    if (!t->scene.asks_value) {
        buf_puts(row, kinds[s->kind]);
        return;
    }
    uint32_t n = t->scene.attributes, a = s->pair / t->scene.values, b = s->pair % t->scene.values;
    bool shared = false;
    for (uint32_t i = 0; i < t->scene.objects; i++)
        shared |= i != s->target &&
                  (s->value[(size_t)i * n] == a || s->value[(size_t)i * n + 1] == b);
    buf_puts(row, shared ? "shared" : "alone");
}

static void put_field(const struct task *t, const struct worker *w, const struct buf *source,
                      int column, struct buf *row) {
    const struct scene *s = &w->scene;
    bool asks_value = t->kind == QUERY;
    switch (column) {
    case SOURCE:
        buf_add(row, source->data, source->len);
        break;
    case TARGET:
        if (t->kind == IDENTITY)
            buf_add(row, source->data, source->len);
        else if (asks_value)
            put_answer(t, s, s->target, row);
        else
            buf_puts(row, s->kind == SCENE_PRESENT ? "yes" : "no");
        break;
    case TAGS:
        put_tags(t, s, row);
        break;
    case PAIR:
        scene_put_pair(&t->scene, s->pair, row);
        break;
    case RULE:
        if (asks_value)
            put_answer(t, s, scene_first(s, &t->scene, 0), row);
        else
            buf_puts(row, s->kind == SCENE_ABSENT ? "no" : "yes");
        break;
    case RULE_B:
        put_answer(t, s, scene_first(s, &t->scene, 1), row);
        break;
    default:
        if (t->test)
            buf_puts(row, "corner");
        else
            buf_put_integer(row, w->cluster);
    }
}

static int complete(void *context, void *worker, struct rng *r, int64_t index, size_t class_index,
                    const struct buf *source, struct buf *row, struct err *err) {
    (void)r, (void)index, (void)class_index, (void)err;
    const struct task *t = context;
    for (size_t i = 0; i < t->columns.n; i++) {
        if (i)
            buf_putc(row, '\t');
        put_field(t, worker, source, t->column[t->columns.which[i]], row);
    }
    return 1;
}

static int put_pairs(const struct scene_law *law, const char *key, const uint32_t *pairs, size_t n,
                     struct corpus_writer *out, struct err *err) {
    struct buf text = {0};
    buf_printf(&text, "%zu", n);
    for (size_t i = 0; i < n && n <= HEADER_PAIRS; i++) {
        buf_putc(&text, ' ');
        scene_put_pair(law, pairs[i], &text);
    }
    int result = corpus_put_header(out, key, text.data, err);
    buf_free(&text);
    return result;
}

static int put_vocabulary(const struct scene_law *law, struct corpus_writer *out, struct err *err) {
    struct buf words = {0};
    buf_puts(&words, "; ?");
    for (uint32_t k = 0; k < law->attributes; k++) {
        if (law->asks_value && k >= 2)
            buf_printf(&words, " %c", (char)('a' + k));
        for (uint32_t v = 0; v < law->values; v++) {
            buf_putc(&words, ' ');
            scene_put_value(k, v, &words);
        }
    }
    if (!law->asks_value)
        buf_puts(&words, " yes no");
    int result = corpus_put_header(out, "vocab", words.data, err);
    buf_free(&words);
    return result;
}

static int put_scene_truth(const struct scene_law *law, struct corpus_writer *out,
                           struct err *err) {
    bool asks = law->asks_value;
    double chance = asks ? 1.0 / law->values : 0.5;
    if (put_vocabulary(law, out, err) != 0 ||
        truth_put(out, err, "task",
                  "%s part=%s attributes=%u values=%u objects=%u diversity=%zu%s%.10g",
                  asks ? "attribute query" : "existence", law->test ? "test" : "train",
                  law->attributes, law->values, law->objects, law->n_shown,
                  asks ? " of=" : " lures=", asks ? (double)law->n_order : law->lures) != 0 ||
        put_pairs(law, "held_out", law->held, law->n_held, out, err) != 0 ||
        put_pairs(law, "shown", law->order, law->n_shown, out, err) != 0 ||
        corpus_put_header(out, "rules", asks ? "bound a b" : "bound bag", err) != 0 ||
        corpus_put_header(out, "tags", asks ? "shared alone" : "present lure absent", err) != 0 ||
        truth_put(out, err, "bayes", "accuracy=1 loss=0") != 0 ||
        truth_put(out, err, "chance", "accuracy=%.10g loss=%.10g", chance, -log(chance)) != 0)
        return -1;
    if (!asks)
        return truth_put(out, err, "baseline", "rule:bag accuracy=%.10g", 1 - law->lures / 2);
    return truth_put(out, err, "baseline", "rule:a accuracy=%.10g", scene_first_accuracy(law, 0)) !=
                   0
               ? -1
               : truth_put(out, err, "baseline", "rule:b accuracy=%.10g",
                           scene_first_accuracy(law, 1));
}

static void read_columns(struct task *t, const char *list) {
    static const char *const exist[] = {"source", "target", "rule:bag", "tags", "pair"};
    static const char *const query[] = {"source", "target", "rule:a", "rule:b", "tags", "pair"};
    static const char *const identity[] = {"source", "target", "cluster"};
    static const int of_exist[] = {SOURCE, TARGET, RULE, TAGS, PAIR};
    static const int of_query[] = {SOURCE, TARGET, RULE, RULE_B, TAGS, PAIR};
    static const int of_identity[] = {SOURCE, TARGET, CLUSTER};
    if (t->kind == EXIST) {
        columns_read(&t->columns, list ? list : "source,target,rule:bag,tags,pair", exist, 5);
        t->column = of_exist;
    } else if (t->kind == QUERY) {
        columns_read(&t->columns, list ? list : "source,target,rule:a,rule:b,tags,pair", query, 6);
        t->column = of_query;
    } else {
        columns_read(&t->columns, list ? list : "source,target,cluster", identity, 3);
        t->column = of_identity;
    }
}

int main(int argc, char **argv) {
    static const char *const tasks[] = {"exist", "query", "identity", NULL};
    static const char *const parts[] = {"train", "test", NULL};
    static const char *const of_scenes[] = {"attributes", "values",    "objects", "hold-out",
                                            "diversity",  "seed-task", "lures",   NULL};
    static const char *const of_identity[] = {"means", "deviations", "dimension", "decimals", NULL};
    struct generate g = GENERATE_DEFAULTS;
    struct output o = {0};
    struct task t = {.scene = {.lures = 0.5}};
    int64_t attributes = 3, values = 4, objects = 3, diversity = 0, dimension = 0, decimals = 6;
    uint64_t seed_task = 0;
    struct opt_list hold_out = {0};
    const char *part = "train", *means = "1,2,3", *deviations = "0.1", *columns = NULL;
    struct opt options[] = {
        GENERATE_OPTIONS(g),
        GENERATE_UNIQUE_OPTIONS(g),
        {OPT_CHOICE, 0, "part", &part, "part",
         "train never holds a held out pair, test always asks for one; of identity, the test is "
         "the corner",
         0, 0, parts},
        {OPT_GROUP, .help = "Scenes"},
        {OPT_COUNT, 0, "attributes", &attributes, "count", "attributes of an object: a, b, c, ...",
         2, SCENE_MOST_ATTRIBUTES},
        {OPT_COUNT, 0, "values", &values, "count", "values of an attribute: a0, a1, ...", 2,
         SCENE_MOST_VALUES},
        {OPT_COUNT, 0, "objects", &objects, "count", "objects of a scene, all of different pairs",
         1, SCENE_MOST_OBJECTS},
        {OPT_LIST, 0, "hold-out", &hold_out, "pair",
         "a pair never seen in training, as 'a1&b2'; may be given several times [one drawn from "
         "--seed-task]"},
        {OPT_COUNT, 0, "diversity", &diversity, "pairs",
         "how many of the other pairs occur in training, every value among them; fewer lie within "
         "more [all]",
         1, 1e6},
        {OPT_SEED, 0, "seed-task", &seed_task, "seed",
         "seed of the pair held out and of the pairs that occur [the seed of the corpus]"},
        {OPT_NUMBER, 0, "lures", &t.scene.lures, "share",
         "of exist: among the noes, the exact share of those where both values occur, in different "
         "objects",
         0, 1},
        {OPT_GROUP, .help = "The identity map"},
        {OPT_TEXT, 0, "means", &means, "list",
         "how far the centre of each cluster lies on its axis"},
        {OPT_TEXT, 0, "deviations", &deviations, "list",
         "standard deviations: one, or one for each mean (0 along other axes) or each axis"},
        {OPT_COUNT, 0, "dimension", &dimension, "axes", "axes there are [as many as means]", 1,
         1e5},
        {OPT_COUNT, 0, "decimals", &decimals, "count", "decimals of a coordinate", 0, 9},
        OUTPUT_OPTIONS(o),
        {OPT_TEXT, 0, "columns", &columns, "list",
         "of source, target, and of exist and query: tags, pair, and the answers of rules without "
         "binding: rule:bag (yes if both values occur), rule:a and rule:b (of the first object "
         "with the value of a, of b); of identity: cluster [all]"},
        {OPT_END},
    };
    struct opt_tool tool = {
        .name = "gen-concept",
        .summary = "Make combinations of concepts, some never seen in training.",
        .operands = "[OPTION]... exist|query|identity",
        .options = options,
        .more = "exist:    objects, then a pair of values: is there such an object? yes or no\n"
                "query:    objects, a pair, an attribute: its value, of the object of the pair\n"
                "identity: a point of a Gaussian cluster, as decimals, and the same again\n"
                "Examples:\n"
                "  gen-concept exist -n 5 --text\n"
                "  gen-concept query --hold-out 'a1&b2' --diversity 6 -n 100k -o train.zst\n"
                "  gen-concept query --hold-out 'a1&b2' --diversity 6 --part test -o unseen.zst\n"
                "  gen-concept identity --means 1,2 --deviations .1 --dimension 8 -o points.zst\n"
                "  gen-concept identity --means 1,2 --dimension 8 --part test -n 1 --text\n"
                "Another --seed-data alone would hold out another pair: fix --seed-task or\n"
                "--hold-out.\n"
                "Exit status: 0 done, 64 usage, 65 a request that cannot be met, 73 or 74 cannot\n"
                "write.\n",
        .least_operands = 1,
        .most_operands = 1,
    };
    int n_operands;
    char **operands = opt_parse(&tool, argc, argv, &n_operands);
    generate_start(&g, &tool);
    struct err err = {0};
    t.kind = tasks_choose(operands[0], tasks);
    t.test = strcmp(part, "test") == 0;
    int result;
    if (t.kind == IDENTITY) {
        tasks_refuse(&tool, "exist' and 'query", of_scenes);
        double *mean, *deviation;
        size_t n_means = numbers_reals("--means", means, -1e6, 1e6, &mean);
        size_t n_deviations = numbers_reals("--deviations", deviations, 0, 1e6, &deviation);
        t.identity.decimals = (int)decimals;
        result = identity_start(&t.identity, mean, n_means, deviation, n_deviations,
                                (size_t)dimension, &err);
    } else {
        tasks_refuse(&tool, "identity", of_identity);
        if (t.kind == QUERY)
            tasks_refuse(&tool, "exist", (const char *const[]){"lures", NULL});
        if (t.kind == QUERY && attributes < 3)
            msg_die(STATUS_USAGE, "--attributes: a and b are given, so query takes a third");
        t.scene.asks_value = t.kind == QUERY;
        t.scene.test = t.test;
        t.scene.attributes = (uint32_t)attributes;
        t.scene.values = (uint32_t)values;
        t.scene.objects = (uint32_t)objects;
        uint64_t seed = opt_find(&tool, "seed-task")->given ? seed_task : g.seed_data;
        result = scene_start(&t.scene, &hold_out, (size_t)diversity, seed, &err);
    }
    if (result != 0)
        msg_die_err(&err);
    read_columns(&t, columns);

    struct corpus_writer *out = output_open(&o, &tool, operands, n_operands, NULL, 0, &err);
    if (!out)
        msg_die_err(&err);
    struct maker maker = {
        .context = &t,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .draw = draw,
        .complete = complete,
        .subject = operands[0],
    };
    result = t.kind == IDENTITY ? identity_put_truth(&t.identity, t.test, out, &err)
                                : put_scene_truth(&t.scene, out, &err);
    bool headed = result == 0 && columns_put(&t.columns, out, &err) == 0;
    generate_to_end(&g, &maker, headed, out, &err);
    scene_end(&t.scene);
    identity_end(&t.identity);
    columns_free(&t.columns);
    free(hold_out.items);
    free(operands);
    return STATUS_OK;
}

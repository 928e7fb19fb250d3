/* Every option of the optimiser and of the initial values changes what is asked for, where it means
 * something, and is refused where it does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "tests/unit/child.h"
#include "train/optimiser_options.h"

enum { STEPS = 1000 };

/* All that is asked for, as text. */
static void describe(const struct optimiser_options *o, struct buf *b) {
    const struct optim_config *c = &o->optim;
    const struct schedule *s = &o->schedule;
    const struct init_config *i = &o->initial;
    buf_printf(b, "kind %d %g %g %g, momentum %g %d, decay %g %g on %d, width %g\n", (int)c->kind,
               c->beta1, c->beta2, c->epsilon, c->momentum, c->nesterov, c->weight_decay, c->l1,
               (int)c->decay_on, c->base_width);
    buf_printf(b,
               "clip %g %g, filter %d %g %g %d, orthogonal %d, norm %d %g, average %d %g %d %d\n",
               c->clip, c->clip_value, (int)c->filter, c->filter_alpha, c->filter_lambda,
               (int)c->filter_window, c->orthogonal, (int)c->norm, c->norm_factor, (int)c->average,
               c->average_decay, (int)c->average_from, (int)c->average_every);
    buf_printf(b, "schedule %d %g %d %d %g, cycle %d %d, every %d %g\n", (int)s->kind, s->peak,
               (int)s->warmup, (int)s->total, s->final_fraction, (int)s->cycle,
               (int)s->cycle_growth, (int)s->every, s->factor);
    buf_printf(b, "init %d %g %g %d %d %d, width %g\n", (int)i->scheme, i->deviation, i->scale,
               i->divide_residual, i->zero_readout, i->zero_query, i->base_width);
    assert_true(i->groups == c->groups && i->n_groups == c->n_groups);
    for (size_t g = 0; g < c->n_groups; g++)
        buf_printf(b, "group %s %d %g %d %g %d %d %d %g\n", c->groups[g].pattern,
                   c->groups[g].has_rate, c->groups[g].rate, c->groups[g].has_decay,
                   c->groups[g].decay, c->groups[g].has_init, c->groups[g].init,
                   c->groups[g].has_scale, c->groups[g].scale);
}

struct command {
    const char *line;
    bool schemes; /* the tool has options of initial values */
};

static void run(void *context) {
    struct command *command = context;
    char *text = mem_strdup(command->line), *argv[40] = {text + strlen(text)};
    int argc = 1, operands;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    struct options table = {0};
    struct optimiser_options o = optimiser_options_default;
    struct opt_tool tool = {.name = "tool", .summary = "A tool.", .operands = "FILE"};
    optimiser_add_options(&table, &o);
    if (command->schemes)
        init_add_options(&table, &o);
    tool.options = table.items;
    free(opt_parse(&tool, argc, argv, &operands));
    struct err err = {0};
    if (optimiser_options_read(&o, &tool, STEPS, &err) != 0)
        msg_die_err(&err);
    struct buf b = {0};
    describe(&o, &b);
    fputs(b.data, stdout);
    fflush(stdout);
    buf_free(&b);
    optimiser_options_free(&o);
    options_free(&table);
    free(text);
}

static int said(const char *line, struct buf *out) {
    struct command c = {line, true};
    return child_run(run, &c, out);
}

struct meaning {
    const char *name, *value, *beside; /* beside: what it needs to mean something */
    bool needs;                        /* is refused without that */
};

static const struct meaning meanings[] = {
    {"rate", "0.5", ""},
    {"warmup", "7", ""},
    {"decay", "cosine", ""},
    {"final-fraction", "0.5", ""},
    {"cycle", "100", ""},
    {"cycle-growth", "2", "--cycle 100", true},
    {"decay-every", "10", "--decay steps --decay-factor 0.5", false},
    {"decay-factor", "0.5", "--decay steps --decay-every 10", true},
    {"optimiser", "sgd", ""},
    {"clip", "2", ""},
    {"clip-value", "2", ""},
    {"beta1", "0.5", ""},
    {"beta2", "0.5", ""},
    {"epsilon", "1e-25", ""},
    {"momentum", "0.5", "--optimiser sgd", true},
    {"nesterov", NULL, "--optimiser sgd --momentum 0.5", true},
    {"weight-decay", "0.5", ""},
    {"l1", "0.5", ""},
    {"weight-decay-on", "linear", "--l1 0.5", true},
    {"group", "*:decay=1", ""},
    {"filter", "ema", ""},
    {"filter-lambda", "5", "--filter mean", true},
    {"filter-alpha", "0.5", "--filter ema", true},
    {"filter-window", "5", "--filter mean", true},
    {"orthogonal", NULL, ""},
    {"norm-projection", "tensor", ""},
    {"norm-factor", "2", "--norm-projection global", true},
    {"average", "mean", ""},
    {"average-decay", "0.5", "--average ema", true},
    {"average-from", "5", "--average mean", true},
    {"average-every", "5", "--average mean", true},
    {"init", "orthogonal", ""},
    {"init-deviation", "0.5", "--init normal", true},
    {"init-scale", "2", ""},
    {"divide-residual", NULL, ""},
    {"zero-readout", NULL, ""},
    {"zero-query", NULL, ""},
    {"base-width", "32", ""},
};

static void test_every_option(void **state) {
    (void)state;
    struct options table = {0};
    struct optimiser_options o = optimiser_options_default;
    optimiser_add_options(&table, &o);
    init_add_options(&table, &o);
    size_t n = 0;
    struct buf with = {0}, without = {0}, line = {0};
    for (size_t i = 0; i < table.n; i++) {
        if (table.items[i].type == OPT_GROUP)
            continue;
        const struct meaning *m = &meanings[n++];
        assert_string_equal(m->name, table.items[i].name);
        buf_clear(&line);
        buf_printf(&line, "%s --%s %s", m->beside, m->name, m->value ? m->value : "");
        if (said(line.data, &with) != 0)
            fail_msg("%s: %s", line.data, with.data);
        int status = said(m->beside, &without);
        if (strcmp(m->name, "decay-every") == 0)
            assert_int_equal(status, STATUS_USAGE); /* steps need it */
        else if (status != 0 || strcmp(with.data, without.data) == 0)
            fail_msg("%s changes nothing in %s", line.data, without.data);
        if (m->needs) {
            buf_clear(&line);
            buf_printf(&line, "--%s %s", m->name, m->value ? m->value : "");
            status = said(line.data, &with);
            if (status != STATUS_USAGE || !strstr(with.data, "means nothing"))
                fail_msg("%s: status %d, %s", line.data, status, with.data);
        }
    }
    assert_int_equal(n, sizeof meanings / sizeof *meanings);
    buf_free(&with);
    buf_free(&without);
    buf_free(&line);
    options_free(&table);
}

static void test_defaults(void **state) {
    (void)state;
    struct buf b = {0};
    assert_int_equal(said("", &b), 0);
    assert_string_equal(
        b.data, "kind 0 0.9 0.999 1e-08, momentum 0 0, decay 0 0 on 0, width 0\n"
                "clip 1 0, filter 0 0.98 2 100, orthogonal 0, norm 0 1, average 0 0.999 1 1\n"
                "schedule 1 0.001 50 1000 0, cycle 0 1, every 0 0.1\n"
                "init 0 0.02 1 0 0 0, width 0\n");
    /* Clipping by value takes the place of clipping by norm. */
    assert_int_equal(said("--clip-value 2 --clip 0", &b), 0);
    assert_non_null(strstr(b.data, "clip 0 2,"));
    assert_int_equal(said("--clip-value 2", &b), 0);
    assert_non_null(strstr(b.data, "clip 0 2,"));
    assert_int_equal(said("--clip-value 0", &b), 0);
    assert_non_null(strstr(b.data, "clip 1 0,"));
    assert_int_equal(said("--base-width 32", &b), 0);
    assert_non_null(strstr(b.data, "on 0, width 32\n"));
    assert_int_equal(said("--group *.bias:rate=2 --group @gain:init=zero,scale=3", &b), 0);
    assert_non_null(strstr(b.data, "group *.bias 1 2 0 0 0 0 0 1\n"
                                   "group @gain 0 1 0 0 1 13 1 3\n"));
    assert_int_equal(said("--group x:decay=4,rate=0", &b), 0);
    assert_non_null(strstr(b.data, "group x 1 0 1 4 0 0 0 1\n"));
    buf_free(&b);
}

static void bad(const char *line, bool schemes, const char *why) {
    struct buf b = {0};
    struct command c = {line, schemes};
    int status = child_run(run, &c, &b);
    if (status != STATUS_USAGE || !strstr(b.data, why) ||
        strchr(b.data, '\n') != b.data + b.len - 1)
        fail_msg("%s: status %d, said '%s'", line, status, b.data);
    buf_free(&b);
}

static void test_refusals(void **state) {
    (void)state;
    bad("--init gpt2 --divide-residual", true, "--divide-residual means nothing with --init gpt2");
    bad("--optimiser sgd --beta1 0.5", true, "--beta1 means nothing");
    bad("--optimiser sgd --beta2 0.5", true, "--beta2 means nothing");
    bad("--optimiser sgd --epsilon 0.5", true, "--epsilon means nothing");
    bad("--filter mean --filter-alpha 0.5", true, "--filter-alpha means nothing");
    bad("--filter ema --filter-window 5", true, "--filter-window means nothing");
    bad("--average mean --average-decay 0.5", true, "--average-decay means nothing");
    bad("--average mean --average-from 1001", true, "beyond the last step");
    bad("--decay constant --final-fraction 0.5", true, "--final-fraction means nothing");
    bad("--decay constant --cycle 5", true, "--cycle means nothing");
    bad("--init xaver-uniform", true, "xavier-uniform");
    bad("--init-deviation 1 --init zero", true, "--init-deviation means nothing");
    bad("--group *:init=nromal", true, "did you mean normal?");
    bad("--group *:init=normal", false, "the keys init and scale mean nothing in this tool");
    bad("--group *:scale=1", false, "the keys init and scale mean nothing in this tool");
    bad("--group a:b", true, "'b' is no KEY=VALUE");
    bad("--group a:rate=1,", true, "'' is no KEY=VALUE");
    bad("--group :rate=1", true, "write PATTERN:KEY=VALUE");
    bad("--group a:", true, "write PATTERN:KEY=VALUE");
    bad("--group a:rate=nan", true, "rate is 'nan'");
    bad("--group a:rate=", true, "rate is ''");
    bad("--group a:speed=1", true, "no key 'speed' (rate, decay, init, scale)");
    bad("--group @matrixx:rate=1", true, "no role 'matrixx'");
    bad("--group "
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aa"
        "aaaaaaaaaaaa:rate=1",
        true, "the pattern is too long");
    struct buf b = {0};
    assert_int_equal(said("--init-deviation 1 --group *:init=normal", &b), 0);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

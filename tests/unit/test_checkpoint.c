#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/hash.h"
#include "nn/checkpoint.h"
#include "nn/lexicon.h"
#include "nn/transformer.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

static struct model *new_model(bool pre) {
    struct err err = {0};
    struct transformer_config c = {.vocabulary = 4,
                                   .dim = 6,
                                   .layers = 2,
                                   .heads = 3,
                                   .feedforward = 5,
                                   .max_length = 9,
                                   .norm = pre ? NORM_PRE : NORM_POST,
                                   .positions = pre ? POSITIONS_LEARNED : POSITIONS_SINUSOIDAL,
                                   .activation = pre ? ACTIVATION_GELU : ACTIVATION_RELU,
                                   .tied = !pre,
                                   .scale_embedding = !pre};
    struct model *m = model_new(&transformer_architecture, &c, &err);
    assert_non_null(m);
    return m;
}

static void learn_words(struct vocab *v) {
    struct layout l = layout_default();
    lexicon_start(v, &l);
    vocab_add_text(v, "newt does");
}

static void fill(struct model *m) {
    struct params *p = m->params;
    model_init(m, 3);
    real *first = params_add_slot(p, "first"), *second = params_add_slot(p, "second");
    double *numbers = params_add_numbers(p, "some.numbers", 2, -1);
    numbers[0] = 1.0 / 7;
    for (size_t t = 0; t < p->tensors; t++)
        for (size_t i = 0; i < p->table[t].count; i++) {
            size_t at = p->table[t].offset + i;
            first[at] = (real)0.25 * (real)at;
            second[at] = (real)1 / (real)(at + 1);
        }
}

static void a_checkpoint_gives_back_every_bit(void **state) {
    (void)state;
    for (int pre = 0; pre < 2; pre++) {
        struct err err = {0};
        struct vocab v = {0}, read_vocab = {0};
        learn_words(&v);
        struct model *m = new_model(pre), *again = new_model(pre), *fresh;
        fill(m);
        real *first = params_add_slot(again->params, "first");
        real *second = params_add_slot(again->params, "second");
        double *numbers = params_add_numbers(again->params, "some.numbers", 2, 0);
        double lasting[] = {3, 7}, watched[] = {1, 0.1, 0, 1.0 / 7};
        const struct checkpoint_state s = {.loss_sum = 1.0 / 3,
                                           .loss_count = 77,
                                           .tokens = 1e9,
                                           .examples = 12,
                                           .moments_from = 5,
                                           .stream_hash = UINT64_MAX - 5,
                                           .lasting = {lasting, 2, 0},
                                           .watched = {watched, 4, 0}};
        struct checkpoint_state back = {0};
        assert_int_equal(checkpoint_write(scratch_folder, 12, m, &v, &s, &err), 0);
        assert_int_equal(checkpoint_resume(scratch_folder, 12, again, &v, &back, &err), 0);
        size_t bytes = m->params->size * sizeof(real);
        assert_memory_equal(m->params->value, again->params->value, bytes);
        assert_memory_equal(params_slot(m->params, "first"), first, bytes);
        assert_memory_equal(params_slot(m->params, "second"), second, bytes);
        assert_true(first[7] == (real)1.75 && numbers[0] == 1.0 / 7 && numbers[1] == -1);
        assert_true(back.loss_sum == s.loss_sum && back.loss_count == s.loss_count);
        assert_true(back.stream_hash == s.stream_hash);
        assert_true(back.tokens == s.tokens && back.examples == s.examples &&
                    back.moments_from == s.moments_from);
        assert_true(back.lasting.n == 2 && back.watched.n == 4);
        assert_memory_equal(back.lasting.items, lasting, sizeof lasting);
        assert_memory_equal(back.watched.items, watched, sizeof watched);
        checkpoint_free_state(&back);

        int64_t step = 0;
        char *path = checkpoint_path(scratch_folder, 12);
        fresh = checkpoint_read(path, &read_vocab, &step, &err);
        assert_non_null(fresh);
        assert_int_equal(step, 12);
        assert_int_equal(read_vocab.n, 4);
        assert_string_equal(read_vocab.words[2], "newt");
        assert_memory_equal(m->params->value, fresh->params->value, bytes);
        char *a = model_config_text(m), *b = model_config_text(fresh);
        assert_string_equal(a, b);
        free(a);
        free(b);
        free(path);
        model_free(fresh);
        model_free(again);
        model_free(m);
        vocab_free(&v);
        vocab_free(&read_vocab);
    }
}

static void states_go_or_stay(void **state) {
    (void)state;
    struct err err = {0};
    struct vocab v = {0};
    learn_words(&v);
    struct model *m = new_model(false);
    fill(m);
    struct checkpoint_state s = {0};
    for (int step = 20; step <= 40; step += 10)
        assert_int_equal(checkpoint_write(scratch_folder, step, m, &v, &s, &err), 0);
    int64_t *steps;
    size_t n;
    assert_int_equal(checkpoint_list(scratch_folder, &steps, &n, &err), 0);
    assert_true(n >= 3 && steps[n - 1] == 40 && steps[n - 2] == 30 && steps[n - 3] == 20);
    free(steps);
    char *path = checkpoint_path(scratch_folder, 20);
    assert_int_equal(unlink(path), 0);
    free(path);
    checkpoint_remove_states(scratch_folder, 40, true); /* one without its model goes */
    assert_false(checkpoint_has_state(scratch_folder, 20));
    assert_int_equal(checkpoint_resume(scratch_folder, 30, m, &v, &s, &err), 0);
    checkpoint_remove_states(scratch_folder, 40, false);
    assert_int_equal(checkpoint_resume(scratch_folder, 40, m, &v, &s, &err), 0);
    assert_int_equal(checkpoint_resume(scratch_folder, 30, m, &v, NULL, &err), 0);
    assert_int_equal(checkpoint_resume(scratch_folder, 30, m, &v, &s, &err), -1);
    assert_int_equal(err.status, STATUS_NOINPUT);
    checkpoint_remove(scratch_folder, 40);
    int64_t latest;
    assert_int_equal(checkpoint_latest(scratch_folder, 30, &latest, &err), 0);
    assert_int_equal(latest, 30);
    model_free(m);
    vocab_free(&v);
}

static void a_copy_is_the_same(void **state) {
    (void)state;
    struct err err = {0};
    struct vocab v = {0};
    learn_words(&v);
    struct model *m = new_model(false), *other = new_model(false);
    fill(m);
    struct checkpoint_state s = {0}, back = {0};
    assert_int_equal(checkpoint_write(scratch_folder, 60, m, &v, &s, &err), 0);
    char *folder = mem_alloc(strlen(scratch_folder) + 8, 1), *from, *to, *config, *expected;
    sprintf(folder, "%s/copy", scratch_folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    uint64_t hash, state_hash, again;
    assert_int_equal(checkpoint_copy(scratch_folder, 60, folder, true, &hash, &state_hash, &err),
                     0);
    from = checkpoint_path(scratch_folder, 60);
    to = checkpoint_path(folder, 60);
    assert_int_equal(hash_file(from, &again, NULL, &err), 0);
    assert_true(again == hash);
    assert_int_equal(hash_file(to, &again, NULL, &err), 0);
    assert_true(again == hash);
    assert_int_equal(checkpoint_resume(folder, 60, other, &v, &back, &err), 0);
    assert_memory_equal(m->params->value, other->params->value, m->params->size * sizeof(real));
    struct vocab words = {0};
    assert_int_equal(checkpoint_read_notes(to, &words, NULL, &config, &err), 0);
    expected = model_config_text(m);
    assert_string_equal(config, expected);
    assert_int_equal(words.n, v.n);
    assert_int_equal(checkpoint_copy(scratch_folder, 61, folder, false, &hash, &state_hash, &err),
                     -1);
    assert_int_equal(err.status, STATUS_NOINPUT);
    checkpoint_remove(folder, 60);
    char *inner = mem_alloc(strlen(folder) + 8, 1);
    sprintf(inner, "%s/ckpt", folder);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(folder), 0);
    free(inner);
    free(expected);
    free(config);
    free(from);
    free(to);
    free(folder);
    vocab_free(&words);
    model_free(other);
    model_free(m);
    vocab_free(&v);
}

/* Write a checkpoint whose task has other columns; whether it can be read. */
static bool reads_with(const struct columns *columns) {
    struct err err = {0};
    struct vocab v = {0};
    learn_words(&v);
    struct model *m = new_model(false);
    struct layout l = m->task.layout;
    l.bos = l.eos = true;
    model_set_task(m, &l, columns, NULL, NULL);
    struct checkpoint_state s = {0};
    assert_int_equal(checkpoint_write(scratch_folder, 70, m, &v, &s, &err), 0);
    char *path = checkpoint_path(scratch_folder, 70);
    struct model *back = checkpoint_read(path, NULL, NULL, &err);
    bool read = back != NULL;
    if (!read)
        assert_error(&err, STATUS_DATA, NULL, "task");
    model_free(back);
    model_free(m);
    vocab_free(&v);
    checkpoint_remove(scratch_folder, 70);
    free(path);
    return read;
}

static void a_task_fits_its_model(void **state) {
    (void)state;
    assert_true(reads_with(&(struct columns){0}));
    assert_true(reads_with(&(struct columns){.source = "text", .target = "answer"}));
    assert_false(reads_with(&(struct columns){.features = "x"}));
    assert_false(reads_with(&(struct columns){.source = "text", .features = "x"}));
    assert_false(reads_with(&(struct columns){.source = ""}));
}

static void a_file_of_another_step_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    struct vocab v = {0};
    learn_words(&v);
    struct model *m = new_model(false);
    struct checkpoint_state s = {0};
    assert_int_equal(checkpoint_write(scratch_folder, 80, m, &v, &s, &err), 0);
    char *from = checkpoint_path(scratch_folder, 80), *to = checkpoint_path(scratch_folder, 81);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(checkpoint_resume(scratch_folder, 81, m, &v, NULL, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "is of step 80");
    checkpoint_remove(scratch_folder, 80);
    checkpoint_remove(scratch_folder, 81);
    free(from);
    free(to);
    model_free(m);
    vocab_free(&v);
}

static void another_model_is_refused(void **state) {
    (void)state;
    struct err err = {0};
    struct vocab v = {0};
    learn_words(&v);
    struct model *m = new_model(false), *other = new_model(true);
    fill(m);
    struct checkpoint_state s = {0};
    assert_int_equal(checkpoint_write(scratch_folder, 50, m, &v, &s, &err), 0);
    assert_int_equal(checkpoint_resume(scratch_folder, 50, other, &v, &s, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    model_free(m);
    model_free(other);
    vocab_free(&v);
}

static void a_configuration_is_checked(void **state) {
    (void)state;
    const char *bad[] = {
        "",
        "[]",
        "{}",
        "{\"architecture\":\"transformer\"}",
        "{\"architecture\":\"rnn\",\"vocabulary\":4,\"dim\":6,\"layers\":1,\"heads\":1,"
        "\"feedforward\":5,\"max_length\":9,\"norm\":\"pre\",\"positions\":\"learned\","
        "\"activation\":\"relu\",\"tied\":true,\"scale_embedding\":true}",
        "{\"architecture\":\"transformer\",\"vocabulary\":4,\"dim\":6,\"layers\":1,\"heads\":4,"
        "\"feedforward\":5,\"max_length\":9,\"norm\":\"pre\",\"positions\":\"learned\","
        "\"activation\":\"relu\",\"tied\":true,\"scale_embedding\":true}",
        "{\"architecture\":\"transformer\",\"vocabulary\":-4,\"dim\":6,\"layers\":1,\"heads\":1,"
        "\"feedforward\":5,\"max_length\":9,\"norm\":\"pre\",\"positions\":\"learned\","
        "\"activation\":\"relu\",\"tied\":true,\"scale_embedding\":true}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        assert_null(model_from_config_text(bad[i], 4 * 6, &err));
        assert_int_equal(err.status, STATUS_DATA);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_gives_back_every_bit),
        cmocka_unit_test(states_go_or_stay),
        cmocka_unit_test(a_copy_is_the_same),
        cmocka_unit_test(a_task_fits_its_model),
        cmocka_unit_test(a_file_of_another_step_is_refused),
        cmocka_unit_test(another_model_is_refused),
        cmocka_unit_test(a_configuration_is_checked),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

#include "gen/mixed.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/rng.h"

/* A row of the input as it is to be written. */
static int read_row(struct mixed *m, const char **row, size_t *len, struct err *err) {
    int got = corpus_next_row(m->in, row, len, err);
    m->rows += got > 0;
    return got > 0 && row_text_of(&m->text, m->in, *row, *len, row, len, err) != 0 ? -1 : got;
}

/* Read the input to its end, into an order of its own. */
static int fill(struct mixed *m, struct err *err) {
    struct rng r = rng_at(m->seed, RNG_CHOICE, m->pass);
    shuffle_free(m->drawn);
    m->drawn = shuffle_new(rng_u64(&r), m->draw->memory, m->draw->folder);
    const char *row;
    size_t len;
    int got;
    while ((got = read_row(m, &row, &len, err)) > 0)
        if (shuffle_add(m->drawn, row, len, err) != 0)
            return -1;
    return got;
}

int mixed_start(struct mixed *m, size_t number, const struct mixed_draw *draw, struct err *err) {
    if (!draw)
        return 0;
    uint64_t share;
    memcpy(&share, &m->share, sizeof share);
    struct rng r = rng_at(draw->seed, RNG_CHOICE, number);
    m->seed = rng_u64(&r) ^ share;
    m->draw = draw;
    return fill(m, err);
}

int mixed_next(struct mixed *m, const char **row, size_t *len, struct err *err) {
    int got = m->drawn ? shuffle_next(m->drawn, row, len, err) : read_row(m, row, len, err);
    m->taken += got > 0;
    return got;
}

static bool same_columns(const struct corpus_reader *a, const struct corpus_reader *b) {
    size_t n, m;
    const char *const *one = corpus_columns(a, &n), *const *two = corpus_columns(b, &m);
    bool same = n == m;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(one[i], two[i]) == 0;
    return same;
}

int mixed_again(struct mixed *m, struct err *err) {
    struct stat st;
    if (strcmp(m->path, "-") == 0 || stat(m->path, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(err, STATUS_DATA, "%s: is no file that can be read again (--repeat)",
                       corpus_name(m->in));
    if (m->rows == 0)
        return err_set(err, STATUS_DATA, "%s: holds no examples to repeat", m->path);
    struct corpus_reader *in = corpus_open(m->path, err);
    if (!in)
        return -1;
    bool same = same_columns(in, m->in);
    corpus_close(m->in);
    m->in = in;
    m->rows = 0;
    m->pass++;
    if (!same)
        return err_set(err, STATUS_DATA, "%s: has other columns than when it was read before",
                       m->path);
    return m->drawn ? fill(m, err) : 0;
}

void mixed_free(struct mixed *m) {
    shuffle_free(m->drawn);
    row_text_free(&m->text);
    corpus_close(m->in);
}

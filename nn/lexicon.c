#include "nn/lexicon.h"

#include <string.h>

#include "lib/zio.h"

static const char *const marks[] = {"<bos>", "<eos>", "<mask>"};
enum { N_MARKS = sizeof marks / sizeof *marks };

static int32_t mark(struct vocab *v, bool needed, int k) {
    return needed ? vocab_add(v, marks[k], strlen(marks[k])) : -1;
}

void lexicon_start(struct vocab *v, struct layout *l) {
    l->token_bos = mark(v, l->bos, 0);
    l->token_eos = mark(v, l->eos, 1);
    l->token_mask = mark(v, l->objective == OBJECTIVE_MASKED, 2);
}

int lexicon_find_marks(const struct vocab *v, struct layout *l, struct err *err) {
    const bool needed[N_MARKS] = {l->bos, l->eos, l->objective == OBJECTIVE_MASKED};
    int32_t found[N_MARKS];
    for (int k = 0; k < N_MARKS; k++) {
        found[k] = needed[k] ? vocab_find(v, marks[k], strlen(marks[k])) : -1;
        if (needed[k] && found[k] < 0)
            return err_set(err, STATUS_DATA, "the vocabulary lacks the mark %s", marks[k]);
    }
    l->token_bos = found[0];
    l->token_eos = found[1];
    l->token_mask = found[2];
    l->vocabulary = (int32_t)v->n;
    return 0;
}

static int check_mark(const char *word, size_t len, struct err *err) {
    for (int k = 0; *word == '<' && k < N_MARKS; k++)
        if (len == strlen(marks[k]) && memcmp(word, marks[k], len) == 0)
            return err_set(err, STATUS_DATA, "the word '%.*s' is reserved for a mark", (int)len,
                           word);
    return 0;
}

/* The next word from *text on, and *text beyond it; 0: no more. */
static inline size_t next_word(const char **text, const char **word) {
    const char *p = *text;
    while (*p == ' ')
        p++;
    *word = p;
    while (*p && *p != ' ')
        p++;
    *text = p;
    return (size_t)(p - *word);
}

int lexicon_encode(const struct vocab *v, const char *text, struct tokens *out, struct err *err) {
    const char *word;
    for (size_t len; (len = next_word(&text, &word)) > 0;) {
        int32_t id = vocab_find(v, word, len);
        if (check_mark(word, len, err) != 0)
            return -1;
        if (id < 0)
            return err_set(err, STATUS_DATA, "word '%.*s' is not in the vocabulary",
                           len > 100 ? 100 : (int)len, word);
        tokens_add(out, id);
    }
    return 0;
}

int lexicon_encode_new(struct vocab *v, const char *text, struct tokens *out, struct err *err) {
    const char *word;
    for (size_t len; (len = next_word(&text, &word)) > 0;) {
        if (check_mark(word, len, err) != 0)
            return -1;
        tokens_add(out, vocab_add(v, word, len));
    }
    return 0;
}

int lexicon_learn(struct vocab *v, const char *text, struct err *err) {
    const char *word;
    for (size_t len; (len = next_word(&text, &word)) > 0;) {
        if (check_mark(word, len, err) != 0)
            return -1;
        vocab_add(v, word, len);
    }
    return 0;
}

int lexicon_read(struct vocab *v, const char *path, struct err *err) {
    struct zio_reader *z = zio_open(path, err);
    if (!z)
        return -1;
    size_t before = v->n, len;
    char *line;
    int got;
    while ((got = zio_getline(z, &line, &len, err)) > 0)
        if (lexicon_learn(v, line, err) != 0) {
            got = err_prefix(err, "%s: line %llu", zio_name(z), (unsigned long long)zio_line(z));
            break;
        }
    if (got == 0 && v->n == before)
        got = err_set(err, STATUS_DATA, "%s: holds no words", zio_name(z));
    zio_close(z);
    return got;
}

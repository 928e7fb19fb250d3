#include "nn/lexicon.h"

#include <string.h>

void lexicon_start(struct vocab *v) {
    vocab_add(v, "<bos>", 5);
    vocab_add(v, "<eos>", 5);
}

void tokens_add(struct tokens *t, int32_t token) {
    t->items = mem_grow(t->items, &t->cap, t->n + 1, sizeof *t->items);
    t->items[t->n++] = token;
}

static int check_mark(int32_t id, const char *word, size_t len, struct err *err) {
    if (id == TOKEN_BOS || id == TOKEN_EOS)
        return err_set(err, STATUS_DATA, "the word '%.*s' is reserved for a mark", (int)len, word);
    return 0;
}

int lexicon_encode(const struct vocab *v, const char *text, struct tokens *out, struct err *err) {
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        int32_t id = vocab_find(v, text, len);
        if (id < 0)
            return err_set(err, STATUS_DATA, "word '%.*s' is not in the vocabulary",
                           len > 100 ? 100 : (int)len, text);
        if (check_mark(id, text, len, err) != 0)
            return -1;
        tokens_add(out, id);
        text += len;
    }
    return 0;
}

int lexicon_learn(struct vocab *v, const char *text, struct err *err) {
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        if (check_mark(vocab_add(v, text, len), text, len, err) != 0)
            return -1;
        text += len;
    }
    return 0;
}

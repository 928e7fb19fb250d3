#include "lib/rewrite.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pattern.h"
#include "lib/vocab.h"

struct step {
    /* a substitution */
    struct pattern *pattern;
    struct replacement *replacement;
    char *replacement_text;
    bool all;
    /* A -> B / C __ D: pattern is NULL */
    struct vocab words;     /* class A */
    const char **partners;  /* of each word, in class B */
    struct pattern *before; /* anchored at its end; NULL: anything */
    struct pattern *after;  /* anchored at its start; NULL: anything */
};

struct rewrite {
    struct step *steps;
    size_t n, cap;
};

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The length of the character that text begins with. */
static size_t character(const char *text) {
    size_t n = 1;
    while (((unsigned char)text[n] & 0xC0) == 0x80)
        n++;
    return n;
}

/* Append a pattern for the rest of sorted words[0..n) from byte `from` on, where they are alike
 * before it: common beginnings stand once, so that a search leaves a word at its first wrong
 * character. */
static void put_alternatives(struct buf *out, const char **words, size_t n, size_t from) {
    bool may_end = n > 0 && !words[0][from];
    if (may_end) {
        words++;
        n--;
    }
    if (n == 0)
        return;
    bool grouped = false, first = true;
    size_t len = character(words[0] + from);
    if (may_end || strncmp(words[0] + from, words[n - 1] + from, len) != 0) {
        buf_puts(out, "(?:");
        grouped = true;
    }
    for (size_t begin = 0, end; begin < n; begin = end) {
        len = character(words[begin] + from);
        for (end = begin + 1; end < n; end++)
            if (strncmp(words[begin] + from, words[end] + from, len) != 0)
                break;
        if (!first)
            buf_putc(out, '|');
        first = false;
        char *head = mem_strndup(words[begin] + from, len);
        pattern_quote(out, head);
        free(head);
        put_alternatives(out, words + begin, end - begin, from + len);
    }
    if (grouped)
        buf_puts(out, may_end ? ")?" : ")");
}

static void expand_class(struct buf *out, const char *const *words, size_t n) {
    const char **sorted = mem_alloc(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = words[i];
    qsort(sorted, n, sizeof *sorted, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            sorted[kept++] = sorted[i];
    /* One group around it all, so that a quantifier after {Name} is one of the whole word. */
    buf_puts(out, "(?:(?<!\\S)");
    put_alternatives(out, sorted, kept, 0);
    buf_puts(out, "(?!\\S))");
    free(sorted);
}

int rewrite_expand(struct buf *out, const char *p, const struct word_classes *classes,
                   struct err *err) {
    bool in_brackets = false;
    while (*p) {
        if (*p == '\\' && p[1]) {
            /* Braces after these escapes belong to them: \p{Lu}, \x{e9}, \k{name}; not in \s{Det}.
             */
            const char *end = p + 2;
            if (strchr("pPxoNgk", p[1]) && *end == '{' && strchr(end, '}'))
                end = strchr(end, '}') + 1;
            buf_add(out, p, (size_t)(end - p));
            p = end;
        } else if (*p == '{' && !in_brackets && isalpha((unsigned char)p[1]) && strchr(p, '}')) {
            const char *end = strchr(p, '}');
            char *name = mem_strndup(p + 1, (size_t)(end - p - 1));
            const char *const *words;
            size_t n;
            int result = classes->words(classes->context, name, &words, &n, err);
            free(name);
            if (result != 0)
                return -1;
            expand_class(out, words, n);
            p = end + 1;
        } else {
            if (*p == '[')
                in_brackets = true;
            else if (*p == ']')
                in_brackets = false;
            buf_putc(out, *p++);
        }
    }
    return 0;
}

static struct pattern *compile_expanded(const char *head, const char *pattern, const char *tail,
                                        const struct word_classes *classes, struct err *err) {
    struct buf text = {0}, whole = {0};
    buf_puts(&text, "");
    struct pattern *p = NULL;
    if (rewrite_expand(&text, pattern, classes, err) == 0)
        p = pattern_compile(text.data, err);
    if (p && (*head || *tail)) { /* a sound pattern by itself, so that ")(" does not slip through */
        pattern_free(p);
        buf_printf(&whole, "%s%s%s", head, text.data, tail);
        p = pattern_compile(whole.data, err);
    }
    buf_free(&text);
    buf_free(&whole);
    return p;
}

/* The text up to the next unescaped delimiter, with \DELIMITER made plain; NULL if there is none.
 * *p moves behind the delimiter. */
static char *cut_part(const char **p, char delimiter) {
    struct buf part = {0};
    buf_puts(&part, "");
    for (const char *c = *p; *c; c++) {
        if (*c == delimiter) {
            *p = c + 1;
            return part.data;
        }
        if (*c == '\\' && c[1]) {
            if (c[1] != delimiter)
                buf_putc(&part, '\\');
            c++;
        }
        buf_putc(&part, *c);
    }
    buf_free(&part);
    return NULL;
}

static int add_substitution(struct step *s, const char *line, const struct word_classes *classes,
                            struct err *err) {
    const char *p = line + 2;
    char *pattern = cut_part(&p, line[1]), *replacement = pattern ? cut_part(&p, line[1]) : NULL;
    int result = -1;
    if (!replacement) {
        err_set(err, STATUS_DATA, "'%s' is no s%cpattern%creplacement%c", line, line[1], line[1],
                line[1]);
    } else if (*p && strcmp(p, "g") != 0) {
        err_set(err, STATUS_DATA, "unknown flag '%s' after the substitution (only g is known)", p);
    } else {
        s->pattern = compile_expanded("", pattern, "", classes, err);
        s->all = *p == 'g';
        s->replacement_text = replacement;
        if (s->pattern)
            s->replacement = replacement_new(s->pattern, replacement, err);
        replacement = NULL;
        result = s->replacement ? 0 : -1;
    }
    free(pattern);
    free(replacement);
    return result;
}

static char *trimmed(const char *begin, const char *end) {
    while (begin < end && isspace((unsigned char)*begin))
        begin++;
    while (end > begin && isspace((unsigned char)end[-1]))
        end--;
    return mem_strndup(begin, (size_t)(end - begin));
}

static int set_partners(struct step *s, const char *from, const char *to,
                        const struct word_classes *classes, struct err *err) {
    const char *const *words;
    size_t n;
    if (classes->words(classes->context, from, &words, &n, err) != 0)
        return -1;
    s->partners = mem_alloc(n, sizeof *s->partners);
    for (size_t i = 0; i < n; i++) {
        size_t id = (size_t)vocab_add(&s->words, words[i], strlen(words[i]));
        if (classes->partner(classes->context, to, words[i], &s->partners[id], err) != 0)
            return -1;
    }
    return 0;
}

static int add_context_rule(struct step *s, const char *line, const struct word_classes *classes,
                            struct err *err) {
    const char *arrow = strstr(line, "->"), *slash = arrow ? strchr(arrow, '/') : NULL;
    const char *gap = slash ? strstr(slash, "__") : NULL;
    if (!arrow || (slash && !gap))
        return err_set(err, STATUS_DATA,
                       "'%s' is neither s/pattern/replacement/ nor A -> B / C __ D", line);
    const char *end = line + strlen(line);
    char *from = trimmed(line, arrow), *to = trimmed(arrow + 2, slash ? slash : end);
    char *before = slash ? trimmed(slash + 1, gap) : mem_strdup("");
    char *after = slash ? trimmed(gap + 2, end) : mem_strdup("");
    int result = set_partners(s, from, to, classes, err);
    if (result == 0 && *before) {
        s->before = compile_expanded("(?:", before, ")\\z", classes, err);
        result = s->before ? 0 : -1;
    }
    if (result == 0 && *after) {
        s->after = compile_expanded("\\A(?:", after, ")", classes, err);
        result = s->after ? 0 : -1;
    }
    free(from);
    free(to);
    free(before);
    free(after);
    return result;
}

static void free_step(struct step *s) {
    pattern_free(s->pattern);
    pattern_free(s->before);
    pattern_free(s->after);
    replacement_free(s->replacement);
    free(s->replacement_text);
    free(s->partners);
    vocab_free(&s->words);
}

struct rewrite *rewrite_new(void) {
    return mem_alloc(1, sizeof(struct rewrite));
}

int rewrite_add(struct rewrite *r, const char *line, const struct word_classes *classes,
                struct err *err) {
    struct step s = {0};
    bool substitution = line[0] == 's' && line[1] && !isalnum((unsigned char)line[1]) &&
                        !isspace((unsigned char)line[1]) && line[1] != '_' && line[1] != '\\';
    int result = substitution ? add_substitution(&s, line, classes, err)
                              : add_context_rule(&s, line, classes, err);
    if (result != 0) {
        free_step(&s);
        return -1;
    }
    r->steps = mem_grow(r->steps, &r->cap, r->n + 1, sizeof *r->steps);
    r->steps[r->n++] = s;
    return 0;
}

static int context_holds(const struct step *s, const char *text, size_t len, size_t begin,
                         size_t end, struct err *err) {
    int holds = 1;
    if (s->before)
        holds = pattern_search(s->before, text, begin ? begin - 1 : 0, err);
    if (holds == 1 && s->after) {
        size_t rest = end < len ? end + 1 : len;
        holds = pattern_search(s->after, text + rest, len - rest, err);
    }
    return holds;
}

static int apply_context_rule(const struct step *s, const char *text, size_t len, struct buf *out,
                              struct err *err) {
    for (size_t begin = 0; begin <= len;) {
        const char *space = memchr(text + begin, ' ', len - begin);
        size_t end = space ? (size_t)(space - text) : len;
        int32_t id = vocab_find(&s->words, text + begin, end - begin);
        int holds = id >= 0 ? context_holds(s, text, len, begin, end, err) : 0;
        if (holds < 0)
            return -1;
        if (begin)
            buf_putc(out, ' ');
        if (holds)
            buf_puts(out, s->partners[id]);
        else
            buf_add(out, text + begin, end - begin);
        begin = end + 1;
    }
    return 0;
}

/* Apply a step to text[0..len): 1: the result is in the empty `out`; 0: the step changes nothing.
 */
static int apply(const struct step *s, const char *text, size_t len, struct buf *out,
                 struct err *err) {
    if (!s->pattern)
        return apply_context_rule(s, text, len, out, err) == 0 ? 1 : -1;
    int n = pattern_replace(s->pattern, text, len, s->replacement, s->all, out, err);
    return n > 0 ? 1 : n;
}

int rewrite_apply(const struct rewrite *r, const char *sentence, size_t len, struct buf *out,
                  struct err *err) {
    struct buf next = {0};
    bool changed = false; /* the text so far is in out, not in the sentence */
    int result = 0;
    buf_clear(out);
    for (size_t i = 0; i < r->n && result >= 0; i++) {
        result = changed ? apply(&r->steps[i], out->data, out->len, &next, err)
                         : apply(&r->steps[i], sentence, len, out, err);
        if (result == 1 && changed) {
            struct buf swap = *out;
            *out = next;
            next = swap;
            buf_clear(&next);
        }
        changed |= result == 1;
    }
    if (!changed)
        buf_add(out, sentence, len);
    buf_free(&next);
    return result < 0 ? -1 : 0;
}

void rewrite_put_words(const struct rewrite *r, struct vocab *words) {
    for (size_t i = 0; i < r->n; i++) {
        const struct step *s = &r->steps[i];
        for (size_t k = 0; s->partners && k < s->words.n; k++)
            vocab_add(words, s->partners[k], strlen(s->partners[k]));
        for (const char *p = s->replacement_text ? s->replacement_text : ""; *p;) {
            size_t len = strcspn(p, " ");
            if (len && !memchr(p, '$', len))
                vocab_add(words, p, len);
            p += len + (p[len] == ' ');
        }
    }
}

void rewrite_free(struct rewrite *r) {
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++)
        free_step(&r->steps[i]);
    free(r->steps);
    free(r);
}

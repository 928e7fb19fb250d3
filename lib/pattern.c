#include "lib/pattern.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A sentence of 50 words needs some hundreds of steps; ten million take well under a second. */
enum { MATCH_STEPS = 10000000, HEAP_KIB = 65536, DEPTH = 100000, MOST_GROUPS = 99 };

struct pattern {
    pcre2_code *code;
    bool compiled; /* to machine code */
    char *ending;  /* what every subject that matches ends with, or NULL */
    size_t ending_len;
};

/* Where matches are made: one for each thread, for all patterns, made at its first match. */
struct bench {
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

static pthread_key_t bench_key;
static pthread_once_t bench_once = PTHREAD_ONCE_INIT;

static void free_bench(void *bench) {
    struct bench *b = bench;
    pcre2_match_data_free(b->match);
    pcre2_match_context_free(b->context);
    pcre2_jit_stack_free(b->stack);
    free(b);
}

static void make_key(void) {
    if (pthread_key_create(&bench_key, free_bench) != 0)
        msg_die(STATUS_OS, "no room for another thread-specific key");
}

static struct bench *bench(void) {
    pthread_once(&bench_once, make_key);
    struct bench *b = pthread_getspecific(bench_key);
    if (b)
        return b;
    b = mem_alloc(1, sizeof *b);
    b->match = pcre2_match_data_create(MOST_GROUPS + 1, NULL);
    b->context = pcre2_match_context_create(NULL);
    b->stack = pcre2_jit_stack_create(32 * 1024, 4 * 1024 * 1024, NULL);
    if (!b->match || !b->context || !b->stack || pthread_setspecific(bench_key, b) != 0)
        msg_die(STATUS_OS, "out of memory for a pattern");
    pcre2_set_match_limit(b->context, MATCH_STEPS);
    pcre2_set_heap_limit(b->context, HEAP_KIB);
    pcre2_set_depth_limit(b->context, DEPTH);
    pcre2_jit_stack_assign(b->context, NULL, b->stack);
    return b;
}

/* Most patterns end in plain words and $. Then a look at the end of a subject spares most searches
 * that fail. Nothing is said of a pattern with alternatives, flags or verbs. */
static void find_ending(struct pattern *p, const char *text) {
    size_t end = strlen(text);
    if (end < 2 || text[end - 1] != '$' || strstr(text, "\\Q") || strstr(text, "(*"))
        return;
    for (const char *c = strstr(text, "(?"); c; c = strstr(c + 1, "(?"))
        if (!strchr(":=!<", c[2]))
            return;
    int depth = 0;
    for (const char *c = text; *c; c++) {
        if (*c == '\\' && c[1])
            c++;
        else if (*c == '[')
            return; /* brackets may hold anything */
        else
            depth += (*c == '(') - (*c == ')');
        if (*c == '|' && depth == 0)
            return;
    }
    size_t begin = end - 1;
    while (begin > 0 && (isalnum((unsigned char)text[begin - 1]) || text[begin - 1] == ' '))
        begin--;
    if (begin + 1 >= end || (begin > 0 && text[begin - 1] == '\\')) /* it may be an escape's */
        return;
    p->ending_len = end - 1 - begin;
    p->ending = mem_strndup(text + begin, p->ending_len);
}

static bool may_match(const struct pattern *p, const char *subject, size_t len) {
    if (!p->ending)
        return true;
    /* $ matches before a line end too. */
    if (len && subject[len - 1] == '\n')
        return true;
    return len >= p->ending_len &&
           memcmp(subject + len - p->ending_len, p->ending, p->ending_len) == 0;
}

/* The first match from `start` on, in b->match; as pcre2_match. */
static int find(const struct pattern *p, const char *subject, size_t len, size_t start,
                const struct bench *b) {
    if (p->compiled)
        return pcre2_jit_match(p->code, (PCRE2_SPTR)subject, len, start, PCRE2_NO_UTF_CHECK,
                               b->match, b->context);
    return pcre2_match(p->code, (PCRE2_SPTR)subject, len, start, PCRE2_NO_UTF_CHECK, b->match,
                       b->context);
}

/* After an empty match at `start`, as in Perl: one at the same place that is not empty, or else the
 * first from the next character on. */
static int find_after_empty(const struct pattern *p, const char *subject, size_t len, size_t start,
                            const struct bench *b) {
    int found = pcre2_match(p->code, (PCRE2_SPTR)subject, len, start,
                            PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED, b->match,
                            b->context);
    if (found != PCRE2_ERROR_NOMATCH || start == len)
        return found;
    for (start++; start < len && ((unsigned char)subject[start] & 0xC0) == 0x80;)
        start++;
    return find(p, subject, len, start, b);
}

struct pattern *pattern_compile(const char *text, struct err *err) {
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &number, &offset, NULL);
    if (!code) {
        PCRE2_UCHAR sentence[256];
        pcre2_get_error_message(number, sentence, sizeof sentence);
        err_set(err, STATUS_DATA, "bad pattern /%.300s/: %s at character %zu", text,
                (char *)sentence, (size_t)offset);
        return NULL;
    }
    uint32_t groups = 0;
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups > MOST_GROUPS) {
        pcre2_code_free(code);
        err_set(err, STATUS_DATA, "bad pattern /%.300s/: more than %d groups", text, MOST_GROUPS);
        return NULL;
    }
    /* Where the platform has no compiler for it, the interpreter does the same, slower. */
    struct pattern *p = mem_alloc(1, sizeof *p);
    p->compiled = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    p->code = code;
    find_ending(p, text);
    return p;
}

static int match_error(int number, const char *subject, size_t len, struct err *err) {
    PCRE2_UCHAR sentence[256];
    pcre2_get_error_message(number, sentence, sizeof sentence);
    return err_set(err, STATUS_DATA, "the pattern cannot be matched on '%.*s': %s",
                   len > 200 ? 200 : (int)len, subject, (char *)sentence);
}

int pattern_search(const struct pattern *p, const char *subject, size_t len, struct err *err) {
    if (!may_match(p, subject, len))
        return 0;
    int n = find(p, subject, len, 0, bench());
    if (n >= 0)
        return 1;
    return n == PCRE2_ERROR_NOMATCH ? 0 : match_error(n, subject, len, err);
}

/* Text, then a group; the last piece has none (-1). */
struct piece {
    char *text;
    size_t len;
    int group;
};

struct replacement {
    struct piece *pieces;
    size_t n, cap;
};

static void add_piece(struct replacement *r, struct buf *text, int group) {
    r->pieces = mem_grow(r->pieces, &r->cap, r->n + 1, sizeof *r->pieces);
    r->pieces[r->n++] = (struct piece){mem_strndup(text->len ? text->data : "", text->len),
                                       text->len, group};
    buf_clear(text);
}

/* The number of the group that is named name[0..len); -1: there is none. */
static int group_number(const struct pattern *p, const char *name, size_t len) {
    uint32_t groups = 0;
    pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    char *text = mem_strndup(name, len), *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end) {
        int named = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)text);
        number = named > 0 ? (unsigned long)named : (unsigned long)groups + 1;
    }
    free(text);
    return number <= groups ? (int)number : -1;
}

struct replacement *replacement_new(const struct pattern *p, const char *text, struct err *err) {
    struct replacement *r = mem_alloc(1, sizeof *r);
    struct buf plain = {0};
    int bad = 0;
    for (const char *c = text; *c; c++) {
        if (*c != '$' || c[1] == '$') {
            buf_putc(&plain, *c);
            c += *c == '$';
            continue;
        }
        bool braced = c[1] == '{';
        const char *name = c + 1 + braced;
        size_t len = 0;
        while (isalnum((unsigned char)name[len]) || name[len] == '_')
            len++;
        int group = -1;
        if (!len || (braced && name[len] != '}'))
            bad = err_set(err, STATUS_DATA,
                          "bad replacement '%.200s': after $ a group is expected "
                          "($1, ${name}; $$ is a dollar)",
                          text);
        else if ((group = group_number(p, name, len)) < 0)
            bad = err_set(err, STATUS_DATA,
                          "bad replacement '%.200s': the pattern has no group '%.*s'", text,
                          (int)len, name);
        if (bad)
            break;
        add_piece(r, &plain, group);
        c = name + len - !braced;
    }
    add_piece(r, &plain, -1);
    buf_free(&plain);
    if (!bad)
        return r;
    replacement_free(r);
    return NULL;
}

void replacement_free(struct replacement *r) {
    for (size_t i = 0; r && i < r->n; i++)
        free(r->pieces[i].text);
    free(r ? r->pieces : NULL);
    free(r);
}

static void put_replacement(const struct replacement *r, const char *subject, const struct bench *b,
                            struct buf *out) {
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(b->match);
    for (size_t i = 0; i < r->n; i++) {
        const struct piece *piece = &r->pieces[i];
        buf_add(out, piece->text, piece->len);
        if (piece->group >= 0 && at[2 * piece->group] != PCRE2_UNSET)
            buf_add(out, subject + at[2 * piece->group],
                    at[2 * piece->group + 1] - at[2 * piece->group]);
    }
}

int pattern_replace(const struct pattern *p, const char *subject, size_t len,
                    const struct replacement *replacement, bool all, struct buf *out,
                    struct err *err) {
    if (!may_match(p, subject, len))
        return 0;
    struct bench *b = bench();
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(b->match);
    size_t from = 0, limit = out->len + ((size_t)1 << 26); /* subject[0..from) is in out */
    int n = 0;
    int found = find(p, subject, len, 0, b);
    while (found >= 0) {
        buf_add(out, subject + from, at[0] - from);
        put_replacement(replacement, subject, b, out);
        n++;
        from = at[1];
        if (!all)
            break;
        if (out->len > limit)
            return err_set(err, STATUS_DATA, "the replacement of '%.*s' grows past 64 MiB",
                           len > 200 ? 200 : (int)len, subject);
        found = at[1] == at[0] ? find_after_empty(p, subject, len, from, b)
                               : find(p, subject, len, from, b);
    }
    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        return match_error(found, subject, len, err);
    if (n)
        buf_add(out, subject + from, len - from);
    return n;
}

void pattern_quote(struct buf *out, const char *word) {
    for (; *word; word++) {
        if (!isalnum((unsigned char)*word) && (unsigned char)*word < 0x80)
            buf_putc(out, '\\');
        buf_putc(out, *word);
    }
}

void pattern_free(struct pattern *p) {
    if (!p)
        return;
    pcre2_code_free(p->code);
    free(p->ending);
    free(p);
}

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
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    struct pattern *p = mem_alloc(1, sizeof *p);
    p->code = code;
    return p;
}

static int match_error(int number, const char *subject, size_t len, struct err *err) {
    PCRE2_UCHAR sentence[256];
    pcre2_get_error_message(number, sentence, sizeof sentence);
    return err_set(err, STATUS_DATA, "the pattern cannot be matched on '%.*s': %s",
                   len > 200 ? 200 : (int)len, subject, (char *)sentence);
}

int pattern_search(const struct pattern *p, const char *subject, size_t len, struct err *err) {
    struct bench *b = bench();
    int n = pcre2_match(p->code, (PCRE2_SPTR)subject, len, 0, PCRE2_NO_UTF_CHECK, b->match,
                        b->context);
    if (n >= 0)
        return 1;
    return n == PCRE2_ERROR_NOMATCH ? 0 : match_error(n, subject, len, err);
}

int pattern_replace(const struct pattern *p, const char *subject, size_t len,
                    const char *replacement, bool all, struct buf *out, struct err *err) {
    uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
                       PCRE2_SUBSTITUTE_UNSET_EMPTY | (all ? PCRE2_SUBSTITUTE_GLOBAL : 0);
    PCRE2_SIZE room = len + strlen(replacement) + 64;
    struct bench *b = bench();
    for (;;) {
        out->data = mem_grow(out->data, &out->cap, out->len + room + 1, 1);
        PCRE2_SIZE size = room;
        int n = pcre2_substitute(p->code, (PCRE2_SPTR)subject, len, 0, options, b->match,
                                 b->context, (PCRE2_SPTR)replacement, PCRE2_ZERO_TERMINATED,
                                 (PCRE2_UCHAR *)out->data + out->len, &size);
        if (n >= 0) {
            out->len += size;
            return n;
        }
        if (n != PCRE2_ERROR_NOMEMORY)
            return match_error(n, subject, len, err);
        if (size > ((size_t)1 << 26))
            return err_set(err, STATUS_DATA, "the replacement of '%.*s' grows past 64 MiB",
                           len > 200 ? 200 : (int)len, subject);
        room = size;
    }
}

int pattern_check_replacement(const struct pattern *p, const char *replacement, struct err *err) {
    uint32_t groups = 0;
    pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    for (const char *c = replacement; *c; c++) {
        if (*c != '$')
            continue;
        bool braced = c[1] == '{';
        const char *name = c + 1 + braced;
        size_t len = 0;
        while (isalnum((unsigned char)name[len]) || name[len] == '_')
            len++;
        if (c[1] == '$') {
            c++;
            continue;
        }
        if (!len || (braced && name[len] != '}'))
            return err_set(err, STATUS_DATA,
                           "bad replacement '%.200s': after $ a group is expected "
                           "($1, ${name}; $$ is a dollar)",
                           replacement);
        char *text = mem_strndup(name, len), *end;
        unsigned long number = strtoul(text, &end, 10);
        bool known = *end ? pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)text) > 0
                          : number <= groups;
        free(text);
        if (!known)
            return err_set(err, STATUS_DATA,
                           "bad replacement '%.200s': the pattern has no group '%.*s'", replacement,
                           (int)len, name);
    }
    return 0;
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
    free(p);
}

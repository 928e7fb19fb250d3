#include "lib/arithmetic.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum { MOST_DEPTH = 100, LONGEST_NUMBER = 64 };

struct reader {
    const char *at, *end;
    const struct vocab *names;
    const double *values;
    struct err *err;
    int depth;
};

static int sum(struct reader *r, double *value);

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool arithmetic_is_name(const char *text, size_t len) {
    if (len == 0 || !is_letter(*text))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!is_letter(text[i]) && !is_digit(text[i]))
            return false;
    return true;
}

static char next(struct reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

static int number(struct reader *r, double *value) {
    char digits[LONGEST_NUMBER + 1];
    size_t n = 0;
    const char *c = r->at;
    while (c + n < r->end && n < LONGEST_NUMBER &&
           (is_digit(c[n]) || c[n] == '.' || c[n] == 'e' || c[n] == 'E' ||
            (n && (c[n] == '+' || c[n] == '-') && (c[n - 1] == 'e' || c[n - 1] == 'E'))))
        n++;
    memcpy(digits, c, n);
    digits[n] = '\0';
    char *rest;
    *value = strtod(digits, &rest);
    bool runs_on = c + n < r->end && (is_letter(c[n]) || is_digit(c[n]));
    if (*rest || rest == digits || runs_on || !isfinite(*value))
        return err_set(r->err, STATUS_DATA, "'%.*s' is no number", (int)n + runs_on, c);
    r->at += n;
    return 0;
}

static int name(struct reader *r, double *value) {
    const char *c = r->at;
    size_t n = 0;
    while (c + n < r->end && (is_letter(c[n]) || is_digit(c[n])))
        n++;
    int32_t found = r->names ? vocab_find(r->names, c, n) : -1;
    if (found < 0) {
        char *word = mem_strndup(c, n);
        const char *near = r->names ? msg_nearest(word, r->names->words, r->names->n) : NULL;
        err_set(r->err, STATUS_DATA, "'%.100s' is no parameter%s%s%s", word,
                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        free(word);
        return -1;
    }
    *value = r->values[found];
    r->at += n;
    return 0;
}

static int factor(struct reader *r, double *value) {
    char c = next(r);
    if (r->depth >= MOST_DEPTH)
        return err_set(r->err, STATUS_DATA, "more than %d parentheses and signs in one another",
                       MOST_DEPTH);
    r->depth++;
    int result = 0;
    if (c == '-' || c == '+') {
        r->at++;
        result = factor(r, value);
        if (c == '-')
            *value = -*value;
    } else if (c == '(') {
        r->at++;
        result = sum(r, value);
        if (result == 0 && next(r) != ')')
            result = err_set(r->err, STATUS_DATA, "a parenthesis is not closed");
        else if (result == 0)
            r->at++;
    } else if (is_digit(c) || c == '.') {
        result = number(r, value);
    } else if (is_letter(c)) {
        result = name(r, value);
    } else if (c) {
        result = err_set(r->err, STATUS_DATA, "a number or a name is expected before '%.*s'",
                         r->end - r->at < 20 ? (int)(r->end - r->at) : 20, r->at);
    } else {
        result = err_set(r->err, STATUS_DATA, "a number or a name is missing at the end");
    }
    r->depth--;
    return result;
}

static int product(struct reader *r, double *value) {
    if (factor(r, value) != 0)
        return -1;
    for (char c; (c = next(r)) == '*' || c == '/';) {
        double right = 0;
        r->at++;
        if (factor(r, &right) != 0)
            return -1;
        *value = c == '*' ? *value * right : *value / right;
    }
    return 0;
}

static int sum(struct reader *r, double *value) {
    if (product(r, value) != 0)
        return -1;
    for (char c; (c = next(r)) == '+' || c == '-';) {
        double right = 0;
        r->at++;
        if (product(r, &right) != 0)
            return -1;
        *value = c == '+' ? *value + right : *value - right;
    }
    return 0;
}

int arithmetic_read(const char *text, size_t len, const struct vocab *names, const double *values,
                    double *value, struct err *err) {
    struct reader r = {text, text + len, names, values, err, 0};
    *value = 0;
    if (sum(&r, value) != 0)
        return -1;
    if (next(&r))
        return err_set(err, STATUS_DATA, "an operator is expected before '%.*s'",
                       r.end - r.at < 20 ? (int)(r.end - r.at) : 20, r.at);
    if (!isfinite(*value))
        return err_set(err, STATUS_DATA, "'%.*s' is no finite number", len < 60 ? (int)len : 60,
                       text);
    return 0;
}

#include "lib/operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NESTED = 100, MOST_STACK = 128 };

enum code { PUSH_X, PUSH_Y, PUSH_NUMBER, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE, POWER };

struct step {
    enum code code;
    int64_t value; /* of PUSH_NUMBER; the exponent of POWER */
};

/* The steps that are taken when a variable has the wanted parity. */
struct branch {
    char variable; /* 'x', 'y', or 0 for always */
    bool odd;
    size_t begin, end;
};

struct operation {
    char *text;
    const struct group *group; /* NULL: modulo a number */
    uint32_t elements;
    struct step *steps;
    size_t n_steps, cap_steps;
    struct branch *branches;
    size_t n_branches, cap_branches;
    uint32_t *inverses; /* modulo a number; 0: none. NULL when nothing divides */
};

struct parser {
    struct operation *o;
    const char *p;
    int nested, height; /* open brackets; values on the stack */
    struct err *err;
};

static int fail(const struct parser *s, const char *what) {
    char place[32] = "the end";
    if (*s->p)
        snprintf(place, sizeof place, "'%.20s'", s->p);
    return err_set(s->err, STATUS_USAGE, "operation '%.60s': at %s: %s", s->o->text, place, what);
}

static void skip_blanks(struct parser *s) {
    s->p += strspn(s->p, " ");
}

static bool take(struct parser *s, const char *word) {
    skip_blanks(s);
    size_t len = strlen(word);
    if (strncmp(s->p, word, len) != 0)
        return false;
    s->p += len;
    return true;
}

static int add_step(struct parser *s, enum code code, int64_t value) {
    static const int change[] = {1, 1, 1, -1, -1, -1, -1, 0, 0};
    struct operation *o = s->o;
    s->height += change[code];
    if (s->height > MOST_STACK)
        return fail(s, "nested too deeply");
    o->steps = mem_grow(o->steps, &o->cap_steps, o->n_steps + 1, sizeof *o->steps);
    o->steps[o->n_steps++] = (struct step){code, value};
    return 0;
}

static int read_number(struct parser *s, int64_t *value) {
    size_t digits = strspn(s->p, "0123456789");
    if (digits == 0)
        return fail(s, "expected a number");
    if (digits > 9)
        return fail(s, "a number of at most 9 digits is taken");
    *value = strtoll(s->p, NULL, 10);
    s->p += digits;
    return 0;
}

/* 'x', 'y', or 0. */
static char take_variable(struct parser *s) {
    if (take(s, "x") || take(s, "a"))
        return 'x';
    if (take(s, "y") || take(s, "b"))
        return 'y';
    return 0;
}

/* What is read next is divided by: it may hold y alone. */
struct divisor {
    const char *at;
    size_t step;
};

static struct divisor begin_divisor(const struct parser *s) {
    return (struct divisor){s->p, s->o->n_steps};
}

static int check_divisor(struct parser *s, struct divisor d) {
    if (s->o->group)
        return 0;
    for (size_t i = d.step; i < s->o->n_steps; i++)
        if (s->o->steps[i].code == PUSH_X) {
            s->p = d.at;
            return fail(s, "division is by y and numbers only; exchange the roles of x and y");
        }
    return 0;
}

static int read_sum(struct parser *s);

static int read_atom(struct parser *s) {
    char variable = take_variable(s);
    if (variable)
        return add_step(s, variable == 'x' ? PUSH_X : PUSH_Y, 0);
    if (take(s, "(")) {
        if (++s->nested > MOST_NESTED)
            return fail(s, "nested too deeply");
        if (read_sum(s) != 0)
            return -1;
        s->nested--;
        return take(s, ")") ? 0 : fail(s, "expected )");
    }
    if (*s->p < '0' || *s->p > '9')
        return fail(s, s->o->group ? "expected x, y or (" : "expected x, y, a number or (");
    if (s->o->group)
        return fail(s, "a group has no numbers");
    int64_t value;
    if (read_number(s, &value) != 0)
        return -1;
    return add_step(s, PUSH_NUMBER, value % s->o->elements);
}

static int read_factor(struct parser *s) {
    const char *begin = s->p;
    if (take(s, "-")) {
        s->p = begin;
        if (s->o->group)
            return fail(s, "a group has products, quotients and powers only");
        if (++s->nested > MOST_NESTED)
            return fail(s, "nested too deeply");
        take(s, "-");
        int result = read_factor(s);
        s->nested--;
        return result != 0 ? -1 : add_step(s, NEGATE, 0);
    }
    struct divisor d = begin_divisor(s);
    if (read_atom(s) != 0)
        return -1;
    if (!take(s, "^") && !take(s, "**"))
        return 0;
    int64_t exponent;
    bool negative = take(s, "-");
    skip_blanks(s);
    if (read_number(s, &exponent) != 0 || (negative && check_divisor(s, d) != 0))
        return -1;
    return add_step(s, POWER, negative ? -exponent : exponent);
}

static int read_term(struct parser *s) {
    if (read_factor(s) != 0)
        return -1;
    for (;;) {
        skip_blanks(s);
        bool divides = false;
        if (*s->p == '*' || *s->p == '/')
            divides = *s->p++ == '/';
        else if (!*s->p || !strchr("xyab(", *s->p))
            return 0;
        struct divisor d = begin_divisor(s);
        if (read_factor(s) != 0 || (divides && check_divisor(s, d) != 0) ||
            add_step(s, divides ? DIVIDE : MULTIPLY, 0) != 0)
            return -1;
    }
}

static int read_sum(struct parser *s) {
    if (read_term(s) != 0)
        return -1;
    for (;;) {
        skip_blanks(s);
        if (*s->p != '+' && *s->p != '-')
            return 0;
        if (s->o->group)
            return fail(s, "a group has products, quotients and powers only");
        enum code code = *s->p++ == '+' ? ADD : SUBTRACT;
        if (read_term(s) != 0 || add_step(s, code, 0) != 0)
            return -1;
    }
}

static int read_operation(struct parser *s) {
    struct operation *o = s->o;
    for (bool last = false; !last;) {
        struct branch b = {.begin = o->n_steps};
        if (read_sum(s) != 0)
            return -1;
        b.end = o->n_steps;
        s->height = 0;
        skip_blanks(s);
        const char *condition = s->p;
        last = !take(s, "if");
        if (!last) {
            if (o->group) {
                s->p = condition;
                return fail(s, "a group has no even and odd elements");
            }
            b.variable = take_variable(s);
            if (!b.variable)
                return fail(s, "expected x or y");
            b.odd = take(s, "odd");
            if (!b.odd && !take(s, "even"))
                return fail(s, "expected even or odd");
            if (!take(s, "else"))
                return fail(s, "expected else");
        }
        o->branches = mem_grow(o->branches, &o->cap_branches, o->n_branches + 1,
                               sizeof *o->branches);
        o->branches[o->n_branches++] = b;
    }
    skip_blanks(s);
    return *s->p ? fail(s, "expected + - * / ^ or the end") : 0;
}

/* Inverses modulo n of the units among 1 .. n-1, by the extended algorithm of Euclid. */
static uint32_t *list_inverses(uint32_t n) {
    uint32_t *inverses = mem_alloc(n, sizeof *inverses);
    for (uint32_t v = 1; v < n; v++) {
        int64_t r = n, next = v, t = 0, next_t = 1;
        while (next) {
            int64_t q = r / next, rest = r % next, rest_t = t - q * next_t;
            r = next, next = rest;
            t = next_t, next_t = rest_t;
        }
        if (r == 1)
            inverses[v] = (uint32_t)(t < 0 ? t + n : t);
    }
    return inverses;
}

/* v^-1, and *defined; modulo 1 the only number is its own inverse. */
static uint64_t inverse_of(const struct operation *o, uint64_t v, bool *defined) {
    uint64_t inverse = o->inverses[v];
    *defined &= inverse != 0 || o->elements == 1;
    return inverse;
}

static uint64_t power_of(const struct operation *o, uint64_t v, int64_t exponent, bool *defined) {
    uint64_t n = o->elements, power = 1 % n;
    if (exponent < 0) {
        v = inverse_of(o, v, defined);
        exponent = -exponent;
    }
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            power = power * v % n;
        v = v * v % n;
    }
    return power;
}

static const struct branch *branch_for(const struct operation *o, uint32_t x, uint32_t y) {
    const struct branch *b = o->branches;
    while (b->variable && ((b->variable == 'x' ? x : y) & 1) != b->odd)
        b++;
    return b;
}

static uint32_t apply_modulo(const struct operation *o, uint32_t x, uint32_t y, bool *defined) {
    uint64_t stack[MOST_STACK + 1], *top = stack, n = o->elements;
    *top = 0;
    const struct branch *b = branch_for(o, x, y);
    for (const struct step *s = o->steps + b->begin; s < o->steps + b->end; s++) {
        switch (s->code) {
        case PUSH_X:
            *++top = x;
            break;
        case PUSH_Y:
            *++top = y;
            break;
        case PUSH_NUMBER:
            *++top = (uint64_t)s->value;
            break;
        case ADD:
            top--;
            *top += top[1];
            *top -= *top >= n ? n : 0;
            break;
        case SUBTRACT:
            top--;
            *top += top[1] > *top ? n : 0;
            *top -= top[1];
            break;
        case MULTIPLY:
            top--;
            *top = *top * top[1] % n;
            break;
        case DIVIDE:
            top--;
            *top = *top * inverse_of(o, top[1], defined) % n;
            break;
        case NEGATE:
            *top = *top ? n - *top : 0;
            break;
        case POWER:
            *top = power_of(o, *top, s->value, defined);
            break;
        }
    }
    return (uint32_t)*top;
}

static uint32_t apply_in_group(const struct operation *o, uint32_t x, uint32_t y) {
    uint32_t stack[MOST_STACK + 1], *top = stack;
    *top = 0;
    for (const struct step *s = o->steps, *end = s + o->n_steps; s < end; s++) {
        if (s->code == PUSH_X || s->code == PUSH_Y) {
            *++top = s->code == PUSH_X ? x : y;
        } else if (s->code == POWER) {
            *top = s->value == -1 ? group_inverse(o->group, *top)
                                  : group_power(o->group, *top, s->value);
        } else {
            top--;
            *top = group_product(o->group, *top,
                                 s->code == DIVIDE ? group_inverse(o->group, top[1]) : top[1]);
        }
    }
    return *top;
}

uint32_t operation_apply(const struct operation *o, uint32_t x, uint32_t y) {
    bool defined = true;
    return o->group ? apply_in_group(o, x, y) : apply_modulo(o, x, y, &defined);
}

/* Only y and numbers divide, and of x only the parity chooses among the branches. */
bool operation_takes(const struct operation *o, uint32_t y) {
    bool defined = true;
    if (!o->inverses)
        return true;
    apply_modulo(o, 0, y, &defined);
    if (o->elements > 1)
        apply_modulo(o, 1, y, &defined);
    return defined;
}

static bool divides(const struct operation *o) {
    for (size_t i = 0; i < o->n_steps; i++)
        if (o->steps[i].code == DIVIDE || (o->steps[i].code == POWER && o->steps[i].value < 0))
            return true;
    return false;
}

static int check_domain(const struct operation *o, struct err *err) {
    for (uint32_t y = 0; y < o->elements; y++)
        if (operation_takes(o, y))
            return 0;
    return err_set(
        err, STATUS_USAGE,
        "operation '%.60s': is defined for no y modulo %u, because it divides by numbers "
        "that have no inverse",
        o->text, o->elements);
}

struct operation *operation_read(const char *text, uint32_t modulus, const struct group *group,
                                 struct err *err) {
    struct operation *o = mem_alloc(1, sizeof *o);
    if (strlen(text) == 1 && strchr("+-*/", *text)) {
        o->text = mem_strdup("x+y");
        o->text[1] = *text;
    } else {
        o->text = mem_strdup(text);
    }
    o->group = group;
    o->elements = group ? group_order(group) : modulus;
    struct parser s = {.o = o, .p = o->text, .err = err};
    int result = read_operation(&s);
    if (result == 0 && !group && divides(o)) {
        o->inverses = list_inverses(o->elements);
        result = check_domain(o, err);
    }
    if (result == 0)
        return o;
    operation_free(o);
    return NULL;
}

void operation_free(struct operation *o) {
    if (!o)
        return;
    free(o->text);
    free(o->steps);
    free(o->branches);
    free(o->inverses);
    free(o);
}

const char *operation_text(const struct operation *o) {
    return o->text;
}

uint32_t operation_elements(const struct operation *o) {
    return o->elements;
}

void operation_put_element(const struct operation *o, uint32_t element, struct buf *out) {
    if (o->group)
        group_put_element(o->group, element, out);
    else
        buf_printf(out, "%u", element);
}

/* lib/operation: each published operation against C's own arithmetic, over whole tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/operation.h"
#include "tests/unit/assert_error.h"

static struct operation *read_good(const char *text, uint32_t modulus, const struct group *group) {
    struct err err = {0};
    struct operation *o = operation_read(text, modulus, group, &err);
    if (!o)
        fail_msg("%s modulo %u: %s", text, modulus, err.text);
    return o;
}

/* The number v with v * b = a modulo p, by trying; -1 if there is not exactly one. */
static int64_t quotient(int64_t a, int64_t b, int64_t p) {
    int64_t found = -1;
    for (int64_t v = 0; v < p; v++)
        if (v * b % p == a) {
            if (found >= 0)
                return -1;
            found = v;
        }
    return found;
}

static int64_t value_of(int which, int64_t x, int64_t y, int64_t p) {
    int64_t v = 0;
    switch (which) {
    case 0:
        v = x + y;
        break;
    case 1:
        v = x - y;
        break;
    case 2:
        v = x * y;
        break;
    case 3:
        return quotient(x, y, p);
    case 4:
        v = x * x + y * y;
        break;
    case 5:
        v = x * x + y * y + x * y;
        break;
    case 6:
        v = x * x + y * y + x * y + x;
        break;
    case 7:
        v = x * x * x + x * y;
        break;
    case 8:
        v = x * x * x + x * y * y + y;
        break;
    case 9:
        if (y % 2)
            return quotient(x, y, p);
        v = x - y;
        break;
    case 10:
        v = x % 2 ? x * y : x + y;
        break;
    case 11:
        v = x % 2 ? x - y : x + y;
        break;
    case 12:
        v = x * x + y;
        break;
    case 13:
        v = x * x * x + y;
        break;
    case 14:
        v = 3 * (x - 5) * (x - 5) - y;
        break;
    case 15:
        v = x % 2 == 0 ? x : y % 2 ? y : 7;
        break;
    case 16:
        v = -x * x;
        break;
    case 17: {
        int64_t q = quotient(1 % p, y, p);
        if (q < 0)
            return -1;
        v = q * q * x;
        break;
    }
    default:
        fail();
    }
    return (v % p + p) % p;
}

static const struct {
    const char *text;
    int which;
} published[] = {
    {"+", 0},
    {"x+y", 0},
    {"a + b", 0},
    {"-", 1},
    {"x - y", 1},
    {"*", 2},
    {"xy", 2},
    {"yx", 2},
    {"/", 3},
    {"x/y", 3},
    {"xy^-1", 3},
    {"x*y**-1", 3},
    {"x^2+y^2", 4},
    {"x**2+y**2", 4},
    {"xx+yy", 4},
    {"x^2+y^2+xy", 5},
    {"x^2+y^2+xy+x", 6},
    {"x^3+xy", 7},
    {"x^3+xy^2+y", 8},
    {"x/y if y odd else x-y", 9},
    {"x+y if x even else x*y", 10},
    {"x*y if x odd else x+y", 10},
    {"x+y if x even else x-y", 11},
    {"x^2+y", 12},
    {"x^3+y", 13},
    {"3(x-5)^2-y", 14},
    {"  3 * ( x - 5 ) * (x-5)+-y ", 14},
    {"x if x even else y if y odd else 7", 15},
    {"-x^2", 16},
    {"0-x*x", 16},
    {"- - -x x", 16},
    {"x/y/y", 17},
    {"xy^-2", 17},
    {"x/(yy)", 17},
    {"x/y^2", 17},
    {"x/(y*1)^2", 17},
};

/* Every pair. What is left out is exactly the y that has no inverse (where it is needed). */
static void whole_tables(void **state) {
    (void)state;
    static const uint32_t moduli[] = {1, 2, 3, 4, 12, 31, 36, 97};
    for (size_t k = 0; k < sizeof published / sizeof *published; k++)
        for (size_t m = 0; m < sizeof moduli / sizeof *moduli; m++) {
            uint32_t p = moduli[m];
            struct operation *o = read_good(published[k].text, p, NULL);
            assert_int_equal(operation_elements(o), p);
            for (uint32_t y = 0; y < p; y++) {
                for (uint32_t x = 0; x < p; x++) {
                    int64_t expected = value_of(published[k].which, x, y, p);
                    if (operation_takes(o, y) != (expected >= 0))
                        fail_msg("%s modulo %u takes y = %u or not", published[k].text, p, y);
                    if (expected >= 0 && operation_apply(o, x, y) != expected)
                        fail_msg("%s modulo %u of %u, %u is %u, not %d", published[k].text, p, x, y,
                                 operation_apply(o, x, y), (int)expected);
                }
            }
            operation_free(o);
        }
    operation_free(NULL);
}

/* At the largest modulus nothing overflows: Fermat's theorem, Euler's for a composite number. */
static void large_moduli(void **state) {
    (void)state;
    struct operation *o = read_good("x^999982+y", 999983, NULL);
    for (uint32_t x = 1; x < 999983; x += 997)
        assert_int_equal(operation_apply(o, x, 999982), 0);
    operation_free(o);
    o = read_good("y/y + y^400000 + x*0", 1000000, NULL); /* phi(10^6) = 400,000 */
    uint32_t units = 0;
    for (uint32_t y = 0; y < 1000000; y++) {
        if (!operation_takes(o, y))
            continue;
        units++;
        if (y % 97 == 0)
            assert_int_equal(operation_apply(o, 999999, y), 2);
    }
    assert_int_equal(units, 400000);
    operation_free(o);
    o = read_good("x*y-x", 1000000, NULL);
    assert_int_equal(operation_apply(o, 999999, 999999), 2);
    operation_free(o);
    o = read_good("x+y", 1000000, NULL);
    struct buf name = {0};
    operation_put_element(o, 999999, &name);
    assert_string_equal(name.data, "999999");
    buf_free(&name);
    operation_free(o);
}

/* The tables of Power et al.: c = b[a] for S5; SymPy's a*b*a^-1 and a*b*a, which act from the left.
 */
static void permutations_as_published(void **state) {
    (void)state;
    struct err err = {0};
    struct group *g = group_read("S5", &err);
    static const char *const texts[] = {"*", "x*y*x^-1", "aba", "x/y", "xyx^-1y^-1", "xy^3"};
    struct operation *o[6];
    for (size_t k = 0; k < 6; k++)
        o[k] = read_good(texts[k], 0, g);
    for (uint32_t x = 0; x < 120; x++)
        for (uint32_t y = 0; y < 120; y++) {
            struct buf a = {0}, b = {0};
            char c[6][6] = {"", "", "", "", "", ""}, back[6] = "", back_b[6] = "";
            group_put_element(g, x, &a);
            group_put_element(g, y, &b);
            for (int i = 0; i < 5; i++) {
                back[a.data[i] - '0'] = (char)('0' + i);
                back_b[b.data[i] - '0'] = (char)('0' + i);
            }
#define AT(p, i) (p)[(i) - '0']
            for (int i = 0; i < 5; i++) {
                char at = AT(b.data, a.data[i]);
                c[0][i] = at;
                c[1][i] = AT(back, at);
                c[2][i] = AT(a.data, at);
                c[3][i] = AT(back_b, a.data[i]);
                c[4][i] = AT(back_b, AT(back, at));
                c[5][i] = AT(b.data, AT(b.data, at));
            }
            for (size_t k = 0; k < 6; k++) {
                struct buf name = {0};
                operation_put_element(o[k], operation_apply(o[k], x, y), &name);
                assert_string_equal(name.data, c[k]);
                buf_free(&name);
            }
            buf_free(&a);
            buf_free(&b);
        }
    for (size_t k = 0; k < 6; k++) {
        assert_true(operation_takes(o[k], 0));
        operation_free(o[k]);
    }
    group_free(g);
}

static void text_is_kept(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"+", "x+y"}, {"-", "x-y"}, {"*", "x*y"}, {"/", "x/y"}, {"x  +y", "x  +y"}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct operation *o = read_good(rows[k][0], 7, NULL);
        assert_string_equal(operation_text(o), rows[k][1]);
        operation_free(o);
    }
}

static void refuse(const char *text, uint32_t modulus, const struct group *g, const char *why) {
    struct err err = {0};
    assert_null(operation_read(text, modulus, g, &err));
    assert_error(&err, STATUS_USAGE, "operation '", why);
}

static void no_operations(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", "at the end: expected x, y, a number or ("},
        {" ", "at the end: expected x, y"},
        {"x+", "at the end: expected x, y"},
        {"x+z", "at 'z': expected x, y"},
        {"x2", "at '2': expected + - * / ^ or the end"},
        {"(x+y", "at the end: expected )"},
        {"x+y)", "at ')': expected + - * / ^ or the end"},
        {"x^", "at the end: expected a number"},
        {"x^y", "at 'y': expected a number"},
        {"x^2^2", "at '^2': expected + - * / ^ or the end"},
        {"x^-", "at the end: expected a number"},
        {"x+1234567890", "at most 9 digits"},
        {"y/x", "at 'x': division is by y and numbers only; exchange"},
        {"x^-1", "at 'x^-1': division is by y"},
        {"x/(y+x)", "at '(y+x)': division is by y"},
        {"x if", "at the end: expected x or y"},
        {"x if y", "at the end: expected even or odd"},
        {"x if y odd", "at the end: expected else"},
        {"x if y odd else", "at the end: expected x, y"},
        {"x if 3 odd else y", "at '3 odd else y': expected x or y"},
        {"x\ty", "expected + - * / ^ or the end"},
        {"x*", "expected x, y"},
        {"//", "expected x, y"},
        {"\xc3\xa9", "expected x, y"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        refuse(rows[k][0], 97, NULL, rows[k][1]);
    refuse("x/0", 97, NULL, "is defined for no y modulo 97");
    refuse("x/2", 10, NULL, "is defined for no y modulo 10");
    refuse("x/(y-y)", 7, NULL, "is defined for no y modulo 7");
    struct err err = {0};
    struct group *g = group_read("S3", &err);
    refuse("+", 0, g, "at '+y': a group has products, quotients and powers only");
    refuse("-x", 0, g, "at '-x': a group has products");
    refuse("x*2", 0, g, "at '2': a group has no numbers");
    refuse("x if x even else y", 0, g, "at 'if x even else y': a group has no even");
    refuse("", 0, g, "expected x, y or (");
    group_free(g);
    /* Depth is bounded; length is not. */
    struct buf deep = {0};
    for (int i = 0; i < 100000; i++)
        buf_putc(&deep, '(');
    refuse(deep.data, 97, NULL, "nested too deeply");
    buf_clear(&deep);
    for (int i = 0; i < 100000; i++)
        buf_putc(&deep, '-');
    refuse(deep.data, 97, NULL, "nested too deeply");
    buf_clear(&deep);
    for (int i = 0; i < 90; i++)
        buf_puts(&deep, "x+(");
    refuse(deep.data, 97, NULL, "at the end");
    buf_clear(&deep);
    buf_puts(&deep, "y");
    for (int i = 0; i < 100000; i++)
        buf_puts(&deep, "+x");
    struct operation *o = read_good(deep.data, 97, NULL);
    assert_int_equal(operation_apply(o, 2, 3), 200003 % 97);
    operation_free(o);
    buf_free(&deep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_tables),
        cmocka_unit_test(large_moduli),
        cmocka_unit_test(permutations_as_published),
        cmocka_unit_test(text_is_kept),
        cmocka_unit_test(no_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "gen/addition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void addition_start(struct addition *x, const struct addition_law *law) {
    size_t room = (size_t)law->length.most + 1;
    *x = (struct addition){.sum = mem_alloc(room, 1)};
    for (int k = 0; k < 2; k++)
        x->addend[k] = mem_alloc(room, 1);
}

/* n uniform digits, nine from every draw. */
static void draw_digits(struct rng *r, unsigned char *digits, size_t n) {
    for (size_t i = 0; i < n;) {
        uint32_t nine = rng_below(r, 1000000000);
        for (int k = 0; k < 9 && i < n; k++, nine /= 10)
            digits[i++] = (unsigned char)(nine % 10);
    }
}

/* The digits of a number without zeros in front, at least 1. */
static size_t significant(const unsigned char *digits, size_t n) {
    while (n > 1 && digits[n - 1] == 0)
        n--;
    return n;
}

static void add(struct addition *x) {
    unsigned carry = 0;
    size_t run = 0;
    x->carries = x->chain = 0;
    x->addend[0][x->length] = x->addend[1][x->length] = 0;
    for (size_t i = 0; i < x->length; i++) {
        unsigned sum = x->addend[0][i] + x->addend[1][i] + carry;
        carry = sum > 9;
        x->sum[i] = (unsigned char)(sum - 10 * carry);
        run = carry ? run + 1 : 0;
        x->carries += carry;
        x->chain = run > x->chain ? run : x->chain;
    }
    x->sum[x->length] = (unsigned char)carry;
}

bool addition_draw(struct addition *x, const struct addition_law *law, uint64_t index,
                   struct rng *r) {
    uint64_t n_lengths = (uint64_t)(law->length.most - law->length.least) + 1;
    size_t n = (size_t)law->length.most;
    if (!law->by_number)
        n = (size_t)law->length.least + (size_t)(index % n_lengths);
    size_t length[2];
    for (int k = 0; k < 2; k++) {
        draw_digits(r, x->addend[k], n);
        length[k] = significant(x->addend[k], n);
    }
    x->length = length[0] > length[1] ? length[0] : length[1];
    if (law->equal && length[0] != length[1])
        return false;
    if (x->length < (law->by_number ? (size_t)law->length.least : n))
        return false;
    add(x);
    uint32_t places = law->fixed_hints ? 0 : (uint32_t)law->hints;
    x->first_hint = places > x->length ? rng_below(r, places - (uint32_t)x->length) : 0;
    return true;
}

/* The chance of a carry out of place i when every digit is uniform: c(0) = .45, and
 * c(i) = .45 + .1 c(i-1), so that c(i) = (1 - 10^-(i+1)) / 2.
 *
 * Conditions on the first digits: of the 100 pairs of digits 99 are not both 0 (any addends), of
 * which 45 carry without and 55 with a carry into the place; of the 81 pairs without a 0 (equal
 * lengths) 45 and 53 do. */
struct addition_truth addition_know(const struct addition_law *law) {
    struct addition_truth mean = {0};
    /* Running over lengths: mean carries, chance of a carry into the next place and of no carry,
     * of so many uniform digits; ln of how many pairs of digits. */
    double carries = 0, into = 0, none = 1, total = 0;
    for (int64_t n = 1; n <= law->length.most; n++) {
        double first = n == 1 ? 100 : law->equal ? 81 : 99;
        double with = first == 81 ? 53 : 55;
        double top = (45 * (1 - into) + with * into) / first;
        double no_top = (first == 100 ? 55 : first == 99 ? 54 : 36) / first;
        if (n >= law->length.least) {
            /* By number, lengths weigh as their pairs, first * 100^(n - 1): what is shorter so far
             * shrinks by 100 at each step. */
            double weight = law->by_number ? first : 1;
            double keep = law->by_number ? 0.01 : 1;
            double offsets = law->hints && !law->fixed_hints ? (double)(law->hints - n) : 1;
            double pairs = log(first) + (double)(n - 1) * log(100);
            mean.carries = keep * mean.carries + weight * (carries + top);
            mean.overflow = keep * mean.overflow + weight * top;
            mean.no_carry = keep * mean.no_carry + weight * none * no_top;
            mean.entropy = keep * mean.entropy +
                           weight * (log(offsets) + (law->by_number ? 0 : pairs));
            total = keep * total + weight;
        }
        double out = 0.45 + 0.1 * into;
        carries += out;
        into = out;
        none *= 0.55;
    }
    mean.carries /= total;
    mean.overflow /= total;
    mean.no_carry /= total;
    mean.entropy /= total;
    /* The entropy of what is not conditioned on: which pair of all, or which length. */
    mean.entropy += law->by_number ? log(total) + (double)(law->length.most - 1) * log(100)
                                   : log(total);
    return mean;
}

size_t addition_digits(const struct addition *x, enum addition_zeros zeros,
                       const unsigned char *number, bool is_sum) {
    if (zeros == ADDITION_ZEROS_CARRY)
        return x->length + 1;
    if (zeros == ADDITION_ZEROS_EQUAL)
        return x->length + (is_sum && number[x->length] ? 1 : 0);
    return significant(number, x->length + 1);
}

void addition_put(const struct addition *x, const struct addition_law *law,
                  const unsigned char *number, size_t digits, bool reversed, struct buf *out) {
    for (size_t i = 0; i < digits; i++) {
        size_t place = reversed ? i : digits - 1 - i;
        if (i)
            buf_putc(out, ' ');
        if (law->hints) {
            buf_putc(out, 'h');
            buf_put_integer(out, x->first_hint + (x->length - place));
            buf_putc(out, ' ');
        }
        buf_putc(out, (char)('0' + number[place]));
    }
}

void addition_free(struct addition *x) {
    free(x->addend[0]);
    free(x->addend[1]);
    free(x->sum);
}

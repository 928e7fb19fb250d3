#include "lib/alias.h"

#include <stdlib.h>

#include "lib/mem.h"

enum { MASS_BITS = 62 };

unsigned alias_bits(size_t n) {
    unsigned bits = 1;
    while ((size_t)1 << bits < n)
        bits++;
    return bits;
}

/* Round p to whole numbers that sum to 2^62. */
static void masses(uint64_t *mass, const double *p, size_t n) {
    double sum = 0;
    size_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        sum += p[i];
        if (p[i] > p[largest])
            largest = i;
    }
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        mass[i] = (uint64_t)(p[i] / sum * 0x1p62 + 0.5);
        total += mass[i];
    }
    mass[largest] += ((uint64_t)1 << MASS_BITS) - total; /* modulo 2^64: may be less than 0 */
}

void alias_build(struct alias_column *columns, unsigned bits, const double *p,
                 const uint32_t *items, size_t n) {
    size_t n_columns = (size_t)1 << bits, n_small = 0, n_large = 0;
    const uint64_t full = (uint64_t)1 << (MASS_BITS - bits);
    uint64_t *mass = mem_alloc(n_columns, sizeof *mass);
    uint32_t *work = mem_alloc(n_columns,
                               sizeof *work); /* small ones from below, large from above */
    masses(mass, p, n);
    for (size_t i = 0; i < n_columns; i++) {
        if (mass[i] < full)
            work[n_small++] = (uint32_t)i;
        else
            work[n_columns - ++n_large] = (uint32_t)i;
    }
    while (n_large > 0) {
        uint32_t large = work[n_columns - n_large], item = items ? items[large] : large;
        if (n_small == 0) {
            columns[large] = (struct alias_column){0, item, item};
            n_large--;
            continue;
        }
        uint32_t small = work[--n_small];
        columns[small] = (struct alias_column){
            .threshold = mass[small] << (64 - MASS_BITS + bits),
            .own = small < n ? items ? items[small] : small : item,
            .other = item,
        };
        mass[large] -= full - mass[small];
        if (mass[large] < full) {
            n_large--;
            work[n_small++] = large;
        }
    }
    free(mass);
    free(work);
}

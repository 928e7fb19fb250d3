#include "gen/aligned.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void aligned_start(struct aligned *t, size_t columns) {
    *t = (struct aligned){.columns = columns < ALIGNED_COLUMNS ? columns : ALIGNED_COLUMNS};
}

void aligned_cell(struct aligned *t, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    t->cells = mem_grow(t->cells, &t->cap, t->n + 1, sizeof *t->cells);
    t->cells[t->n++] = mem_strdup(text);
}

/* The number of characters of a UTF-8 text. */
static int width_of(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

void aligned_put(struct aligned *t, struct buf *out) {
    int width[ALIGNED_COLUMNS] = {0};
    for (size_t i = 0; i < t->n; i++) {
        int w = width_of(t->cells[i]);
        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t column = i % t->columns;
        int blanks = width[column] - width_of(t->cells[i]);
        buf_puts(out, "  ");
        if (column == 0)
            buf_printf(out, "%s%*s", t->cells[i], blanks, "");
        else
            buf_printf(out, "%*s%s", blanks, "", t->cells[i]);
        if (column == t->columns - 1)
            buf_putc(out, '\n');
        free(t->cells[i]);
    }
    free(t->cells);
}

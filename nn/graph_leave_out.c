#include <string.h>

#include "nn/graph_private.h"

/* Examples whose loss has gradient 0, such as those beyond the margin of a hinge, add 0 to every
 * gradient: where all nodes act on rows one by one, the others are moved together and the backward
 * pass is theirs alone. Sums over rows without their zeros have the same bits. */

void graph_find_by_row(struct graph *g) {
    g->by_row = g->loss >= 0;
    for (int i = 0; i <= g->loss; i++)
        g->by_row &= g->node[i].rows == ROWS_EXAMPLE && g->node[i].kind->by_row;
}

static bool is_zero(const real *x, int n) {
    for (int i = 0; i < n; i++)
        if (x[i] != 0)
            return false;
    return true;
}

static void move_rows(const struct graph *g, int rows, size_t width, real *x) {
    for (int i = 0; i < rows; i++)
        if (g->kept_row[i] != i)
            memcpy(x + (size_t)i * width, x + (size_t)g->kept_row[i] * width, width * sizeof *x);
}

void graph_leave_out(struct graph *g, struct call *c) {
    const struct node *output = &g->node[g->output];
    const real *gradient = node_gradient(c, output);
    int rows = c->rows[ROWS_EXAMPLE], kept = 0;
    for (int i = 0; i < rows; i++)
        if (!is_zero(gradient + (size_t)i * (size_t)output->width, output->width))
            g->kept_row[kept++] = i;
    if (rows - kept < rows / 4)
        return; /* moving would cost what is saved */
    for (int i = 0; i < g->loss; i++) {
        const struct node *n = &g->node[i];
        move_rows(g, kept, (size_t)n->width, node_value(c, n));
        for (int k = 0; k < NODE_KEPT; k++)
            if (n->kept_width[k])
                move_rows(g, kept, n->kept_width[k], node_kept(c, n, k));
    }
    c->rows[ROWS_EXAMPLE] = kept;
    g->pass.rows[ROWS_EXAMPLE] = (size_t)kept;
}

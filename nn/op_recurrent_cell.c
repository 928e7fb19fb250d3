#include "nn/op_recurrent_cell.h"

#include <stddef.h>

#include "nn/elementary.h"
#include "nn/vector.h"

CLONED void cell_add(int n, const real *a, const real *b, real *y) {
    if (!b) {
        if (a != y)
            memcpy(y, a, (size_t)n * sizeof *y);
        return;
    }
    INDEPENDENT
    for (int i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

CLONED void srn_forward(int n, const real *u, real *gates, real *state) {
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real y = real_tanh(gates[i] + u[i]);
        gates[i] = y;
        state[i] = y;
    }
}

CLONED void srn_relu_forward(int n, const real *u, real *gates, real *state) {
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real x = gates[i] + u[i];
        real y = x > 0 ? x : 0;
        gates[i] = y;
        state[i] = y;
    }
}

CLONED void gru_forward(int n, const real *u, real *gates, real *state, real *u2) {
    real *gr = gates, *gz = gates + n, *gn = gates + 2 * (size_t)n;
    const real *ur = u, *uz = u + n, *un = u + 2 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real r = real_sigmoid(gr[i] + ur[i]);
        real z = real_sigmoid(gz[i] + uz[i]);
        real x = un[i];
        real y = real_tanh(gn[i] + r * x);
        gr[i] = r;
        gz[i] = z;
        gn[i] = y;
        u2[i] = x;
        state[i] = y + z * (state[i] - y);
    }
}

CLONED void lstm_forward(int n, const real *u, real *gates, real *cell, real *state) {
    real *gi = gates, *gf = gates + n, *gg = gates + 2 * (size_t)n, *go = gates + 3 * (size_t)n;
    const real *ui = u, *uf = u + n, *ug = u + 2 * (size_t)n, *uo = u + 3 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real in = real_sigmoid(gi[i] + ui[i]);
        real forget = real_sigmoid(gf[i] + uf[i]);
        real g = real_tanh(gg[i] + ug[i]);
        real out = real_sigmoid(go[i] + uo[i]);
        real c = forget * cell[i] + in * g;
        gi[i] = in;
        gf[i] = forget;
        gg[i] = g;
        go[i] = out;
        cell[i] = c;
        state[i] = out * real_tanh(c);
    }
}

CLONED void srn_backward(int n, real *gates, const real *dh) {
    INDEPENDENT
    for (int i = 0; i < n; i++)
        gates[i] = dh[i] * (1 - gates[i] * gates[i]);
}

CLONED void srn_relu_backward(int n, real *gates, const real *dh) {
    INDEPENDENT
    for (int i = 0; i < n; i++)
        gates[i] = gates[i] > 0 ? dh[i] : 0;
}

CLONED void gru_backward(int n, real *gates, real *u2, const real *before, real *dh) {
    real *gr = gates, *gz = gates + n, *gn = gates + 2 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real r = gr[i], z = gz[i], y = gn[i], d = dh[i];
        real dn = d * (1 - z) * (1 - y * y);
        gr[i] = dn * u2[i] * (r * (1 - r));
        gz[i] = d * (before[i] - y) * (z * (1 - z));
        gn[i] = dn;
        u2[i] = dn * r;
        dh[i] = d * z;
    }
}

CLONED void lstm_backward(int n, real *gates, const real *cell, const real *before, const real *dh,
                          real *dc) {
    real *gi = gates, *gf = gates + n, *gg = gates + 2 * (size_t)n, *go = gates + 3 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real in = gi[i], forget = gf[i], g = gg[i], out = go[i];
        real t = real_tanh(cell[i]);
        real d = dc[i] + dh[i] * out * (1 - t * t);
        gi[i] = d * g * (in * (1 - in));
        gf[i] = before ? d * before[i] * (forget * (1 - forget)) : 0;
        gg[i] = d * in * (1 - g * g);
        go[i] = dh[i] * t * (out * (1 - out));
        dc[i] = d * forget;
    }
}

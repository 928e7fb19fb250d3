#include "nn/op_recurrent_cell.h"

#include <stddef.h>

#include "nn/elementary.h"
#include "nn/vector.h"

CLONED void cell_add(int n, const real *x, real *y) {
    INDEPENDENT
    for (int i = 0; i < n; i++)
        y[i] += x[i];
}

CLONED void srn_forward(int n, const real *u, const real *x, real *gates, real *y) {
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real h = real_tanh(x[i] + u[i]);
        gates[i] = h;
        y[i] = h;
    }
}

CLONED void srn_relu_forward(int n, const real *u, const real *x, real *gates, real *y) {
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real sum = x[i] + u[i];
        real h = sum > 0 ? sum : 0;
        gates[i] = h;
        y[i] = h;
    }
}

CLONED void gru_forward(int n, const real *u, const real *x, const real *before, real *gates,
                        real *u2, real *y) {
    size_t z_at = (size_t)n, n_at = 2 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real r = real_sigmoid(x[i] + u[i]);
        real z = real_sigmoid(x[z_at + i] + u[z_at + i]);
        real v = u[n_at + i];
        real new = real_tanh(x[n_at + i] + r * v);
        gates[i] = r;
        gates[z_at + i] = z;
        gates[n_at + i] = new;
        u2[i] = v;
        y[i] = new + z *(before[i] - new);
    }
}

CLONED void lstm_forward(int n, const real *u, const real *x, const real *before, real *gates,
                         real *cell, real *y) {
    size_t f_at = (size_t)n, g_at = 2 * (size_t)n, o_at = 3 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real in = real_sigmoid(x[i] + u[i]);
        real forget = real_sigmoid(x[f_at + i] + u[f_at + i]);
        real g = real_tanh(x[g_at + i] + u[g_at + i]);
        real out = real_sigmoid(x[o_at + i] + u[o_at + i]);
        real c = forget * before[i] + in * g;
        gates[i] = in;
        gates[f_at + i] = forget;
        gates[g_at + i] = g;
        gates[o_at + i] = out;
        cell[i] = c;
        y[i] = out * real_tanh(c);
    }
}

CLONED void srn_backward(int n, real *gates, const real *dy, const real *dh) {
    INDEPENDENT
    for (int i = 0; i < n; i++)
        gates[i] = (dh[i] + dy[i]) * (1 - gates[i] * gates[i]);
}

CLONED void srn_relu_backward(int n, real *gates, const real *dy, const real *dh) {
    INDEPENDENT
    for (int i = 0; i < n; i++)
        gates[i] = gates[i] > 0 ? dh[i] + dy[i] : 0;
}

CLONED void gru_backward(int n, real *gates, real *u2, const real *before, const real *dy,
                         real *dh) {
    real *gr = gates, *gz = gates + n, *gn = gates + 2 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real r = gr[i], z = gz[i], y = gn[i], d = dh[i] + dy[i];
        real dn = d * (1 - z) * (1 - y * y);
        gr[i] = dn * u2[i] * (r * (1 - r));
        gz[i] = d * (before[i] - y) * (z * (1 - z));
        gn[i] = dn;
        u2[i] = dn * r;
        dh[i] = d * z;
    }
}

CLONED void lstm_backward(int n, real *gates, const real *cell, const real *before, const real *dy,
                          const real *dz, const real *dh, real *dc) {
    real *gi = gates, *gf = gates + n, *gg = gates + 2 * (size_t)n, *go = gates + 3 * (size_t)n;
    INDEPENDENT
    for (int i = 0; i < n; i++) {
        real in = gi[i], forget = gf[i], g = gg[i], out = go[i];
        real t = real_tanh(cell[i]), e = dh[i] + dy[i];
        real d = dc[i] + dz[i] + e * out * (1 - t * t);
        gi[i] = d * g * (in * (1 - in));
        gf[i] = d * before[i] * (forget * (1 - forget));
        gg[i] = d * in * (1 - g * g);
        go[i] = e * t * (out * (1 - out));
        dc[i] = d * forget;
    }
}

/* Transposes of as many vectors as a vector has lanes, in registers, for the instruction set a file
 * is compiled for; included after `vector`, LANES_, LOAD and STORE are defined. */
#ifdef REAL_IS_DOUBLE

/* The checking build does without speed here. */
static inline void transpose_lanes(vector *v) {
    double a[LANES_][LANES_], b[LANES_][LANES_];
    for (int i = 0; i < LANES_; i++)
        STORE(a[i], v[i]);
    for (int i = 0; i < LANES_; i++)
        for (int j = 0; j < LANES_; j++)
            b[j][i] = a[i][j];
    for (int i = 0; i < LANES_; i++)
        v[i] = LOAD(b[i]);
}

#elif LANES_ == 16

/* Pairs of rows, then of pairs, within 128 bits; then the 128-bit quarters as a 4 x 4 matrix. */
static inline __attribute__((always_inline)) void transpose_lanes(__m512 *v) {
    __m512 t[16];
#    pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
#    pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512d a = _mm512_castps_pd(t[4 * i]), b = _mm512_castps_pd(t[4 * i + 1]);
        __m512d c = _mm512_castps_pd(t[4 * i + 2]), d = _mm512_castps_pd(t[4 * i + 3]);
        v[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        v[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        v[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        v[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
#    pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512 a = _mm512_shuffle_f32x4(v[i], v[4 + i], 0x88);
        __m512 b = _mm512_shuffle_f32x4(v[i], v[4 + i], 0xdd);
        __m512 c = _mm512_shuffle_f32x4(v[8 + i], v[12 + i], 0x88);
        __m512 d = _mm512_shuffle_f32x4(v[8 + i], v[12 + i], 0xdd);
        t[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        t[4 + i] = _mm512_shuffle_f32x4(b, d, 0x88);
        t[8 + i] = _mm512_shuffle_f32x4(a, c, 0xdd);
        t[12 + i] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
#    pragma GCC unroll 16
    for (int i = 0; i < 16; i++)
        v[i] = t[i];
}

#elif LANES_ == 8

static inline __attribute__((always_inline)) void transpose_lanes(__m256 *v) {
    __m256 t[8];
#    pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
#    pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        v[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
        v[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
        v[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
        v[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
    }
#    pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(v[i], v[4 + i], 0x20);
        t[4 + i] = _mm256_permute2f128_ps(v[i], v[4 + i], 0x31);
    }
#    pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        v[i] = t[i];
}

#endif

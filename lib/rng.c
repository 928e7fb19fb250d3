#include "lib/rng.h"

#include <math.h>

#if defined(__x86_64__) && defined(__GNUC__)
#    include <immintrin.h>
#    define HAVE_AVX2_CLONE 1
#else
#    define HAVE_AVX2_CLONE 0
#endif

static const uint32_t MULTIPLIER[2] = {0xD2511F53u, 0xCD9E8D57u};
static const uint32_t WEYL[2] = {0x9E3779B9u, 0xBB67AE85u};

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)MULTIPLIER[0] * c0, b = (uint64_t)MULTIPLIER[1] * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += WEYL[0];
        k1 += WEYL[1];
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

struct rng rng_at(uint64_t seed, enum rng_stream stream, uint64_t item) {
    return (struct rng){.seed = seed, .item = item, .stream = stream};
}

void rng_refill(struct rng *r) {
    uint32_t counter[4] = {r->block++, (uint32_t)r->item, (uint32_t)(r->item >> 32), r->stream};
    uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32)};
    philox4x32(counter, key, r->out);
    r->have = 4;
}

#if HAVE_AVX2_CLONE
/* Blocks r->block .. + 4 V at once, V a constant. A lane of 64 bits holds one word of one block in
 * its lower half; the upper half is never read. */
__attribute__((target("avx2"), always_inline)) static inline void
blocks_avx2(const struct rng *r, uint32_t *out, const int V) {
    const __m256i m0 = _mm256_set1_epi64x(MULTIPLIER[0]), m1 = _mm256_set1_epi64x(MULTIPLIER[1]);
    __m256i c0[4], c1[4], c2[4], c3[4];
    for (int i = 0; i < V; i++) {
        c0[i] = _mm256_add_epi32(_mm256_set1_epi64x((int64_t)r->block + 4 * i),
                                 _mm256_set_epi64x(3, 2, 1, 0));
        c1[i] = _mm256_set1_epi64x((int64_t)(uint32_t)r->item);
        c2[i] = _mm256_set1_epi64x((int64_t)(r->item >> 32));
        c3[i] = _mm256_set1_epi64x(r->stream);
    }
    uint32_t k0 = (uint32_t)r->seed, k1 = (uint32_t)(r->seed >> 32);
    for (int round = 0; round < 10; round++) {
        const __m256i key0 = _mm256_set1_epi64x(k0), key1 = _mm256_set1_epi64x(k1);
        for (int i = 0; i < V; i++) {
            __m256i a = _mm256_mul_epu32(m0, c0[i]), b = _mm256_mul_epu32(m1, c2[i]);
            c0[i] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(b, 32), c1[i]), key0);
            c1[i] = b;
            c2[i] = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(a, 32), c3[i]), key1);
            c3[i] = a;
        }
        k0 += WEYL[0];
        k1 += WEYL[1];
    }
    for (int i = 0; i < V; i++) {
        __m256i low = _mm256_blend_epi32(c0[i], _mm256_slli_epi64(c1[i], 32), 0xaa);
        __m256i high = _mm256_blend_epi32(c2[i], _mm256_slli_epi64(c3[i], 32), 0xaa);
        __m256i even = _mm256_unpacklo_epi64(low, high), odd = _mm256_unpackhi_epi64(low, high);
        __m256i *to = (__m256i *)(void *)(out + 16 * i);
        _mm256_storeu_si256(to, _mm256_permute2x128_si256(even, odd, 0x20));
        _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(even, odd, 0x31));
    }
}

__attribute__((target("avx2"))) static size_t fill_avx2(struct rng *r, uint32_t *out, size_t n) {
    size_t done = 0;
    for (; n - done >= 64; done += 64, r->block += 16)
        blocks_avx2(r, out + done, 4);
    for (; n - done >= 16; done += 16, r->block += 4)
        blocks_avx2(r, out + done, 1);
    return done;
}
#endif

void rng_fill_u32(struct rng *r, uint32_t *out, size_t n) {
    size_t done = 0;
    for (; done < n && r->have; done++)
        out[done] = rng_u32(r);
#if HAVE_AVX2_CLONE
    if (__builtin_cpu_supports("avx2"))
        done += fill_avx2(r, out + done, n - done);
#endif
    const uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32)};
    for (; n - done >= 4; done += 4) {
        uint32_t counter[4] = {r->block++, (uint32_t)r->item, (uint32_t)(r->item >> 32), r->stream};
        philox4x32(counter, key, out + done);
    }
    for (; done < n; done++)
        out[done] = rng_u32(r);
}

void rng_fill_u64(struct rng *r, uint64_t *out, size_t n) {
    enum { PIECE = 128 };
    uint32_t words[2 * PIECE];
    while (n > 0) {
        size_t k = n < PIECE ? n : PIECE;
        rng_fill_u32(r, words, 2 * k);
        for (size_t i = 0; i < k; i++)
            out[i] = words[2 * i] | (uint64_t)words[2 * i + 1] << 32;
        out += k;
        n -= k;
    }
}

double rng_uniform(struct rng *r) {
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t rng_below64(struct rng *r, uint64_t n) {
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)rng_u64(r) * n;
    uint64_t low = (uint64_t)product;
    if (low < n) {
        uint64_t threshold = -n % n;
        while (low < threshold) {
            product = (wide)rng_u64(r) * n;
            low = (uint64_t)product;
        }
    }
    return (uint64_t)(product >> 64);
}

double rng_normal(struct rng *r) {
    double u = 1.0 - rng_uniform(r), v = rng_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

void rng_permutation(struct rng *r, uint32_t *order, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t j = rng_below(r, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

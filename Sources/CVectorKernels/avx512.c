// AVX-512: two registers hold the 32 accumulators of a pair, so three queries times four rows fill 24 of the 32
// registers.
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define TARGET __attribute__((target("avx512f,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum {
    ROWS = 4,          // rows that are read together
    QUERIES = 3,       // queries that share what was read of the rows
    QUERIES_TILE = 12, // queries that stay in the first-level cache while the rows pass
};

/// The first two steps of the tree, down to d[0..3].
INLINE __m128 reduce_to_four(__m512 low, __m512 high) {
    __m512 b = _mm512_add_ps(low, high);
    __m256 c = _mm256_add_ps(
        _mm512_castps512_ps256(b), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(b), 1)));
    return _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
}

/// The rest of the tree, for four pairs at once.
INLINE __m128 finish_four(__m128 d0, __m128 d1, __m128 d2, __m128 d3) {
    _MM_TRANSPOSE4_PS(d0, d1, d2, d3);
    return _mm_add_ps(_mm_add_ps(d0, d2), _mm_add_ps(d1, d3));
}

INLINE void store_rows(float *out, __m128 values, size_t row_count) {
    if (row_count >= ROWS) {
        _mm_storeu_ps(out, values);
    } else {
        float all[ROWS];
        _mm_storeu_ps(all, values);
        for (size_t r = 0; r < row_count; r++) {
            out[r] = all[r];
        }
    }
}

/// `query_count` is a constant at every call, so that the accumulators stay in registers.
INLINE void block(
    const float *const *queries, const int query_count, const float *const *rows, const float *const *next_rows,
    size_t row_count, size_t length, float *out, size_t out_stride) {
    __m512 low[QUERIES][ROWS], high[QUERIES][ROWS];
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            low[q][r] = high[q][r] = _mm512_setzero_ps();
        }
    }
    size_t i = 0;
    for (; i + 32 <= length; i += 32) {
        __m512 row_low[ROWS], row_high[ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            // Also for the later queries of a tile: measured, repeating it does not cost and helps up to 32 queries.
            _mm_prefetch((const char *)(next_rows[r] + i), _MM_HINT_T0);
            _mm_prefetch((const char *)(next_rows[r] + i + 16), _MM_HINT_T0);
            row_low[r] = _mm512_loadu_ps(rows[r] + i);
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            __m512 query = _mm512_loadu_ps(queries[q] + i);
#pragma clang loop unroll(full)
            for (int r = 0; r < ROWS; r++) {
                low[q][r] = _mm512_fmadd_ps(query, row_low[r], low[q][r]);
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            row_high[r] = _mm512_loadu_ps(rows[r] + i + 16);
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            __m512 query = _mm512_loadu_ps(queries[q] + i + 16);
#pragma clang loop unroll(full)
            for (int r = 0; r < ROWS; r++) {
                high[q][r] = _mm512_fmadd_ps(query, row_high[r], high[q][r]);
            }
        }
    }
    if (i < length) {
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            __m512 query = _mm512_loadu_ps(queries[q] + i);
#pragma clang loop unroll(full)
            for (int r = 0; r < ROWS; r++) {
                low[q][r] = _mm512_fmadd_ps(query, _mm512_loadu_ps(rows[r] + i), low[q][r]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
        __m128 values = finish_four(
            reduce_to_four(low[q][0], high[q][0]), reduce_to_four(low[q][1], high[q][1]),
            reduce_to_four(low[q][2], high[q][2]), reduce_to_four(low[q][3], high[q][3]));
        store_rows(out + q * out_stride, values, row_count);
    }
}

TARGET static void dots_of_rows(
    const float *const *queries, size_t query_count, const struct svk_rows *rows, size_t length, float *out,
    size_t out_stride) {
    for (size_t tile = 0; tile < query_count; tile += QUERIES_TILE) {
        size_t tile_end = tile + QUERIES_TILE < query_count ? tile + QUERIES_TILE : query_count;
        for (size_t first = 0; first < rows->count; first += ROWS) {
            const float *group[ROWS], *next[ROWS];
            for (size_t r = 0; r < ROWS; r++) {
                group[r] = svk_row(rows, first + r);
                next[r] = svk_row(rows, first + ROWS + r);
            }
            size_t row_count = rows->count - first;
            for (size_t q = tile; q < tile_end;) {
                float *to = out + q * out_stride + first;
                size_t left = tile_end - q;
                if (left >= 3) {
                    block(queries + q, 3, group, next, row_count, length, to, out_stride);
                    q += 3;
                } else if (left == 2) {
                    block(queries + q, 2, group, next, row_count, length, to, out_stride);
                    q += 2;
                } else {
                    block(queries + q, 1, group, next, row_count, length, to, out_stride);
                    q += 1;
                }
            }
        }
    }
}

static void avx512_dots(
    const float *const *queries, size_t query_count, const float *rows, size_t stride, size_t count, size_t length,
    float *out, size_t out_stride) {
    struct svk_rows all = {rows, stride, 0, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

static void avx512_dots_gathered(
    const float *const *queries, size_t query_count, const float *const *rows, size_t count, size_t length, float *out,
    size_t out_stride) {
    struct svk_rows all = {0, 0, rows, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

TARGET static size_t avx512_select(const float *values, size_t count, float cut, uint32_t *indices) {
    size_t selected = 0;
    __m512 cuts = _mm512_set1_ps(cut);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 within = count - i >= 16 ? 0xffff : (__mmask16)((1u << (count - i)) - 1);
        __m512 sixteen = _mm512_maskz_loadu_ps(within, values + i);
        unsigned mask = _mm512_mask_cmp_ps_mask(within, sixteen, cuts, _CMP_GE_OQ);
        for (; mask; mask &= mask - 1) {
            indices[selected++] = (uint32_t)i + (uint32_t)__builtin_ctz(mask);
        }
    }
    return selected;
}

TARGET static void avx512_widen_half(const uint16_t *from, size_t count, float *to) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        _mm512_storeu_ps(to + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from + i))));
    }
    for (; i < count; i++) {
        to[i] = svk_serial_widen_half(from[i]);
    }
}

TARGET static void avx512_narrow_half(const float *from, size_t count, uint16_t *to) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i sixteen = _mm512_cvtps_ph(_mm512_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        _mm256_storeu_si256((__m256i *)(to + i), sixteen);
    }
    for (; i < count; i++) {
        to[i] = svk_serial_narrow_half(from[i]);
    }
}

static const struct svk_kernels kernels = {
    "avx512",      avx512_dots,       avx512_dots_gathered,
    avx512_select, avx512_widen_half, avx512_narrow_half,
};

const struct svk_kernels *const svk_avx512_kernels = &kernels;

#else

const struct svk_kernels *const svk_avx512_kernels = 0;

#endif

// AVX2 with FMA: four registers hold the 32 accumulators of a pair. For several queries that is too many for 16
// registers, so the lower and the upper 16 lanes, which never meet before the tree, are computed in two passes over the
// rows.
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF

#define TARGET __attribute__((target("avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum {
    ROWS = 4,          // rows of a group
    PAIR = 2,          // rows that are read together
    QUERIES = 3,       // queries that share what was read of the rows
    QUERIES_TILE = 12, // queries that stay in the first-level cache while the rows pass
};

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

/// From b[0..7] and b[8..15] down to d[0..3].
INLINE __m128 reduce_to_four(__m256 b0, __m256 b1) {
    __m256 c = _mm256_add_ps(b0, b1);
    return _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
}

/// One query and two rows, in one pass: eight accumulators.
INLINE void pair_of_one(
    const float *query, const float *const *rows, const float *const *next_rows, size_t length, __m128 *d) {
    __m256 sums[PAIR][4];
#pragma clang loop unroll(full)
    for (int r = 0; r < PAIR; r++) {
        sums[r][0] = sums[r][1] = sums[r][2] = sums[r][3] = _mm256_setzero_ps();
    }
    size_t i = 0;
    for (; i + 32 <= length; i += 32) {
#pragma clang loop unroll(full)
        for (int r = 0; r < PAIR && next_rows; r++) {
            _mm_prefetch((const char *)(next_rows[r] + i), _MM_HINT_T0);
            _mm_prefetch((const char *)(next_rows[r] + i + 16), _MM_HINT_T0);
        }
#pragma clang loop unroll(full)
        for (int v = 0; v < 4; v++) {
            __m256 part = _mm256_loadu_ps(query + i + 8 * v);
#pragma clang loop unroll(full)
            for (int r = 0; r < PAIR; r++) {
                sums[r][v] = _mm256_fmadd_ps(part, _mm256_loadu_ps(rows[r] + i + 8 * v), sums[r][v]);
            }
        }
    }
    if (i < length) {
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            __m256 part = _mm256_loadu_ps(query + i + 8 * v);
#pragma clang loop unroll(full)
            for (int r = 0; r < PAIR; r++) {
                sums[r][v] = _mm256_fmadd_ps(part, _mm256_loadu_ps(rows[r] + i + 8 * v), sums[r][v]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < PAIR; r++) {
        d[r] = reduce_to_four(_mm256_add_ps(sums[r][0], sums[r][2]), _mm256_add_ps(sums[r][1], sums[r][3]));
    }
}

/// 16 of the 32 lanes of several queries and two rows: those that components start, start + 1, ... start + 15 go to.
INLINE void half_pass(
    const float *const *queries, const int query_count, const float *const *rows, const float *const *next_rows,
    size_t start, size_t length, __m256 sums[QUERIES][PAIR][2]) {
    __m256 running[QUERIES][PAIR][2];
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < PAIR; r++) {
            running[q][r][0] = running[q][r][1] = _mm256_setzero_ps();
        }
    }
    for (size_t i = start; i < length; i += 32) {
        if (next_rows) {
            _mm_prefetch((const char *)(next_rows[0] + i), _MM_HINT_T0);
            _mm_prefetch((const char *)(next_rows[1] + i), _MM_HINT_T0);
        }
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            __m256 row0 = _mm256_loadu_ps(rows[0] + i + 8 * v), row1 = _mm256_loadu_ps(rows[1] + i + 8 * v);
#pragma clang loop unroll(full)
            for (int q = 0; q < query_count; q++) {
                __m256 part = _mm256_loadu_ps(queries[q] + i + 8 * v);
                running[q][0][v] = _mm256_fmadd_ps(part, row0, running[q][0][v]);
                running[q][1][v] = _mm256_fmadd_ps(part, row1, running[q][1][v]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < PAIR; r++) {
            sums[q][r][0] = running[q][r][0];
            sums[q][r][1] = running[q][r][1];
        }
    }
}

/// `query_count` and whether there are `next_rows` are constants at every call, so that the accumulators stay in
/// registers.
INLINE void block(
    const float *const *queries, const int query_count, const float *const *rows, const float *const *next_rows,
    size_t row_count, size_t length, float *out, size_t out_stride) {
    __m128 d[QUERIES][ROWS];
#pragma clang loop unroll(full)
    for (int pair = 0; pair < ROWS; pair += PAIR) {
        const float *const *next_pair = next_rows ? next_rows + pair : 0;
        if (query_count == 1) {
            pair_of_one(queries[0], rows + pair, next_pair, length, &d[0][pair]);
            continue;
        }
        __m256 lower[QUERIES][PAIR][2], upper[QUERIES][PAIR][2];
        half_pass(queries, query_count, rows + pair, next_pair, 0, length, lower);
        half_pass(queries, query_count, rows + pair, next_pair, 16, length, upper);
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
            for (int r = 0; r < PAIR; r++) {
                d[q][pair + r] = reduce_to_four(
                    _mm256_add_ps(lower[q][r][0], upper[q][r][0]), _mm256_add_ps(lower[q][r][1], upper[q][r][1]));
            }
        }
    }
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
        store_rows(out + q * out_stride, finish_four(d[q][0], d[q][1], d[q][2], d[q][3]), row_count);
    }
}

/// Takes as many queries as fit and returns their number.
INLINE size_t widest_block(
    const float *const *queries, size_t query_count, const float *const *rows, const float *const *next_rows,
    size_t row_count, size_t length, float *out, size_t out_stride) {
    switch (query_count) {
    case 1:
        block(queries, 1, rows, next_rows, row_count, length, out, out_stride);
        return 1;
    case 2:
        block(queries, 2, rows, next_rows, row_count, length, out, out_stride);
        return 2;
    default:
        block(queries, 3, rows, next_rows, row_count, length, out, out_stride);
        return 3;
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
            size_t q = tile;
            // Only the first queries find the rows far away.
            if (q == 0) {
                q += widest_block(queries, tile_end, group, next, row_count, length, out + first, out_stride);
            }
            while (q < tile_end) {
                float *to = out + q * out_stride + first;
                q += widest_block(queries + q, tile_end - q, group, 0, row_count, length, to, out_stride);
            }
        }
    }
}

static void avx2_dots(
    const float *const *queries, size_t query_count, const float *rows, size_t stride, size_t count, size_t length,
    float *out, size_t out_stride) {
    struct svk_rows all = {rows, stride, 0, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

static void avx2_dots_gathered(
    const float *const *queries, size_t query_count, const float *const *rows, size_t count, size_t length, float *out,
    size_t out_stride) {
    struct svk_rows all = {0, 0, rows, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

TARGET static size_t avx2_select(const float *values, size_t count, float cut, uint32_t *indices) {
    size_t selected = 0, i = 0;
    __m256 cuts = _mm256_set1_ps(cut);
    for (; i + 8 <= count; i += 8) {
        unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + i), cuts, _CMP_GE_OQ));
        for (; mask; mask &= mask - 1) {
            indices[selected++] = (uint32_t)i + (uint32_t)__builtin_ctz(mask);
        }
    }
    for (; i < count; i++) {
        if (values[i] >= cut) {
            indices[selected++] = (uint32_t)i;
        }
    }
    return selected;
}

TARGET static void avx2_widen_half(const uint16_t *from, size_t count, float *to) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + i))));
    }
    for (; i < count; i++) {
        to[i] = svk_serial_widen_half(from[i]);
    }
}

TARGET static void avx2_narrow_half(const float *from, size_t count, uint16_t *to) {
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m128i eight = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(to + i), eight);
    }
    for (; i < count; i++) {
        to[i] = svk_serial_narrow_half(from[i]);
    }
}

static const struct svk_kernels kernels = {
    "avx2",      avx2_dots,       avx2_dots_gathered,
    avx2_select, avx2_widen_half, avx2_narrow_half,
};

const struct svk_kernels *const svk_avx2_kernels = &kernels;

#else

const struct svk_kernels *const svk_avx2_kernels = 0;

#endif

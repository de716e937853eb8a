// AVX-512 with bytes and words: one register holds two pairs of lookup groups of a whole block.
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define BOUNDS_TARGET \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,bmi"), min_vector_width(512)))
#define INLINE static inline __attribute__((always_inline)) BOUNDS_TARGET

INLINE int32_t record_sum(const uint8_t *record, const int8_t *query, size_t length) {
    __m512i set = _mm512_setzero_si512(), all = _mm512_setzero_si512();
    const __m512i ones = _mm512_set1_epi8(1);
    for (size_t i = 0; i < length; i += 64) {
        uint64_t code;
        memcpy(&code, record + i / 8, sizeof code);
        __m512i part = _mm512_loadu_si512(query + i);
        set = _mm512_add_epi16(set, _mm512_maddubs_epi16(ones, _mm512_maskz_mov_epi8(code, part)));
        all = _mm512_add_epi16(all, _mm512_maddubs_epi16(ones, part));
    }
    // Twice the set ones less all of them; the words of `set` and `all` are at most 254 for each 64 components.
    __m512i words = _mm512_sub_epi16(_mm512_add_epi16(set, set), all);
    return _mm512_reduce_add_epi32(_mm512_madd_epi16(words, _mm512_set1_epi16(1)));
}

#include "sketch_bounds.h"

enum { ROWS = 4, QUERIES = 4 };

INLINE void products(
    const int16_t *const *queries, const int query_count, const int8_t *const *rows, size_t row_count, size_t length,
    int32_t *out, size_t out_stride) {
    __m512i sums[QUERIES][ROWS];
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            sums[q][r] = _mm512_setzero_si512();
        }
    }
    for (size_t i = 0; i < length; i += 32) {
        __m512i part[ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            part[r] = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(rows[r] + i)));
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            __m512i query = _mm512_loadu_si512(queries[q] + i);
#pragma clang loop unroll(full)
            for (int r = 0; r < ROWS; r++) {
                sums[q][r] = _mm512_add_epi32(sums[q][r], _mm512_madd_epi16(query, part[r]));
            }
        }
    }
    for (int q = 0; q < query_count; q++) {
        for (size_t r = 0; r < row_count && r < ROWS; r++) {
            out[q * out_stride + r] = _mm512_reduce_add_epi32(sums[q][r]);
        }
    }
}

BOUNDS_TARGET static void avx512_dots(
    const int16_t *const *queries, size_t query_count, const int8_t *rows, size_t count, size_t length, int32_t *out,
    size_t out_stride) {
    for (size_t first = 0; first < count; first += ROWS) {
        const int8_t *group[ROWS];
        for (size_t r = 0; r < ROWS; r++) {
            group[r] = rows + (first + r < count ? first + r : count - 1) * length;
        }
        size_t q = 0;
        for (; q + QUERIES <= query_count; q += QUERIES) {
            products(queries + q, QUERIES, group, count - first, length, out + q * out_stride + first, out_stride);
        }
        for (; q < query_count; q++) {
            products(queries + q, 1, group, count - first, length, out + q * out_stride + first, out_stride);
        }
    }
}

INLINE __m256i halves(__m512i values) {
    return _mm256_add_epi16(_mm512_castsi512_si256(values), _mm512_extracti64x4_epi64(values, 1));
}

INLINE __m512i both(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }

BOUNDS_TARGET static size_t avx512_scan(
    const struct svk_sketch_block *blocks, size_t count, const uint8_t *tables, size_t pairs, uint32_t *left) {
    enum { STEPS = 16 };
    __m512i low[STEPS], high[STEPS];
    size_t steps = pairs / 2;
    for (size_t s = 0; s < steps; s++) {
        const __m128i *table = (const __m128i *)(tables + s * 64);
        low[s] = both(
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table)), _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 2)));
        high[s] = both(
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1)),
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 3)));
    }
    const __m512i nibble = _mm512_set1_epi8(15), even_of_all = _mm512_set1_epi16(0xff);
    const __m256i even = _mm256_set1_epi16(0xff);
    size_t found = 0;
    for (size_t b = 0; b < count; b++) {
        const struct svk_sketch_block *block = &blocks[b];
        if (b + 5 < count) {
            svk_prefetch(blocks[b + 5].codes, (pairs + 2) * SVK_SKETCH_ROWS);
        }
        __m512i all_evens = _mm512_setzero_si512(), all_odds = _mm512_setzero_si512();
        for (size_t s = 0; s < steps; s++) {
            __m512i codes = _mm512_loadu_si512(block->codes + s * 64);
            __m512i sum = _mm512_add_epi8(
                _mm512_shuffle_epi8(low[s], _mm512_and_si512(codes, nibble)),
                _mm512_shuffle_epi8(high[s], _mm512_and_si512(_mm512_srli_epi16(codes, 4), nibble)));
            all_evens = _mm512_add_epi16(all_evens, _mm512_and_si512(sum, even_of_all));
            all_odds = _mm512_add_epi16(all_odds, _mm512_srli_epi16(sum, 8));
        }
        __m256i evens = halves(all_evens), odds = halves(all_odds);
        const uint8_t *factors = block->codes + pairs * SVK_SKETCH_ROWS;
        __m256i a = _mm256_loadu_si256((const __m256i *)factors);
        __m256i e = _mm256_loadu_si256((const __m256i *)(factors + SVK_SKETCH_ROWS));
        __m256i base = _mm256_set1_epi16(block->base), slope = _mm256_set1_epi16(block->slope);
        __m256i offset = _mm256_set1_epi16(block->offset);
        __m256i even_cut = _mm256_adds_epi16(
            _mm256_adds_epi16(base, _mm256_mulhrs_epi16(_mm256_slli_epi16(_mm256_and_si256(a, even), 7), slope)),
            _mm256_mulhrs_epi16(_mm256_slli_epi16(e, 8), offset));
        __m256i odd_cut = _mm256_adds_epi16(
            _mm256_adds_epi16(base, _mm256_mulhrs_epi16(_mm256_slli_epi16(_mm256_srli_epi16(a, 8), 7), slope)),
            _mm256_mulhrs_epi16(_mm256_andnot_si256(even, e), offset));
        __m256i even_out = _mm256_cmpgt_epi16(even_cut, _mm256_slli_epi16(evens, 2));
        __m256i odd_out = _mm256_cmpgt_epi16(odd_cut, _mm256_slli_epi16(odds, 2));
        __m256i out = _mm256_blendv_epi8(odd_out, even_out, even);
        uint32_t mask = ~(uint32_t)_mm256_movemask_epi8(out) & block->rows;
        for (; mask; mask &= mask - 1) {
            left[found++] = (uint32_t)b * SVK_SKETCH_ROWS + (uint32_t)__builtin_ctz(mask);
        }
    }
    return found;
}

static const struct svk_sketch_kernels kernels = {
    "avx512", avx512_dots, bounds_cells, bounds_choose, bounds_cut, avx512_scan, bounds_refine,
};

const struct svk_sketch_kernels *const svk_avx512_sketch_kernels = &kernels;

#else

const struct svk_sketch_kernels *const svk_avx512_sketch_kernels = 0;

#endif

// AVX2: one register holds one pair of lookup groups of a whole block.
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "sketch_lanes.h"

#define BOUNDS_TARGET __attribute__((target("avx2,fma,f16c,bmi")))
#define INLINE static inline __attribute__((always_inline)) BOUNDS_TARGET

INLINE int32_t sum_of_eight(__m256i values) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

INLINE int32_t record_sum(const uint8_t *record, const int8_t *query, size_t length) {
    const __m256i spread = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bits = _mm256_set1_epi64x((int64_t)0x8040201008040201);
    __m256i sums = _mm256_setzero_si256();
    for (size_t i = 0; i < length; i += 32) {
        int32_t code;
        memcpy(&code, record + i / 8, sizeof code);
        __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(code), spread);
        // +1 for a bit that is set, -1 for one that is not.
        __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bits), bits);
        __m256i signs = _mm256_or_si256(_mm256_xor_si256(is_set, _mm256_set1_epi8(-1)), _mm256_set1_epi8(1));
        __m256i part = _mm256_sign_epi8(_mm256_loadu_si256((const __m256i *)(query + i)), signs);
        sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(_mm256_set1_epi8(1), part));
    }
    return sum_of_eight(_mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}

INLINE lanes_i record_sums(const uint8_t *const records[LANES], const int8_t *query, size_t length) {
    int32_t sums[LANES];
    for (int i = 0; i < LANES; i++) {
        sums[i] = record_sum(records[i], query, length);
    }
    lanes_i all;
    memcpy(&all, sums, sizeof all);
    return all;
}

INLINE uint32_t mask_of_lanes(lanes_i flags) {
    __m256 parts[2];
    memcpy(parts, &flags, sizeof parts);
    return (uint32_t)_mm256_movemask_ps(parts[0]) | (uint32_t)_mm256_movemask_ps(parts[1]) << 8;
}

#define BOUNDS_MASK(flags) mask_of_lanes(flags)
#include "sketch_bounds.h"

enum { ROWS = 4, QUERIES = 2 };

INLINE void products(
    const int16_t *const *queries, const int query_count, const int8_t *const *rows, size_t row_count, size_t length,
    int32_t *out, size_t out_stride) {
    __m256i sums[QUERIES][ROWS];
#pragma clang loop unroll(full)
    for (int q = 0; q < query_count; q++) {
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            sums[q][r] = _mm256_setzero_si256();
        }
    }
    for (size_t i = 0; i < length; i += 16) {
        __m256i part[ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            part[r] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(rows[r] + i)));
        }
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            __m256i query = _mm256_loadu_si256((const __m256i *)(queries[q] + i));
#pragma clang loop unroll(full)
            for (int r = 0; r < ROWS; r++) {
                sums[q][r] = _mm256_add_epi32(sums[q][r], _mm256_madd_epi16(query, part[r]));
            }
        }
    }
    for (int q = 0; q < query_count; q++) {
        for (size_t r = 0; r < row_count && r < ROWS; r++) {
            out[q * out_stride + r] = sum_of_eight(sums[q][r]);
        }
    }
}

BOUNDS_TARGET static void avx2_dots(
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

/// Adds the sums of the rows with even numbers, and of those with odd ones.
INLINE void add_sums(
    const uint8_t *codes, const uint8_t *values, size_t pairs, __m256i *evens, __m256i *odds) {
    const __m256i nibble = _mm256_set1_epi8(15), even = _mm256_set1_epi16(0xff);
    for (size_t p = 0; p < pairs; p++) {
        __m256i code = _mm256_loadu_si256((const __m256i *)(codes + p * SVK_SKETCH_ROWS));
        __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(values + p * 32)));
        __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(values + p * 32 + 16)));
        __m256i sum = _mm256_add_epi8(
            _mm256_shuffle_epi8(low, _mm256_and_si256(code, nibble)),
            _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(code, 4), nibble)));
        *evens = _mm256_add_epi16(*evens, _mm256_and_si256(sum, even));
        *odds = _mm256_add_epi16(*odds, _mm256_srli_epi16(sum, 8));
    }
}

/// The rows that a sum leaves, whose fourfold is at least the margin.
INLINE uint32_t rows_left(__m256i even_margin, __m256i odd_margin, __m256i evens, __m256i odds) {
    __m256i even_out = _mm256_cmpgt_epi16(even_margin, _mm256_slli_epi16(evens, 2));
    __m256i odd_out = _mm256_cmpgt_epi16(odd_margin, _mm256_slli_epi16(odds, 2));
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_blendv_epi8(odd_out, even_out, _mm256_set1_epi16(0xff)));
}

BOUNDS_TARGET static size_t avx2_scan(
    const struct svk_sketch_block *blocks, size_t count, const struct svk_sketch_tables *tables,
    size_t record_stride, const struct svk_sketch_open *open, uint32_t *left) {
    const __m256i even = _mm256_set1_epi16(0xff), rest = _mm256_set1_epi16(tables->rest);
    size_t opened = 0, found = 0;
    for (size_t b = 0; b < count; b++) {
        const struct svk_sketch_block *block = &blocks[b];
        if (b + SVK_SKETCH_AHEAD < count) {
            svk_prefetch_far(blocks[b + SVK_SKETCH_AHEAD].front, (tables->front_pairs + 2) * SVK_SKETCH_ROWS);
        }
        __m256i evens = _mm256_setzero_si256(), odds = _mm256_setzero_si256();
        add_sums(block->front + 2 * SVK_SKETCH_ROWS, tables->values, tables->front_pairs, &evens, &odds);
        __m256i a = _mm256_loadu_si256((const __m256i *)block->front);
        __m256i e = _mm256_loadu_si256((const __m256i *)(block->front + SVK_SKETCH_ROWS));
        __m256i base = _mm256_set1_epi16(block->base), slope = _mm256_set1_epi16(block->slope);
        __m256i offset = _mm256_set1_epi16(block->offset);
        __m256i even_cut = _mm256_adds_epi16(
            _mm256_adds_epi16(base, _mm256_mulhrs_epi16(_mm256_slli_epi16(_mm256_and_si256(a, even), 7), slope)),
            _mm256_mulhrs_epi16(_mm256_slli_epi16(e, 8), offset));
        __m256i odd_cut = _mm256_adds_epi16(
            _mm256_adds_epi16(base, _mm256_mulhrs_epi16(_mm256_slli_epi16(_mm256_srli_epi16(a, 8), 7), slope)),
            _mm256_mulhrs_epi16(_mm256_andnot_si256(even, e), offset));
        even_cut = _mm256_subs_epi16(even_cut, _mm256_slli_epi16(evens, 2));
        odd_cut = _mm256_subs_epi16(odd_cut, _mm256_slli_epi16(odds, 2));
        _mm256_store_si256((__m256i *)(open->margins + opened * SVK_SKETCH_ROWS), even_cut);
        _mm256_store_si256((__m256i *)(open->margins + opened * SVK_SKETCH_ROWS + 16), odd_cut);
        open->blocks[opened] = (uint32_t)b;
        opened += (rows_left(even_cut, odd_cut, rest, rest) & block->rows) != 0;
    }
    for (size_t o = 0; o < opened; o++) {
        uint32_t b = open->blocks[o];
        if (o + SVK_SKETCH_AHEAD < opened) {
            svk_prefetch_far(
                blocks[open->blocks[o + SVK_SKETCH_AHEAD]].back, tables->back_pairs * SVK_SKETCH_ROWS);
        }
        __m256i evens = _mm256_setzero_si256(), odds = _mm256_setzero_si256();
        add_sums(
            blocks[b].back, tables->values + tables->front_pairs * 32, tables->back_pairs, &evens, &odds);
        __m256i even_margin = _mm256_load_si256((const __m256i *)(open->margins + o * SVK_SKETCH_ROWS));
        __m256i odd_margin = _mm256_load_si256((const __m256i *)(open->margins + o * SVK_SKETCH_ROWS + 16));
        uint32_t mask = rows_left(even_margin, odd_margin, evens, odds) & blocks[b].rows;
        for (; mask; mask &= mask - 1) {
            left[found] = b * SVK_SKETCH_ROWS + (uint32_t)__builtin_ctz(mask);
            svk_prefetch_far(svk_sketch_record(blocks, left[found++], record_stride), record_stride);
        }
    }
    return found;
}

BOUNDS_TARGET static void avx2_assign(
    const int16_t *const *rows, size_t row_count, const struct svk_sketch_centroids *centroids, int32_t *products,
    uint32_t *cells) {
    avx2_dots(rows, row_count, centroids->steps, centroids->count, centroids->length, products, centroids->count);
    for (size_t r = 0; r < row_count; r++) {
        cells[r] = (uint32_t)svk_sketch_best(products + r * centroids->count, centroids->scales, centroids->count);
    }
}

static const struct svk_sketch_kernels kernels = {
    "avx2", avx2_dots, avx2_assign, bounds_cells, bounds_choose, bounds_walk, avx2_scan, bounds_refine,
    bounds_round, bounds_rotate, bounds_make,
};

const struct svk_sketch_kernels *const svk_avx2_sketch_kernels = &kernels;

#else

const struct svk_sketch_kernels *const svk_avx2_sketch_kernels = 0;

#endif

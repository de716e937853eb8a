// AVX-512 with bytes and words: one register holds two pairs of lookup groups of a whole block.
//
// Compiled a second time by sketch_vnni.c, which defines SKETCH_VNNI, for machines that add products of bytes in one
// instruction.
#include "kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "sketch_lanes.h"

#ifdef SKETCH_VNNI
#define SKETCH_TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c,bmi,bmi2,popcnt"
#else
#define SKETCH_TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c,bmi,bmi2,popcnt"
#endif
#define BOUNDS_TARGET __attribute__((target(SKETCH_TARGET), min_vector_width(512)))
#define INLINE static inline __attribute__((always_inline)) BOUNDS_TARGET

INLINE __m512i pairs_added(__m512i one, __m512i other) {
    return _mm512_add_epi32(_mm512_unpacklo_epi32(one, other), _mm512_unpackhi_epi32(one, other));
}

INLINE __m512i quads_added(__m512i one, __m512i other) {
    return _mm512_add_epi32(_mm512_unpacklo_epi64(one, other), _mm512_unpackhi_epi64(one, other));
}

/// The sum of all components of each of 16 vectors.
INLINE __m512i sums_of_each(const __m512i v[LANES]) {
    __m512i w[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        w[i] = quads_added(pairs_added(v[4 * i], v[4 * i + 1]), pairs_added(v[4 * i + 2], v[4 * i + 3]));
    }
    // w[i] has four partial sums of the vectors 4i through 4i + 3 in each quarter.
    __m512i even = _mm512_add_epi32(
        _mm512_shuffle_i64x2(w[0], w[1], 0x88), _mm512_shuffle_i64x2(w[0], w[1], 0xdd));
    __m512i odd = _mm512_add_epi32(
        _mm512_shuffle_i64x2(w[2], w[3], 0x88), _mm512_shuffle_i64x2(w[2], w[3], 0xdd));
    return _mm512_add_epi32(_mm512_shuffle_i64x2(even, odd, 0x88), _mm512_shuffle_i64x2(even, odd, 0xdd));
}

/// Adds the sums of four bytes each to the words of 32 bits.
INLINE __m512i bytes_added(__m512i sums, __m512i bytes) {
    const __m512i ones = _mm512_set1_epi8(1);
#ifdef SKETCH_VNNI
    return _mm512_dpbusd_epi32(sums, ones, bytes);
#else
    return _mm512_add_epi32(
        sums, _mm512_madd_epi16(_mm512_maddubs_epi16(ones, bytes), _mm512_set1_epi16(1)));
#endif
}

INLINE lanes_i sums_of_records(const uint8_t *const records[LANES], const int8_t *query, size_t length) {
    __m512i all = _mm512_setzero_si512(), sums[LANES];
    for (size_t i = 0; i < length; i += 64) {
        all = bytes_added(all, _mm512_loadu_si512(query + i));
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < LANES; r++) {
        __m512i set = _mm512_setzero_si512();
        for (size_t i = 0; i < length; i += 64) {
            uint64_t code;
            memcpy(&code, records[r] + i / 8, sizeof code);
            set = bytes_added(set, _mm512_maskz_loadu_epi8(code, query + i));
        }
        // Twice the set ones less all of them.
        sums[r] = _mm512_sub_epi32(_mm512_add_epi32(set, set), all);
    }
    return (lanes_i)sums_of_each(sums);
}

INLINE lanes_i record_sums(const uint8_t *const records[LANES], const int8_t *query, size_t length) {
    // With 384 dimensions the query stays in registers.
    return length == 384 ? sums_of_records(records, query, 384) : sums_of_records(records, query, length);
}

#define BOUNDS_MASK(flags) ((uint32_t)_mm512_movepi32_mask((__m512i)(flags)))
#include "sketch_bounds.h"

#include "sketch_products.h"

INLINE __m512i both(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }

/// The tables of two pairs, for the lower and the upper halves of bytes.
INLINE void load_tables(const uint8_t *values, __m512i *low, __m512i *high) {
    const __m128i *table = (const __m128i *)values;
    *low = both(
        _mm256_broadcastsi128_si256(_mm_loadu_si128(table)), _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 2)));
    *high = both(
        _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 1)),
        _mm256_broadcastsi128_si256(_mm_loadu_si128(table + 3)));
}

enum { MOST_STEPS = 16 };

/// The sums of 32 rows: of those with even numbers in the lower half, of those with odd ones in the upper half.
INLINE __m512i sums_of(const uint8_t *codes, const __m512i *low, const __m512i *high, size_t steps) {
    const __m512i nibble = _mm512_set1_epi8(15);
    __m512i all = _mm512_setzero_si512(), odds = _mm512_setzero_si512();
    for (size_t s = 0; s < steps; s++) {
        __m512i code = _mm512_loadu_si512(codes + s * 64);
        __m512i sum = _mm512_add_epi8(
            _mm512_shuffle_epi8(low[s], _mm512_and_si512(code, nibble)),
            _mm512_shuffle_epi8(high[s], _mm512_and_si512(_mm512_srli_epi16(code, 4), nibble)));
        all = _mm512_add_epi16(all, sum);
        odds = _mm512_add_epi16(odds, _mm512_srli_epi16(sum, 8));
    }
    // The words of `all` are even + 256 * odd, modulo 2^16.
    __m512i evens = _mm512_sub_epi16(all, _mm512_slli_epi16(odds, 8));
    return _mm512_add_epi16(_mm512_shuffle_i64x2(evens, odds, 0x44), _mm512_shuffle_i64x2(evens, odds, 0xee));
}

/// A bit for each row, from one for the even and one for the odd rows.
INLINE uint32_t in_order(__mmask32 mask) {
    return _pdep_u32(mask, 0x55555555) | _pdep_u32(mask >> 16, 0xaaaaaaaa);
}

INLINE size_t scan_fronts(
    const struct svk_sketch_block *blocks, size_t count, const struct svk_sketch_tables *tables, size_t steps,
    const struct svk_sketch_open *open) {
    __m512i low[MOST_STEPS], high[MOST_STEPS];
    for (size_t s = 0; s < steps; s++) {
        load_tables(tables->values + s * 64, &low[s], &high[s]);
    }
    // Moves bytes to the upper halves of words: the even ones in the lower half of a register, the odd ones in the
    // upper.
    const __m128i even_bytes = _mm_setr_epi8(-1, 0, -1, 2, -1, 4, -1, 6, -1, 8, -1, 10, -1, 12, -1, 14);
    const __m128i odd_bytes = _mm_setr_epi8(-1, 1, -1, 3, -1, 5, -1, 7, -1, 9, -1, 11, -1, 13, -1, 15);
    const __m512i spread =
        both(_mm256_broadcastsi128_si256(even_bytes), _mm256_broadcastsi128_si256(odd_bytes));
    const __m512i rest = _mm512_set1_epi16((int16_t)(4 * tables->rest));
    size_t opened = 0, front_bytes = (2 * steps + 2) * SVK_SKETCH_ROWS;
    for (size_t b = 0; b < count && b < SVK_SKETCH_AHEAD; b++) {
        svk_prefetch_far(blocks[b].front, front_bytes);
    }
    for (size_t b = 0; b < count; b++) {
        const struct svk_sketch_block *block = &blocks[b];
        svk_prefetch_far(blocks[b + SVK_SKETCH_AHEAD < count ? b + SVK_SKETCH_AHEAD : b].front, front_bytes);
        __m512i sums = sums_of(block->front + 2 * SVK_SKETCH_ROWS, low, high, steps);
        __m512i a = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)block->front));
        __m512i e = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(block->front + SVK_SKETCH_ROWS)));
        a = _mm512_srli_epi16(_mm512_shuffle_epi8(a, spread), 1);
        e = _mm512_shuffle_epi8(e, spread);
        __m512i cut = _mm512_adds_epi16(
            _mm512_set1_epi16(block->base), _mm512_mulhrs_epi16(a, _mm512_set1_epi16(block->slope)));
        cut = _mm512_adds_epi16(cut, _mm512_mulhrs_epi16(e, _mm512_set1_epi16(block->offset)));
        __m512i margin = _mm512_subs_epi16(cut, _mm512_slli_epi16(sums, 2));
        _mm512_store_si512(open->margins + opened * SVK_SKETCH_ROWS, margin);
        open->blocks[opened] = (uint32_t)b;
        opened += _mm512_cmple_epi16_mask(margin, rest) != 0;
    }
    return opened;
}

INLINE size_t scan_backs(
    const struct svk_sketch_block *blocks, size_t opened, const struct svk_sketch_tables *tables, size_t steps,
    size_t record_stride, const struct svk_sketch_open *open, uint32_t *left) {
    __m512i low[MOST_STEPS], high[MOST_STEPS];
    for (size_t s = 0; s < steps; s++) {
        load_tables(tables->values + tables->front_pairs * 32 + s * 64, &low[s], &high[s]);
    }
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    size_t found = 0, asked = 0;
    for (size_t o = 0; o < opened && o < SVK_SKETCH_AHEAD; o++) {
        svk_prefetch_far(blocks[open->blocks[o]].back, steps * 64);
    }
    for (size_t o = 0; o < opened; o++) {
        uint32_t b = open->blocks[o];
        svk_prefetch_far(
            blocks[open->blocks[o + SVK_SKETCH_AHEAD < opened ? o + SVK_SKETCH_AHEAD : o]].back, steps * 64);
        __m512i sums = _mm512_slli_epi16(sums_of(blocks[b].back, low, high, steps), 2);
        __m512i margin = _mm512_load_si512(open->margins + o * SVK_SKETCH_ROWS);
        uint32_t mask = in_order(_mm512_cmple_epi16_mask(margin, sums)) & blocks[b].rows;
        __m512i rows = _mm512_add_epi32(first, _mm512_set1_epi32((int)(b * SVK_SKETCH_ROWS)));
        _mm512_storeu_si512(left + found, _mm512_maskz_compress_epi32((__mmask16)mask, rows));
        found += (size_t)_mm_popcnt_u32(mask & 0xffff);
        rows = _mm512_add_epi32(rows, _mm512_set1_epi32(16));
        _mm512_storeu_si512(left + found, _mm512_maskz_compress_epi32((__mmask16)(mask >> 16), rows));
        found += (size_t)_mm_popcnt_u32(mask >> 16);
        for (int some = 0; some < 4 && asked < found; some++) {
            svk_prefetch_far(svk_sketch_record(blocks, left[asked++], record_stride), record_stride);
        }
    }
    for (; asked < found; asked++) {
        svk_prefetch_far(svk_sketch_record(blocks, left[asked], record_stride), record_stride);
    }
    return found;
}

BOUNDS_TARGET static size_t avx512_scan(
    const struct svk_sketch_block *blocks, size_t count, const struct svk_sketch_tables *tables,
    size_t record_stride, const struct svk_sketch_open *open, uint32_t *left) {
    size_t front = tables->front_pairs / 2, back = tables->back_pairs / 2;
    // With 384 dimensions the tables stay in registers.
    size_t opened = front == 6 ? scan_fronts(blocks, count, tables, 6, open)
                               : scan_fronts(blocks, count, tables, front, open);
    return back == 5 ? scan_backs(blocks, opened, tables, 5, record_stride, open, left)
                     : scan_backs(blocks, opened, tables, back, record_stride, open, left);
}

#ifdef SKETCH_VNNI
#define NAME "avx512-vnni"
#else
#define NAME "avx512"
#endif

static const struct svk_sketch_kernels kernels = {
    NAME, avx512_dots, avx512_assign, bounds_cells, bounds_choose, bounds_walk, avx512_scan, bounds_refine,
    bounds_round, bounds_rotate, bounds_make,
};

#ifdef SKETCH_VNNI
const struct svk_sketch_kernels *const svk_vnni_sketch_kernels = &kernels;
#else
const struct svk_sketch_kernels *const svk_avx512_sketch_kernels = &kernels;
#endif

#elif defined(SKETCH_VNNI)

const struct svk_sketch_kernels *const svk_vnni_sketch_kernels = 0;

#else

const struct svk_sketch_kernels *const svk_avx512_sketch_kernels = 0;

#endif

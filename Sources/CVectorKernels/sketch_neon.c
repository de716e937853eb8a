// NEON: two registers hold one pair of lookup groups of a whole block.
#include "kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "sketch_lanes.h"

#define BOUNDS_TARGET
#define INLINE static inline __attribute__((always_inline))

INLINE int32_t record_sum(const uint8_t *record, const int8_t *query, size_t length) {
    static const uint8_t spread[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t indices = vld1q_u8(spread), bits = vld1q_u8(bit);
    int32x4_t sums = vdupq_n_s32(0);
    for (size_t i = 0; i < length; i += 16) {
        uint16_t code;
        memcpy(&code, record + i / 8, sizeof code);
        uint8x16_t bytes = vqtbl1q_u8(vreinterpretq_u8_u16(vdupq_n_u16(code)), indices);
        int8x16_t part = vld1q_s8(query + i);
        int8x16_t chosen = vbslq_s8(vtstq_u8(bytes, bits), part, vnegq_s8(part));
        sums = vpadalq_s16(sums, vpaddlq_s8(chosen));
    }
    return vaddvq_s32(sums);
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

#include "sketch_bounds.h"

static void neon_dots(
    const int16_t *const *queries, size_t query_count, const int8_t *rows, size_t count, size_t length, int32_t *out,
    size_t out_stride) {
    for (size_t r = 0; r < count; r++) {
        const int8_t *row = rows + r * length;
        for (size_t q = 0; q < query_count; q++) {
            int32x4_t sums = vdupq_n_s32(0);
            for (size_t i = 0; i < length; i += 8) {
                int16x8_t part = vmovl_s8(vld1_s8(row + i)), query = vld1q_s16(queries[q] + i);
                sums = vmlal_s16(sums, vget_low_s16(query), vget_low_s16(part));
                sums = vmlal_high_s16(sums, query, part);
            }
            out[q * out_stride + r] = vaddvq_s32(sums);
        }
    }
}

INLINE void add_sums(const uint8_t *codes, const uint8_t *values, size_t pairs, uint16x8_t sums[4]) {
    const uint8x16_t nibble = vdupq_n_u8(15);
    for (size_t p = 0; p < pairs; p++) {
        uint8x16_t low = vld1q_u8(values + p * 32), high = vld1q_u8(values + p * 32 + 16);
        for (int half = 0; half < 2; half++) {
            uint8x16_t code = vld1q_u8(codes + p * SVK_SKETCH_ROWS + half * 16);
            uint8x16_t sum = vaddq_u8(
                vqtbl1q_u8(low, vandq_u8(code, nibble)), vqtbl1q_u8(high, vshrq_n_u8(code, 4)));
            sums[2 * half] = vaddw_u8(sums[2 * half], vget_low_u8(sum));
            sums[2 * half + 1] = vaddw_high_u8(sums[2 * half + 1], sum);
        }
    }
}

/// What is left of the cut of each row.
INLINE int16x8_t margin_of(uint16x8_t sums, int16x8_t a, int16x8_t e, const struct svk_sketch_block *block) {
    // vqrdmulh doubles, rounds and keeps the upper half: the product shifted by 15, rounded, as in the other files.
    int16x8_t cut = vqaddq_s16(vdupq_n_s16(block->base), vqrdmulhq_s16(a, vdupq_n_s16(block->slope)));
    cut = vqaddq_s16(cut, vqrdmulhq_s16(e, vdupq_n_s16(block->offset)));
    return vqsubq_s16(cut, vreinterpretq_s16_u16(vshlq_n_u16(sums, 2)));
}

INLINE uint32_t rows_left(int16x8_t margin, int16x8_t sums) {
    static const uint16_t bit[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    return vaddvq_u16(vandq_u16(vcgeq_s16(sums, margin), vld1q_u16(bit)));
}

static size_t neon_scan(
    const struct svk_sketch_block *blocks, size_t count, const struct svk_sketch_tables *tables,
    size_t record_stride, const struct svk_sketch_open *open, uint32_t *left) {
    const int16x8_t rest = vdupq_n_s16((int16_t)(4 * tables->rest));
    size_t opened = 0, found = 0;
    for (size_t b = 0; b < count; b++) {
        const struct svk_sketch_block *block = &blocks[b];
        if (b + SVK_SKETCH_AHEAD < count) {
            svk_prefetch_far(blocks[b + SVK_SKETCH_AHEAD].front, (tables->front_pairs + 2) * SVK_SKETCH_ROWS);
        }
        uint16x8_t sums[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
        add_sums(block->front + 2 * SVK_SKETCH_ROWS, tables->values, tables->front_pairs, sums);
        const uint8_t *alignments = block->front, *offsets = block->front + SVK_SKETCH_ROWS;
        uint32_t mask = 0;
        for (int part = 0; part < 4; part++) {
            int16x8_t a = vreinterpretq_s16_u16(vshll_n_u8(vld1_u8(alignments + part * 8), 7));
            int16x8_t e = vshlq_n_s16(vmovl_s8(vld1_s8((const int8_t *)offsets + part * 8)), 8);
            int16x8_t margin = margin_of(sums[part], a, e, block);
            vst1q_s16(open->margins + opened * SVK_SKETCH_ROWS + part * 8, margin);
            mask |= rows_left(margin, rest) << (part * 8);
        }
        open->blocks[opened] = (uint32_t)b;
        opened += (mask & block->rows) != 0;
    }
    for (size_t o = 0; o < opened; o++) {
        uint32_t b = open->blocks[o];
        if (o + SVK_SKETCH_AHEAD < opened) {
            svk_prefetch_far(
                blocks[open->blocks[o + SVK_SKETCH_AHEAD]].back, tables->back_pairs * SVK_SKETCH_ROWS);
        }
        uint16x8_t sums[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
        add_sums(blocks[b].back, tables->values + tables->front_pairs * 32, tables->back_pairs, sums);
        uint32_t mask = 0;
        for (int part = 0; part < 4; part++) {
            int16x8_t margin = vld1q_s16(open->margins + o * SVK_SKETCH_ROWS + part * 8);
            mask |= rows_left(margin, vreinterpretq_s16_u16(vshlq_n_u16(sums[part], 2))) << (part * 8);
        }
        for (mask &= blocks[b].rows; mask; mask &= mask - 1) {
            left[found] = b * SVK_SKETCH_ROWS + (uint32_t)__builtin_ctz(mask);
            svk_prefetch_far(svk_sketch_record(blocks, left[found++], record_stride), record_stride);
        }
    }
    return found;
}

static void neon_assign(
    const int16_t *const *rows, size_t row_count, const struct svk_sketch_centroids *centroids, int32_t *products,
    uint32_t *cells) {
    neon_dots(rows, row_count, centroids->steps, centroids->count, centroids->length, products, centroids->count);
    for (size_t r = 0; r < row_count; r++) {
        cells[r] = (uint32_t)svk_sketch_best(products + r * centroids->count, centroids->scales, centroids->count);
    }
}

static const struct svk_sketch_kernels kernels = {
    "neon", neon_dots, neon_assign, bounds_cells, bounds_choose, bounds_walk, neon_scan, bounds_refine,
    bounds_round, bounds_rotate, bounds_make,
};

const struct svk_sketch_kernels *const svk_neon_sketch_kernels = &kernels;

#else

const struct svk_sketch_kernels *const svk_neon_sketch_kernels = 0;

#endif

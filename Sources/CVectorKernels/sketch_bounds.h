// The floating-point side of the sketch kernels, compiled once for each instruction set: 16 lanes at a time, one IEEE
// operation at a time, so that the bits are the same everywhere. docs/SEARCH.md derives the bounds and the slack.
//
// The including file defines BOUNDS_TARGET (function attributes) and
// `static int32_t record_sum(const uint8_t *record, const int8_t *query, size_t length)`.
#ifndef SEMBLANCE_SKETCH_BOUNDS_H
#define SEMBLANCE_SKETCH_BOUNDS_H

#include "kernels.h"

#pragma STDC FP_CONTRACT OFF
// Vectors are passed between inlined functions only.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpsabi"
#else
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define BOUNDS_INLINE static inline __attribute__((always_inline)) BOUNDS_TARGET

enum { LANES = 16 };

typedef float lanes_f __attribute__((vector_size(LANES * 4)));
typedef int32_t lanes_i __attribute__((vector_size(LANES * 4)));
typedef uint16_t lanes_u16 __attribute__((vector_size(LANES * 2)));

/// Covers the roundings of n and d; the errors of what they are made of are in the threshold.
#define ROUNDING 1e-6f
/// Below this d the quotient n / d is too sensitive to be used.
#define LEAST_DENOMINATOR 0x1p-7f

BOUNDS_INLINE lanes_f splat(float value) {
    return (lanes_f){value, value, value, value, value, value, value, value,
                     value, value, value, value, value, value, value, value};
}

BOUNDS_INLINE lanes_f choose(lanes_i flags, lanes_f one, lanes_f other) {
    return (lanes_f)((flags & (lanes_i)one) | (~flags & (lanes_i)other));
}

BOUNDS_INLINE lanes_f lesser(lanes_f a, lanes_f b) { return choose(a < b, a, b); }

BOUNDS_INLINE lanes_f greater(lanes_f a, lanes_f b) { return choose(a > b, a, b); }

BOUNDS_INLINE lanes_f root(lanes_f value) {
    lanes_f positive = greater(value, splat(0));
#if defined(__clang__)
    return __builtin_elementwise_sqrt(positive);
#else
    for (int i = 0; i < LANES; i++) {
        positive[i] = __builtin_sqrtf(positive[i]);
    }
    return positive;
#endif
}

/// sin of the angle whose cosine is given, not below the exact one.
BOUNDS_INLINE lanes_f sine_above(lanes_f cosine) { return root(splat(1 + 2 * ROUNDING) - cosine * cosine); }

BOUNDS_INLINE lanes_f load_floats(const float *from, size_t count, float filler) {
    lanes_f all = splat(filler);
    if (count >= LANES) {
        memcpy(&all, from, sizeof all);
    } else {
        for (size_t i = 0; i < count; i++) {
            all[i] = from[i];
        }
    }
    return all;
}

BOUNDS_INLINE uint32_t mask_of(lanes_i flags) {
    lanes_i bits = flags & (lanes_i){1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
#if defined(__clang__)
    return (uint32_t)__builtin_reduce_or(bits);
#else
    int32_t mask = 0;
    for (int i = 0; i < LANES; i++) {
        mask |= bits[i];
    }
    return (uint32_t)mask;
#endif
}

/// Whether n > d for certain: no row can reach the threshold.
BOUNDS_INLINE lanes_i out_of_reach(
    lanes_f cosine, lanes_f sine, lanes_f threshold, lanes_f best, lanes_f low, lanes_f high, lanes_f *numerator,
    lanes_f *denominator) {
    lanes_f at = lesser(greater(best, low), high);
    *numerator = threshold - cosine * at - splat(ROUNDING);
    *denominator = sine * sine_above(at) * splat(1 + ROUNDING);
    return *numerator > *denominator;
}

BOUNDS_TARGET static size_t bounds_cells(const struct svk_sketch_cells *query, float *cosines, uint32_t *numbers) {
    size_t left = 0;
    for (size_t first = 0; first < query->count; first += LANES) {
        size_t count = query->count - first < LANES ? query->count - first : LANES;
        lanes_i products = {0};
        lanes_u16 steps = {0};
        if (count == LANES) {
            memcpy(&products, query->products + first, sizeof products);
            memcpy(&steps, query->distances + first, sizeof steps);
        } else {
            for (size_t i = 0; i < count; i++) {
                products[i] = query->products[first + i];
                steps[i] = query->distances[first + i];
            }
        }
        lanes_f cosine = __builtin_convertvector(products, lanes_f) * load_floats(query->scales + first, count, 0)
            * splat(query->inverse);
        if (count == LANES) {
            memcpy(cosines + first, &cosine, sizeof cosine);
        } else {
            for (size_t i = 0; i < count; i++) {
                cosines[first + i] = cosine[i];
            }
        }
        lanes_f distance = __builtin_convertvector(steps, lanes_f) * splat(0x1p-15f);
        lanes_f lead = splat(query->nearest) - cosine - splat(query->slack);
        lanes_f needed = distance * (distance * splat(query->sine_squared) + splat(query->misassignment));
        lanes_i behind = (lead > splat(0)) & (lead * lead > needed * splat(1 + 4 * ROUNDING));
        lanes_f low = load_floats(query->low + first, count, 2), high = load_floats(query->high + first, count, -2);
        lanes_f sine = root(splat(1 + 2 * ROUNDING + query->slack) - cosine * cosine);
        lanes_f numerator, denominator;
        lanes_i away = out_of_reach(
            cosine, sine, splat(query->threshold), cosine / splat(query->threshold), low, high, &numerator,
            &denominator);
        uint32_t mask = mask_of(~(behind | away | (low > high)));
        for (; mask; mask &= mask - 1) {
            numbers[left++] = (uint32_t)first + (uint32_t)__builtin_ctz(mask);
        }
    }
    return left;
}

BOUNDS_TARGET static size_t bounds_choose(
    const struct svk_sketch_cell *cell, const float *low, const float *high, size_t block_count, const uint8_t *codes,
    size_t code_stride, const uint8_t *records, size_t record_stride, struct svk_sketch_block *blocks) {
    size_t chosen = 0;
    for (size_t first = 0; first < block_count; first += LANES) {
        size_t count = block_count - first < LANES ? block_count - first : LANES;
        lanes_f numerator, denominator;
        lanes_i away = out_of_reach(
            splat(cell->cosine), splat(cell->sine), splat(cell->threshold), splat(cell->best),
            load_floats(low + first, count, 1), load_floats(high + first, count, 1), &numerator, &denominator);
        uint32_t mask = ~mask_of(away) & (uint32_t)((1u << count) - 1);
        float numerators[LANES], denominators[LANES];
        memcpy(numerators, &numerator, sizeof numerators);
        memcpy(denominators, &denominator, sizeof denominators);
        for (; mask; mask &= mask - 1) {
            size_t lane = (size_t)__builtin_ctz(mask);
            struct svk_sketch_block *block = &blocks[chosen++];
            block->codes = codes + (first + lane) * code_stride;
            block->records = records + (first + lane) * SVK_SKETCH_ROWS * record_stride;
            block->rows = UINT32_MAX;
            block->cosine = cell->cosine;
            block->sine = cell->sine;
            block->numerator = numerators[lane];
            block->denominator = denominators[lane];
            block->base = block->slope = block->offset = 0;
        }
    }
    return chosen;
}

BOUNDS_TARGET static void bounds_cut(
    const struct svk_sketch_scale *scale, struct svk_sketch_block *blocks, size_t count) {
    lanes_f steps = splat(4 / scale->unit);
    for (size_t first = 0; first < count; first += LANES) {
        size_t some = count - first < LANES ? count - first : LANES;
        lanes_f numerator = {0}, denominator = {0}, sine = {0}, doubt = {0};
        for (size_t i = 0; i < some; i++) {
            const struct svk_sketch_block *block = &blocks[first + i];
            numerator[i] = block->numerator;
            denominator[i] = block->denominator;
            sine[i] = block->sine;
            doubt[i] = (float)(block->offset < 0 ? -block->offset : block->offset);
        }
        lanes_i useful = (numerator > splat(0)) & (denominator >= splat(LEAST_DENOMINATOR));
        lanes_f quotient = lesser(numerator / greater(denominator, splat(LEAST_DENOMINATOR)), splat(1));
        quotient = quotient * splat(1 - 2 * ROUNDING);
        lanes_f rest = root((splat(1) - quotient) * (splat(1) + quotient)) * splat(1 + 2 * ROUNDING);
        lanes_f slope = sine * (quotient + splat(scale->tangent) * rest) * steps * splat(256.0f / 255);
        lanes_f base = (splat(-scale->zero) - sine * rest * splat(scale->secant)) * steps;
        // e lies within half a step of its byte: half of offset / 128 units; and three roundings of half a unit each,
        // one unit for those of `offset`, one for floor.
        base = base - doubt * splat(0.5f / 128) - splat(4);
        useful &= (base > splat(-12000)) & (doubt < splat(20000));
        slope = lesser(greater(slope, splat(0)), splat(32000));
        base = lesser(base, splat(32000));
        for (size_t i = 0; i < some; i++) {
            struct svk_sketch_block *block = &blocks[first + i];
            block->base = useful[i] ? (int16_t)base[i] : INT16_MIN;
            block->slope = useful[i] ? (int16_t)slope[i] : 0;
            if (!useful[i]) {
                block->offset = 0;
            }
        }
    }
}

BOUNDS_TARGET static size_t bounds_refine(
    const struct svk_sketch_refinement *refinement, const struct svk_sketch_block *blocks, const uint32_t *left,
    size_t count, size_t record_stride, float threshold, uint32_t *numbers) {
    enum { AHEAD = 12 };
    size_t kept = 0, code_bytes = refinement->length / 8;
    for (size_t first = 0; first < count; first += LANES) {
        size_t some = count - first < LANES ? count - first : LANES;
        lanes_f along = {0}, cosine = {0}, sine = {0}, alignment = {0}, offset = {0}, sum = {0};
        uint32_t rows[LANES];
        for (size_t i = 0; i < some; i++) {
            if (first + i + AHEAD < count) {
                uint32_t next = left[first + i + AHEAD];
                svk_prefetch(
                    blocks[next / SVK_SKETCH_ROWS].records + next % SVK_SKETCH_ROWS * record_stride, record_stride);
            }
            uint32_t which = left[first + i];
            const struct svk_sketch_block *block = &blocks[which / SVK_SKETCH_ROWS];
            const uint8_t *record = block->records + which % SVK_SKETCH_ROWS * record_stride;
            float of_row;
            uint16_t a;
            int16_t e;
            memcpy(&of_row, record + code_bytes, 4);
            memcpy(&rows[i], record + code_bytes + 4, 4);
            memcpy(&a, record + code_bytes + 8, 2);
            memcpy(&e, record + code_bytes + 10, 2);
            along[i] = of_row;
            alignment[i] = (float)a;
            offset[i] = (float)e;
            cosine[i] = block->cosine;
            sine[i] = block->sine;
            sum[i] = (float)record_sum(record, refinement->query, refinement->length);
        }
        alignment = alignment * splat(1.0f / 65536);
        offset = offset * splat(1.0f / 32767);
        lanes_f lateral = sine_above(along) * splat(1 + ROUNDING);
        lanes_f numerator = splat(threshold) - cosine * along - splat(ROUNDING);
        lanes_f denominator = sine * lateral * splat(1 + ROUNDING);
        lanes_i away = numerator > denominator;
        lanes_i useful = (numerator > splat(0)) & (denominator >= splat(LEAST_DENOMINATOR));
        lanes_f quotient = lesser(numerator / greater(denominator, splat(LEAST_DENOMINATOR)), splat(1));
        quotient = quotient * splat(1 - 2 * ROUNDING);
        lanes_f rest = root((splat(1) - quotient) * (splat(1) + quotient)) * splat(1 + 2 * ROUNDING);
        lanes_f across = root((splat(1) - alignment) * (splat(1) + alignment)) * splat(1 + 2 * ROUNDING);
        lanes_f cut = sine * (alignment * quotient - across * rest);
        lanes_f value = sum * splat(refinement->unit) + splat(refinement->zero) - cosine * offset;
        lanes_i impossible = away | (useful & (value < cut - splat(4 * ROUNDING)));
        uint32_t mask = ~mask_of(impossible) & (uint32_t)((1u << some) - 1);
        for (; mask; mask &= mask - 1) {
            numbers[kept++] = rows[__builtin_ctz(mask)];
        }
    }
    return kept;
}

#endif

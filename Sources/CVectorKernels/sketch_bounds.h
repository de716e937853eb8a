// The floating-point side of the sketch kernels, compiled once for each instruction set: 16 lanes at a time, one IEEE
// operation at a time, so that the bits are the same everywhere. docs/SEARCH.md derives the bounds and the slack.
//
// The including file defines BOUNDS_TARGET (function attributes), maybe BOUNDS_MASK(flags) (a bit for each lane), and
// `static lanes_i record_sums(const uint8_t *const records[LANES], const int8_t *query, size_t length)`; the lanes are
// defined in sketch_lanes.h.
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

#include "sketch_lanes.h"

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
#ifdef BOUNDS_MASK
    return BOUNDS_MASK(flags);
#else
    lanes_i bits = flags & (lanes_i){1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
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

/// The cuts of up to 16 blocks of one cell.
BOUNDS_INLINE void cuts_of(
    const struct svk_sketch_scale *scale, float sine, int offset, lanes_f numerator, lanes_f denominator,
    lanes_i *useful, lanes_i *base, lanes_i *slope) {
    float doubt = (float)(offset < 0 ? -offset : offset);
    lanes_f steps = splat(4 / scale->unit);
    *useful = (numerator > splat(0)) & (denominator >= splat(LEAST_DENOMINATOR));
    lanes_f quotient = lesser(numerator / greater(denominator, splat(LEAST_DENOMINATOR)), splat(1));
    quotient = quotient * splat(1 - 2 * ROUNDING);
    lanes_f rest = root((splat(1) - quotient) * (splat(1) + quotient)) * splat(1 + 2 * ROUNDING);
    lanes_f rise = splat(sine) * (quotient + splat(scale->tangent) * rest) * steps * splat(256.0f / 255);
    lanes_f start = (splat(-scale->zero) - splat(sine) * rest * splat(scale->secant)) * steps;
    // e lies within half a step of its byte: half of offset / 128 units; and three roundings of half a unit each,
    // one unit for those of `offset`, one for floor.
    start = start - splat(doubt * (0.5f / 128)) - splat(4);
    *useful &= (start > splat(-12000)) & (splat(doubt) < splat(20000));
    rise = choose(*useful, lesser(greater(rise, splat(0)), splat(32000)), splat(0));
    start = choose(*useful, lesser(start, splat(32000)), splat(INT16_MIN));
    *base = __builtin_convertvector(start, lanes_i);
    *slope = __builtin_convertvector(rise, lanes_i);
}

BOUNDS_TARGET static size_t bounds_choose(
    const struct svk_sketch_view *view, const struct svk_sketch_run *run, const struct svk_sketch_strides *strides,
    size_t first_block, size_t block_count, struct svk_sketch_block *blocks) {
    float cosine = run->cosine;
    float lateral = view->sine_slack - cosine * cosine;
    float sine = root(splat(lateral))[0] * (1 + ROUNDING);
    float best = view->threshold > 0 ? cosine / view->threshold : 0;
    float wanted = 512 / view->scale.unit * cosine * run->offset_step;
    wanted = wanted > 20001 ? 20001 : wanted < -20001 ? -20001 : wanted;
    int offset = (int)(wanted + (wanted < 0 ? -0.5f : 0.5f));
    size_t chosen = 0, end = first_block + block_count;
    for (size_t first = first_block; first < end; first += LANES) {
        size_t count = end - first < LANES ? end - first : LANES;
        lanes_f numerator, denominator;
        lanes_i away = out_of_reach(
            splat(cosine), splat(sine), splat(view->threshold), splat(best),
            load_floats(run->low + first, count, 1), load_floats(run->high + first, count, 1), &numerator,
            &denominator);
        uint32_t mask = ~mask_of(away) & (uint32_t)((1u << count) - 1);
        if (!mask) {
            continue;
        }
        lanes_i useful, base, slope;
        cuts_of(&view->scale, sine, offset, numerator, denominator, &useful, &base, &slope);
        lanes_i offsets = useful & ((lanes_i){0} + offset);
        int32_t bases[LANES], slopes[LANES], all_offsets[LANES];
        memcpy(bases, &base, sizeof bases);
        memcpy(slopes, &slope, sizeof slopes);
        memcpy(all_offsets, &offsets, sizeof all_offsets);
        for (; mask; mask &= mask - 1) {
            size_t lane = (size_t)__builtin_ctz(mask), number = first + lane;
            size_t behind = run->rows - number * SVK_SKETCH_ROWS;
            struct svk_sketch_block *block = &blocks[chosen++];
            block->front = run->front + number * strides->front;
            block->back = run->back + number * strides->back;
            block->records = run->records + number * SVK_SKETCH_ROWS * strides->record;
            block->rows = behind < SVK_SKETCH_ROWS ? (1u << behind) - 1 : UINT32_MAX;
            block->base = (int16_t)bases[lane];
            block->slope = (int16_t)slopes[lane];
            block->offset = (int16_t)all_offsets[lane];
            block->cosine = cosine;
            block->sine = sine;
        }
    }
    return chosen;
}

BOUNDS_TARGET static size_t bounds_walk(
    const struct svk_sketch_view *view, struct svk_sketch_walk *walk, struct svk_sketch_block *blocks,
    size_t capacity) {
    size_t chosen = 0;
    while (walk->position < walk->cell_count) {
        uint32_t cell = walk->cells[walk->position];
        if (walk->position + 2 < walk->cell_count) {
            uint32_t next = walk->starts[walk->cells[walk->position + 2]];
            svk_prefetch(walk->low + next, 128);
            svk_prefetch(walk->high + next, 128);
        }
        size_t start = walk->starts[cell], rows = walk->rows[cell];
        size_t block_count = (rows + SVK_SKETCH_ROWS - 1) / SVK_SKETCH_ROWS;
        struct svk_sketch_run run = {
            walk->low + start, walk->high + start, walk->front + start * walk->strides.front,
            walk->back + start * walk->strides.back,
            walk->records + start * SVK_SKETCH_ROWS * walk->strides.record, rows, walk->cosines[cell],
            walk->offset_steps[cell],
        };
        while (walk->block < block_count) {
            size_t some = block_count - walk->block, room = (capacity - chosen) / LANES * LANES;
            some = some < room ? some : room;
            if (some == 0) {
                return chosen;
            }
            chosen += bounds_choose(view, &run, &walk->strides, walk->block, some, blocks + chosen);
            walk->block += some;
        }
        walk->block = 0;
        walk->position++;
    }
    return chosen;
}

BOUNDS_TARGET static size_t bounds_refine(
    const struct svk_sketch_refinement *refinement, const struct svk_sketch_block *blocks, const uint32_t *left,
    size_t count, size_t record_stride, float threshold, uint32_t *numbers) {
    // The scan has asked for the records to be brought into the second cache.
    enum { AHEAD = 16 };
    size_t kept = 0, code_bytes = refinement->length / 8;
    for (size_t first = 0; first < count; first += LANES) {
        size_t some = count - first < LANES ? count - first : LANES;
        float alongs[LANES] = {0}, cosines[LANES] = {0}, sines[LANES] = {0};
        uint32_t rows[LANES], factors[LANES] = {0};
        const uint8_t *records[LANES];
        for (size_t i = 0; i < some; i++) {
            if (first + i + AHEAD < count) {
                svk_prefetch(svk_sketch_record(blocks, left[first + i + AHEAD], record_stride), record_stride);
            }
            const struct svk_sketch_block *block = &blocks[left[first + i] / SVK_SKETCH_ROWS];
            const uint8_t *record = svk_sketch_record(blocks, left[first + i], record_stride);
            memcpy(&alongs[i], record + code_bytes, 4);
            memcpy(&rows[i], record + code_bytes + 4, 4);
            memcpy(&factors[i], record + code_bytes + 8, 4);
            cosines[i] = block->cosine;
            sines[i] = block->sine;
            records[i] = record;
        }
        for (size_t i = some; i < LANES; i++) {
            records[i] = records[0];
        }
        lanes_f along, cosine, sine;
        lanes_i factor;
        memcpy(&along, alongs, sizeof along);
        memcpy(&cosine, cosines, sizeof cosine);
        memcpy(&sine, sines, sizeof sine);
        memcpy(&factor, factors, sizeof factor);
        lanes_f sum = __builtin_convertvector(
            record_sums(records, refinement->query, refinement->length), lanes_f);
        lanes_f alignment = __builtin_convertvector(factor & 0xffff, lanes_f) * splat(1.0f / 65536);
        lanes_f offset = __builtin_convertvector(factor >> 16, lanes_f) * splat(1.0f / 32767);
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

#include "sketch_making.h"

#endif

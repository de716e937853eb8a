// The encoder kernels in the compiler's own vectors, compiled once for each instruction set: 16 lanes at a time, one
// IEEE operation at a time, so that the bits are those of serial.c.
//
// The including file defines KERNEL_TARGET (function attributes), KERNEL_ROWS and KERNEL_PANELS (rows and panels whose
// sums the registers hold; 6, 12 or 24 rows), and maybe KERNEL_PAIRS (units are pairs in bfloat16) with
// `lanes_f spread(const void *unit)` and `lanes_f accumulate(lanes_f unit, lanes_f weights, lanes_f sum)`.
#ifndef SEMBLANCE_ENCODER_LANES_H
#define SEMBLANCE_ENCODER_LANES_H

#include "kernels.h"

#include <float.h>

#pragma STDC FP_CONTRACT OFF
// Vectors are passed between inlined functions only.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpsabi"
#else
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define INLINE static inline __attribute__((always_inline)) KERNEL_TARGET

enum {
    LANES = SEK_LANES,
    UNIT = 4, // bytes
};

typedef float lanes_f __attribute__((vector_size(LANES * 4)));
typedef int32_t lanes_i __attribute__((vector_size(LANES * 4)));

INLINE lanes_f splat(float value) {
    return (lanes_f){value, value, value, value, value, value, value, value,
                     value, value, value, value, value, value, value, value};
}

INLINE lanes_f load(const void *from) {
    lanes_f value;
    memcpy(&value, from, sizeof value);
    return value;
}

INLINE void store(float *to, lanes_f value) { memcpy(to, &value, sizeof value); }

INLINE lanes_f fused(lanes_f a, lanes_f b, lanes_f c) {
#if defined(__clang__)
    return __builtin_elementwise_fma(a, b, c);
#else
    for (int i = 0; i < LANES; i++) {
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return c;
#endif
}

INLINE lanes_f choose(lanes_i flags, lanes_f one, lanes_f other) {
    return (lanes_f)((flags & (lanes_i)one) | (~flags & (lanes_i)other));
}

INLINE lanes_f greater(lanes_f a, lanes_f b) { return choose(a > b, a, b); }

INLINE float sum_of(lanes_f lanes) {
    float sums[LANES];
    memcpy(sums, &lanes, sizeof sums);
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            sums[i] += sums[i + width];
        }
    }
    return sums[0];
}

INLINE float most_of(lanes_f lanes) {
    float most = lanes[0];
    for (int i = 1; i < LANES; i++) {
        most = lanes[i] > most ? lanes[i] : most;
    }
    return most;
}

INLINE lanes_f exponential(lanes_f x) {
    x = greater(x, splat(EXP_LEAST));
    lanes_f shifted = fused(x, splat(EXP_LOG2E), splat(ROUNDER));
    lanes_f n = shifted - splat(ROUNDER);
    lanes_f r = fused(n, splat(-EXP_LN2_HIGH), x);
    r = fused(n, splat(-EXP_LN2_LOW), r);
    lanes_f p = fused(splat(EXP_C7), r, splat(EXP_C6));
    p = fused(p, r, splat(EXP_C5));
    p = fused(p, r, splat(EXP_C4));
    p = fused(p, r, splat(EXP_C3));
    p = fused(p, r, splat(0.5f));
    p = fused(p, r, splat(1));
    p = fused(p, r, splat(1));
    lanes_i power = ((lanes_i)shifted - ROUNDER_BITS + 127) << 23;
    return p * (lanes_f)power;
}

INLINE lanes_f gelu(lanes_f x) {
    lanes_f magnitude = (lanes_f)((lanes_i)x & 0x7fffffff);
    lanes_f z = magnitude * splat(ROOT_HALF);
    lanes_f t = splat(1) / fused(splat(ERFC_P), z, splat(1));
    lanes_f p = fused(splat(ERFC_A5), t, splat(ERFC_A4));
    p = fused(p, t, splat(ERFC_A3));
    p = fused(p, t, splat(ERFC_A2));
    p = fused(p, t, splat(ERFC_A1));
    lanes_f half = magnitude * splat(0.5f) * (p * t * exponential(-(z * z)));
    return greater(x, splat(0)) - half;
}

#ifndef KERNEL_PAIRS
INLINE lanes_f spread(const void *unit) { return splat(*(const float *)unit); }

INLINE lanes_f accumulate(lanes_f unit, lanes_f weights, lanes_f sum) { return fused(unit, weights, sum); }
#endif

INLINE void finish(const struct sek_product *product, lanes_f sum, float *out) {
    if (product->epilogue == SEK_GELU) {
        store(out, gelu(sum));
    } else if (product->epilogue == SEK_ADD) {
        store(out, load(out) + sum);
    } else {
        store(out, sum);
    }
}

/// The products of some rows with `panels` neighboring panels. Both counts are constants at every call, so that the
/// sums stay in registers.
INLINE void tile(
    const int row_count, const int panels, const struct sek_product *product, size_t first, size_t p,
    const char *ahead, size_t ahead_step) {
    const char *rows = (const char *)product->rows + first * product->row_stride * UNIT;
    const char *panel = (const char *)product->panels + p * product->panel_stride * UNIT;
    size_t row_stride = product->row_stride * UNIT, panel_stride = product->panel_stride * UNIT;
    size_t step = product->panel_step * UNIT;
    lanes_f sums[KERNEL_ROWS][KERNEL_PANELS];
#pragma clang loop unroll(full)
    for (int c = 0; c < panels; c++) {
        lanes_f start = product->bias ? load(product->bias + (p + (size_t)c) * LANES) : splat(0);
#pragma clang loop unroll(full)
        for (int r = 0; r < row_count; r++) {
            sums[r][c] = start;
        }
    }
    for (size_t k = 0; k < product->depth; k++) {
        lanes_f weights[KERNEL_PANELS];
#pragma clang loop unroll(full)
        for (int c = 0; c < panels; c++) {
            weights[c] = load(panel + (size_t)c * panel_stride);
            __builtin_prefetch(ahead + c * LANES * UNIT, 0, 2);
        }
        panel += step;
        ahead += ahead_step;
#pragma clang loop unroll(full)
        for (int r = 0; r < row_count; r++) {
            lanes_f unit = spread(rows + (size_t)r * row_stride + k * UNIT);
#pragma clang loop unroll(full)
            for (int c = 0; c < panels; c++) {
                sums[r][c] = accumulate(unit, weights[c], sums[r][c]);
            }
        }
    }
    float *out = product->out + first * product->out_stride + p * LANES;
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++, out += product->out_stride) {
#pragma clang loop unroll(full)
        for (int c = 0; c < panels; c++) {
            finish(product, sums[r][c], out + c * LANES);
        }
    }
}

#define TILE(count)                                                                                                    \
    case count:                                                                                                        \
        tile(count, panels, product, first, p, ahead, ahead_step);                                                     \
        break;

/// All rows, divided evenly, with some panels. These stay in the first caches while the rows pass, which meanwhile ask
/// for the next panels, each its share: weights come from memory, and that is to be busy all the time.
INLINE void multiply_panels(const int panels, const struct sek_product *product, size_t p) {
    size_t tiles = (product->row_count + KERNEL_ROWS - 1) / KERNEL_ROWS;
    size_t bytes = (size_t)panels * product->depth * LANES * UNIT, share = bytes / tiles;
    const char *next = (const char *)product->panels + p * product->panel_stride * UNIT + bytes;
    for (size_t t = 0; t < tiles; t++) {
        const char *ahead = next + t * share;
        size_t ahead_step = share / product->depth;
        size_t first = product->row_count * t / tiles, end = product->row_count * (t + 1) / tiles;
        switch (end - first) {
            TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if KERNEL_ROWS > 6
            TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
#endif
#if KERNEL_ROWS > 12
            TILE(13) TILE(14) TILE(15) TILE(16) TILE(17) TILE(18)
            TILE(19) TILE(20) TILE(21) TILE(22) TILE(23) TILE(24)
#endif
        default:
            break;
        }
    }
}

KERNEL_TARGET static void lanes_multiply(const struct sek_product *product) {
    size_t p = 0;
    for (; p + KERNEL_PANELS <= product->panel_count; p += KERNEL_PANELS) {
        multiply_panels(KERNEL_PANELS, product, p);
    }
#if KERNEL_PANELS > 1
    for (; p < product->panel_count; p++) {
        multiply_panels(1, product, p);
    }
#endif
}

#ifndef KERNEL_PAIRS

INLINE float root(float value) { return __builtin_sqrtf(value); }

KERNEL_TARGET static void lanes_normalize(
    float *rows, size_t count, size_t stride, size_t length, const float *gain, const float *shift, float epsilon) {
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * stride;
        lanes_f sums = splat(0), squares = splat(0);
        for (size_t i = 0; i < length; i += LANES) {
            sums += load(row + i);
        }
        lanes_f mean = splat(sum_of(sums) / (float)length);
        for (size_t i = 0; i < length; i += LANES) {
            lanes_f distance = load(row + i) - mean;
            squares = fused(distance, distance, squares);
        }
        lanes_f factor = splat(1 / root(sum_of(squares) / (float)length + epsilon));
        for (size_t i = 0; i < length; i += LANES) {
            store(row + i, fused((load(row + i) - mean) * factor, load(gain + i), load(shift + i)));
        }
    }
}

KERNEL_TARGET static void lanes_softmax(float *rows, size_t count, size_t stride, size_t length, float scale) {
    const lanes_i indices = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    size_t whole = length / LANES * LANES;
    lanes_i within = indices < (int32_t)(length - whole);
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * stride;
        lanes_f most = splat(-FLT_MAX);
        for (size_t i = 0; i < whole; i += LANES) {
            most = greater(load(row + i), most);
        }
        if (whole < length) {
            most = greater(choose(within, load(row + whole), most), most);
        }
        most = splat(most_of(most));
        lanes_f sums = splat(0);
        for (size_t i = 0; i < length; i += LANES) {
            lanes_f value = exponential((load(row + i) - most) * splat(scale));
            if (i == whole) {
                value = choose(within, value, splat(0));
            }
            store(row + i, value);
            sums += value;
        }
        lanes_f factor = splat(1 / sum_of(sums));
        for (size_t i = 0; i < length; i += LANES) {
            store(row + i, load(row + i) * factor);
        }
    }
}

KERNEL_TARGET static void lanes_pool(const float *rows, size_t count, size_t stride, size_t length, float *out) {
    lanes_f squares = splat(0), divisor = splat((float)count);
    for (size_t i = 0; i < length; i += LANES) {
        lanes_f sum = splat(0);
        for (size_t r = 0; r < count; r++) {
            sum += load(rows + r * stride + i);
        }
        sum = sum / divisor;
        store(out + i, sum);
        squares = fused(sum, sum, squares);
    }
    float norm = root(sum_of(squares));
    divisor = splat(norm > 1e-12f ? norm : 1e-12f);
    for (size_t i = 0; i < length; i += LANES) {
        store(out + i, load(out + i) / divisor);
    }
}

KERNEL_TARGET static void lanes_narrow(const float *from, size_t count, uint16_t *to) {
    for (size_t i = 0; i < count; i++) {
        to[i] = sek_narrowed(from[i]);
    }
}

#endif

#endif

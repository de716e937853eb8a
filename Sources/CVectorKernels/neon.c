// NEON: eight registers hold the 32 accumulators of a pair, so two rows at a time leave 16 for what is read.
#include "kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = 2 };

INLINE float reduce(const float32x4_t *a) {
    float32x4_t b0 = vaddq_f32(a[0], a[4]), b1 = vaddq_f32(a[1], a[5]);
    float32x4_t b2 = vaddq_f32(a[2], a[6]), b3 = vaddq_f32(a[3], a[7]);
    float32x4_t d = vaddq_f32(vaddq_f32(b0, b2), vaddq_f32(b1, b3));
    float32x2_t e = vadd_f32(vget_low_f32(d), vget_high_f32(d));
    return vget_lane_f32(e, 0) + vget_lane_f32(e, 1);
}

INLINE void block(const float *query, const float *const *rows, size_t row_count, size_t length, float *out) {
    float32x4_t sums[ROWS][8];
    for (int r = 0; r < ROWS; r++) {
        for (int v = 0; v < 8; v++) {
            sums[r][v] = vdupq_n_f32(0);
        }
    }
    size_t i = 0;
    for (; i + 32 <= length; i += 32) {
        for (int v = 0; v < 8; v++) {
            float32x4_t part = vld1q_f32(query + i + 4 * v);
            for (int r = 0; r < ROWS; r++) {
                sums[r][v] = vfmaq_f32(sums[r][v], part, vld1q_f32(rows[r] + i + 4 * v));
            }
        }
    }
    if (i < length) {
        for (int v = 0; v < 4; v++) {
            float32x4_t part = vld1q_f32(query + i + 4 * v);
            for (int r = 0; r < ROWS; r++) {
                sums[r][v] = vfmaq_f32(sums[r][v], part, vld1q_f32(rows[r] + i + 4 * v));
            }
        }
    }
    for (size_t r = 0; r < ROWS && r < row_count; r++) {
        out[r] = reduce(sums[r]);
    }
}

static void dots_of_rows(
    const float *const *queries, size_t query_count, const struct svk_rows *rows, size_t length, float *out,
    size_t out_stride) {
    for (size_t first = 0; first < rows->count; first += ROWS) {
        const float *group[ROWS];
        for (size_t r = 0; r < ROWS; r++) {
            group[r] = svk_row(rows, first + r);
        }
        for (size_t q = 0; q < query_count; q++) {
            block(queries[q], group, rows->count - first, length, out + q * out_stride + first);
        }
    }
}

static void neon_dots(
    const float *const *queries, size_t query_count, const float *rows, size_t stride, size_t count, size_t length,
    float *out, size_t out_stride) {
    struct svk_rows all = {rows, stride, 0, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

static void neon_dots_gathered(
    const float *const *queries, size_t query_count, const float *const *rows, size_t count, size_t length, float *out,
    size_t out_stride) {
    struct svk_rows all = {0, 0, rows, count};
    dots_of_rows(queries, query_count, &all, length, out, out_stride);
}

static size_t neon_select(const float *values, size_t count, float cut, uint32_t *indices) {
    size_t selected = 0, i = 0;
    float32x4_t cuts = vdupq_n_f32(cut);
    for (; i + 4 <= count; i += 4) {
        uint32x4_t reached = vcgeq_f32(vld1q_f32(values + i), cuts);
        if (vmaxvq_u32(reached) == 0) {
            continue;
        }
        for (size_t j = i; j < i + 4; j++) {
            if (values[j] >= cut) {
                indices[selected++] = (uint32_t)j;
            }
        }
    }
    for (; i < count; i++) {
        if (values[i] >= cut) {
            indices[selected++] = (uint32_t)i;
        }
    }
    return selected;
}

static void neon_widen_half(const uint16_t *from, size_t count, float *to) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        vst1q_f32(to + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from + i))));
    }
    for (; i < count; i++) {
        to[i] = svk_serial_widen_half(from[i]);
    }
}

static void neon_narrow_half(const float *from, size_t count, uint16_t *to) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        vst1_u16(to + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(from + i))));
    }
    for (; i < count; i++) {
        to[i] = svk_serial_narrow_half(from[i]);
    }
}

static const struct svk_kernels kernels = {
    "neon",      neon_dots,       neon_dots_gathered,
    neon_select, neon_widen_half, neon_narrow_half,
};

const struct svk_kernels *const svk_neon_kernels = &kernels;

#else

const struct svk_kernels *const svk_neon_kernels = 0;

#endif

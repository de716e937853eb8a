// The oracle: plain C, one operation at a time. Every other file must give the same bits in float32.
#include "kernels.h"

#include <float.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF

enum { LANES = SEK_LANES };

static float exponential(float x) {
    x = x > EXP_LEAST ? x : EXP_LEAST;
    float shifted = fmaf(x, EXP_LOG2E, ROUNDER);
    float n = shifted - ROUNDER;
    float r = fmaf(n, -EXP_LN2_HIGH, x);
    r = fmaf(n, -EXP_LN2_LOW, r);
    float p = fmaf(EXP_C7, r, EXP_C6);
    p = fmaf(p, r, EXP_C5);
    p = fmaf(p, r, EXP_C4);
    p = fmaf(p, r, EXP_C3);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1);
    p = fmaf(p, r, 1);
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits - ROUNDER_BITS + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/// gelu(x) = max(x, 0) - |x| / 2 * erfc(|x| / sqrt 2), which keeps its precision on both sides.
static float gelu(float x) {
    float magnitude = fabsf(x);
    float z = magnitude * ROOT_HALF;
    float t = 1 / fmaf(ERFC_P, z, 1);
    float p = fmaf(ERFC_A5, t, ERFC_A4);
    p = fmaf(p, t, ERFC_A3);
    p = fmaf(p, t, ERFC_A2);
    p = fmaf(p, t, ERFC_A1);
    float half = magnitude * 0.5f * (p * t * exponential(-(z * z)));
    return (x > 0 ? x : 0) - half;
}

static void finish(const struct sek_product *product, size_t row, size_t column, float value) {
    float *out = product->out + row * product->out_stride + column;
    switch (product->epilogue) {
    case SEK_STORE:
        *out = value;
        break;
    case SEK_GELU:
        *out = gelu(value);
        break;
    case SEK_ADD:
        *out = *out + value;
        break;
    }
}

static void serial_multiply(const struct sek_product *product) {
    for (size_t r = 0; r < product->row_count; r++) {
        const float *row = (const float *)product->rows + r * product->row_stride;
        for (size_t c = 0; c < product->panel_count * LANES; c++) {
            const float *panel = (const float *)product->panels + c / LANES * product->panel_stride + c % LANES;
            float sum = product->bias ? product->bias[c] : 0;
            for (size_t k = 0; k < product->depth; k++) {
                sum = fmaf(row[k], panel[k * product->panel_step], sum);
            }
            finish(product, r, c, sum);
        }
    }
}

static float widened(uint16_t value) {
    uint32_t bits = (uint32_t)value << 16;
    float wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

static void serial_multiply_bfloat(const struct sek_product *product) {
    for (size_t r = 0; r < product->row_count; r++) {
        const uint16_t *row = (const uint16_t *)product->rows + 2 * r * product->row_stride;
        for (size_t c = 0; c < product->panel_count * LANES; c++) {
            const uint16_t *panel =
                (const uint16_t *)product->panels + 2 * (c / LANES * product->panel_stride + c % LANES);
            float sum = product->bias ? product->bias[c] : 0;
            for (size_t k = 0; k < product->depth; k++) {
                const uint16_t *pair = panel + 2 * k * product->panel_step;
                sum = fmaf(widened(row[2 * k + 1]), widened(pair[1]), sum);
                sum = fmaf(widened(row[2 * k]), widened(pair[0]), sum);
            }
            finish(product, r, c, sum);
        }
    }
}

/// The sum of 16 numbers by a fixed tree.
static float sum_of(const float lanes[LANES]) {
    float sums[LANES];
    memcpy(sums, lanes, sizeof sums);
    for (size_t width = LANES / 2; width > 0; width /= 2) {
        for (size_t i = 0; i < width; i++) {
            sums[i] += sums[i + width];
        }
    }
    return sums[0];
}

static void serial_normalize(
    float *rows, size_t count, size_t stride, size_t length, const float *gain, const float *shift, float epsilon) {
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * stride;
        float sums[LANES] = {0}, squares[LANES] = {0};
        for (size_t i = 0; i < length; i++) {
            sums[i % LANES] += row[i];
        }
        float mean = sum_of(sums) / (float)length;
        for (size_t i = 0; i < length; i++) {
            float distance = row[i] - mean;
            squares[i % LANES] = fmaf(distance, distance, squares[i % LANES]);
        }
        float factor = 1 / sqrtf(sum_of(squares) / (float)length + epsilon);
        for (size_t i = 0; i < length; i++) {
            row[i] = fmaf((row[i] - mean) * factor, gain[i], shift[i]);
        }
    }
}

static void serial_softmax(float *rows, size_t count, size_t stride, size_t length, float scale) {
    for (size_t r = 0; r < count; r++) {
        float *row = rows + r * stride;
        float most = -FLT_MAX;
        for (size_t i = 0; i < length; i++) {
            most = row[i] > most ? row[i] : most;
        }
        float sums[LANES] = {0};
        size_t padded = (length + LANES - 1) / LANES * LANES;
        for (size_t i = 0; i < padded; i++) {
            row[i] = i < length ? exponential((row[i] - most) * scale) : 0;
            sums[i % LANES] += row[i];
        }
        float factor = 1 / sum_of(sums);
        for (size_t i = 0; i < padded; i++) {
            row[i] = row[i] * factor;
        }
    }
}

static void serial_pool(const float *rows, size_t count, size_t stride, size_t length, float *out) {
    float squares[LANES] = {0};
    for (size_t i = 0; i < length; i++) {
        float sum = 0;
        for (size_t r = 0; r < count; r++) {
            sum += rows[r * stride + i];
        }
        out[i] = sum / (float)count;
        squares[i % LANES] = fmaf(out[i], out[i], squares[i % LANES]);
    }
    float norm = sqrtf(sum_of(squares));
    float divisor = norm > 1e-12f ? norm : 1e-12f;
    for (size_t i = 0; i < length; i++) {
        out[i] = out[i] / divisor;
    }
}

static void serial_narrow(const float *from, size_t count, uint16_t *to) {
    for (size_t i = 0; i < count; i++) {
        to[i] = sek_narrowed(from[i]);
    }
}

static const struct sek_kernels kernels = {
    "serial",       serial_multiply, serial_multiply_bfloat, serial_normalize,
    serial_softmax, serial_pool,     serial_narrow,
};

const struct sek_kernels *const sek_serial_kernels = &kernels;

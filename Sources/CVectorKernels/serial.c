// The oracle: plain C, one operation at a time. Every other file must give the same bits.
#include "kernels.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static float serial_dot(const float *query, const float *row, size_t length) {
    float lanes[32] = {0};
    for (size_t i = 0; i < length; i++) {
        lanes[i % 32] = fmaf(query[i], row[i], lanes[i % 32]);
    }
    for (size_t width = 16; width > 0; width /= 2) {
        for (size_t i = 0; i < width; i++) {
            lanes[i] += lanes[i + width];
        }
    }
    return lanes[0];
}

static void serial_dots(
    const float *const *queries, size_t query_count, const float *rows, size_t stride, size_t count, size_t length,
    float *out, size_t out_stride) {
    for (size_t q = 0; q < query_count; q++) {
        for (size_t r = 0; r < count; r++) {
            out[q * out_stride + r] = serial_dot(queries[q], rows + r * stride, length);
        }
    }
}

static void serial_dots_gathered(
    const float *const *queries, size_t query_count, const float *const *rows, size_t count, size_t length, float *out,
    size_t out_stride) {
    for (size_t q = 0; q < query_count; q++) {
        for (size_t r = 0; r < count; r++) {
            out[q * out_stride + r] = serial_dot(queries[q], rows[r], length);
        }
    }
}

static size_t serial_select(const float *values, size_t count, float cut, uint32_t *indices) {
    size_t selected = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] >= cut) {
            indices[selected++] = (uint32_t)i;
        }
    }
    return selected;
}

float svk_serial_widen_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    uint32_t bits;
    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | (fraction << 13) | (fraction ? 0x00400000u : 0);
    } else if (exponent != 0) {
        bits = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
        // A subnormal is fraction · 2^-24, which binary32 holds exactly as a normal number.
        float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t svk_serial_narrow_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)((bits >> 16) & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
    }
    if (magnitude >= 0x477ff000u) { // 65,520 and more round to infinity
        return (uint16_t)(sign | 0x7c00u);
    }
    uint32_t shift = 13, significand = magnitude;
    if (magnitude < 0x38800000u) { // below 2^-14: subnormal, in steps of 2^-24
        uint32_t exponent = magnitude >> 23;
        if (exponent < 102) { // below 2^-25: nearer to zero than to the first step
            return sign;
        }
        significand = (magnitude & 0x7fffffu) | 0x800000u;
        shift = 126 - exponent;
    } else {
        significand -= 112u << 23;
    }
    uint32_t rest = significand & ((1u << shift) - 1), half = 1u << (shift - 1);
    uint32_t rounded = significand >> shift;
    if (rest > half || (rest == half && (rounded & 1))) {
        rounded++;
    }
    return (uint16_t)(sign | rounded);
}

static void serial_widen_half_all(const uint16_t *from, size_t count, float *to) {
    for (size_t i = 0; i < count; i++) {
        to[i] = svk_serial_widen_half(from[i]);
    }
}

static void serial_narrow_half_all(const float *from, size_t count, uint16_t *to) {
    for (size_t i = 0; i < count; i++) {
        to[i] = svk_serial_narrow_half(from[i]);
    }
}

static const struct svk_kernels kernels = {
    "serial",      serial_dots,           serial_dots_gathered,
    serial_select, serial_widen_half_all, serial_narrow_half_all,
};

const struct svk_kernels *const svk_serial_kernels = &kernels;

// What is done once for a row or a query: plain C, the same bits on every machine.
#include "kernels.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

float svk_sketch_round_centroid(const float *vector, size_t length, size_t padded, int8_t *whole) {
    float largest = 0;
    for (size_t i = 0; i < length; i++) {
        float magnitude = fabsf(vector[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    memset(whole, 0, padded);
    double squares = 0;
    for (size_t i = 0; i < length && largest > 0; i++) {
        float step = vector[i] / largest * 127;
        whole[i] = (int8_t)(step + (step < 0 ? -0.5f : 0.5f));
        squares += (double)whole[i] * whole[i];
    }
    return squares > 0 ? (float)(1 / sqrt(squares)) : 0;
}

double svk_sketch_dot(const float *floats, const int8_t *whole, size_t length) {
    double sums[8] = {0};
    for (size_t i = 0; i < length; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            sums[lane] += (double)floats[i + lane] * whole[i + lane];
        }
    }
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

double svk_sketch_inner(const float *one, const float *other, size_t length) {
    double sums[8] = {0};
    for (size_t i = 0; i < length; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            sums[lane] += (double)one[i + lane] * other[i + lane];
        }
    }
    return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

void svk_sketch_subtract(double *vector, const float *unit, size_t length) {
    double sums[8] = {0};
    for (size_t i = 0; i < length; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            sums[lane] += vector[i + lane] * unit[i + lane];
        }
    }
    double product = ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
    for (size_t i = 0; i < length; i++) {
        vector[i] -= product * unit[i];
    }
}

size_t svk_sketch_best(const int32_t *products, const float *scales, size_t count) {
    enum { LANES = 8 };
    float best = -INFINITY;
    size_t whole = count / LANES * LANES, at = 0;
    for (size_t first = 0; first < whole; first += LANES) {
        float values[LANES], most = -INFINITY;
        for (size_t lane = 0; lane < LANES; lane++) {
            values[lane] = (float)products[first + lane] * scales[first + lane];
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            most = values[lane] > most ? values[lane] : most;
        }
        if (most > best) {
            best = most;
            for (at = first; values[at - first] != most; at++) {
            }
        }
    }
    for (size_t i = whole; i < count; i++) {
        float value = (float)products[i] * scales[i];
        if (value > best) {
            best = value;
            at = i;
        }
    }
    return at;
}

int16_t svk_sketch_fill_tables(
    const float *projected, size_t pairs, size_t front_pairs, uint8_t *tables, float *unit, float *zero) {
    float widest = 1e-6f;
    int rest = 0;
    double sum = 0;
    for (size_t g = 0; g < 2 * pairs; g++) {
        const float *four = projected + 4 * g;
        float width = fabsf(four[0]) + fabsf(four[1]) + fabsf(four[2]) + fabsf(four[3]);
        widest = width > widest ? width : widest;
        sum += width;
    }
    // Rounding up takes one of the entries that there are.
    *unit = 2 * widest / (SVK_SKETCH_ENTRY - 1);
    *zero = (float)(-sum + 1e-6);
    float steps = 1 / *unit;
    for (size_t g = 0; g < 2 * pairs; g++) {
        float values[16] = {0};
        for (size_t i = 0; i < 4; i++) {
            float component = 2 * projected[4 * g + i] * steps;
            float set = component > 0 ? component : 0, clear = component > 0 ? 0 : -component;
            for (size_t entry = 0; entry < 16; entry++) {
                values[entry] += entry >> i & 1 ? set : clear;
            }
        }
        for (size_t entry = 0; entry < 16; entry++) {
            // Nothing was added to a zero; elsewhere the excess over 1 covers the roundings of the value.
            float up = values[entry] > 0 ? values[entry] + 1.0001f : 0;
            tables[16 * g + entry] = up < SVK_SKETCH_ENTRY ? (uint8_t)up : SVK_SKETCH_ENTRY;
        }
        uint8_t most = 0;
        for (size_t entry = 0; entry < 16; entry++) {
            most = tables[16 * g + entry] > most ? tables[16 * g + entry] : most;
        }
        rest += g < 2 * front_pairs ? 0 : most;
    }
    return (int16_t)rest;
}

void svk_sketch_steps(const float *rotated, size_t length, int8_t *whole, float *unit, float *zero) {
    float largest = 1e-9f;
    for (size_t i = 0; i < length; i++) {
        float magnitude = fabsf(rotated[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    float step = largest / 127, steps = 127 / largest;
    double errors = 0;
    for (size_t i = 0; i < length; i++) {
        float scaled = rotated[i] * steps;
        whole[i] = (int8_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
        errors += fabs((double)rotated[i] - (double)whole[i] * step);
    }
    double root = sqrt((double)length);
    *unit = (float)(step / root);
    *zero = (float)(errors / root * 1.000001 + 4e-6);
}

/// The alignment of a sketch with what it is a sketch of, rounded down.
static float alignment(double sum, float cosine, float error) {
    double lateral = 1 + 2e-6 - (double)cosine * cosine;
    if (lateral < 1e-5) {
        return 0;
    }
    double value = (sum - error) / sqrt(lateral);
    return value > 0 ? value < 1 ? (float)(value * (1 - 1e-6)) : 1 : 0;
}

static int16_t nearest_step(double value, double most) {
    double rounded = value + (value < 0 ? -0.5 : 0.5);
    return (int16_t)(rounded > most ? most : rounded < -most ? -most : rounded);
}

void svk_sketch_end_record(const struct svk_sketch_row *row, float sum, float offset, uint8_t *tail) {
    // 4,096 terms at most, each sum off by less than 4,096 * 2^-24 of its terms' total, which is at most sqrt(length).
    double root = sqrt((double)row->length), rounding = (double)row->length * 0x1p-23;
    uint16_t a = (uint16_t)(alignment(sum / root, row->cosine, (float)rounding + 1e-5f) * 65535);
    int16_t e = nearest_step(offset / root * 32767, 32767);
    uint32_t number = 0;
    memcpy(tail, &row->cosine, 4);
    memcpy(tail + 4, &number, 4);
    memcpy(tail + 8, &a, 2);
    memcpy(tail + 10, &e, 2);
}

void svk_sketch_end_codes(const struct svk_sketch_row *row, float sum, float offset, uint8_t *tail) {
    tail[0] = (uint8_t)(alignment(sum, row->cosine, row->alignment_error) * 255);
    tail[1] = (uint8_t)(int8_t)nearest_step(offset / row->offset_step, 127);
}

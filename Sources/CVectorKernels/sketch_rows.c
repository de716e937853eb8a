// What is done once for a row or a query: plain C, the same bits on every machine.
#include "kernels.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

double svk_sketch_round(const float *vector, size_t length, size_t padded, int16_t *whole, double *distance) {
    float largest = 0;
    for (size_t i = 0; i < length; i++) {
        float magnitude = fabsf(vector[i]);
        largest = magnitude > largest ? magnitude : largest;
    }
    // Within 16 bits, and products with int8 vectors of any length within 32 bits (Cauchy-Schwarz).
    double steps = 32767 / (double)(largest > 1e-9f ? largest : 1);
    double most = 0x1p30 / (127 * sqrt((double)padded));
    steps = steps < most ? steps : most;
    float scale = (float)steps;
    double squares = 0;
    for (size_t i = 0; i < length; i++) {
        float scaled = vector[i] * scale;
        float rounded = scaled + (scaled < 0 ? -0.5f : 0.5f);
        int32_t step = rounded > 32767 ? 32767 : rounded < -32767 ? -32767 : rounded == rounded ? (int32_t)rounded : 0;
        whole[i] = (int16_t)step;
        double error = (double)vector[i] * scale - step;
        squares += error * error;
    }
    memset(whole + length, 0, (padded - length) * sizeof *whole);
    *distance = sqrt(squares) / scale * 1.000001 + 1e-7;
    return scale;
}

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

void svk_sketch_rotate(float *vector, size_t length, const uint8_t *signs) {
    size_t window = 64;
    while (window * 2 <= length) {
        window *= 2;
    }
    float scale = (float)(1 / sqrt((double)window));
    for (size_t round = 0; round < 4; round++) {
        const uint8_t *flips = signs + round * (length / 8);
        for (size_t i = 0; i < length; i++) {
            vector[i] = flips[i / 8] >> i % 8 & 1 ? -vector[i] : vector[i];
        }
        // The first and the last components in turn, so that all of them mix.
        float *part = round % 2 == 0 ? vector : vector + length - window;
        for (size_t i = 0; i < window; i += 8) {
            float *v = part + i;
            float a0 = v[0] + v[1], a1 = v[0] - v[1], a2 = v[2] + v[3], a3 = v[2] - v[3];
            float a4 = v[4] + v[5], a5 = v[4] - v[5], a6 = v[6] + v[7], a7 = v[6] - v[7];
            float b0 = a0 + a2, b1 = a1 + a3, b2 = a0 - a2, b3 = a1 - a3;
            float b4 = a4 + a6, b5 = a5 + a7, b6 = a4 - a6, b7 = a5 - a7;
            v[0] = b0 + b4, v[1] = b1 + b5, v[2] = b2 + b6, v[3] = b3 + b7;
            v[4] = b0 - b4, v[5] = b1 - b5, v[6] = b2 - b6, v[7] = b3 - b7;
        }
        for (size_t half = 8; half < window; half *= 2) {
            for (size_t start = 0; start < window; start += 2 * half) {
                float *low = part + start, *high = low + half;
                for (size_t i = 0; i < half; i++) {
                    float one = low[i], other = high[i];
                    low[i] = one + other;
                    high[i] = one - other;
                }
            }
        }
        for (size_t i = 0; i < window; i++) {
            part[i] *= scale;
        }
    }
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

void svk_sketch_make(const struct svk_sketch_row *row, uint8_t *record, uint8_t *codes) {
    float sum = 0, offset = 0;
    for (size_t i = 0; i < row->length; i += 8) {
        unsigned bits = 0;
        for (size_t b = 0; b < 8; b++) {
            float centroid = row->centroid_rotated[i + b];
            float residual = row->rotated[i + b] - row->cosine * centroid;
            bits |= (unsigned)(residual > 0) << b;
            sum += fabsf(residual);
            offset += residual > 0 ? centroid : -centroid;
        }
        record[i / 8] = (uint8_t)bits;
    }
    // 4,096 terms at most, each sum off by less than 4,096 * 2^-24 of its terms' total, which is at most sqrt(length).
    double root = sqrt((double)row->length), rounding = (double)row->length * 0x1p-23;
    uint16_t a = (uint16_t)(alignment(sum / root, row->cosine, (float)rounding + 1e-5f) * 65535);
    int16_t e = nearest_step(offset / root * 32767, 32767);
    uint8_t *tail = record + row->length / 8;
    uint32_t number = 0;
    memcpy(tail, &row->cosine, 4);
    memcpy(tail + 4, &number, 4);
    memcpy(tail + 8, &a, 2);
    memcpy(tail + 10, &e, 2);

    sum = offset = 0;
    for (size_t i = 0; i < row->pairs; i++) {
        unsigned bits = 0;
        for (size_t b = 0; b < 8; b++) {
            float centroid = row->centroid_projected[8 * i + b];
            float residual = row->projected[8 * i + b] - row->cosine * centroid;
            bits |= (unsigned)(residual > 0) << b;
            sum += fabsf(residual);
            offset += residual > 0 ? centroid : -centroid;
        }
        codes[i] = (uint8_t)bits;
    }
    codes[row->pairs] = (uint8_t)(alignment(sum, row->cosine, row->alignment_error) * 255);
    codes[row->pairs + 1] = (uint8_t)(int8_t)nearest_step(offset / row->offset_step, 127);
}

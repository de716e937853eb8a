// How sketches are made from vectors, compiled once for each instruction set like sketch_bounds.h, which includes this:
// one IEEE operation at a time in an order of its own, so that the bits are the same everywhere.
#ifndef SEMBLANCE_SKETCH_MAKING_H
#define SEMBLANCE_SKETCH_MAKING_H

#include <math.h>

BOUNDS_INLINE lanes_f magnitude(lanes_f value) { return (lanes_f)((lanes_i)value & 0x7fffffff); }

/// The sum of all lanes, as a tree.
BOUNDS_INLINE float total(lanes_f value) {
    float v[LANES];
    memcpy(v, &value, sizeof v);
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            v[i] = v[i] + v[i + half];
        }
    }
    return v[0];
}

BOUNDS_TARGET static double bounds_round(
    const float *vector, size_t length, size_t padded, int16_t *whole, double *distance) {
    lanes_f most = {0};
    for (size_t i = 0; i < length; i += LANES) {
        lanes_f part;
        memcpy(&part, vector + i, sizeof part);
        most = greater(magnitude(part), most);
    }
    float largest = 0;
    for (int i = 0; i < LANES; i++) {
        largest = most[i] > largest ? most[i] : largest;
    }
    // Within 16 bits, and products with int8 vectors of any length within 32 bits (Cauchy-Schwarz).
    double steps = 32767 / (double)(largest > 1e-9f ? largest : 1);
    double limit = 0x1p30 / (127 * sqrt((double)padded));
    float scale = (float)(steps < limit ? steps : limit);
    double squares[8] = {0};
    for (size_t i = 0; i < length; i += 8) {
        for (size_t lane = 0; lane < 8; lane++) {
            float scaled = vector[i + lane] * scale;
            float rounded = scaled + (scaled < 0 ? -0.5f : 0.5f);
            // A NaN becomes a zero.
            rounded = rounded > -32767 ? rounded : rounded <= -32767 ? -32767 : 0;
            rounded = rounded < 32767 ? rounded : 32767;
            int32_t step = (int32_t)rounded;
            whole[i + lane] = (int16_t)step;
            double error = (double)vector[i + lane] * scale - step;
            squares[lane] += error * error;
        }
    }
    memset(whole + length, 0, (padded - length) * sizeof *whole);
    double sum = ((squares[0] + squares[4]) + (squares[1] + squares[5]))
        + ((squares[2] + squares[6]) + (squares[3] + squares[7]));
    *distance = sqrt(sum) / scale * 1.000001 + 1e-7;
    return scale;
}

BOUNDS_TARGET static void bounds_rotate(float *vector, size_t length, const uint8_t *signs) {
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

/// Writes the signs of residuals and adds up their magnitudes, and the centroid's components with their signs.
BOUNDS_INLINE void signs_of(
    const float *vector, const float *centroid, float cosine, size_t length, uint8_t *bits, float *sum, float *offset) {
    lanes_f sums = {0}, offsets = {0};
    for (size_t i = 0; i < length; i += LANES) {
        lanes_f part, middle;
        memcpy(&part, vector + i, sizeof part);
        memcpy(&middle, centroid + i, sizeof middle);
        lanes_f residual = part - splat(cosine) * middle;
        lanes_i positive = residual > splat(0);
        uint32_t mask = mask_of(positive);
        bits[i / 8] = (uint8_t)mask;
        bits[i / 8 + 1] = (uint8_t)(mask >> 8);
        sums = sums + magnitude(residual);
        offsets = offsets + choose(positive, middle, -middle);
    }
    *sum = total(sums);
    *offset = total(offsets);
}

BOUNDS_TARGET static void bounds_make(const struct svk_sketch_row *row, uint8_t *record, uint8_t *codes) {
    float sum, offset;
    signs_of(row->rotated, row->centroid_rotated, row->cosine, row->length, record, &sum, &offset);
    svk_sketch_end_record(row, sum, offset, record + row->length / 8);
    signs_of(row->projected, row->centroid_projected, row->cosine, 8 * row->pairs, codes, &sum, &offset);
    svk_sketch_end_codes(row, sum, offset, codes + row->pairs);
}

#endif

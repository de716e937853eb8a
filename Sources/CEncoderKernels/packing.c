// Rows of a matrix as panels: plain C, the same on every machine.
#include "kernels.h"

enum { LANES = SEK_LANES };

void sek_pack(const float *rows, size_t columns, size_t stride, size_t depth, float *panels) {
    for (size_t first = 0; first < columns; first += LANES, panels += LANES * depth) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const float *row = rows + (first + lane) * stride;
            for (size_t k = 0; k < depth; k++) {
                panels[k * LANES + lane] = first + lane < columns ? row[k] : 0;
            }
        }
    }
}

void sek_pack_bfloat(const float *rows, size_t columns, size_t stride, size_t depth, uint16_t *panels) {
    for (size_t first = 0; first < columns; first += LANES, panels += LANES * depth) {
        for (size_t lane = 0; lane < LANES; lane++) {
            const float *row = rows + (first + lane) * stride;
            for (size_t k = 0; k < depth; k++) {
                panels[(k / 2 * LANES + lane) * 2 + k % 2] = first + lane < columns ? sek_narrowed(row[k]) : 0;
            }
        }
    }
}

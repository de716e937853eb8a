// What the files of this target share; not visible outside of it.
#ifndef SEMBLANCE_KERNELS_H
#define SEMBLANCE_KERNELS_H

#include "CVectorKernels.h"

// Each is NULL where the file was compiled for another architecture. Whether the CPU can run it is dispatch.c's
// question.
extern const struct svk_kernels *const svk_serial_kernels;
extern const struct svk_kernels *const svk_avx2_kernels;
extern const struct svk_kernels *const svk_avx512_kernels;
extern const struct svk_kernels *const svk_neon_kernels;

extern const struct svk_sketch_kernels *const svk_serial_sketch_kernels;
extern const struct svk_sketch_kernels *const svk_avx2_sketch_kernels;
extern const struct svk_sketch_kernels *const svk_avx512_sketch_kernels;
extern const struct svk_sketch_kernels *const svk_vnni_sketch_kernels;
extern const struct svk_sketch_kernels *const svk_neon_sketch_kernels;

// Blocks by which the scan of sketches asks for memory ahead, into the second cache: it can wait for many more lines at
// a time than the first.
enum { SVK_SKETCH_AHEAD = 40 };

// The ends of a sketch, from the sums over its signs.
void svk_sketch_end_record(const struct svk_sketch_row *row, float sum, float offset, uint8_t *tail);
void svk_sketch_end_codes(const struct svk_sketch_row *row, float sum, float offset, uint8_t *tail);

/// The record of a row, 32 * block + row.
static inline __attribute__((always_inline)) const uint8_t *svk_sketch_record(
    const struct svk_sketch_block *blocks, uint32_t row, size_t record_stride) {
    return blocks[row / SVK_SKETCH_ROWS].records + row % SVK_SKETCH_ROWS * record_stride;
}

// One component at a time; the vector files use them for what is left over after whole vectors.
float svk_serial_widen_half(uint16_t half);
uint16_t svk_serial_narrow_half(float value);

// Where rows are: `stride` apart from `base`, or anywhere.
struct svk_rows {
    const float *base;
    size_t stride;
    const float *const *gathered; // NULL for rows that are `stride` apart
    size_t count;
};

// Row `index`, or the last one for an index beyond it: a group of rows is filled up with repetitions.
static inline __attribute__((always_inline)) const float *svk_row(const struct svk_rows *rows, size_t index) {
    size_t row = index < rows->count ? index : rows->count - 1;
    return rows->gathered ? rows->gathered[row] : rows->base + row * rows->stride;
}

#endif

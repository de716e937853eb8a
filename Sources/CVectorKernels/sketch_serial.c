// The oracle of the sketch kernels: plain C, one operation at a time. The other files must give the same bits.
#define BOUNDS_TARGET
#include "kernels.h"
#include "sketch_lanes.h"

static int32_t record_sum(const uint8_t *record, const int8_t *query, size_t length) {
    int32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += record[i / 8] >> i % 8 & 1 ? query[i] : -query[i];
    }
    return sum;
}

static lanes_i record_sums(const uint8_t *const records[LANES], const int8_t *query, size_t length) {
    lanes_i sums = {0};
    for (int i = 0; i < LANES; i++) {
        sums[i] = record_sum(records[i], query, length);
    }
    return sums;
}

#include "sketch_bounds.h"

static void serial_dots(
    const int16_t *const *queries, size_t query_count, const int8_t *rows, size_t count, size_t length, int32_t *out,
    size_t out_stride) {
    for (size_t q = 0; q < query_count; q++) {
        for (size_t r = 0; r < count; r++) {
            int32_t sum = 0;
            for (size_t i = 0; i < length; i++) {
                sum += queries[q][i] * rows[r * length + i];
            }
            out[q * out_stride + r] = sum;
        }
    }
}

static int32_t rounded_product(int32_t one, int32_t other) { return (one * other + (1 << 14)) >> 15; }

static int32_t saturated(int32_t value) { return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value; }

static int32_t sum_of(const uint8_t *codes, const uint8_t *values, size_t pairs) {
    int32_t sum = 0;
    for (size_t p = 0; p < pairs; p++) {
        uint8_t code = codes[p * SVK_SKETCH_ROWS];
        sum += values[p * 32 + (code & 15)] + values[p * 32 + 16 + (code >> 4)];
    }
    return sum;
}

static size_t serial_scan(
    const struct svk_sketch_block *blocks, size_t count, const struct svk_sketch_tables *tables,
    size_t record_stride, const struct svk_sketch_open *open, uint32_t *left) {
    (void)open; // room for machines that look at all fronts first
    (void)record_stride; // nothing is asked for ahead
    size_t found = 0;
    for (size_t b = 0; b < count; b++) {
        const struct svk_sketch_block *block = &blocks[b];
        const uint8_t *alignments = block->front, *offsets = block->front + SVK_SKETCH_ROWS;
        for (uint32_t r = 0; r < SVK_SKETCH_ROWS; r++) {
            int32_t sum = sum_of(block->front + 2 * SVK_SKETCH_ROWS + r, tables->values, tables->front_pairs)
                + sum_of(block->back + r, tables->values + tables->front_pairs * 32, tables->back_pairs);
            int32_t cut = saturated(block->base + rounded_product(alignments[r] * 128, block->slope));
            cut = saturated(cut + rounded_product((int8_t)offsets[r] * 256, block->offset));
            if (4 * sum >= cut && (block->rows >> r & 1)) {
                left[found++] = (uint32_t)b * SVK_SKETCH_ROWS + r;
            }
        }
    }
    return found;
}

static void serial_assign(
    const int16_t *const *rows, size_t row_count, const struct svk_sketch_centroids *centroids, int32_t *products,
    uint32_t *cells) {
    serial_dots(rows, row_count, centroids->steps, centroids->count, centroids->length, products, centroids->count);
    for (size_t r = 0; r < row_count; r++) {
        cells[r] = (uint32_t)svk_sketch_best(products + r * centroids->count, centroids->scales, centroids->count);
    }
}

static const struct svk_sketch_kernels kernels = {
    "serial", serial_dots, serial_assign, bounds_cells, bounds_choose, bounds_walk, serial_scan, bounds_refine,
    bounds_round, bounds_rotate, bounds_make,
};

const struct svk_sketch_kernels *const svk_serial_sketch_kernels = &kernels;

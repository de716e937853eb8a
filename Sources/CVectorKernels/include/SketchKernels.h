#ifndef SEMBLANCE_SKETCHKERNELS_H
#define SEMBLANCE_SKETCHKERNELS_H

#include <stddef.h>
#include <stdint.h>

// Kernels of the pruning index. docs/SEARCH.md derives the bounds that they compute; every figure here that is not
// exact errs to the side that keeps a row. As with the canonical dot product, all instruction sets give the same bits.

/// Rows of a block.
#define SVK_SKETCH_ROWS 32
/// Sums of the first sketch are at most `SVK_SKETCH_ENTRY` times the groups of four signs.
#define SVK_SKETCH_ENTRY 127

/// One block, as one query looks at it.
///
/// `front` is 32 bytes of alignment a, in steps of 1/255, 32 signed bytes e, in steps of the cell's own, and 32 bytes
/// for each of the first pairs of lookup groups; `back` is 32 bytes for each of the other pairs. Byte r of pair p holds
/// the signs 8p through 8p + 3 of row r in its lower half and 8p + 4 through 8p + 7 in its upper half; a bit that is set
/// is a positive sign.
struct svk_sketch_block {
    const uint8_t *_Nonnull front;
    const uint8_t *_Nonnull back;
    const uint8_t *_Nonnull records;
    /// A bit for every row there is.
    uint32_t rows;
    /// The rows r with 4 * sum(r) < base + round(a(r) * slope / 256) + round(e(r) * offset / 128) are impossible.
    int16_t base, slope, offset;
    /// cos θ of the query and the cell's centroid.
    float cosine;
    /// Not below sin θ.
    float sine;
};

/// What the first sketch of one query is measured in.
struct svk_sketch_scale {
    /// Of one unit of the sums.
    float unit;
    /// Of the sum 0, raised by all errors.
    float zero;
    /// The a at which the tangent touches: its tangent a / sqrt(1 - a²), and 1 / sqrt(1 - a²).
    float tangent, secant;
};

/// What blocks are chosen by: one query.
struct svk_sketch_view {
    struct svk_sketch_scale scale;
    /// Lowered by the errors of the cosines.
    float threshold;
    /// 1 + twice the error of a cosine, raised.
    float sine_slack;
};

/// Bytes of a block's parts and of a record.
struct svk_sketch_strides {
    size_t front, back, record;
};

/// Blocks of one cell, one behind the other; the last one may be filled in part.
struct svk_sketch_run {
    /// Lowest and highest cosine of the rows of a block to the centroid.
    const float *_Nonnull low, *_Nonnull high;
    const uint8_t *_Nonnull front, *_Nonnull back, *_Nonnull records;
    size_t rows;
    /// Of the query and the centroid.
    float cosine;
    /// What a step of e is worth.
    float offset_step;
};

/// A walk through the blocks of many cells that lie in one piece of memory.
struct svk_sketch_walk {
    /// The cells to visit, and their cosines, steps of e, first blocks and rows; by the number of the cell.
    const uint32_t *_Nonnull cells;
    size_t cell_count;
    const float *_Nonnull cosines, *_Nonnull offset_steps;
    const uint32_t *_Nonnull starts, *_Nonnull rows;
    /// By the number of the block.
    const float *_Nonnull low, *_Nonnull high;
    const uint8_t *_Nonnull front, *_Nonnull back, *_Nonnull records;
    struct svk_sketch_strides strides;
    /// Where it stands: the next of `cells`, and the next block of that cell.
    size_t position, block;
};

/// The lookup tables of one query.
struct svk_sketch_tables {
    /// 32 bytes for each pair: the 16 values of its lower half, then those of its upper half.
    const uint8_t *_Nonnull values;
    /// Pairs in `front` and in `back` of a block, both even, at most 32 together and at least 2 in front.
    size_t front_pairs, back_pairs;
    /// The most that the pairs of `back` can add to a sum.
    int16_t rest;
};

/// Room for the blocks that the front leaves.
struct svk_sketch_open {
    uint32_t *_Nonnull blocks;
    /// At a 64-byte boundary; 32 for each block, in an order of each instruction set's own.
    int16_t *_Nonnull margins;
};

/// What the second sketch of one query is measured in.
struct svk_sketch_refinement {
    /// The query's components in whole steps, `length` of them.
    const int8_t *_Nonnull query;
    /// A multiple of 64.
    size_t length;
    /// Of one unit of the sums.
    float unit;
    /// Of the sum 0, raised by all errors.
    float zero;
};

/// Which cells a query can find rows in.
struct svk_sketch_cells {
    /// Products of the query with the cells in whole steps, and what a step is worth: `scales[cell] * inverse`.
    const int32_t *_Nonnull products;
    const float *_Nonnull scales;
    float inverse;
    /// Lowest and highest cosine of the rows of a cell; low > high for one without rows.
    const float *_Nonnull low, *_Nonnull high;
    /// Not below the distance of each centroid from the one nearest to the query, in steps of 2^-15.
    const uint16_t *_Nonnull distances;
    /// The cosine of the query and that nearest centroid.
    float nearest;
    /// Lowered by the errors of the cosines.
    float threshold;
    /// Twice the error of a cosine.
    float slack;
    /// 1 - threshold², raised; and twice the most by which a row may be nearer to another centroid.
    float sine_squared, misassignment;
    size_t count;
};

/// The end of a record: cosine (float), row number, a in steps of 1/65535, e in steps of 1/32767.
#define SVK_SKETCH_RECORD_TAIL 12

/// What a row's sketch is made from.
struct svk_sketch_row {
    float cosine;
    /// 8 * `pairs` components, and those of the cell's centroid.
    const float *_Nonnull projected;
    const float *_Nonnull centroid_projected;
    size_t pairs;
    /// `length` components, and those of the cell's centroid.
    const float *_Nonnull rotated;
    const float *_Nonnull centroid_rotated;
    size_t length;
    /// What a step of e is worth in the cell, and how far a computed a may be too large.
    float offset_step, alignment_error;
};

/// The centroids of a partition.
struct svk_sketch_centroids {
    /// `count` rows of `length` steps, a multiple of 64, and what makes each a unit vector.
    const int8_t *_Nonnull steps;
    const float *_Nonnull scales;
    /// The sum of the steps of each.
    const int32_t *_Nonnull sums;
    size_t count, length;
};

/// Rows that `assign` takes at most.
#define SVK_SKETCH_ASSIGNED 32

struct svk_sketch_kernels {
    const char *_Nonnull name;

    /// Exact products of whole numbers: `out[q * out_stride + r]` = queries[q] · row r; rows lie `length` bytes apart,
    /// `length` a multiple of 64. No product may leave 32 bits.
    void (*_Nonnull dots)(
        const int16_t *_Nonnull const *_Nonnull queries, size_t query_count, const int8_t *_Nonnull rows, size_t count,
        size_t length, int32_t *_Nonnull out, size_t out_stride);

    /// Writes the cell of each of up to SVK_SKETCH_ASSIGNED rows, as `round` wrote them: the centroid with the largest
    /// product, product * scale in single precision, the first one of several. `products` has room for a product of
    /// every row with every centroid.
    void (*_Nonnull assign)(
        const int16_t *_Nonnull const *_Nonnull rows, size_t row_count,
        const struct svk_sketch_centroids *_Nonnull centroids, int32_t *_Nonnull products, uint32_t *_Nonnull cells);

    /// Writes the numbers of the cells that may hold rows at or above the threshold and returns how many. Also writes
    /// every cell's cosine.
    size_t (*_Nonnull cells)(
        const struct svk_sketch_cells *_Nonnull query, float *_Nonnull cosines, uint32_t *_Nonnull numbers);

    /// Writes the blocks of a run from number `first` on, `count` of them, that the bounds leave, and returns how many.
    size_t (*_Nonnull choose)(
        const struct svk_sketch_view *_Nonnull view, const struct svk_sketch_run *_Nonnull run,
        const struct svk_sketch_strides *_Nonnull strides, size_t first, size_t count,
        struct svk_sketch_block *_Nonnull blocks);

    /// The same for the cells of a walk, until all are visited or `capacity` blocks, a multiple of 16, were chosen.
    size_t (*_Nonnull walk)(
        const struct svk_sketch_view *_Nonnull view, struct svk_sketch_walk *_Nonnull walk,
        struct svk_sketch_block *_Nonnull blocks, size_t capacity);

    /// Writes the rows that the first sketch leaves, 32 * block + row each, returns how many, and asks for their records
    /// to be brought near. `open` and `left` have
    /// room for `count` blocks and their rows, and `left` for 32 more.
    size_t (*_Nonnull scan)(
        const struct svk_sketch_block *_Nonnull blocks, size_t count, const struct svk_sketch_tables *_Nonnull tables,
        size_t record_stride, const struct svk_sketch_open *_Nonnull open, uint32_t *_Nonnull left);

    /// Writes the numbers of the rows that the second sketch leaves and returns how many. `left` as `scan` wrote it.
    /// `threshold` is that of `svk_sketch_view`.
    size_t (*_Nonnull refine)(
        const struct svk_sketch_refinement *_Nonnull refinement, const struct svk_sketch_block *_Nonnull blocks,
        const uint32_t *_Nonnull left, size_t count, size_t record_stride, float threshold,
        uint32_t *_Nonnull numbers);

    /// Rounds a vector to whole numbers of at most 16 bits: `length` floats, a multiple of 16, and zeros up to `padded`,
    /// a multiple of 64. Returns the steps per unit and writes how far the rounded vector may lie from the vector.
    double (*_Nonnull round)(
        const float *_Nonnull vector, size_t length, size_t padded, int16_t *_Nonnull whole,
        double *_Nonnull distance);

    /// An orthogonal transform in place: `length` floats, a multiple of 64. `signs` has `length` / 8 bytes for each of
    /// its four rounds.
    void (*_Nonnull rotate)(float *_Nonnull vector, size_t length, const uint8_t *_Nonnull signs);

    /// Writes `length` / 8 + SVK_SKETCH_RECORD_TAIL bytes of the record with row number 0, and `pairs` + 2 bytes of
    /// codes, a and e.
    void (*_Nonnull make)(
        const struct svk_sketch_row *_Nonnull row, uint8_t *_Nonnull record, uint8_t *_Nonnull codes);
};

/// The sketch kernels of an instruction set; NULL when this machine cannot run them.
const struct svk_sketch_kernels *_Nullable svk_sketch_kernels(enum svk_instruction_set set);

/// All that this machine can run, one by one, for tests: an instruction set may have faster kernels for some machines.
/// NULL from their number on.
const struct svk_sketch_kernels *_Nullable svk_sketch_variant(size_t index);

// What is done once for a row or a query is the same code on every machine.

/// Rounds a unit vector to int8 for good: the caller takes the rounded one in its place. Returns what to multiply by
/// for unit length, 0 for a vector of zeros.
float svk_sketch_round_centroid(const float *_Nonnull vector, size_t length, size_t padded, int8_t *_Nonnull whole);

/// float · int8, summed in double precision.
double svk_sketch_dot(const float *_Nonnull floats, const int8_t *_Nonnull whole, size_t length);

/// The inner product of two vectors of `length` floats, a multiple of 8, summed in double precision.
double svk_sketch_inner(const float *_Nonnull one, const float *_Nonnull other, size_t length);

/// Takes away from a vector what it has of a unit vector; `length` a multiple of 8.
void svk_sketch_subtract(double *_Nonnull vector, const float *_Nonnull unit, size_t length);

/// The index of the largest product, the first one of several: products[i] * scales[i].
size_t svk_sketch_best(const int32_t *_Nonnull products, const float *_Nonnull scales, size_t count);

/// The lookup tables of the first sketch, `pairs` times 32 bytes. Entries are rounded up. `projected` has 8 * `pairs`
/// components; the unit and the value of the sum 0 are written. Returns the largest sum of the pairs from
/// `front_pairs` on.
int16_t svk_sketch_fill_tables(
    const float *_Nonnull projected, size_t pairs, size_t front_pairs, uint8_t *_Nonnull tables, float *_Nonnull unit,
    float *_Nonnull zero);

/// The steps of the second sketch; writes the unit and the value of the sum 0, both for signs of length
/// 1 / sqrt(length).
void svk_sketch_steps(
    const float *_Nonnull rotated, size_t length, int8_t *_Nonnull whole, float *_Nonnull unit, float *_Nonnull zero);

/// Puts codes, a and e into slot `slot` of a block.
static inline void svk_sketch_place(
    uint8_t *_Nonnull front, uint8_t *_Nonnull back, size_t slot, const uint8_t *_Nonnull codes, size_t pairs,
    size_t front_pairs) {
    front[slot] = codes[pairs];
    front[SVK_SKETCH_ROWS + slot] = codes[pairs + 1];
    for (size_t p = 0; p < front_pairs; p++) {
        front[(2 + p) * SVK_SKETCH_ROWS + slot] = codes[p];
    }
    for (size_t p = front_pairs; p < pairs; p++) {
        back[(p - front_pairs) * SVK_SKETCH_ROWS + slot] = codes[p];
    }
}

#endif

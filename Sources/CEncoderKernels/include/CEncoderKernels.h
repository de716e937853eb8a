#ifndef SEMBLANCE_CENCODERKERNELS_H
#define SEMBLANCE_CENCODERKERNELS_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__clang__)
#define _Nonnull
#define _Nullable
#endif

// What a transformer encoder computes, for few rows at a time.
//
// In float32 every instruction set gives the same bits, because each number is made by the same IEEE operations in the
// same order, whatever the number of rows. So the embedding of a text depends neither on the machine nor on the other
// texts of its batch. In bfloat16 it does not depend on the other texts; machines may differ.

/// Columns of a panel, and lanes of a sum: lengths are padded to multiples of it.
#define SEK_LANES 16

/// What becomes of a product.
enum sek_epilogue {
    /// out = product
    SEK_STORE,
    /// out = gelu(product), the exact form: x Φ(x) with the normal distribution's Φ
    SEK_GELU,
    /// out = out + product
    SEK_ADD,
};

/// out[r, c] = bias[c] + Σ rows[r, k] · panels[k, c], from k = 0 upwards.
///
/// Depth and strides count units of 32 bits: one float, or two neighboring components in bfloat16. Columns c from 16 p
/// through 16 p + 15 are panel p: 16 units for each k, `panel_step` units from one k to the next.
struct sek_product {
    const void *_Nonnull rows;
    size_t row_count, row_stride, depth;
    const void *_Nonnull panels;
    size_t panel_count, panel_step, panel_stride;
    /// 16 floats for each panel; NULL for zeros.
    const float *_Nullable bias;
    float *_Nonnull out;
    /// In floats.
    size_t out_stride;
    enum sek_epilogue epilogue;
};

/// The functions of one instruction set. None allocates or keeps a pointer; all may be called from any number of
/// threads at once. Pointers need the alignment of their type only; 64 bytes are fastest.
struct sek_kernels {
    /// `serial`, `avx2`, `avx512`, `avx512-bf16`, `neon`.
    const char *_Nonnull name;

    /// In float32: one fused multiply-add for each k, in ascending order, starting from the bias.
    void (*_Nonnull multiply)(const struct sek_product *_Nonnull product);

    /// Rows and panels in bfloat16, sums in float32. NULL where the machine has no instruction for it.
    void (*_Nullable multiply_bfloat)(const struct sek_product *_Nonnull product);

    /// Layer normalization in place: (x - mean) / sqrt(variance + epsilon) * gain + shift for each row of `length`
    /// floats, a multiple of 16.
    void (*_Nonnull normalize)(
        float *_Nonnull rows, size_t count, size_t stride, size_t length, const float *_Nonnull gain,
        const float *_Nonnull shift, float epsilon);

    /// Softmax of scale * x in place, for rows of `length` floats, at least one. What fills the last 16 becomes zero.
    void (*_Nonnull softmax)(float *_Nonnull rows, size_t count, size_t stride, size_t length, float scale);

    /// The mean of `count` rows, at least one, of `length` floats, a multiple of 16, scaled to length one.
    void (*_Nonnull pool)(
        const float *_Nonnull rows, size_t count, size_t stride, size_t length, float *_Nonnull out);

    /// Float32 to bfloat16: to nearest, ties to even. A NaN stays one.
    void (*_Nonnull narrow)(const float *_Nonnull from, size_t count, uint16_t *_Nonnull to);
};

/// The kernels of this machine, fastest first, serial last; NULL beyond these.
const struct sek_kernels *_Nullable sek_kernels(size_t index);

/// Floats (or units of two bfloat16) that `sek_pack` writes.
static inline size_t sek_packed_units(size_t columns, size_t depth) {
    return (columns + SEK_LANES - 1) / SEK_LANES * SEK_LANES * depth;
}

/// Turns `columns` rows of `depth` floats, `stride` apart, into panels: row c becomes column c. Columns that fill the
/// last panel are zeros.
void sek_pack(const float *_Nonnull rows, size_t columns, size_t stride, size_t depth, float *_Nonnull panels);

/// The same in bfloat16, rounded to nearest: `depth` floats, an even number, become depth / 2 units.
void sek_pack_bfloat(
    const float *_Nonnull rows, size_t columns, size_t stride, size_t depth, uint16_t *_Nonnull panels);

#endif

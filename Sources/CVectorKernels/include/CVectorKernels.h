#ifndef SEMBLANCE_CVECTORKERNELS_H
#define SEMBLANCE_CVECTORKERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(__clang__)
#define _Nonnull
#define _Nullable
#endif

// The canonical dot product: the one number that decides how similar two rows are.
//
// A row is `length` floats, `length` a multiple of 16; what a vector does not fill is zero. For every row length, count
// of rows, count of queries and instruction set the result has the same bits, because its operations and their order
// are fixed:
//
//   1. 32 accumulators start at +0. Component i goes to accumulator i mod 32, in ascending order of i, by one fused
//      multiply-add (one rounding).
//   2. A fixed tree adds the accumulators a[0] through a[31]:
//        b[i] = a[i] + a[i + 16]   for i < 16
//        c[i] = b[i] + b[i + 8]    for i < 8
//        d[i] = c[i] + c[i + 4]    for i < 4
//        result = (d[0] + d[2]) + (d[1] + d[3])
//
// At most ceil(length / 32) + 5 roundings lie on the way of any component. Only the bits of a NaN may differ between
// machines. Denormals count in full: nothing here sets or expects a flush-to-zero mode.

/// Floats by which rows are padded.
#define SVK_ROW_PADDING 16

enum svk_instruction_set {
    SVK_SERIAL = 0,
    SVK_AVX2 = 1,
    SVK_AVX512 = 2,
    SVK_NEON = 3,
};

/// The functions of one instruction set. Every set gives the same bits; `serial` is the one that the others are tested
/// against. Pointers need the alignment of their type only; rows at 64-byte boundaries are fastest. No function
/// allocates or keeps a pointer, and all may be called from any number of threads at once.
struct svk_kernels {
    /// As `SEMBLANCE_KERNEL` names it: `serial`, `avx2`, `avx512`, `neon`.
    const char *_Nonnull name;

    /// Dot products of every query with rows that lie `stride` floats apart:
    /// `out[q * out_stride + r]` = queries[q] · row r, for q < query_count and r < count.
    void (*_Nonnull dots)(
        const float *_Nonnull const *_Nonnull queries, size_t query_count, const float *_Nonnull rows, size_t stride,
        size_t count, size_t length, float *_Nonnull out, size_t out_stride);

    /// The same for rows that lie anywhere: row r begins at `rows[r]`.
    void (*_Nonnull dots_gathered)(
        const float *_Nonnull const *_Nonnull queries, size_t query_count, const float *_Nonnull const *_Nonnull rows,
        size_t count, size_t length, float *_Nonnull out, size_t out_stride);

    /// Writes the indices, in ascending order, of all values >= cut and returns how many they are. `indices` has room
    /// for `count`. A NaN is never selected.
    size_t (*_Nonnull select)(const float *_Nonnull values, size_t count, float cut, uint32_t *_Nonnull indices);

    /// IEEE 754 binary16 to binary32: exact. A NaN becomes quiet and keeps its sign and payload.
    void (*_Nonnull widen_half)(const uint16_t *_Nonnull from, size_t count, float *_Nonnull to);

    /// IEEE 754 binary32 to binary16: rounded to nearest, ties to even; too large becomes infinity. A NaN becomes quiet
    /// and keeps its sign and the upper bits of its payload.
    void (*_Nonnull narrow_half)(const float *_Nonnull from, size_t count, uint16_t *_Nonnull to);
};

/// The kernels of an instruction set; NULL when this machine cannot run them.
const struct svk_kernels *_Nullable svk_kernels(enum svk_instruction_set set);

/// The fastest set that this machine can run; at least SVK_SERIAL.
enum svk_instruction_set svk_best_instruction_set(void);

/// Hints that `bytes` bytes from `address` on will be read soon. Never faults, whatever the address.
static inline void svk_prefetch(const void *_Nonnull address, size_t bytes) {
    const char *start = (const char *)address;
    for (size_t offset = 0; offset < bytes; offset += 64) {
        __builtin_prefetch(start + offset, 0, 3);
    }
}

/// The same for bytes that will be read somewhat later: into the second cache only, which can wait for more at a time.
static inline void svk_prefetch_far(const void *_Nonnull address, size_t bytes) {
    const char *start = (const char *)address;
    for (size_t offset = 0; offset < bytes; offset += 64) {
        __builtin_prefetch(start + offset, 0, 2);
    }
}

/// Whether two rows have the same bits; +0 and -0 differ.
static inline int svk_identical(const float *_Nonnull one, const float *_Nonnull other, size_t length) {
    return memcmp(one, other, length * sizeof(float)) == 0;
}

#include "SketchKernels.h"

#endif

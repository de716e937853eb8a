// What the files of this target share; not visible outside of it.
#ifndef SEMBLANCE_ENCODER_KERNELS_H
#define SEMBLANCE_ENCODER_KERNELS_H

#include "CEncoderKernels.h"

#include <string.h>

// Each is NULL where the file was compiled for another architecture. Whether the CPU can run it is dispatch.c's
// question.
extern const struct sek_kernels *const sek_serial_kernels;
extern const struct sek_kernels *const sek_avx2_kernels;
extern const struct sek_kernels *const sek_avx512_kernels;
extern const struct sek_kernels *const sek_avx512_bfloat_kernels;
extern const struct sek_kernels *const sek_neon_kernels;

/// For machines with AVX512-BF16 only.
void sek_avx512_bfloat_multiply(const struct sek_product *product);

static inline __attribute__((always_inline)) uint16_t sek_narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    uint32_t quiet = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

// The exponential function of x <= 0, below -87 that of -87: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor's polynomial
// of degree 7 for r. ln 2 in two parts, the first with so few bits that its product with n is exact.
#define EXP_LEAST (-87.0f)
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62ep-1f
#define EXP_LN2_LOW 0x1.0bfbe8p-15f
#define EXP_C7 (1.0f / 5040)
#define EXP_C6 (1.0f / 720)
#define EXP_C5 (1.0f / 120)
#define EXP_C4 (1.0f / 24)
#define EXP_C3 (1.0f / 6)
// Added to a number below 2^22 it rounds that to a whole one, which stands in its lower bits.
#define ROUNDER 0x1.8p+23f
#define ROUNDER_BITS 0x4b400000

// erfc(z) for z >= 0: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26; off by at most 1.5e-7.
#define ERFC_P 0.3275911f
#define ERFC_A1 0.254829592f
#define ERFC_A2 (-0.284496736f)
#define ERFC_A3 1.421413741f
#define ERFC_A4 (-1.453152027f)
#define ERFC_A5 1.061405429f
#define ROOT_HALF 0x1.6a09e6p-1f

#endif

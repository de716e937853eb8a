// Products in bfloat16 for machines with AVX-512 that have an instruction for them: two components at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512bf16,avx2,fma")))
#define KERNEL_ROWS 24
#define KERNEL_PAIRS
typedef float pair_lanes __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) KERNEL_TARGET pair_lanes accumulate(
    const void *unit, pair_lanes weights, pair_lanes sum) {
    __m512i pair = _mm512_set1_epi32(*(const int *)unit);
    return (pair_lanes)_mm512_dpbf16_ps((__m512)sum, (__m512bh)pair, (__m512bh)weights);
}

#include "lanes.h"

void sek_avx512_bfloat_multiply(const struct sek_product *product) { lanes_multiply(product); }

#endif

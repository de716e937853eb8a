// Products in bfloat16 for machines with AVX-512 that have an instruction for them: two components at a time.
#if defined(__x86_64__)

#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512bf16,avx2,fma")))
#define KERNEL_ROWS 12
// The instruction is slower with an operand in memory, so each unit is read once for two panels.
#define KERNEL_PANELS 2
#define KERNEL_PAIRS
typedef float pair_lanes __attribute__((vector_size(64)));
#define PAIRS_INLINE static inline __attribute__((always_inline)) KERNEL_TARGET

PAIRS_INLINE pair_lanes spread(const void *unit) { return (pair_lanes)_mm512_set1_epi32(*(const int *)unit); }

PAIRS_INLINE pair_lanes accumulate(pair_lanes unit, pair_lanes weights, pair_lanes sum) {
    return (pair_lanes)_mm512_dpbf16_ps((__m512)sum, (__m512bh)unit, (__m512bh)weights);
}

#include "lanes.h"

void sek_avx512_bfloat_multiply(const struct sek_product *product) { lanes_multiply(product); }

#endif

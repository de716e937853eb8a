// AVX-512: one register for 16 lanes, so the sums of 24 rows fill 24 of the 32.
#if defined(__x86_64__)

#define KERNEL_TARGET __attribute__((target("avx512f,avx2,fma")))
#define KERNEL_ROWS 24
#define KERNEL_PANELS 1
#include "lanes.h"

static const struct sek_kernels kernels = {
    "avx512", lanes_multiply, 0, lanes_normalize, lanes_softmax, lanes_pool, lanes_narrow,
};

static const struct sek_kernels bfloat_kernels = {
    "avx512-bf16", lanes_multiply, sek_avx512_bfloat_multiply, lanes_normalize, lanes_softmax, lanes_pool, lanes_narrow,
};

const struct sek_kernels *const sek_avx512_kernels = &kernels;
const struct sek_kernels *const sek_avx512_bfloat_kernels = &bfloat_kernels;

#else

#include "kernels.h"

const struct sek_kernels *const sek_avx512_kernels = 0;
const struct sek_kernels *const sek_avx512_bfloat_kernels = 0;

#endif

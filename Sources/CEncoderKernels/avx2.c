// AVX2 and FMA: two registers for 16 lanes, so the sums of six rows fill 12 of the 16.
#if defined(__x86_64__)

#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define KERNEL_ROWS 6
#define KERNEL_PANELS 1
#include "lanes.h"

static const struct sek_kernels kernels = {
    "avx2", lanes_multiply, 0, lanes_normalize, lanes_softmax, lanes_pool, lanes_narrow,
};

const struct sek_kernels *const sek_avx2_kernels = &kernels;

#else

#include "kernels.h"

const struct sek_kernels *const sek_avx2_kernels = 0;

#endif

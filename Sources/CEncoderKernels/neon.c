// NEON: four registers for 16 lanes, so the sums of six rows fill 24 of the 32.
#if defined(__aarch64__)

#define KERNEL_TARGET
#define KERNEL_ROWS 6
#define KERNEL_PANELS 1
#include "lanes.h"

static const struct sek_kernels kernels = {
    "neon", lanes_multiply, 0, lanes_normalize, lanes_softmax, lanes_pool, lanes_narrow,
};

const struct sek_kernels *const sek_neon_kernels = &kernels;

#else

#include "kernels.h"

const struct sek_kernels *const sek_neon_kernels = 0;

#endif

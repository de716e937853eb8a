// Which kernels this machine can run.
#include "kernels.h"

#if defined(__x86_64__)
// The built-in asks the CPU and whether the system saves the wide registers.
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int has_avx512(void) { return has_avx2() && __builtin_cpu_supports("avx512f"); }

static int has_bfloat(void) { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }
#else
static int has_avx2(void) { return 0; }
static int has_avx512(void) { return 0; }
static int has_bfloat(void) { return 0; }
#endif

const struct sek_kernels *sek_kernels(size_t index) {
    const struct sek_kernels *fastest_first[] = {
        has_bfloat() ? sek_avx512_bfloat_kernels : 0,
        has_avx512() ? sek_avx512_kernels : 0,
        has_avx2() ? sek_avx2_kernels : 0,
        sek_neon_kernels, // part of every 64-bit ARM
        sek_serial_kernels,
    };
    for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
        if (fastest_first[i] && index-- == 0) {
            return fastest_first[i];
        }
    }
    return 0;
}

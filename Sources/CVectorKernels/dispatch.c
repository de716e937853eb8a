// Which kernels this machine can run.
#include "kernels.h"

#if defined(__x86_64__)
// The built-in asks the CPU and whether the system saves the wide registers.
static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f");
}

static int has_avx512_bytes(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

static int has_vnni(void) { return __builtin_cpu_supports("avx512vnni"); }
#else
static int has_vnni(void) { return 0; }
static int has_avx2(void) { return 0; }
static int has_avx512(void) { return 0; }
static int has_avx512_bytes(void) { return 0; }
#endif

const struct svk_kernels *svk_kernels(enum svk_instruction_set set) {
    switch (set) {
    case SVK_SERIAL:
        return svk_serial_kernels;
    case SVK_AVX2:
        return has_avx2() ? svk_avx2_kernels : 0;
    case SVK_AVX512:
        return has_avx512() ? svk_avx512_kernels : 0;
    case SVK_NEON:
        return svk_neon_kernels; // part of every 64-bit ARM
    }
    return 0;
}

const struct svk_sketch_kernels *svk_sketch_kernels(enum svk_instruction_set set) {
    switch (set) {
    case SVK_SERIAL:
        return svk_serial_sketch_kernels;
    case SVK_AVX2:
        return has_avx2() ? svk_avx2_sketch_kernels : 0;
    case SVK_AVX512:
        if (!has_avx512()) {
            return 0;
        }
        // Bytes and 16-bit words are an extension of their own; the first machines with AVX-512 do not have it.
        if (!has_avx512_bytes()) {
            return svk_avx2_sketch_kernels;
        }
        return has_vnni() ? svk_vnni_sketch_kernels : svk_avx512_sketch_kernels;
    case SVK_NEON:
        return svk_neon_sketch_kernels;
    }
    return 0;
}

const struct svk_sketch_kernels *svk_sketch_variant(size_t index) {
    const struct svk_sketch_kernels *all[] = {
        svk_serial_sketch_kernels,
        svk_neon_sketch_kernels,
        has_avx2() ? svk_avx2_sketch_kernels : 0,
        has_avx512() && has_avx512_bytes() ? svk_avx512_sketch_kernels : 0,
        has_avx512() && has_avx512_bytes() && has_vnni() ? svk_vnni_sketch_kernels : 0,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i] && index-- == 0) {
            return all[i];
        }
    }
    return 0;
}

enum svk_instruction_set svk_best_instruction_set(void) {
    static const enum svk_instruction_set fastest_first[] = {SVK_AVX512, SVK_AVX2, SVK_NEON};
    for (size_t i = 0; i < sizeof fastest_first / sizeof *fastest_first; i++) {
        if (svk_kernels(fastest_first[i])) {
            return fastest_first[i];
        }
    }
    return SVK_SERIAL;
}

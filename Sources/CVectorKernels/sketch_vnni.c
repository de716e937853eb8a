// The AVX-512 kernels for machines that also have VNNI: the same sums by fewer instructions.
#define SKETCH_VNNI
#include "sketch_avx512.c"

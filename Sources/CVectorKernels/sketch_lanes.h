// Sixteen numbers at a time, in the compiler's own vectors.
#ifndef SEMBLANCE_SKETCH_LANES_H
#define SEMBLANCE_SKETCH_LANES_H

#include <stdint.h>

enum { LANES = 16 };

typedef float lanes_f __attribute__((vector_size(LANES * 4)));
typedef int32_t lanes_i __attribute__((vector_size(LANES * 4)));
typedef uint16_t lanes_u16 __attribute__((vector_size(LANES * 2)));

#endif

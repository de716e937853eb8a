// Compares the NEON kernels of the encoder with the serial ones, bit by bit. `scripts/check-neon` compiles it for
// 64-bit ARM and runs it.
#include "CEncoderKernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 27, DEPTH = 48, COLUMNS = 64, STRIDE = COLUMNS + 16 };

static uint64_t state = 1;

static float component(void) {
    state += 0x9e3779b97f4a7c15ull;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
    return (float)(int32_t)((mixed ^ (mixed >> 31)) >> 32) * 0x1p-30f;
}

static void fill(float *floats, size_t count) {
    for (size_t i = 0; i < count; i++) {
        floats[i] = component();
    }
}

static long compared = 0, wrong = 0;

static void expect(int holds, const char *what, size_t a, size_t b) {
    compared++;
    if (!holds && wrong++ < 20) {
        printf("differs: %s %zu %zu\n", what, a, b);
    }
}

static void compare(const struct sek_kernels *kernels, const struct sek_kernels *serial) {
    static float rows[ROWS * DEPTH], weights[COLUMNS * DEPTH], panels[COLUMNS * DEPTH], bias[COLUMNS];
    static float start[ROWS * STRIDE], one[ROWS * STRIDE], other[ROWS * STRIDE];
    static uint16_t narrow[ROWS * STRIDE], other_narrow[ROWS * STRIDE];
    for (size_t count = 1; count <= ROWS; count++) {
        fill(rows, ROWS * DEPTH);
        fill(weights, COLUMNS * DEPTH);
        fill(bias, COLUMNS);
        fill(start, ROWS * STRIDE);
        sek_pack(weights, COLUMNS, DEPTH, DEPTH, panels);
        for (int epilogue = SEK_STORE; epilogue <= SEK_ADD; epilogue++) {
            struct sek_product product = {
                rows, count, DEPTH, DEPTH, panels, COLUMNS / SEK_LANES, SEK_LANES, DEPTH * SEK_LANES,
                count % 2 ? bias : 0, one, STRIDE, (enum sek_epilogue)epilogue,
            };
            memcpy(one, start, sizeof one);
            memcpy(other, start, sizeof other);
            kernels->multiply(&product);
            product.out = other;
            serial->multiply(&product);
            expect(!memcmp(one, other, sizeof one), "multiply", count, (size_t)epilogue);
        }
        for (size_t length = 1; length <= COLUMNS; length++) {
            memcpy(one, start, sizeof one);
            memcpy(other, start, sizeof other);
            kernels->softmax(one, count, STRIDE, length, 3);
            serial->softmax(other, count, STRIDE, length, 3);
            expect(!memcmp(one, other, sizeof one), "softmax", count, length);
        }
        memcpy(one, start, sizeof one);
        memcpy(other, start, sizeof other);
        kernels->normalize(one, count, STRIDE, COLUMNS, bias, weights, 1e-12f);
        serial->normalize(other, count, STRIDE, COLUMNS, bias, weights, 1e-12f);
        expect(!memcmp(one, other, sizeof one), "normalize", count, 0);
        kernels->pool(start, count, STRIDE, COLUMNS, one);
        serial->pool(start, count, STRIDE, COLUMNS, other);
        expect(!memcmp(one, other, COLUMNS * sizeof *one), "pool", count, 0);
        kernels->narrow(start, ROWS * STRIDE, narrow);
        serial->narrow(start, ROWS * STRIDE, other_narrow);
        expect(!memcmp(narrow, other_narrow, sizeof narrow), "narrow", count, 0);
    }
}

int main(void) {
    const struct sek_kernels *serial = 0, *kernels;
    size_t count = 0;
    while ((kernels = sek_kernels(count))) {
        serial = kernels;
        count++;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        compare(sek_kernels(i), serial);
        printf(
            "encoder, %s and %s: %ld comparisons, %ld differ\n", sek_kernels(i)->name, serial->name, compared, wrong);
    }
    return wrong || count < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}

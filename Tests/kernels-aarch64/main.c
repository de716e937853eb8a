// Compares the NEON kernels with the serial ones, bit by bit. `scripts/check-neon` compiles it for 64-bit ARM and runs
// it.
#include "CVectorKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUERIES = 13, ROWS = 42, OUT_STRIDE = 45, LONGEST = 4096 };

static uint64_t state = 1;

static uint32_t random_bits(void) {
    state += 0x9e3779b97f4a7c15ull;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
    return (uint32_t)(mixed >> 32);
}

static float component(void) { return (float)(int32_t)random_bits() * 0x1p-31f; }

enum values { ORDINARY, DENORMAL, WIDE, SIGNED_ZEROS, KINDS };

static float draw(enum values kind) {
    static const float wide[] = {1e19f, -1e-19f, 1e-19f, 0x1p-126f, -0x1p-149f};
    static const float zeros[] = {0.0f, -0.0f, -1e-30f};
    switch (kind) {
    case DENORMAL:
        return component() * 0x1p-130f;
    case WIDE:
        return random_bits() % 6 ? wide[random_bits() % 5] : component();
    case SIGNED_ZEROS:
        return random_bits() % 4 ? zeros[random_bits() % 3] : component();
    default:
        return component();
    }
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float with_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static long compared = 0, wrong = 0;

static void expect(int holds, const char *what, size_t a, size_t b, size_t c) {
    compared++;
    if (!holds && wrong++ < 20) {
        printf("differs: %s %zu %zu %zu\n", what, a, b, c);
    }
}

static void compare_dots(
    const struct svk_kernels *serial, const struct svk_kernels *neon, enum values kind, size_t length) {
    static const size_t query_counts[] = {0, 1, 2, 3, 5, 13}, row_counts[] = {0, 1, 2, 3, 7, 42};
    static float queries[QUERIES * LONGEST], rows[ROWS * (LONGEST + 16)], expected[QUERIES * ROWS];
    static float out[QUERIES * OUT_STRIDE];
    const float *query_pointers[QUERIES], *row_pointers[ROWS];
    size_t stride = length + 16;
    for (size_t i = 0; i < QUERIES * length; i++) {
        queries[i] = draw(kind);
    }
    for (size_t i = 0; i < ROWS * stride; i++) {
        rows[i] = i % stride < length ? draw(kind) : NAN;
    }
    for (size_t q = 0; q < QUERIES; q++) {
        query_pointers[q] = queries + q * length;
    }
    for (size_t r = 0; r < ROWS; r++) {
        row_pointers[r] = rows + r * stride;
    }
    serial->dots(query_pointers, QUERIES, rows, stride, ROWS, length, expected, ROWS);
    for (size_t a = 0; a < sizeof query_counts / sizeof *query_counts; a++) {
        for (size_t b = 0; b < sizeof row_counts / sizeof *row_counts; b++) {
            for (int gathers = 0; gathers < 2; gathers++) {
                float marker = with_bits(0x7fc12345);
                for (size_t i = 0; i < QUERIES * OUT_STRIDE; i++) {
                    out[i] = marker;
                }
                if (gathers) {
                    neon->dots_gathered(
                        query_pointers, query_counts[a], row_pointers, row_counts[b], length, out, OUT_STRIDE);
                } else {
                    neon->dots(query_pointers, query_counts[a], rows, stride, row_counts[b], length, out, OUT_STRIDE);
                }
                for (size_t i = 0; i < QUERIES * OUT_STRIDE; i++) {
                    size_t q = i / OUT_STRIDE, r = i % OUT_STRIDE;
                    int inside = q < query_counts[a] && r < row_counts[b];
                    float wanted = inside ? expected[q * ROWS + r] : marker;
                    int same = bits_of(out[i]) == bits_of(wanted) || (inside && isnan(out[i]) && isnan(wanted));
                    expect(same, gathers ? "dots_gathered" : "dots", length, q, r);
                }
            }
        }
    }
}

static void compare_halves(const struct svk_kernels *serial, const struct svk_kernels *neon) {
    enum { COUNT = 65536 + 3 };
    static uint16_t halves[COUNT], narrow_serial[COUNT], narrow_neon[COUNT];
    static float widened_serial[COUNT], widened_neon[COUNT], floats[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        halves[i] = (uint16_t)i;
    }
    serial->widen_half(halves, COUNT, widened_serial);
    neon->widen_half(halves, COUNT, widened_neon);
    for (size_t i = 0; i < COUNT; i++) {
        expect(bits_of(widened_serial[i]) == bits_of(widened_neon[i]), "widen_half", i, 0, 0);
    }
    // Each half itself, halfway to the next one with its neighbors, and anything.
    for (int variant = 0; variant < 5; variant++) {
        for (size_t i = 0; i < COUNT; i++) {
            uint32_t bits = bits_of(widened_serial[i]);
            uint32_t halfway = (halves[i] & 0x7c00) == 0 ? bits_of(widened_serial[i] + 0x1p-25f) : bits + 0x1000;
            uint32_t choices[] = {bits, halfway, halfway + 1, halfway - 1, random_bits()};
            floats[i] = with_bits(choices[variant]);
        }
        serial->narrow_half(floats, COUNT, narrow_serial);
        neon->narrow_half(floats, COUNT, narrow_neon);
        for (size_t i = 0; i < COUNT; i++) {
            expect(narrow_serial[i] == narrow_neon[i], "narrow_half", bits_of(floats[i]), (size_t)variant, i);
        }
    }
}

static void compare_selections(const struct svk_kernels *serial, const struct svk_kernels *neon) {
    float values[64];
    uint32_t indices_serial[64], indices_neon[64];
    static const float cuts[] = {-INFINITY, -0.5f, 0.0f, 0.5f, 2.0f, NAN};
    static const float drawn[] = {0.5f, 0.0f, -0.0f, -0.5f, NAN, INFINITY};
    for (size_t count = 0; count <= 64; count++) {
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            for (size_t i = 0; i < count; i++) {
                values[i] = random_bits() % 2 ? drawn[random_bits() % 6] : component();
            }
            size_t selected = serial->select(values, count, cuts[c], indices_serial);
            int same = neon->select(values, count, cuts[c], indices_neon) == selected &&
                       memcmp(indices_serial, indices_neon, selected * sizeof *indices_neon) == 0;
            expect(same, "select", count, c, 0);
        }
    }
}

#include "sketches.h"

int main(void) {
    const struct svk_kernels *serial = svk_kernels(SVK_SERIAL), *neon = svk_kernels(SVK_NEON);
    if (!serial || !neon || svk_best_instruction_set() != SVK_NEON) {
        printf("this program was not compiled for 64-bit ARM\n");
        return 2;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t length = 16; length <= 400; length += 16) {
            compare_dots(serial, neon, (enum values)kind, length);
        }
        compare_dots(serial, neon, (enum values)kind, 1536);
        compare_dots(serial, neon, (enum values)kind, LONGEST);
    }
    compare_halves(serial, neon);
    compare_selections(serial, neon);
    compare_products(svk_sketch_kernels(SVK_SERIAL), svk_sketch_kernels(SVK_NEON));
    compare_blocks(svk_sketch_kernels(SVK_SERIAL), svk_sketch_kernels(SVK_NEON));
    printf("%ld comparisons, %ld differ\n", compared, wrong);
    return wrong ? 1 : 0;
}

// The same for the sketch kernels; part of main.c.

enum { BLOCKS = 90, MOST_PAIRS = 32, RECORD = 64, SIGNS = 384 };

static void compare_products(const struct svk_sketch_kernels *serial, const struct svk_sketch_kernels *neon) {
    enum { SOME = 3, CELLS = 11, STRIDE = 12 };
    static int16_t queries[SOME][LONGEST];
    static int8_t cells[CELLS * LONGEST];
    static int32_t expected[SOME * STRIDE], out[SOME * STRIDE];
    const int16_t *pointers[SOME] = {queries[0], queries[1], queries[2]};
    for (size_t length = 64; length <= LONGEST; length *= 2) {
        for (size_t q = 0; q < SOME; q++) {
            for (size_t i = 0; i < length; i++) {
                queries[q][i] = (int16_t)((int)(random_bits() % 601) - 300);
            }
        }
        for (size_t i = 0; i < CELLS * length; i++) {
            cells[i] = (int8_t)((int)(random_bits() % 255) - 127);
        }
        serial->dots(pointers, SOME, cells, CELLS, length, expected, STRIDE);
        neon->dots(pointers, SOME, cells, CELLS, length, out, STRIDE);
        for (size_t q = 0; q < SOME; q++) {
            for (size_t r = 0; r < CELLS; r++) {
                expect(out[q * STRIDE + r] == expected[q * STRIDE + r], "sketch dots", length, q, r);
            }
        }
    }
}

static float fraction(void) { return (float)(random_bits() % 2001) / 1000 - 1; }

static void compare_blocks(const struct svk_sketch_kernels *serial, const struct svk_sketch_kernels *neon) {
    static uint8_t fronts[BLOCKS * (MOST_PAIRS + 2) * 32], backs[BLOCKS * MOST_PAIRS * 32];
    static uint8_t records[BLOCKS * 32 * RECORD], values[MOST_PAIRS * 32];
    static struct svk_sketch_block blocks[BLOCKS], others[BLOCKS];
    static uint32_t opened[BLOCKS], left[32 * (BLOCKS + 1)], left_too[32 * (BLOCKS + 1)];
    static uint32_t numbers[32 * BLOCKS], numbers_too[32 * BLOCKS];
    static _Alignas(64) int16_t margins[32 * BLOCKS];
    static int8_t steps[SIGNS];
    static float low[BLOCKS], high[BLOCKS];
    const struct svk_sketch_open open = {opened, margins};
    for (size_t round = 0; round < 200; round++) {
        size_t pairs = 2 + 2 * (random_bits() % 16), front = (pairs / 2 + 1) / 2 * 2;
        const struct svk_sketch_strides strides = {(front + 2) * 32, (pairs - front) * 32, RECORD};
        for (size_t i = 0; i < sizeof fronts; i++) {
            fronts[i] = (uint8_t)random_bits();
        }
        for (size_t i = 0; i < sizeof backs; i++) {
            backs[i] = (uint8_t)random_bits();
        }
        int rest = 0;
        for (size_t group = 0; group < 2 * pairs; group++) {
            int most = 0;
            for (size_t i = 0; i < 16; i++) {
                int value = (int)(random_bits() % 128);
                values[16 * group + i] = (uint8_t)value;
                most = value > most ? value : most;
            }
            rest += group < 2 * front ? 0 : most;
        }
        for (size_t i = 0; i < SIGNS; i++) {
            steps[i] = (int8_t)((int)(random_bits() % 255) - 127);
        }
        for (size_t row = 0; row < 32 * BLOCKS; row++) {
            float cosine = fraction();
            uint32_t number = (uint32_t)row;
            for (size_t i = 0; i < RECORD; i++) {
                records[row * RECORD + i] = (uint8_t)random_bits();
            }
            memcpy(records + row * RECORD + SIGNS / 8, &cosine, 4);
            memcpy(records + row * RECORD + SIGNS / 8 + 4, &number, 4);
        }
        for (size_t b = 0; b < BLOCKS; b++) {
            int mean = (int)pairs * 2 * 64 * 4;
            low[b] = fraction();
            high[b] = low[b] + 0.1f;
            blocks[b] = (struct svk_sketch_block){
                fronts + b * strides.front, backs + b * strides.back, records + b * 32 * RECORD, random_bits(),
                (int16_t)(mean * 3 / 4 + (int)(random_bits() % (unsigned)mean)), (int16_t)(random_bits() % 3000),
                (int16_t)((int)(random_bits() % 3000) - 1500), fraction(), 0.7f};
        }
        const struct svk_sketch_tables tables = {values, front, pairs - front, (int16_t)rest};
        size_t count = serial->scan(blocks, BLOCKS, &tables, RECORD, &open, left);
        size_t count_too = neon->scan(blocks, BLOCKS, &tables, RECORD, &open, left_too);
        expect(
            count == count_too && memcmp(left, left_too, count * sizeof *left) == 0, "scan", round, count, count_too);
        const struct svk_sketch_refinement refinement = {steps, SIGNS, 0.0004f, 0.01f};
        size_t kept = serial->refine(&refinement, blocks, left, count, RECORD, 0.6f, numbers);
        size_t kept_too = neon->refine(&refinement, blocks, left, count, RECORD, 0.6f, numbers_too);
        expect(
            kept == kept_too && memcmp(numbers, numbers_too, kept * sizeof *numbers) == 0, "refine", round, kept,
            kept_too);
        const struct svk_sketch_run run = {
            low, high, fronts, backs, records, 32 * BLOCKS - round % 32, fraction(), 0.001f};
        const struct svk_sketch_view view = {{0.0002f, -0.9f, 0.7f, 1.2f}, round % 9 ? 0.8f : -4, 1.000002f};
        size_t chosen = serial->choose(&view, &run, &strides, 0, BLOCKS, blocks);
        size_t chosen_too = neon->choose(&view, &run, &strides, 0, BLOCKS, others);
        expect(chosen == chosen_too, "choose", round, chosen, chosen_too);
        for (size_t b = 0; b < chosen && chosen == chosen_too; b++) {
            int same = blocks[b].front == others[b].front && blocks[b].rows == others[b].rows
                && blocks[b].base == others[b].base && blocks[b].slope == others[b].slope
                && blocks[b].offset == others[b].offset && bits_of(blocks[b].sine) == bits_of(others[b].sine);
            expect(same, "choose: block", round, b, 0);
        }
    }
}

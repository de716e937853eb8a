// Products of whole numbers by AVX-512, and the assignment of rows to cells; part of sketch_avx512.c.
#ifndef SEMBLANCE_SKETCH_PRODUCTS_H
#define SEMBLANCE_SKETCH_PRODUCTS_H

/// Products of one or four queries with as many rows as make 16 products together: `out_stride` apart for each query.
INLINE void products(
    const int16_t *const *queries, const int query_count, const int8_t *rows, size_t first, size_t count,
    size_t length, int32_t *out, size_t out_stride) {
    const int row_count = LANES / query_count;
    const int8_t *group[LANES];
    __m512i sums[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) {
        sums[i] = _mm512_setzero_si512();
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
        group[r] = rows + (first + (size_t)r < count ? first + (size_t)r : count - 1) * length;
    }
    for (size_t i = 0; i < length; i += 32) {
        __m512i query[4];
#pragma clang loop unroll(full)
        for (int q = 0; q < query_count; q++) {
            query[q] = _mm512_loadu_si512(queries[q] + i);
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < row_count; r++) {
            __m512i part = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(group[r] + i)));
#pragma clang loop unroll(full)
            for (int q = 0; q < query_count; q++) {
                __m512i *sum = &sums[q * row_count + r];
#ifdef SKETCH_VNNI
                *sum = _mm512_dpwssd_epi32(*sum, query[q], part);
#else
                *sum = _mm512_add_epi32(*sum, _mm512_madd_epi16(query[q], part));
#endif
            }
        }
    }
    int32_t all[LANES];
    _mm512_storeu_si512(all, sums_of_each(sums));
    size_t some = count - first < (size_t)row_count ? count - first : (size_t)row_count;
    for (int q = 0; q < query_count; q++) {
        memcpy(out + (size_t)q * out_stride + first, all + q * row_count, some * sizeof *all);
    }
}

BOUNDS_TARGET static void avx512_dots(
    const int16_t *const *queries, size_t query_count, const int8_t *rows, size_t count, size_t length, int32_t *out,
    size_t out_stride) {
    size_t fours = query_count / 4 * 4;
    for (size_t first = 0; first < count; first += 4) {
        for (size_t q = 0; q < fours; q += 4) {
            products(queries + q, 4, rows, first, count, length, out + q * out_stride, out_stride);
        }
    }
    for (size_t q = fours; q < query_count; q++) {
        for (size_t first = 0; first < count; first += LANES) {
            // Sixteen rows at a time are too many for the machine to guess which bytes come next.
            svk_prefetch_far(rows + (first + 4 * LANES < count ? first + 4 * LANES : first) * length, LANES * length);
            products(queries + q, 1, rows, first, count, length, out + q * out_stride, out_stride);
        }
    }
}

#ifdef SKETCH_VNNI

/// Products of four rows of unsigned bytes, `length` apart, with four centroids.
INLINE void byte_products(
    const uint8_t *rows, const int8_t *steps, size_t first, size_t count, size_t length, int32_t *out,
    size_t out_stride) {
    const int8_t *group[4];
    __m512i sums[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) {
        sums[i] = _mm512_setzero_si512();
    }
    for (size_t c = 0; c < 4; c++) {
        group[c] = steps + (first + c < count ? first + c : count - 1) * length;
    }
    for (size_t i = 0; i < length; i += 64) {
        __m512i row[4];
#pragma clang loop unroll(full)
        for (int r = 0; r < 4; r++) {
            row[r] = _mm512_loadu_si512(rows + (size_t)r * length + i);
        }
#pragma clang loop unroll(full)
        for (int c = 0; c < 4; c++) {
            __m512i part = _mm512_loadu_si512(group[c] + i);
#pragma clang loop unroll(full)
            for (int r = 0; r < 4; r++) {
                sums[r * 4 + c] = _mm512_dpbusd_epi32(sums[r * 4 + c], row[r], part);
            }
        }
    }
    int32_t all[LANES];
    _mm512_storeu_si512(all, sums_of_each(sums));
    size_t some = count - first < 4 ? count - first : 4;
    for (size_t r = 0; r < 4; r++) {
        memcpy(out + r * out_stride + first, all + r * 4, some * sizeof *all);
    }
}

/// The upper bytes of the rows rule out nearly all centroids; the others' products are computed in full.
///
/// x = 256 h + l with bytes h from -128 through 127 and l from 0 through 255. The product of l - 127.5 with a centroid of
/// length 1 is at most |l - 127.5|, so that 256 h c + 127.5 sum(c) is off by no more.
BOUNDS_TARGET static void avx512_assign(
    const int16_t *const *rows, size_t row_count, const struct svk_sketch_centroids *centroids, int32_t *products,
    uint32_t *cells) {
    enum { GROUP = 4, LONGEST = 4096 };
    size_t length = centroids->length, count = centroids->count;
    if (length > LONGEST) {
        avx512_dots(rows, row_count, centroids->steps, count, length, products, count);
        for (size_t r = 0; r < row_count; r++) {
            cells[r] = (uint32_t)svk_sketch_best(products + r * count, centroids->scales, count);
        }
        return;
    }
    uint8_t upper[GROUP * LONGEST];
    float doubts[SVK_SKETCH_ASSIGNED];
    for (size_t start = 0; start < row_count; start += GROUP) {
        for (size_t g = 0; g < GROUP; g++) {
            size_t r = start + g < row_count ? start + g : row_count - 1;
            int64_t squares = 0;
            for (size_t i = 0; i < length; i++) {
                int32_t twice = 2 * (rows[r][i] & 0xff) - 255;
                upper[g * length + i] = (uint8_t)((rows[r][i] >> 8) + 128);
                squares += twice * twice;
            }
            doubts[r] = __builtin_sqrtf((float)squares) * 0.5f;
        }
        // Four rows at a time: `products` has no room for rows that are not there.
        if (start + GROUP > row_count) {
            avx512_dots(
                rows + start, row_count - start, centroids->steps, count, length, products + start * count, count);
            for (size_t r = start; r < row_count; r++) {
                cells[r] = (uint32_t)svk_sketch_best(products + r * count, centroids->scales, count);
            }
            return;
        }
        for (size_t first = 0; first < count; first += 4) {
            byte_products(upper, centroids->steps, first, count, length, products + start * count, count);
        }
        for (size_t r = start; r < start + GROUP; r++) {
            int32_t *product = products + r * count;
            float best = -INFINITY;
            for (size_t first = 0; first < count; first += LANES) {
                __mmask16 some = count - first < LANES ? (__mmask16)((1u << (count - first)) - 1) : (__mmask16)0xffff;
                // 256 (p - 128 s) + 127.5 s, in floats.
                __m512 sum = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(some, centroids->sums + first));
                __m512 value = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(some, product + first));
                value = _mm512_sub_ps(
                    _mm512_mul_ps(value, _mm512_set1_ps(256)), _mm512_mul_ps(sum, _mm512_set1_ps(32640.5f)));
                value = _mm512_mul_ps(value, _mm512_maskz_loadu_ps(some, centroids->scales + first));
                _mm512_mask_storeu_ps(product + first, some, value);
                float most = _mm512_mask_reduce_max_ps(some, value);
                best = most > best ? most : best;
            }
            // Both values may be off by the doubt and by their roundings: each of these is at most 2^-24 of 256 * 255 *
            // sqrt(length), 0.25 with the longest vectors.
            __m512 least = _mm512_set1_ps(best - 2 * (doubts[r] * 1.0001f + 4));
            float exact = -INFINITY;
            cells[r] = 0;
            for (size_t first = 0; first < count; first += LANES) {
                __mmask16 some = count - first < LANES ? (__mmask16)((1u << (count - first)) - 1) : (__mmask16)0xffff;
                __m512 value = _mm512_maskz_loadu_ps(some, product + first);
                uint32_t left = _mm512_mask_cmp_ps_mask(some, value, least, _CMP_NLT_UQ);
                for (; left; left &= left - 1) {
                    size_t cell = first + (size_t)__builtin_ctz(left);
                    int32_t whole;
                    avx512_dots(rows + r, 1, centroids->steps + cell * length, 1, length, &whole, 1);
                    float found = (float)whole * centroids->scales[cell];
                    if (found > exact) {
                        exact = found;
                        cells[r] = (uint32_t)cell;
                    }
                }
            }
        }
    }
}

#else

BOUNDS_TARGET static void avx512_assign(
    const int16_t *const *rows, size_t row_count, const struct svk_sketch_centroids *centroids, int32_t *products,
    uint32_t *cells) {
    avx512_dots(rows, row_count, centroids->steps, centroids->count, centroids->length, products, centroids->count);
    for (size_t r = 0; r < row_count; r++) {
        cells[r] = (uint32_t)svk_sketch_best(products + r * centroids->count, centroids->scales, centroids->count);
    }
}

#endif

#endif

/* Big functions: a cosine transform of 8 by 8 samples, wholly unrolled: one block of some thousand instructions. */
#include "kernel.h"

enum { BLOCKS = 64 };
static i32 samples[BLOCKS][64];

/* Multiplication by a constant in units of 1/4096, rounded. */
#define TIMES(x, c) (((x) * (c) + 2048) >> 12)

/* Eight samples, STEP apart: butterflies for the even ones, products for the odd. */
#define LINE(at, step)                                                                       \
    do {                                                                                     \
        i32 s0 = (at)[0] + (at)[7 * step], d0 = (at)[0] - (at)[7 * step];                    \
        i32 s1 = (at)[step] + (at)[6 * step], d1 = (at)[step] - (at)[6 * step];              \
        i32 s2 = (at)[2 * step] + (at)[5 * step], d2 = (at)[2 * step] - (at)[5 * step];      \
        i32 s3 = (at)[3 * step] + (at)[4 * step], d3 = (at)[3 * step] - (at)[4 * step];      \
        i32 e0 = s0 + s3, e1 = s1 + s2, e2 = s1 - s2, e3 = s0 - s3;                          \
        (at)[0] = TIMES(e0 + e1, 1448);                                                      \
        (at)[4 * step] = TIMES(e0 - e1, 1448);                                               \
        (at)[2 * step] = TIMES(e3, 1892) + TIMES(e2, 784);                                   \
        (at)[6 * step] = TIMES(e3, 784) - TIMES(e2, 1892);                                   \
        (at)[step] = TIMES(d0, 2009) + TIMES(d1, 1703) + TIMES(d2, 1138) + TIMES(d3, 400);   \
        (at)[3 * step] = TIMES(d0, 1703) - TIMES(d1, 400) - TIMES(d2, 2009) - TIMES(d3, 1138); \
        (at)[5 * step] = TIMES(d0, 1138) - TIMES(d1, 2009) + TIMES(d2, 400) + TIMES(d3, 1703); \
        (at)[7 * step] = TIMES(d0, 400) - TIMES(d1, 1138) + TIMES(d2, 1703) - TIMES(d3, 2009); \
    } while (0)

static NOINLINE void transform(i32 *block) {
    LINE(block, 1);
    LINE(block + 8, 1);
    LINE(block + 16, 1);
    LINE(block + 24, 1);
    LINE(block + 32, 1);
    LINE(block + 40, 1);
    LINE(block + 48, 1);
    LINE(block + 56, 1);
    LINE(block, 8);
    LINE(block + 1, 8);
    LINE(block + 2, 8);
    LINE(block + 3, 8);
    LINE(block + 4, 8);
    LINE(block + 5, 8);
    LINE(block + 6, 8);
    LINE(block + 7, 8);
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 29;
    for (u32 i = 0; i < repetitions; i++)
        for (u32 j = 0; j < BLOCKS; j++) {
            for (u32 k = 0; k < 64; k++)
                samples[j][k] = (i32)(next(&seed) & 255) - 128;
            transform(samples[j]);
            sum = mix(sum, samples[j][0] + samples[j][j]);
        }
    return sum;
}

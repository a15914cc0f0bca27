/* Memory: a 4 MiB table walked by columns, then transposed in blocks. */
#include "kernel.h"

enum { SIZE = 1024, BLOCK = 16 };
static u32 table[SIZE][SIZE];

static NOINLINE u32 columns(void) {
    u32 sum = 0;
    for (u32 j = 0; j < SIZE; j++)
        for (u32 i = 0; i < SIZE; i++)
            sum = (sum ^ table[i][j]) + j;
    return sum;
}

static NOINLINE void transpose(void) {
    for (u32 i = 0; i < SIZE; i += BLOCK)
        for (u32 j = i; j < SIZE; j += BLOCK)
            for (u32 y = i; y < i + BLOCK; y++)
                for (u32 x = i == j ? y : j; x < j + BLOCK; x++) {
                    u32 old = table[y][x];
                    table[y][x] = table[x][y];
                    table[x][y] = old;
                }
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 23;
    for (u32 i = 0; i < SIZE; i++)
        for (u32 j = 0; j < SIZE; j++)
            table[i][j] = next(&seed);
    for (u32 i = 0; i < repetitions; i++) {
        sum = mix(sum, columns());
        transpose();
    }
    return sum;
}

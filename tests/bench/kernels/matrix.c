/* Doubles: the product of two matrices. */
#include "kernel.h"

enum { SIZE = 96 };
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static NOINLINE void multiply(void) {
    for (u32 i = 0; i < SIZE; i++)
        for (u32 j = 0; j < SIZE; j++) {
            double sum = 0;
            for (u32 k = 0; k < SIZE; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 5;
    for (u32 i = 0; i < SIZE; i++)
        for (u32 j = 0; j < SIZE; j++) {
            a[i][j] = (double)(next(&seed) & 0xffff) / 65536;
            b[i][j] = (double)(next(&seed) & 0xffff) / 65536 - 0.5;
        }
    for (u32 i = 0; i < repetitions; i++) {
        multiply();
        a[i % SIZE][(i * 7) % SIZE] = c[i % SIZE][i % SIZE] / SIZE;
        sum = mix(sum, fold_of(c[i % SIZE][SIZE - 1]));
    }
    return sum;
}

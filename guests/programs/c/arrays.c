// Big arrays: a sieve over a megabyte, matrix products, a grid of paths, transposition.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1000000, SIDE = 48, GRID = 300 };
static char composite[LIMIT + 1];
static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
static uint32_t paths[GRID][GRID];

int main(void) {
    int primes = 0;
    for (int i = 2; i <= LIMIT; i++) {
        if (composite[i]) continue;
        primes++;
        for (int64_t j = (int64_t)i * i; j <= LIMIT; j += i) composite[j] = 1;
    }
    printf("%d primes\n", primes);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) a[i][j] = (i * 31 + j * 17) % 23 / 7.0, b[i][j] = (i - j) / 3.0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            for (int k = 0; k < SIDE; k++) c[i][j] += a[i][k] * b[k][j];
    double trace = 0;
    for (int i = 0; i < SIDE; i++) trace += c[i][i];
    printf("%.15g %.15g\n", trace, c[3][40]);
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++) paths[i][j] = i && j ? paths[i - 1][j] + paths[i][j - 1] : 1;
    printf("%u\n", paths[GRID - 1][GRID - 1]);
    size_t words = 2000000;
    uint32_t *heap = malloc(words * sizeof *heap), check = 0;
    for (size_t i = 0; i < words; i++) heap[i] = i * 2654435761u;
    for (size_t i = 0; i < words; i += 3) heap[i] ^= heap[words - 1 - i];
    for (size_t i = 0; i < words; i++) check = check * 31 + heap[i];
    printf("%08x\n", check);
    free(heap);
    return 0;
}

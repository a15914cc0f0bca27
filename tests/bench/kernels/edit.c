/* Strings: the edit distance of two texts, a row of minima at a time. */
#include "kernel.h"

enum { LENGTH = 512 };
static u8 a[LENGTH], b[LENGTH];
static u16 row[LENGTH + 1];

static NOINLINE u32 distance(void) {
    for (u32 j = 0; j <= LENGTH; j++)
        row[j] = j;
    for (u32 i = 0; i < LENGTH; i++) {
        u32 corner = row[0], left = row[0] = i + 1;
        for (u32 j = 0; j < LENGTH; j++) {
            u32 above = row[j + 1];
            u32 best = corner + (a[i] != b[j]);
            if (above + 1 < best)
                best = above + 1;
            if (left + 1 < best)
                best = left + 1;
            row[j + 1] = left = best;
            corner = above;
        }
    }
    return row[LENGTH];
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 31;
    for (u32 i = 0; i < LENGTH; i++) {
        a[i] = 'a' + next(&seed) % 4;
        b[i] = 'a' + next(&seed) % 4;
    }
    for (u32 i = 0; i < repetitions; i++) {
        a[i % LENGTH] = 'a' + i % 4;
        sum = mix(sum, distance());
    }
    return sum;
}

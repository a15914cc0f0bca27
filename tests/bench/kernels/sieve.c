/* Integers: the sieve of Eratosthenes, byte stores at a stride. */
#include "kernel.h"

enum { LIMIT = 200000 };
static u8 composite[LIMIT];

static u32 sieve(u32 offset) {
    u32 count = 0;
    for (u32 i = 0; i < LIMIT; i++)
        composite[i] = 0;
    for (u32 i = 2; i < LIMIT; i++) {
        if (composite[i])
            continue;
        count += i ^ offset;
        for (u32 j = 2 * i; j < LIMIT; j += i)
            composite[j] = 1;
    }
    return count;
}

u32 kernel(u32 repetitions) {
    u32 sum = 0;
    for (u32 i = 0; i < repetitions; i++)
        sum = mix(sum, sieve(i));
    return sum;
}

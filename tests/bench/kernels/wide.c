/* 64-bit integers on a 32-bit machine: shifts, products, remainders. */
#include "kernel.h"

static u64 next64(u64 *state) {
    u64 x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

static NOINLINE u64 power(u64 base, u64 exponent, u64 modulus) {
    u64 result = 1;
    for (base %= modulus; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % modulus;
        base = base * base % modulus;
    }
    return result;
}

static NOINLINE u64 common(u64 a, u64 b) {
    while (b) {
        u64 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

u32 kernel(u32 repetitions) {
    u64 state = 0x123456789abcdefull, sum = 0;
    for (u32 i = 0; i < repetitions; i++) {
        for (u32 j = 0; j < 256; j++)
            sum = (sum << 7 | sum >> 57) + next64(&state) * 0x2545f4914f6cdd1dull;
        /* A modulus of 32 bits, so that no product is cut. */
        sum ^= power(state, sum | 1, (state >> 32) | 1);
        sum += common(state, sum | 1);
    }
    return (u32)sum ^ (u32)(sum >> 32);
}

// Bit operations: counts, reversals, rotations, byte swaps, insert and extract.
#include <stdint.h>
#include <stdio.h>

static uint32_t rotate(uint32_t x, unsigned by) { return x << (by & 31) | x >> (-by & 31); }
static uint32_t reverse(uint32_t x) {
    x = (x & 0x55555555) << 1 | (x >> 1 & 0x55555555);
    x = (x & 0x33333333) << 2 | (x >> 2 & 0x33333333);
    x = (x & 0x0f0f0f0f) << 4 | (x >> 4 & 0x0f0f0f0f);
    return __builtin_bswap32(x);
}

int main(void) {
    volatile uint32_t seed = 1;
    for (int i = 0; i < 200; i++) {
        uint32_t x = seed, y;
        seed = x * 1664525 + 1013904223;
        y = x | 1;
        printf("%08x %d %d %d %d %d %08x %08x %08x", x, __builtin_clz(y), __builtin_ctz(x | 0x80000000),
               __builtin_popcount(x), __builtin_parity(x), __builtin_ffs(x), __builtin_bswap32(x), reverse(x),
               rotate(x, i));
        printf(" %04x %d %d", __builtin_bswap16(x), __builtin_clzll((uint64_t)x << 20 | 1), __builtin_popcountll(~0ull ^ x));
        printf(" %x %x %x\n", x >> 5 & 0x7ff, (x & ~0xff0u) | (x << 4 & 0xff0), (int32_t)(x << 7) >> 20);
    }
    struct { unsigned a : 3, b : 9; int c : 5; unsigned long long d : 40; } fields = {0};
    for (unsigned i = 0; i < 40; i++) {
        fields.a = i, fields.b = i * 37, fields.c = (int)i - 20, fields.d = 0x123456789abull * i;
        printf("%u %u %d %llx\n", fields.a, fields.b, fields.c, (unsigned long long)fields.d);
    }
    return 0;
}

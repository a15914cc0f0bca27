/* Bits: a CRC bit by bit, reversed and counted words, Gray codes. */
#include "kernel.h"

static NOINLINE u32 crc(u32 crc, u32 word) {
    for (u32 i = 0; i < 4; i++, word >>= 8) {
        crc ^= word & 255;
        for (u32 bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return crc;
}

static NOINLINE u32 reversed(u32 x) {
    x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
    x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
    x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
    x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
    return x >> 16 | x << 16;
}

static NOINLINE u32 count(u32 x) {
    u32 n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

u32 kernel(u32 repetitions) {
    u32 sum = ~0u;
    for (u32 i = 0; i < repetitions; i++) {
        u32 gray = i ^ i >> 1;
        sum = crc(sum, reversed(gray) + count(gray ^ sum));
    }
    return sum;
}

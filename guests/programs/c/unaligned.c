// Unaligned access as compilers write it: packed structures, lwl/lwr and swl/swr at every offset.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct __attribute__((packed)) odd { uint8_t a; uint32_t b; uint16_t c; uint64_t d; double e; int16_t f; float g; };

int main(void) {
    struct odd packed[4];
    for (int i = 0; i < 4; i++) packed[i] = (struct odd){i, 0x11223344u * (i + 1), 0x5566 + i, 0x778899aabbccddeeull - i, i / 3.0, -i, i * .5f};
    for (int i = 0; i < 4; i++)
        printf("%u %x %x %llx %.17g %d %g\n", packed[i].a, packed[i].b, packed[i].c, (unsigned long long)packed[i].d, packed[i].e,
               packed[i].f, packed[i].g);
    unsigned char bytes[16] __attribute__((aligned(8)));
    for (int at = 0; at < 8; at++) {
        for (int i = 0; i < 16; i++) bytes[i] = 0x10 + i;
        uint32_t left = 0xaabbccdd, right = 0xaabbccdd;
        __asm__ volatile("lwl %0, 0(%2)\n\tlwr %1, 0(%2)" : "+&r"(left), "+&r"(right) : "r"(bytes + at) : "memory");
        printf("%d %08x %08x", at, left, right);
        __asm__ volatile("swl %0, 0(%1)" ::"r"(0xdeadbeef), "r"(bytes + at) : "memory");
        for (int i = 0; i < 12; i++) printf(" %02x", bytes[i]);
        for (int i = 0; i < 16; i++) bytes[i] = 0x10 + i;
        __asm__ volatile("swr %0, 0(%1)" ::"r"(0xdeadbeef), "r"(bytes + at) : "memory");
        for (int i = 0; i < 12; i++) printf(" %02x", bytes[i]);
        puts("");
    }
    char raw[64];
    for (int at = 0; at < 8; at++) {
        double x = 1.0 / (at + 1), y;
        memcpy(raw + at, &x, 8), memcpy(&y, raw + at, 8);
        printf("%d", x == y);
    }
    puts("");
    return 0;
}

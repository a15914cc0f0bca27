// Code written at run time: generated, called, changed and called again after a cache flush.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/cachectl.h>
#include <sys/mman.h>

typedef int (*function)(int);

int main(void) {
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long sum = 0;
    for (int round = 0; round < 200; round++) {
        code[0] = 0x03e00008;                            // jr ra
        code[1] = 0x24820000 | (uint16_t)(round * 3);    // addiu v0, a0, round * 3 (delay slot)
        cacheflush(code, 8, BCACHE);
        sum += ((function)code)(round);
    }
    printf("%ld\n", sum);
    // A loop built in memory: sums a0 + (a0-1) + ... + 1.
    const uint32_t loop[] = {0x00001025, 0x00441021, 0x2484ffff, 0x1480fffd, 0x00000000, 0x03e00008, 0x00000000};
    memcpy(code + 100, loop, sizeof loop);
    cacheflush(code + 100, sizeof loop, BCACHE);
    printf("%d\n", ((function)(code + 100))(100));
    code[101] = 0x00441023;  // subu v0, v0, a0
    cacheflush(code + 101, 4, BCACHE);
    printf("%d\n", ((function)(code + 100))(100));
    mprotect(code, 4096, PROT_READ | PROT_WRITE);
    code[101] = 0x00441021;
    mprotect(code, 4096, PROT_READ | PROT_EXEC);
    printf("%d\n", ((function)(code + 100))(10));
    return 0;
}

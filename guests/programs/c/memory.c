// memcpy, memmove, memset and memcmp at every alignment, length and overlap.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned char from[256], into[256];

static uint32_t checksum(void) {
    uint32_t sum = 1;
    for (int i = 0; i < 256; i++) sum = sum * 33 + into[i];
    return sum;
}

static void refill(void) {
    for (int i = 0; i < 256; i++) from[i] = i * 7 + 3, into[i] = ~i;
}

int main(void) {
    for (int source = 0; source < 8; source++)
        for (int target = 0; target < 8; target++) {
            uint32_t copied = 0, moved = 0, filled = 0;
            for (volatile size_t bytes = 0; bytes < 100; bytes += 1 + bytes / 9) {
                refill(), memcpy(into + target, from + source, bytes), copied ^= checksum() * (bytes + 1);
                refill(), memmove(into + target + 16, into + source + 14, bytes), moved ^= checksum() * (bytes + 1);
                memmove(into + source + 14, into + target + 16, bytes), moved ^= checksum() * (bytes + 3);
                refill(), memset(into + target, source * 37, bytes), filled ^= checksum() * (bytes + 1);
            }
            printf("%08x %08x %08x\n", copied, moved, filled);
        }
    refill();
    memcpy(into, from, 256);
    into[200]++;
    printf("%d %d %d\n", memcmp(into, from, 200), memcmp(into, from, 256) > 0, memcmp(into + 1, from + 1, 199));
    return 0;
}

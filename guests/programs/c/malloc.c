// The heap: many sizes, realloc keeping contents, alignment, big blocks by mmap, reuse after free.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    enum { COUNT = 500 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    unsigned seed = 99, bad = 0;
    for (int round = 0; round < 20000; round++) {
        seed = seed * 1103515245 + 12345;
        int i = (seed >> 8) % COUNT;
        for (size_t j = 0; j < sizes[i]; j += 37) bad += blocks[i][j] != (unsigned char)i;
        size_t bytes = (seed >> 16) % ((round % 50) ? 600 : 200000);
        blocks[i] = round & 1 ? realloc(blocks[i], bytes + 1) : (free(blocks[i]), malloc(bytes + 1));
        sizes[i] = bytes + 1;
        memset(blocks[i], i, sizes[i]);
    }
    printf("%u\n", bad);
    for (int i = 0; i < COUNT; i++) free(blocks[i]);
    char *grown = NULL;
    for (int i = 1; i < 2000; i++) grown = realloc(grown, i * 100), grown[i * 100 - 1] = i, grown[(i - 1) * 100] = 1;
    int sum = 0;
    for (int i = 1; i < 2000; i++) sum += grown[i * 100 - 1] + grown[(i - 1) * 100];
    printf("%d\n", sum);
    free(grown);
    int *zeros = calloc(100000, sizeof *zeros), any = 0;
    for (int i = 0; i < 100000; i++) any |= zeros[i];
    printf("%d\n", any);
    free(zeros);
    for (size_t alignment = 8; alignment <= 65536; alignment *= 4) {
        void *aligned = memalign(alignment, 100), *other = NULL;
        int failed = posix_memalign(&other, alignment, 50);
        printf("%d%d ", (uintptr_t)aligned % alignment == 0, failed);
        free(aligned), free(other);
    }
    volatile size_t vast = 0x7ff00000;
    printf("%d %d\n", malloc(vast) == NULL, errno == ENOMEM);
    printf("%d %d\n", malloc_usable_size(malloc(50)) >= 50, reallocarray(NULL, vast, 16) == NULL);
    return 0;
}

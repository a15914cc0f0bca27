// Memory management: anonymous mappings, mremap, mprotect, madvise, brk; contents kept or zeroed as promised.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

int main(void) {
    char *area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 8; i++) area[i * PAGE] = 'A' + i;
    char *grown = mremap(area, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    printf("%c %c %d\n", grown[0], grown[7 * PAGE], grown[63 * PAGE]);
    char *shrunk = mremap(grown, 64 * PAGE, 2 * PAGE, 0);
    printf("%d %c\n", shrunk == grown, shrunk[PAGE]);
    char *target = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *moved = mremap(shrunk, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    printf("%d %c%c\n", moved == target, moved[0], moved[PAGE]);
    printf("%d\n", madvise(moved, PAGE, MADV_DONTNEED));
    printf("%d %c\n", moved[0], moved[PAGE]);
    printf("%d %d\n", mprotect(moved + 1, PAGE, PROT_READ), errno == EINVAL);
    printf("%d\n", mprotect(moved, PAGE, PROT_READ | PROT_EXEC));
    printf("%d %d\n", munmap(moved, 4 * PAGE), munmap(moved, 4 * PAGE));
    char *before = sbrk(0), *got = sbrk(100000);
    printf("%d\n", got == before);
    memset(got, 7, 100000);
    printf("%d %d\n", sbrk(-50000) == before + 100000, (char *)sbrk(0) == before + 50000);
    char *again = sbrk(50000);
    printf("%d\n", again[49999]);
    char *hint = (char *)0x50000000, *placed = mmap(hint, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("%d\n", placed == hint);
    printf("%d %d\n", mmap(NULL, (size_t)3 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, errno == ENOMEM);
    uint32_t sum = 0;
    for (int round = 0; round < 50; round++) {
        unsigned char *some = mmap(NULL, (round + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i <= round; i++) sum += some[i * PAGE], some[i * PAGE] = round;
        munmap(some, (round + 1) * PAGE);
    }
    printf("%u\n", sum);
    return 0;
}

// MAP_FIXED_NOREPLACE refuses what is taken. QEMU 7.2 takes it for a hint, so noreplace.out says what Linux does.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

int main(void) {
    char *hint = (char *)0x50000000;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    printf("%d\n", mmap(hint, 4096, PROT_READ, flags, -1, 0) == hint);
    printf("%d %d\n", mmap(hint, 4096, PROT_READ, flags, -1, 0) == MAP_FAILED, errno == EEXIST);
    printf("%d\n", mmap(hint + 4096, 4096, PROT_READ, flags, -1, 0) == hint + 4096);
    return 0;
}

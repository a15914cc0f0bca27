// Files in memory: private and shared mappings, offsets, msync, writing through, fixed addresses.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

int main(void) {
    int fd = open("mapped", O_CREAT | O_RDWR | O_TRUNC, 0644);
    char block[PAGE];
    for (int i = 0; i < 4; i++) {
        memset(block, 'a' + i, PAGE);
        if (write(fd, block, i == 3 ? 100 : PAGE) < 0) perror("write");
    }
    char *all = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    printf("%c%c%c%c %d\n", all[0], all[PAGE], all[2 * PAGE], all[3 * PAGE], all[3 * PAGE + 200]);
    char *second = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
    second[0] = 'X';
    printf("%c %c\n", second[0], all[PAGE]);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    strcpy(shared + 10, "written through memory");
    printf("%d\n", msync(shared, 2 * PAGE, MS_SYNC));
    char back[32] = "";
    printf("%zd %s\n", pread(fd, back, 22, 10), back);
    printf("%d\n", munmap(shared, 2 * PAGE));
    char *fixed = mmap(all + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    printf("%d %d %c\n", fixed == all + PAGE, fixed[0], all[2 * PAGE]);
    printf("%d %d\n", mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED, errno == EINVAL);
    printf("%d %d\n", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED, errno == EBADF);
    printf("%d %d\n", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100) == MAP_FAILED, errno == EINVAL);
    int reader = open("mapped", O_RDONLY);
    printf("%d %d\n", mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED, errno == EACCES);
    // What was only read is not written back over what is newer.
    char *seen = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    printf("%c %zd\n", seen[0], pwrite(fd, "kept", 4, 0));
    munmap(seen, PAGE);
    printf("%zd %.4s\n", pread(fd, back, 4, 0), back);
    close(fd);
    printf("%c %zd\n", all[2 * PAGE], pread(reader, back, 4, 0));
    return 0;
}

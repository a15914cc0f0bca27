// Bad pointers to system calls: EFAULT, never a crash, and nothing half done.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *edge;  // the last byte before an unmapped page is edge[-1]

#define EFAULTS(call) printf("%s: %s\n", #call, (errno = 0, (long)(call)) == -1 && errno == EFAULT ? "EFAULT" : "other")

int main(void) {
    char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    edge = pages + 4096;
    int fd = open("file", O_CREAT | O_RDWR, 0644), ends[2];
    void *volatile bad = (void *)8;
    EFAULTS(syscall(SYS_write, fd, bad, 10));
    EFAULTS(syscall(SYS_read, open("/dev/zero", O_RDONLY), bad, 10));
    EFAULTS(syscall(SYS_open, bad, O_RDONLY, 0));
    EFAULTS(syscall(SYS_pipe2, bad, 0));
    EFAULTS(syscall(SYS_uname, bad));
    EFAULTS(syscall(SYS_fstat64, fd, edge - 4));
    EFAULTS(syscall(SYS_writev, fd, bad, 1));
    EFAULTS(syscall(SYS_getcwd, bad, 100));
    EFAULTS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 16));
    EFAULTS(syscall(SYS_poll, bad, 1, 0));
    memcpy(edge - 5, "name", 5);
    printf("%d\n", open(edge - 5, O_CREAT | O_WRONLY, 0600) >= 0);
    memcpy(edge - 4, "name", 4);
    EFAULTS(syscall(SYS_open, edge - 4, O_RDONLY, 0));
    printf("%d\n", pipe(ends));
    printf("%d\n", access("name", F_OK));
    return 0;
}

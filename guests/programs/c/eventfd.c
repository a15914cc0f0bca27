// eventfd: counting, semaphores, overflow, blocking and non-blocking reads, poll and vectors.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

// A result, or why there is none.
static void result(long value) {
    if (value < 0) printf("%s\n", strerrorname_np(errno));
    else printf("%ld\n", value);
}

static void on_alarm(int signal) { (void)signal; }

static short ready(int fd) {
    struct pollfd set = {fd, POLLIN | POLLOUT, 0};
    poll(&set, 1, 0);
    return set.revents;
}

int main(void) {
    uint64_t value = 0;
    int fd = eventfd(3, EFD_CLOEXEC);
    printf("%d %d %d\n", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL) & O_ACCMODE, ready(fd) == (POLLIN | POLLOUT));
    value = 4;
    result(write(fd, &value, 8));
    result(read(fd, &value, 8));
    printf("%llu %d\n", (unsigned long long)value, ready(fd) == POLLOUT);
    value = UINT64_MAX;
    result(write(fd, &value, 8));
    result(write(fd, &value, 7));
    result(read(fd, &value, 7));

    int quick = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
    result(read(quick, &value, 8));
    value = 2;
    printf("%zd", write(quick, &value, 8));
    for (int i = 0; i < 2; i++) {
        ssize_t got = read(quick, &value, 8);
        printf(" %zd %llu", got, (unsigned long long)value);
    }
    printf(" %zd\n", read(quick, &value, 8));
    value = UINT64_MAX - 1;
    result(write(quick, &value, 8));
    printf("%d\n", ready(quick) == POLLIN);
    value = 1;
    result(write(quick, &value, 8));

    // Two halves of a count.
    value = 0x1122334455667788;
    if (write(fd, &value, 8) != 8) return 1;
    uint64_t got = 0;
    struct iovec halves[2] = {{&got, 4}, {(char *)&got + 4, 4}};
    printf("%zd ", readv(fd, halves, 2));
    printf("%d\n", got == value);

    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval soon = {{0, 0}, {0, 300000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    result(read(fd, &value, 8));
    result(lseek(fd, 0, SEEK_CUR));
    result(pread(fd, &value, 8, 0));
    result(eventfd(0, 0x40000000));
    struct stat about;
    result(fstat(fd, &about));
    printf("%o\n", about.st_mode);
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, text, sizeof text);
    printf("%.*s\n", (int)length, text);
    return 0;
}

// timerfd: once and again, absolute and relative, counted expirations, poll and gettime; no duration is printed.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// A result, or why there is none.
static void result(long value) {
    if (value < 0) printf("%s\n", strerrorname_np(errno));
    else printf("%ld\n", value);
}

static long long now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct itimerspec spec(long long value, long long period) {
    struct itimerspec spec = {{period / 1000000000, period % 1000000000}, {value / 1000000000, value % 1000000000}};
    return spec;
}

static short ready(int fd, int timeout) {
    struct pollfd set = {fd, POLLIN | POLLOUT, 0};
    poll(&set, 1, timeout);
    return set.revents;
}

int main(void) {
    uint64_t count = 0;
    struct itimerspec set, old;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    printf("%d %d\n", fcntl(fd, F_GETFD), ready(fd, 0));
    result(timerfd_gettime(fd, &old));
    printf("%ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec);

    long long before = now(CLOCK_MONOTONIC);
    set = spec(30000000, 0);
    timerfd_settime(fd, 0, &set, NULL);
    printf("%d ", ready(fd, -1) == POLLIN);
    printf("%d ", now(CLOCK_MONOTONIC) - before >= 30000000);
    printf("%zd ", read(fd, &count, 8));
    printf("%llu %d\n", (unsigned long long)count, ready(fd, 0));
    timerfd_gettime(fd, &old);
    printf("%ld %ld\n", (long)old.it_value.tv_sec, old.it_value.tv_nsec);

    // A blocking read of a timer at an absolute time.
    before = now(CLOCK_MONOTONIC);
    set = spec(before + 20000000, 0);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL);
    printf("%zd ", read(fd, &count, 8));
    printf("%llu %d\n", (unsigned long long)count, now(CLOCK_MONOTONIC) - before >= 20000000);
    // One that has passed is due at once.
    set = spec(1, 0);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL);
    result(read(fd, &count, 8));
    printf("%llu\n", (unsigned long long)count);

    // A period goes on while nobody reads.
    set = spec(5000000, 5000000);
    timerfd_settime(fd, 0, &set, NULL);
    struct timespec rest = {0, 60000000};
    nanosleep(&rest, NULL);
    printf("%zd ", read(fd, &count, 8));
    printf("%d ", count >= 12);
    result(read(fd, &count, 8));
    printf("%d\n", count >= 1);
    set = spec(100000000000, 7000000000);
    timerfd_settime(fd, 0, &set, &old);
    printf("%ld ", old.it_interval.tv_nsec);
    timerfd_gettime(fd, &old);
    printf("%d %ld\n", old.it_value.tv_sec == 99, (long)old.it_interval.tv_sec);
    set = spec(0, 0);
    timerfd_settime(fd, 0, &set, &old);
    printf("%d %ld\n", old.it_value.tv_sec == 99, (long)old.it_interval.tv_sec);

    int quick = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    result(read(quick, &count, 8));
    set = spec(now(CLOCK_REALTIME) + 10000000, 0);
    timerfd_settime(quick, TFD_TIMER_ABSTIME, &set, NULL);
    printf("%d\n", ready(quick, 10000) == POLLIN);
    result(read(quick, &count, 8));
    result(read(quick, &count, 4));
    result(write(quick, &count, 8));
    result(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    result(timerfd_settime(0, 0, &set, NULL));
    set.it_value.tv_nsec = 1000000000;
    result(timerfd_settime(quick, 0, &set, NULL));
    return 0;
}

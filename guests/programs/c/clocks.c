// Clocks: they run forward, agree with one another, and say their resolution; processor time grows with work.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_BOOTTIME,
                                CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_RAW};
    for (int i = 0; i < 8; i++) {
        struct timespec before, after, step;
        int ok = !clock_gettime(clocks[i], &before);
        for (volatile int spin = 0; spin < 1000; spin++) continue;
        clock_gettime(clocks[i], &after);
        long long gone = (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
        printf("%d: %d %d %d %d\n", i, ok, gone >= 0, clock_getres(clocks[i], &step), before.tv_nsec < 1000000000);
    }
    struct timeval day;
    gettimeofday(&day, NULL);
    long apart = (long)(time(NULL) - day.tv_sec);
    printf("%d %d\n", apart >= -1 && apart <= 1, day.tv_usec < 1000000); // time(2) may read the coarse clock, a tick behind
    printf("%d\n", day.tv_sec > 1600000000);
    clock_t start = clock();
    volatile double x = 1;
    while (clock() - start < CLOCKS_PER_SEC / 50) x = x * 1.0000001;
    struct rusage usage;
    printf("%d %d\n", getrusage(RUSAGE_SELF, &usage), usage.ru_utime.tv_sec + usage.ru_utime.tv_usec > 0);
    struct tms parts;
    printf("%d %ld\n", times(&parts) != (clock_t)-1, sysconf(_SC_CLK_TCK));
    struct timespec bad;
    printf("%d\n", clock_gettime(9999, &bad));
    return 0;
}

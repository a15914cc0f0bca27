// Timers: setitimer, alarm, timer_create, nanosleep; what is printed depends on order, never on duration.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int ticks, values;
static void tick(int signal) { (void)signal, ticks++; }
static void valued(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    values += info->si_value.sival_int;
}

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int main(void) {
    signal(SIGALRM, tick);
    struct itimerval interval = {{0, 5000}, {0, 5000}}, old;
    setitimer(ITIMER_REAL, &interval, NULL);
    while (ticks < 5) pause();
    printf("five ticks\n");
    struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &off, &old);
    printf("interval %ld\n", (long)old.it_interval.tv_usec);
    ticks = 0;
    interval.it_interval.tv_usec = 0;
    setitimer(ITIMER_REAL, &interval, NULL);
    // A loop without system calls must be interrupted too.
    for (volatile unsigned spin = 0; !ticks; spin++) continue;
    printf("spun until the tick\n");
    printf("%u %u\n", alarm(100), alarm(0));

    long long before = now();
    struct timespec ms20 = {0, 20000000}, left;
    printf("%d %d\n", nanosleep(&ms20, NULL), now() - before >= 20000000);
    // Long enough that a slow machine is asleep by then.
    interval.it_value.tv_usec = 500000;
    setitimer(ITIMER_REAL, &interval, NULL);
    struct timespec long_time = {60, 0};
    int result = nanosleep(&long_time, &left);
    printf("%d %d %d\n", result, errno == EINTR, left.tv_sec == 59);
    printf("%d\n", clock_nanosleep(CLOCK_MONOTONIC, 0, &ms20, NULL));

    struct sigaction action = {.sa_sigaction = valued, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
    timer_t timer;
    printf("%d\n", timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec spec = {{0, 0}, {0, 500000000}}, rest;
    timer_settime(timer, 0, &spec, NULL);
    while (!values) pause();
    printf("%d\n", values);
    timer_gettime(timer, &rest);
    printf("%ld %ld %d\n", (long)rest.it_value.tv_sec, rest.it_value.tv_nsec, timer_delete(timer));
    return 0;
}

// Futexes beyond one word: waiting for any of several, and being moved from a word to a lock that is handed over.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#ifdef __mips__
#define SYS_futex_waitv 4449
#else
#define SYS_futex_waitv 449
#endif
#endif

struct word {
    uint64_t value, at;
    uint32_t flags, reserved;
};

struct time64 {
    int64_t seconds, nanoseconds;
};

static uint32_t words[4];
static uint32_t *shared;

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static struct word word(uint32_t *at, uint32_t value) {
    return (struct word){value, (uintptr_t)at, 2 | FUTEX_PRIVATE_FLAG, 0};
}

static long wait_any(struct word *list, unsigned count, unsigned flags, struct time64 *until, int clock) {
    return syscall(SYS_futex_waitv, list, count, flags, until, clock);
}

static long futex(uint32_t *at, int op, uint32_t value, uintptr_t timeout, uint32_t *other, uint32_t third) {
    return syscall(SYS_futex, at, op, value, timeout, other, third);
}

static struct time64 soon(int clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (struct time64){now.tv_sec, now.tv_nsec + 30000000};
}

static void *waker(void *which) {
    int index = (int)(intptr_t)which;
    intptr_t woken;
    while ((woken = futex(&words[index], FUTEX_WAKE_PRIVATE, 1, 0, NULL, 0)) == 0) usleep(1000);
    return (void *)woken;
}

static void on_alarm(int signal) { (void)signal; }

static void any(void) {
    struct word list[3] = {word(&words[0], 0), word(&words[1], 0), word(&words[2], 0)};
    result("none", wait_any(list, 0, 0, NULL, 0));
    result("many", wait_any(list, 129, 0, NULL, 0));
    result("flags", wait_any(list, 1, 1, NULL, 0));
    list[1].value = 5;
    result("another value", wait_any(list, 3, 0, NULL, 0));
    list[1].value = 0, list[2].reserved = 1;
    result("reserved", wait_any(list, 3, 0, NULL, 0));
    list[2].reserved = 0, list[2].flags = FUTEX_PRIVATE_FLAG;
    result("size", wait_any(list, 3, 0, NULL, 0));
    list[2] = word((uint32_t *)((char *)words + 1), 0);
    result("odd", wait_any(list, 3, 0, NULL, 0));
    list[2] = word(&words[2], 0);
    for (int clock = 0; clock < 3; clock++) {
        struct time64 until = soon(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME);
        if (until.nanoseconds >= 1000000000) until.seconds++, until.nanoseconds -= 1000000000;
        result("late", wait_any(list, 3, 0, &until, clock));
    }
    for (int index = 2; index >= 0; index--) {
        pthread_t thread;
        pthread_create(&thread, NULL, waker, (void *)(intptr_t)index);
        result("any", wait_any(list, 3, 0, NULL, 0));
        void *woken;
        pthread_join(thread, &woken);
        result("woken", (intptr_t)woken);
        for (int i = 0; i < 3; i++) if (futex(&words[i], FUTEX_WAKE_PRIVATE, 1, 0, NULL, 0)) printf("left at %d\n", i);
    }
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    // Again and again: the first may come too soon.
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 50000}, {0, 50000}}, NULL);
    result("interrupted", wait_any(list, 3, 0, NULL, 0));
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    // Of another process, too.
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct word both[2] = {word(&words[0], words[0]), {0, (uintptr_t)&shared[1], 2, 0}};
        _exit((int)wait_any(both, 2, 0, NULL, 0));
    }
    while (futex(&shared[1], FUTEX_WAKE, 1, 0, NULL, 0) != 1) usleep(1000);
    int status;
    waitpid(child, &status, 0);
    printf("child: %d\n", WEXITSTATUS(status));
}

static uint32_t condition, lock, order[3], arrived;

static void *waiter(void *number) {
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    long got = futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, 0, &lock, 0);
    uint32_t own = syscall(SYS_gettid);
    int has = got == 0 && (__atomic_load_n(&lock, __ATOMIC_SEQ_CST) & FUTEX_TID_MASK) == own;
    order[__atomic_fetch_add(&order[2], 1, __ATOMIC_SEQ_CST) & 1] = (uintptr_t)number * 10 + has;
    if (has) futex(&lock, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, NULL, 0);
    return NULL;
}

static void moved(int is_locked) {
    pthread_t threads[2];
    condition = 0, lock = 0, arrived = 0;
    memset(order, 0, sizeof order);
    if (is_locked) lock = syscall(SYS_gettid);
    for (uintptr_t i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, waiter, (void *)(i + 1));
        while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) != i + 1) usleep(1000);
        usleep(300000);
    }
    result("wake", futex(&condition, FUTEX_WAKE_PRIVATE, 1, 0, NULL, 0));
    result("two", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 2, 1, &lock, 0));
    result("same", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 1, &condition, 0));
    result("changed", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 1, &lock, 1));
    result("another", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 1, &words[3], 0));
    result("moved", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 1, &lock, 0));
    if (is_locked) {
        usleep(50000);
        printf("%d %d\n", order[2], (lock & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid) && lock & FUTEX_WAITERS);
        result("unlock", futex(&lock, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, NULL, 0));
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    printf("%u %u %u\n", order[0], order[1], lock);
    result("nobody", futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, 1, &lock, 0));
}

int main(void) {
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    any();
    result("same", futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, 0, &condition, 0));
    result("changed", futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, 0, &lock, 0));
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    result("late", futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, (uintptr_t)&until, &lock, 0));
    moved(0);
    moved(1);
    return 0;
}

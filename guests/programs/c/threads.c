// Threads: creation, joining, locks, conditions, own variables, cancellation, signals to one of them, and how they end.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread int own = 5;

static void *count(void *times) {
    for (long i = 0; i < (long)times; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
    }
    own += (int)(long)times;
    return (void *)(long)own;
}

static int turn;
static void *play(void *me) {
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        while (turn != (int)(long)me) pthread_cond_wait(&changed, &lock);
        turn = (turn + 1) % 3;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static sem_t ready;
static volatile int cleaned, spins;
static void clean(void *argument) { cleaned = *(int *)argument; }
static void *wait_for_ever(void *argument) {
    pthread_cleanup_push(clean, argument);
    sem_post(&ready);
    for (;;) sleep(1000);
    pthread_cleanup_pop(0);
    return NULL;
}

static volatile pid_t handled;
static void on_signal(int signal) { (void)signal, handled = (pid_t)syscall(SYS_gettid); }
static void *get_signal(void *told) {
    *(pid_t *)told = (pid_t)syscall(SYS_gettid);
    sem_post(&ready);
    while (!handled) usleep(1000);
    return NULL;
}

static void *busy(void *argument) {
    while (!*(volatile int *)argument) spins++;
    return NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int begun;
static void begin(void) { begun++; }
static pthread_barrier_t barrier;
static void *meet(void *argument) {
    (void)argument;
    pthread_once(&once, begin);
    return (void *)(long)(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
}

static pthread_mutex_t robust;
static void *die_holding(void *argument) {
    pthread_mutex_lock(&robust);
    return argument;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_t threads[8];
    void *result;
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, count, (void *)2000L);
    long sum = 0;
    for (int i = 0; i < 8; i++) pthread_join(threads[i], &result), sum += (long)result;
    printf("counted %ld, own %ld, here %d\n", counter, sum, own);
    for (long i = 0; i < 3; i++) pthread_create(&threads[i], NULL, play, (void *)i);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    printf("turn %d\n", turn);

    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) soon.tv_nsec -= 1000000000, soon.tv_sec++;
    pthread_mutex_lock(&lock);
    printf("timed out %d\n", pthread_cond_timedwait(&changed, &lock, &soon) == ETIMEDOUT);
    pthread_mutex_unlock(&lock);

    sem_init(&ready, 0, 0);
    int value = 77;
    pthread_create(&threads[0], NULL, wait_for_ever, &value);
    sem_wait(&ready);
    pthread_cancel(threads[0]);
    pthread_join(threads[0], &result);
    printf("cancelled %d, cleaned %d\n", result == PTHREAD_CANCELED, cleaned);

    signal(SIGUSR1, on_signal);
    pid_t told = 0;
    pthread_create(&threads[0], NULL, get_signal, &told);
    sem_wait(&ready);
    pthread_kill(threads[0], SIGUSR1);
    pthread_join(threads[0], NULL);
    printf("signal to the right one %d\n", handled == told && told != getpid());

    // One that never makes a call must not keep the others from running.
    volatile int stop = 0;
    pthread_create(&threads[0], NULL, busy, (void *)&stop);
    while (spins < 1000) ;
    stop = 1;
    pthread_join(threads[0], NULL);
    printf("span\n");

    pthread_barrier_init(&barrier, NULL, 4);
    long serial = 0;
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, meet, NULL);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], &result), serial += (long)result;
    printf("met %ld, begun %d\n", serial, begun);

    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&threads[0], NULL, die_holding, NULL);
    pthread_join(threads[0], NULL);
    int got = pthread_mutex_lock(&robust);
    printf("owner died %d, consistent %d\n", got == EOWNERDEAD, pthread_mutex_consistent(&robust));
    pthread_mutex_unlock(&robust);

    // A fork has only the thread that made it.
    pthread_create(&threads[0], NULL, wait_for_ever, &value);
    sem_wait(&ready);
    int status;
    pid_t child = fork();
    if (child == 0) {
        pthread_t mine;
        counter = 0;
        pthread_create(&mine, NULL, count, (void *)10L);
        pthread_join(mine, NULL);
        _exit((int)counter);
    }
    waitpid(child, &status, 0);
    printf("child of a process of threads: %d\n", WEXITSTATUS(status));
    pthread_cancel(threads[0]);
    pthread_join(threads[0], NULL);
    fflush(stdout);
    // Another thread's fault ends them all.
    child = fork();
    if (child == 0) {
        pthread_create(&threads[1], NULL, (void *(*)(void *))abort, NULL);
        for (;;) pause();
    }
    waitpid(child, &status, 0);
    printf("aborted %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    fflush(stdout);
    pthread_exit(NULL);
}

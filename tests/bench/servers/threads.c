/* What threads cost: a mutex that nobody else wants, a thread made and joined, four that compute on two processors. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long counter;

static double now_s(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *nothing(void *argument) {
    return argument;
}

static void *stay(void *argument) {
    for (;;) pause();
    return argument;
}

static volatile uint32_t computed;

static void *compute(void *argument) {
    uint32_t value = 1;
    for (uint32_t i = *(uint32_t *)argument; i; i--) {
        value ^= value << 13;
        value ^= value >> 17;
        value ^= value << 5;
    }
    computed = value;
    return NULL;
}

static void start(pthread_t *thread, void *(*work)(void *), void *argument) {
    if (pthread_create(thread, NULL, work, argument)) abort();
}

static double mutex_ns(int times) {
    double begun = now_s();
    for (int i = 0; i < times; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return (now_s() - begun) / times * 1e9;
}

static double thread_us(int times) {
    double begun = now_s();
    for (int i = 0; i < times; i++) {
        pthread_t thread;
        start(&thread, nothing, NULL);
        pthread_join(thread, NULL);
    }
    return (now_s() - begun) / times * 1e6;
}

/* How many times one thread's throughput several threads have. */
static double speedup(uint32_t steps) {
    double begun = now_s();
    compute(&steps);
    double one = now_s() - begun;
    pthread_t threads[THREADS];
    begun = now_s();
    for (int i = 0; i < THREADS; i++) start(&threads[i], compute, &steps);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return THREADS * one / (now_s() - begun);
}

int main(int count, char **arguments) {
    int part = count > 1 ? atoi(arguments[1]) : 1;
    /* With another thread about, the library takes locks for real. */
    pthread_t other;
    start(&other, stay, NULL);
    mutex_ns(100000);
    thread_us(100);
    speedup(1000000);
    printf("mutex %.2f\n", mutex_ns(10000000 / part));
    printf("thread %.2f\n", thread_us(5000 / part));
    printf("speedup %.3f\n", speedup(300000000 / part));
    return 0;
}

// Thread-local storage of the one thread, pthread keys, once and mutexes without contention.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

static __thread int counter = 5;
static __thread char buffer[1000];
static __thread double precise = 2.5;
static _Thread_local struct { int a; long long b; } pair = {1, 1ll << 40};
static pthread_key_t key;
static int once_count;
static void once(void) { once_count++; }

static int __attribute__((noinline)) bump(void) { return counter++; }

int main(void) {
    for (int i = 0; i < 10; i++) bump();
    printf("%d %d %g %d %lld\n", counter, buffer[999], precise, pair.a, pair.b);
    int *address = &counter;
    *address += 100;
    printf("%d\n", bump());
    for (int i = 0; i < 1000; i++) buffer[i] = i;
    printf("%d\n", buffer[500]);
    errno = 0;
    fopen("/no/such/file", "r");
    printf("%d\n", errno == ENOENT);
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, buffer);
    printf("%d\n", pthread_getspecific(key) == buffer);
    pthread_once_t control = PTHREAD_ONCE_INIT;
    pthread_once(&control, once), pthread_once(&control, once);
    printf("%d\n", once_count);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    printf("%d %d ", pthread_mutex_lock(&mutex), pthread_mutex_trylock(&mutex) == EBUSY);
    printf("%d %d\n", pthread_mutex_unlock(&mutex), pthread_mutex_trylock(&mutex));
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive), pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_t again;
    pthread_mutex_init(&again, &recursive);
    printf("%d %d %d\n", pthread_mutex_lock(&again), pthread_mutex_lock(&again), pthread_mutex_unlock(&again));
    printf("%d\n", pthread_equal(pthread_self(), pthread_self()));
    return 0;
}

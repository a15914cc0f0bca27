// Threads that run at the same time: whatever one of them does to the others, nothing is lost and everybody gets on.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4 };

static void all(void *(*body)(void *)) {
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static atomic_uint sum;
static _Atomic unsigned char bytes[4];
static unsigned locked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spin;
static unsigned spun;

static void *add(void *me) {
    for (int i = 0; i < 50000; i++) {
        atomic_fetch_add(&sum, 3);
        atomic_fetch_add(&bytes[(long)me], 1);
        if (i % 5 == 0) {
            pthread_mutex_lock(&lock);
            locked += 1;
            pthread_mutex_unlock(&lock);
            pthread_spin_lock(&spin);
            spun += 2;
            pthread_spin_unlock(&spin);
        }
    }
    return NULL;
}

// A stack without locks, whose head carries a count against ABA.
struct node { struct node *next; unsigned value; };
static struct node nodes[256];
static _Atomic(unsigned) head, count_of_pops;

static void push(unsigned index) {
    unsigned old = atomic_load(&head);
    unsigned new;
    do {
        nodes[index].value = old & 0xffff;
        new = ((old & 0xffff0000) + 0x10000) | (index + 1);
    } while (!atomic_compare_exchange_weak(&head, &old, new));
}

static int pop(void) {
    unsigned old = atomic_load(&head), new;
    do {
        if (!(old & 0xffff)) return -1;
        new = ((old & 0xffff0000) + 0x10000) | (nodes[(old & 0xffff) - 1].value & 0xffff);
    } while (!atomic_compare_exchange_weak(&head, &old, new));
    return (int)(old & 0xffff) - 1;
}

static void *shuffle(void *me) {
    (void)me;
    for (int i = 0; i < 20000; i++) {
        int mine = pop();
        if (mine < 0) continue;
        atomic_fetch_add(&count_of_pops, 1);
        push((unsigned)mine);
    }
    return NULL;
}

// Dekker's handshake: each says that it is there, and then looks for the other. Both cannot have missed each other.
enum { ROUNDS = 20000 };
static volatile int here[2][ROUNDS];
static int saw[2][ROUNDS];
static atomic_int arrived;
static void both_arrive(int i) {
    atomic_fetch_add(&arrived, 1);
    for (int turns = 0; atomic_load_explicit(&arrived, memory_order_relaxed) < 2 * (i + 1); turns++)
        if (turns % 1000 == 999) sched_yield();
}

static void *meet(void *me) {
    long own = (long)me;
    for (int i = 0; own < 2 && i < ROUNDS; i++) {
        both_arrive(i);
        here[own][i] = 1;
        __sync_synchronize();
        saw[own][i] = here[!own][i];
    }
    return NULL;
}

// The same by a comparison that fails, which orders as one that exchanges does.
static void *meet_by_comparison(void *me) {
    long own = (long)me;
    for (int i = 0; own < 2 && i < ROUNDS; i++) {
        both_arrive(i);
        here[own][i] = 1;
        saw[own][i] = __sync_val_compare_and_swap(&here[!own][i], 2, 3);
    }
    return NULL;
}

static int missed(void) {
    int count = 0;
    for (int i = 0; i < ROUNDS; i++) count += !saw[0][i] && !saw[1][i];
    return count;
}

// Locks that inherit priorities: handed over to whoever waits, also by one who ends with it.
static pthread_mutex_t inheriting;
static unsigned inherited;
static void *inherit(void *me) {
    (void)me;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&inheriting);
        inherited++;
        if (i % 16 == 0) sched_yield();
        pthread_mutex_unlock(&inheriting);
    }
    return NULL;
}

static void *keep(void *me) {
    pthread_mutex_lock(&inheriting);
    return me;
}

static void inheriting_locks(void) {
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&inheriting, &kind);
    all(inherit);
    pthread_mutex_lock(&inheriting);
    int twice = pthread_mutex_lock(&inheriting);
    pthread_t thread;
    pthread_create(&thread, NULL, keep, NULL);
    usleep(20000);
    pthread_mutex_unlock(&inheriting);
    pthread_join(thread, NULL);
    int left = pthread_mutex_lock(&inheriting);
    int consistent = pthread_mutex_consistent(&inheriting);
    int unlocked = pthread_mutex_unlock(&inheriting);
    printf("inherited %u, twice %s, left %s, %d %d\n", inherited, strerror(twice), strerror(left), consistent, unlocked);
}

// What was written before a flag is seen after it.
static int box[64];
static atomic_int box_is_full;
static atomic_int torn;
static void *pass(void *me) {
    if ((long)me == 0) {
        for (int i = 1; i <= 2000; i++) {
            while (atomic_load_explicit(&box_is_full, memory_order_acquire)) sched_yield();
            for (int j = 0; j < 64; j++) box[j] = i;
            atomic_store_explicit(&box_is_full, 1, memory_order_release);
        }
    } else if ((long)me == 1) {
        for (int i = 1; i <= 2000; i++) {
            while (!atomic_load_explicit(&box_is_full, memory_order_acquire)) sched_yield();
            for (int j = 0; j < 64; j++) torn += box[j] != i;
            atomic_store_explicit(&box_is_full, 0, memory_order_release);
        }
    }
    return NULL;
}

// Memory comes and goes while others use theirs.
static atomic_int wrong;
static void *map(void *me) {
    for (int i = 0; i < 300; i++) {
        size_t length = 4096u * (1 + (unsigned)i % 7);
        unsigned *page = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) { wrong++; continue; }
        for (unsigned at = 0; at < length / 4; at += 256) { wrong += page[at] != 0; page[at] = (unsigned)(long)me; }
        mprotect(page, 4096, PROT_READ);
        for (unsigned at = 0; at < length / 4; at += 256) wrong += page[at] != (unsigned)(long)me;
        munmap(page, length);
        char *block = malloc(100 + (size_t)i * 37 % 5000);
        memset(block, (int)(long)me, 100);
        wrong += block[99] != (char)(long)me;
        free(block);
    }
    return NULL;
}

// One thread takes a page's protection away while another writes there: it is told, and goes on.
static char *volatile fenced;
static atomic_int faults, fencing;
static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if ((char *)info->si_addr != fenced) _exit(9);
    faults++;
    while (mprotect(fenced, 4096, PROT_READ | PROT_WRITE)) {}
}
static void *fence(void *me) {
    if ((long)me == 0) {
        for (int i = 0; i < 300; i++) mprotect(fenced, 4096, PROT_NONE), sched_yield();
        fencing = 0;
    } else if ((long)me == 1) {
        unsigned char last = 0;
        while (fencing) *fenced = (char)++last, wrong += (unsigned char)*fenced != last;
    }
    return NULL;
}

// Signals for one thread, and for whoever takes them.
static __thread volatile int mine;
static atomic_int taken;
static void on_signal(int signal) { (void)signal, mine++, taken++; }
static pthread_t targets[THREADS];
static atomic_int started, stop;
static void *loop(void *me) {
    (void)me;
    started++;
    while (!stop) for (volatile int i = 0; i < 100; i++) {}
    return (void *)(long)(mine > 0);
}

static void *begin(void *nothing) { return nothing; }

static void *spin_for_ever(void *me) {
    started++;
    for (;;) {}
    return me;
}

static int in_child(void (*body)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) body(), _exit(99);
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

static void start_spinning(void) {
    started = 0;
    pthread_t thread;
    for (int i = 0; i < THREADS; i++) pthread_create(&thread, NULL, spin_for_ever, NULL);
    while (started < THREADS) sched_yield();
}

static void *exit_from_thread(void *nothing) { (void)nothing; exit(41); }
static void leave(void) {
    start_spinning();
    pthread_t thread;
    pthread_create(&thread, NULL, exit_from_thread, NULL);
    for (;;) pause();
}
static void be_killed(void) { start_spinning(), raise(SIGKILL); }
static volatile int *volatile nowhere;
static void crash(void) { start_spinning(), *nowhere = 1; }
static char *self;
static void *execute(void *nothing) {
    (void)nothing;
    execl(self, self, "executed", NULL);
    _exit(98);
}
static void replace(void) {
    start_spinning();
    pthread_t thread;
    pthread_create(&thread, NULL, execute, NULL);
    for (;;) pause();
}
static void fork_many(void) {
    start_spinning();
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (!child) _exit(i);
        int status;
        waitpid(child, &status, 0);
        if (WEXITSTATUS(status) != i) _exit(97);
    }
    _exit(42);
}

int main(int count, char **arguments) {
    if (count == 2) return printf("%s\n", arguments[1]), 43;
    self = "/proc/self/exe";
    pthread_spin_init(&spin, 0);
    all(add);
    printf("added %u %u %u, bytes %d %d\n", sum, locked, spun, bytes[0], bytes[3]);
    for (unsigned i = 0; i < 8; i++) push(i);
    all(shuffle);
    unsigned left = 0;
    for (int index; (index = pop()) >= 0;) left |= 1u << index;
    printf("left %#x, some %d\n", left, count_of_pops > 0);
    all(meet);
    all(pass);
    printf("missed %d, torn %d\n", missed(), torn);
    memset((void *)here, 0, sizeof here);
    arrived = 0;
    all(meet_by_comparison);
    printf("missed %d\n", missed());
    inheriting_locks();
    all(map);
    fenced = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    fencing = 1;
    all(fence);
    printf("wrong %d\n", wrong);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGUSR1, on_signal);
    for (long i = 0; i < THREADS; i++) pthread_create(&targets[i], NULL, loop, (void *)i);
    while (started < THREADS) sched_yield();
    for (int i = 0; i < THREADS; i++) {
        pthread_kill(targets[i], SIGUSR1);
        while (taken <= i) sched_yield();
    }
    stop = 1;
    int hit = 0;
    for (int i = 0; i < THREADS; i++) {
        void *was;
        pthread_join(targets[i], &was);
        hit += (int)(long)was;
    }
    printf("signals %d, in %d threads\n", taken, hit);
    for (long i = 0; i < 200; i++) {
        pthread_t thread;
        void *back;
        pthread_create(&thread, NULL, begin, (void *)i);
        pthread_join(thread, &back);
        if (back != (void *)i) return 1;
    }
    int status = in_child(leave);
    printf("left with %d\n", WEXITSTATUS(status));
    status = in_child(be_killed);
    printf("killed by %d\n", WTERMSIG(status));
    status = in_child(crash);
    printf("crashed by %d\n", WTERMSIG(status));
    status = in_child(fork_many);
    printf("forked, %d\n", WEXITSTATUS(status));
    status = in_child(replace);
    printf("%d\n", WEXITSTATUS(status));
    // The others are running when the process ends.
    start_spinning();
    return 0;
}

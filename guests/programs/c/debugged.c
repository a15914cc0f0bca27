// What a debugger looks at: calls in calls, globals that change, floating point; and what the argument says: a fault, signals, a
// child, another program, threads, waiting, computing.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLED __attribute__((noipa))

int counter;
double share;
char text[16];
static volatile int caught;

CALLED int inner(int a, int b) {
    counter += a;
    text[a & 15] = 'x';
    return a * b + counter;
}

CALLED int outer(int times) {
    int sum = 0;
    for (int i = 0; i < times; i++) sum += inner(i, times);
    return sum;
}

CALLED double scale(double value, float by) {
    share = value * by;
    return share;
}

CALLED int peek(volatile int *at) { return *at + 1; }

CALLED void handler(int signal) { caught += signal == SIGUSR1 ? 1 : 100; }

CALLED void *body(void *argument) { return (void *)(long)inner((long)argument, 2); }

static int signals(void) {
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    raise(SIGUSR1), raise(SIGUSR2), raise(SIGUSR1);
    printf("caught %d\n", caught);
    return 0;
}

static int children(void) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) _exit(outer(3));
    int status = 0;
    waitpid(child, &status, 0);
    printf("child %d, then %d\n", WEXITSTATUS(status), outer(2));
    return 0;
}

static int threads(void) {
    pthread_t all[3];
    for (long i = 0; i < 3; i++) pthread_create(all + i, NULL, body, (void *)(i + 10));
    for (int i = 0; i < 3; i++) pthread_join(all[i], NULL);
    printf("counter %d\n", counter);
    return 0;
}

int main(int count, char **words) {
    const char *what = count > 1 ? words[1] : "";
    printf("%d %d\n", outer(5), counter);
    printf("%g %s\n", scale(1.5, 3), text);
    if (!strcmp(what, "fault")) return peek((int *)0x40);
    if (!strcmp(what, "signals")) return signals();
    if (!strcmp(what, "children")) return children();
    if (!strcmp(what, "threads")) return threads();
    if (!strcmp(what, "exec")) return execl("/proc/self/exe", "again", "status", NULL);
    if (!strcmp(what, "wait")) return getchar();
    if (!strcmp(what, "compute")) for (;;) inner(1, 1);
    return strcmp(what, "status") ? 0 : 7;
}

// Signals to oneself: masks, pending, nesting, flags, defaults ignored, order of delivery, restarted calls.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int depth, deepest, count;
static char order[64];

static void note(int signal) { order[strlen(order)] = signal == SIGUSR1 ? '1' : signal == SIGUSR2 ? '2' : 'x'; }
static void nest(int signal) {
    depth++;
    if (depth > deepest) deepest = depth;
    if (++count < 4) raise(signal);
    depth--;
}

static void install(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    if (sigaction(signal, &action, NULL)) perror("sigaction");
}

int main(void) {
    install(SIGUSR1, note, 0), install(SIGUSR2, note, 0);
    raise(SIGUSR1), kill(getpid(), SIGUSR2);
    sigset_t set, old, pending;
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR2), raise(SIGUSR1), raise(SIGUSR1);
    sigpending(&pending);
    printf("%s %d%d%d\n", order, sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2), sigismember(&pending, SIGINT));
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("%zu\n", strlen(order));

    install(SIGUSR1, nest, 0), raise(SIGUSR1);
    printf("blocked while handled: %d %d\n", deepest, count);
    depth = deepest = count = 0;
    install(SIGUSR1, nest, SA_NODEFER), raise(SIGUSR1);
    printf("not deferred: %d %d\n", deepest, count);
    install(SIGUSR2, note, SA_RESETHAND), raise(SIGUSR2);
    struct sigaction now;
    sigaction(SIGUSR2, NULL, &now);
    printf("reset: %d\n", now.sa_handler == SIG_DFL);
    raise(SIGCHLD), raise(SIGWINCH), raise(SIGURG), raise(SIGCONT);
    signal(SIGTERM, SIG_IGN), raise(SIGTERM);
    puts("ignored");
    printf("%d %d\n", sigaction(SIGKILL, &now, NULL), errno == EINVAL);
    printf("%d %d\n", kill(getpid(), 0), kill(getpid(), 200));

    // A read that a restarting handler interrupts waits on; the second handler's write ends it.
    static int ends[2];
    if (pipe(ends)) return 1;
    install(SIGALRM, note, SA_RESTART);
    void feed(int signal) {
        (void)signal;
        if (write(ends[1], "z", 1) != 1) _exit(3);
    }
    struct itimerval soon = {{0, 0}, {0, 10000}};
    install(SIGALRM, feed, SA_RESTART);
    setitimer(ITIMER_REAL, &soon, NULL);
    char byte = 0;
    ssize_t got = read(ends[0], &byte, 1);
    printf("restarted: %zd %c\n", got, byte);
    // It ticks on: on a slow machine the first one may come before the read.
    struct itimerval again = {{0, 100000}, {0, 10000}};
    install(SIGALRM, note, 0);
    setitimer(ITIMER_REAL, &again, NULL);
    got = read(ends[0], &byte, 1);
    printf("interrupted: %zd %d\n", got, errno == EINTR);
    return 0;
}

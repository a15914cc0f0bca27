// sigsuspend: waits with another mask and restores the old one; pause; signals within handlers of other signals.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int first, second;
static void one(int signal) { (void)signal, first++, raise(SIGUSR2), printf("after inner %d\n", second); }
static void two(int signal) { (void)signal, second++; }
static void tick(int signal) { (void)signal; }

int main(void) {
    sigset_t block, old, now;
    signal(SIGUSR1, one), signal(SIGUSR2, two), signal(SIGALRM, tick);
    sigemptyset(&block), sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, &old);
    raise(SIGUSR1);
    printf("blocked %d\n", first);
    int result = sigsuspend(&old);
    printf("%d %d first %d second %d\n", result, errno == EINTR, first, second);
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("still blocked %d\n", sigismember(&now, SIGUSR1));
    // It ticks on: on a slow machine the first one may come before the pause.
    struct itimerval soon = {{0, 100000}, {0, 5000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    result = pause();
    printf("%d %d\n", result, errno == EINTR);
    return 0;
}

// Realtime signals: queued, in order, with values; waited for without a handler.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void show(int signal, siginfo_t *info, void *context) {
    (void)context;
    printf("rt+%d value %d code %s\n", signal - SIGRTMIN, info->si_value.sival_int, info->si_code == SI_QUEUE ? "QUEUE" : "other");
}

int main(void) {
    struct sigaction action = {.sa_sigaction = show, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < 4; i++) sigaction(SIGRTMIN + i, &action, NULL), sigaddset(&set, SIGRTMIN + i);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 8; i++)
        if (sigqueue(getpid(), SIGRTMIN + (3 - i % 4), (union sigval){.sival_int = i * 10})) perror("sigqueue");
    puts("unblocking");
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 77});
    siginfo_t info;
    int got = sigwaitinfo(&set, &info);
    printf("waited: rt+%d value %d\n", got - SIGRTMIN, info.si_value.sival_int);
    struct timespec ms10 = {0, 10000000};
    got = sigtimedwait(&set, &info, &ms10);
    printf("%d %d\n", got, errno == EAGAIN);
    raise(SIGRTMIN + 2);
    int which = 0;
    printf("%d ", sigwait(&set, &which));
    printf("%d\n", which - SIGRTMIN);
    return 0;
}

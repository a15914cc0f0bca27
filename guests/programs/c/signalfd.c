// signalfd: signals of the reader, one record each; poll, epoll and a mask that changes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

// A result, or why there is none.
static void result(long value) {
    if (value < 0) printf("%s\n", strerrorname_np(errno));
    else printf("%ld\n", value);
}

static short ready(int fd) {
    struct pollfd set = {fd, POLLIN, 0};
    poll(&set, 1, 0);
    return set.revents;
}

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, SIGALRM), sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo info[4];
    result(read(fd, info, sizeof info));
    printf("%d\n", ready(fd));
    printf("%zu\n", sizeof info[0]);

    kill(getpid(), SIGUSR1);
    union sigval value = {.sival_int = -7};
    sigqueue(getpid(), SIGRTMIN + 3, value);
    value.sival_int = 8;
    sigqueue(getpid(), SIGRTMIN + 3, value);
    printf("%d\n", ready(fd));
    ssize_t length = read(fd, info, 2 * sizeof info[0] + 5);
    printf("%zd\n", length);
    for (int i = 0; i < 2; i++)
        printf("%d %d %d %d %d\n", info[i].ssi_signo == (unsigned)(i ? SIGRTMIN + 3 : SIGUSR1), info[i].ssi_code, info[i].ssi_pid == (unsigned)getpid(),
               info[i].ssi_uid == getuid(), info[i].ssi_int);
    length = read(fd, info, sizeof info);
    printf("%zd %d %d %d\n", length, info[0].ssi_signo == (unsigned)SIGRTMIN + 3, info[0].ssi_code, info[0].ssi_int);
    result(read(fd, info, 127));

    // A blocking one waits for a timer's signal.
    int slow = signalfd(-1, &set, 0);
    struct itimerval soon = {{0, 0}, {0, 50000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    length = read(slow, info, sizeof info);
    printf("%zd %d %d\n", length, info[0].ssi_signo == SIGALRM, info[0].ssi_code == SI_KERNEL);

    int all = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.u32 = 5}};
    printf("%d ", epoll_ctl(all, EPOLL_CTL_ADD, fd, &event));
    printf("%d ", epoll_wait(all, &event, 1, 0));
    setitimer(ITIMER_REAL, &soon, NULL);
    result(epoll_wait(all, &event, 1, -1));
    printf("%u\n", event.data.u32);
    // Now for others.
    sigdelset(&set, SIGALRM);
    printf("%d\n", signalfd(fd, &set, 0) == fd);
    printf("%d\n", ready(fd));
    printf("%zd\n", read(slow, info, sizeof info));
    result(signalfd(all, &set, 0));
    result(signalfd(99, &set, 0));
    return 0;
}

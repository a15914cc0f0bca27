// poll, ppoll, select and pselect over pipes and files: readiness, hang-up, time-outs, interruption.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

static void on_alarm(int signal) { (void)signal; }

int main(void) {
    int ends[2], other[2];
    if (pipe(ends) || pipe(other)) return 1;
    struct pollfd set[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 0}};
    printf("%d %d %d\n", poll(set, 3, 0), set[0].revents, set[1].revents == POLLOUT);
    if (write(ends[1], "x", 1) != 1) return 1;
    printf("%d %d\n", poll(set, 3, 1000), set[0].revents == POLLIN);
    set[0].fd = other[0];
    printf("%d\n", poll(set, 1, 10));
    close(other[1]);
    printf("%d %d\n", poll(set, 1, -1), set[0].revents == POLLHUP);
    set[0].fd = 77;
    printf("%d %d\n", poll(set, 1, 0), set[0].revents == POLLNVAL);
    int file = open("file", O_CREAT | O_RDWR, 0600);
    set[0] = (struct pollfd){file, POLLIN | POLLOUT, 0};
    printf("%d %d\n", poll(set, 1, -1), set[0].revents == (POLLIN | POLLOUT));

    fd_set reads, writes;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_SET(ends[0], &reads);
    FD_SET(ends[1], &writes);
    struct timeval wait = {1, 0};
    printf("%d %d %d\n", select(ends[1] + 1, &reads, &writes, NULL, &wait), !!FD_ISSET(ends[0], &reads), !!FD_ISSET(ends[1], &writes));
    char byte;
    if (read(ends[0], &byte, 1) != 1) return 1;
    FD_ZERO(&reads);
    FD_SET(ends[0], &reads);
    wait = (struct timeval){0, 10000};
    printf("%d %d\n", select(ends[0] + 1, &reads, NULL, NULL, &wait), !!FD_ISSET(ends[0], &reads));
    FD_ZERO(&reads);
    FD_SET(60, &reads);  // Linux looks at no descriptor beyond its table, which has 64 at least
    close(60);           // whoever started us may have left it open
    errno = 0;
    wait = (struct timeval){0, 0};
    printf("%d", select(61, &reads, NULL, NULL, &wait));
    printf(" %d\n", errno == EBADF);

    signal(SIGALRM, on_alarm);
    // Long enough that a slow machine waits by then.
    struct itimerval soon = {{0, 0}, {0, 500000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    set[0] = (struct pollfd){ends[0], POLLIN, 0};
    printf("%d %d\n", poll(set, 1, -1), errno == EINTR);
    sigset_t blocked, open_mask;
    sigemptyset(&open_mask), sigemptyset(&blocked), sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGALRM);
    struct timespec ms = {0, 1000000};
    printf("%d\n", poll(set, 1, 1));
    printf("%d %d\n", ppoll(set, 1, &ms, &open_mask), errno == EINTR);
    printf("%d\n", pselect(0, NULL, NULL, NULL, &ms, NULL));
    return 0;
}

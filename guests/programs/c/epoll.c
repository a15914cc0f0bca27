// epoll: levels, edges, one-shots, order, nesting, what closes an entry, and what is refused.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// A result, or why there is none.
static void result(long value) {
    if (value < 0) printf("%s\n", strerrorname_np(errno));
    else printf("%ld\n", value);
}

static void on_alarm(int signal) { (void)signal; }

static int control(int epoll, int op, int fd, uint32_t events) {
    struct epoll_event event = {events, {.u64 = 0x100000000ull + fd}};
    return epoll_ctl(epoll, op, fd, &event);
}

// Prints what there is, by descriptor relative to `base`.
static void show(int epoll, int base, int most, int timeout) {
    struct epoll_event found[8];
    int count = epoll_wait(epoll, found, most, timeout);
    printf("%d:", count);
    for (int i = 0; i < count; i++)
        printf(" %d=%x", (int)(found[i].data.u64 - 0x100000000ull) - base, (unsigned)found[i].events);
    printf("\n");
}

static void put(int fd, const char *text) {
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) printf("short write\n");
}

int main(void) {
    char bytes[64];
    int ends[2], epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pipe2(ends, O_NONBLOCK)) return 1;
    int base = ends[0];
    printf("%d\n", fcntl(epoll, F_GETFD));
    // Levels.
    result(control(epoll, EPOLL_CTL_ADD, ends[0], EPOLLIN));
    result(control(epoll, EPOLL_CTL_ADD, ends[1], EPOLLOUT));
    show(epoll, base, 8, 0);
    put(ends[1], "hello");
    show(epoll, base, 8, -1);
    show(epoll, base, 8, -1);
    printf("%d\n", epoll_ctl(epoll, EPOLL_CTL_DEL, ends[1], NULL));
    // Edges: what is left is told of no more, what comes is.
    printf("%d\n", control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET));
    show(epoll, base, 8, 0);
    show(epoll, base, 8, 0);
    printf("%zd\n", read(ends[0], bytes, 2));
    show(epoll, base, 8, 0);
    put(ends[1], "!");
    show(epoll, base, 8, 0);
    show(epoll, base, 8, 0);
    printf("%zd\n", read(ends[0], bytes, 64));
    put(ends[1], "?");
    if (read(ends[0], bytes, 64) != 1) return 1;
    show(epoll, base, 8, 0);
    // One-shots.
    printf("%d\n", control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT));
    put(ends[1], "once");
    show(epoll, base, 8, 0);
    show(epoll, base, 8, 0);
    printf("%d\n", control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT));
    show(epoll, base, 8, 0);
    // Turns: each ready one gets its turn, though only one is asked for.
    int counters[3];
    for (int i = 0; i < 3; i++) {
        counters[i] = eventfd(1, 0);
        control(epoll, EPOLL_CTL_ADD, counters[i], EPOLLIN);
    }
    for (int i = 0; i < 4; i++) show(epoll, counters[0], 1, 0);
    // The entry lives as long as any descriptor of its file.
    int copy = dup(counters[1]);
    close(counters[1]), close(counters[2]);
    show(epoll, counters[0], 8, 0);
    close(copy);
    show(epoll, counters[0], 8, 0);
    close(counters[0]);
    show(epoll, base, 8, 0);
    // Hang-up is told unasked.
    printf("%d\n", control(epoll, EPOLL_CTL_MOD, ends[0], 0));
    close(ends[1]);
    show(epoll, base, 8, -1);
    close(ends[0]);
    show(epoll, base, 8, 0);
    // Timers end a wait, and so do handlers.
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = {{0, 0}, {0, 20000000}};
    control(epoll, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET);
    timerfd_settime(timer, 0, &soon, NULL);
    show(epoll, timer, 8, -1);
    show(epoll, timer, 8, 10);
    timerfd_settime(timer, 0, &soon, NULL);
    show(epoll, timer, 8, -1);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval alarm = {{0, 0}, {0, 300000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    struct epoll_event event;
    result(epoll_wait(epoll, &event, 1, -1));
    sigset_t blocked, open_mask;
    sigemptyset(&open_mask), sigemptyset(&blocked), sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGALRM);
    printf("%d\n", epoll_pwait(epoll, &event, 1, 1, NULL));
    result(epoll_pwait(epoll, &event, 1, -1, &open_mask));
    // Nests.
    int outer = epoll_create(1), counter = eventfd(0, 0);
    result(control(outer, EPOLL_CTL_ADD, epoll, EPOLLIN));
    result(control(epoll, EPOLL_CTL_ADD, counter, EPOLLIN));
    show(outer, epoll, 8, 0);
    eventfd_write(counter, 1);
    show(outer, epoll, 8, -1);
    struct pollfd set = {outer, POLLIN, 0};
    result(poll(&set, 1, -1));
    printf("%x\n", set.revents);
    result(control(epoll, EPOLL_CTL_ADD, outer, EPOLLIN));
    result(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN));
    int chain[8], depth = 0;
    for (int i = 0; i < 8; i++) chain[i] = epoll_create1(0);
    while (depth < 7 && control(chain[depth], EPOLL_CTL_ADD, chain[depth + 1], EPOLLIN) == 0) depth++;
    printf("%d\n", depth < 7 && errno == ELOOP);
    // Sockets.
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 1;
    printf("%d\n", control(outer, EPOLL_CTL_MOD, epoll, 0));
    control(outer, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    show(outer, pair[0], 8, 0);
    show(outer, pair[0], 8, 0);
    put(pair[1], "text");
    show(outer, pair[0], 8, 0);
    shutdown(pair[1], SHUT_WR);
    show(outer, pair[0], 8, 0);
    close(pair[1]);
    show(outer, pair[0], 8, 0);
    // Refused.
    int file = open("file", O_CREAT | O_RDWR, 0600);
    result(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN));
    result(control(epoll, EPOLL_CTL_ADD, 99, EPOLLIN));
    result(control(epoll, EPOLL_CTL_MOD, chain[0], EPOLLIN));
    result(control(epoll, EPOLL_CTL_DEL, chain[0], EPOLLIN));
    result(control(epoll, EPOLL_CTL_ADD, counter, EPOLLIN));
    result(control(counter, EPOLL_CTL_ADD, epoll, EPOLLIN));
    result(control(epoll, 9, counter, EPOLLIN));
    result(control(epoll, EPOLL_CTL_MOD, counter, EPOLLIN | EPOLLEXCLUSIVE));
    result(epoll_wait(epoll, &event, 0, 0));
    result(epoll_wait(counter, &event, 1, 0));
    result(epoll_create(0));
    return 0;
}

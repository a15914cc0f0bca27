// Urgent data of TCP: MSG_OOB, the mark in the stream, SO_OOBINLINE, SIGURG, polling.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t urged;
static int client, server;

static void on_urgent(int signal) { urged += signal == SIGURG; }

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static void take(const char *what, int flags) {
    char text[64] = "";
    long got = recv(server, text, sizeof text - 1, flags | MSG_DONTWAIT);
    if (got < 0) result(what, got);
    else printf("%s: %ld %s\n", what, got, text);
}

static void conditions(const char *what) {
    struct pollfd one = {server, POLLIN | POLLPRI, 0};
    usleep(20000);
    int pending = -1;
    poll(&one, 1, 0);
    ioctl(server, FIONREAD, &pending);
    printf("%s: in %d, urgent %d, mark %d, pending %d\n", what, !!(one.revents & POLLIN), !!(one.revents & POLLPRI), sockatmark(server),
           pending);
}

static void connection(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    bind(listener, (struct sockaddr *)&at, sizeof at), listen(listener, 1), getsockname(listener, (struct sockaddr *)&at, &length);
    client = socket(AF_INET, SOCK_STREAM, 0);
    connect(client, (struct sockaddr *)&at, sizeof at);
    server = accept(listener, NULL, NULL);
    close(listener);
}

static void apart(void) {
    take("none", MSG_OOB);
    result("send", send(client, "before!", 7, MSG_OOB));
    conditions("sent");
    result("send", send(client, "behind", 6, 0));
    conditions("more");
    take("peek", MSG_OOB | MSG_PEEK);
    take("read", 0);
    conditions("read");
    take("urgent", MSG_OOB);
    conditions("urgent");
    take("again", MSG_OOB);
    take("peek", MSG_PEEK);
    take("read", 0);
    conditions("read");
    take("nothing", 0);
    // Only the urgent byte.
    result("send", send(client, "?", 1, MSG_OOB));
    conditions("alone");
    take("read", 0);
    take("gone", MSG_OOB);
    conditions("gone");
    // One more makes an ordinary byte of it.
    result("send", send(client, "a1", 2, MSG_OOB)), usleep(20000);
    result("send", send(client, "b2", 2, MSG_OOB));
    conditions("two");
    take("urgent", MSG_OOB);
    take("read", 0);
    conditions("read");
    take("read", 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(server, &set);
    send(client, "!", 1, MSG_OOB), usleep(20000);
    struct timeval none = {0, 0};
    result("select", select(server + 1, NULL, NULL, &set, &none));
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLPRI};
    epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
    result("epoll", epoll_wait(epoll, &event, 1, 0));
    close(epoll);
    char byte = 0;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    result("recvmsg", recvmsg(server, &message, MSG_OOB));
    printf("%c %d\n", byte, message.msg_flags == MSG_OOB);
    take("read", 0);
}

static void within(void) {
    int on = 1;
    result("inline", setsockopt(server, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
    send(client, "one!two", 4, MSG_OOB), send(client, "two", 3, 0);
    conditions("sent");
    take("urgent", MSG_OOB);
    take("read", 0);
    conditions("read");
    take("read", 0);
    conditions("read");
    on = 0, setsockopt(server, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

static void signals(void) {
    struct sigaction action = {.sa_handler = on_urgent};
    sigaction(SIGURG, &action, NULL);
    send(client, "x", 1, MSG_OOB), usleep(20000);
    printf("%d\n", (int)urged);
    result("nobody", fcntl(server, F_SETOWN, 999999));
    result("owner", fcntl(server, F_SETOWN, getpid()));
    printf("%d\n", fcntl(server, F_GETOWN) == getpid());
    send(client, "y", 1, MSG_OOB), usleep(20000);
    printf("%d\n", (int)urged);
    int group = -getpgrp();
    result("group", ioctl(server, SIOCSPGRP, &group));
    send(client, "z", 1, MSG_OOB), usleep(20000);
    printf("%d\n", (int)urged);
}

static void elsewhere(void) {
    int pair[2], datagrams = socket(AF_INET, SOCK_DGRAM, 0), idle = socket(AF_INET, SOCK_STREAM, 0);
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    result("datagram", sendto(datagrams, "x", 1, MSG_OOB, (struct sockaddr *)&at, sizeof at));
    result("local", send(pair[0], "x", 1, MSG_OOB));
    char byte;
    result("idle", recv(idle, &byte, 1, MSG_OOB));
}

int main(void) {
    connection();
    apart();
    within();
    signals();
    elsewhere();
    return 0;
}

// Sockets used in bad faith: too much of everything. Each time there is an error, and the next one is served as ever.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static const char *outcome(long result) {
    static char text[64];
    if (result < 0) return strerrorname_np(errno);
    snprintf(text, sizeof text, "%ld", result);
    return text;
}

static int two[2];
static volatile int most = 0x7fffffff;
static struct iovec *volatile nowhere = (void *)16;
static char bytes[65536];

static void vectors(void) {
    static struct iovec many[2000];
    for (int i = 0; i < 2000; i++) many[i] = (struct iovec){bytes, 1};
    printf("1024 vectors %s", outcome(writev(two[0], many, 1024)));
    printf(", 1025 %s", outcome(writev(two[0], many, 1025)));
    printf(", as many as there are numbers %s", outcome(writev(two[0], many, most)));
    printf(", none %s\n", outcome(writev(two[0], many, 0)));
    struct msghdr message = {.msg_iov = many, .msg_iovlen = 1025};
    printf("message of 1025 %s", outcome(sendmsg(two[0], &message, MSG_DONTWAIT)));
    message.msg_iovlen = 0x40000001;
    printf(", of 2^30 + 1 %s", outcome(sendmsg(two[0], &message, MSG_DONTWAIT)));
    printf(", received %s\n", outcome(recvmsg(two[1], &message, MSG_DONTWAIT)));
    // Lengths that do not fit in a result, and memory that is not there.
    struct iovec long_ones[3] = {{bytes, 2}, {bytes, 0x7fffffff}, {bytes, 0x7fffffff}};
    printf("two of 2 GiB %s", outcome(writev(two[0], long_ones, 3)));
    struct iovec negative[2] = {{bytes, 1}, {bytes, 0xffffffff}};
    printf(", one of -1 %s", outcome(readv(two[1], negative, 2)));
    printf(", vectors that are nowhere %s\n", outcome(writev(two[0], nowhere, 2)));
    while (recv(two[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0) {}
}

static long pass(int over, const int *fds, int count) {
    static char control[CMSG_SPACE(sizeof(int) * 300)];
    memset(control, 0, sizeof control);
    struct iovec one = {bytes, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * (unsigned)count)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof(int) * (unsigned)count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * (unsigned)count);
    return sendmsg(over, &message, MSG_DONTWAIT);
}

static void descriptors(void) {
    int many[300];
    for (int i = 0; i < 300; i++) many[i] = 1;
    printf("253 descriptors %s", outcome(pass(two[0], many, 253)));
    printf(", 254 %s", outcome(pass(two[0], many, 254)));
    many[7] = 999;
    printf(", one that is closed %s\n", outcome(pass(two[0], many, 20)));
    // Nobody has room for them: they are closed, and the message says that they were.
    struct rlimit limit, low = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit, low.rlim_cur = 12;
    setrlimit(RLIMIT_NOFILE, &low);
    static char control[CMSG_SPACE(sizeof(int) * 300)];
    struct iovec one = {bytes, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    printf("received %s", outcome(recvmsg(two[1], &message, 0)));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    unsigned count = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    printf(", %s, cut %d\n", count > 0 && count < 12 ? "some of them" : "all or none", !!(message.msg_flags & MSG_CTRUNC));
    for (unsigned i = 0; i < count; i++) close(((int *)CMSG_DATA(header))[i]);
    // As many on their way as a process may have open, and no more.
    int sent = 0;
    int stdout_too = 1;
    while (sent < 3000 && pass(two[0], &stdout_too, 1) == 1) sent++;
    printf("on their way %s, then %s\n", sent >= 12 && sent < 3000 ? "some" : "none or all", outcome(-1));
    setrlimit(RLIMIT_NOFILE, &limit);
    message.msg_controllen = 0x7fffffff;
    message.msg_control = control;
    printf("control data of 2 GiB %s\n", outcome(sendmsg(two[0], &message, MSG_DONTWAIT)));
    message.msg_controllen = sizeof control;
    while (recv(two[1], bytes, 1, MSG_DONTWAIT) > 0) {}
}

// Connections that nobody accepts.
static void half_open(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&at, length), listen(listener, 4);
    getsockname(listener, (struct sockaddr *)&at, &length);
    int fds[200], connected = 0, waiting = 0, others = 0;
    for (int i = 0; i < 200; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(fds[i], (struct sockaddr *)&at, length) && errno != EINPROGRESS) others++;
    }
    usleep(50000);
    for (int i = 0; i < 200; i++) {
        struct pollfd one = {fds[i], POLLOUT, 0};
        poll(&one, 1, 0);
        if (one.revents & POLLOUT) connected++;
        else waiting++;
    }
    printf("connected %s, waiting %s, others %d\n", connected == 5 ? "a backlog" : "more", waiting == 195 ? "the rest" : "fewer", others);
    int accepted = accept(listener, NULL, NULL);
    printf("accepted %d, ", accepted >= 0);
    for (int i = 0; i < 200; i++) close(fds[i]);
    close(accepted), close(listener);
    int again = socket(AF_INET, SOCK_STREAM, 0);
    printf("afterwards %s\n", outcome(connect(again, (struct sockaddr *)&at, length)));
    close(again);
    // Everybody's port.
    int refused = 0, open = 0;
    for (int port = 1; port < 2000; port++) {
        int one = socket(AF_INET, SOCK_STREAM, 0);
        at.sin_port = htons((unsigned short)port);
        if (!connect(one, (struct sockaddr *)&at, length)) open++;
        else if (errno == ECONNREFUSED) refused++;
        close(one);
    }
    printf("ports open %d, refused %d\n", open, refused);
}

// What nobody reads is bounded, whatever the buffer is said to be.
static void unread(void) {
    int pair[2], size = 0x7fffffff;
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    printf("a buffer of 2 GiB %s", outcome(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size)));
    long total = 0, wrote;
    while ((wrote = write(pair[0], bytes, sizeof bytes)) > 0) total += wrote;
    printf(", then %s after %s\n", outcome(wrote), total > 0 && total < 1 << 28 ? "a while" : "too long");
    close(pair[0]), close(pair[1]);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int socket_of_path = socket(AF_UNIX, SOCK_STREAM, 0);
    printf("a name of 109 bytes %s", outcome(bind(socket_of_path, (struct sockaddr *)&name, sizeof name + 1)));
    printf(", of -1 %s", outcome(bind(socket_of_path, (struct sockaddr *)&name, (socklen_t)-1)));
    printf(", nowhere %s\n", outcome(bind(socket_of_path, (void *)16, 20)));
    close(socket_of_path);
    // An epoll in an epoll, and so on, and around.
    int epolls[8];
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < 8; i++) epolls[i] = epoll_create1(0);
    printf("epolls in epolls:");
    for (int i = 1; i < 8; i++) printf(" %s", outcome(epoll_ctl(epolls[i], EPOLL_CTL_ADD, epolls[i - 1], &event)));
    printf(", around %s", outcome(epoll_ctl(epolls[0], EPOLL_CTL_ADD, epolls[3], &event)));
    printf(", itself %s\n", outcome(epoll_ctl(epolls[0], EPOLL_CTL_ADD, epolls[0], &event)));
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, two);
    vectors();
    descriptors();
    half_open();
    unread();
    return 0;
}

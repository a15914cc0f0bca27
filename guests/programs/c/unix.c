// Local sockets in one process: streams, datagrams, packets; names, connections, ends, options, poll.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static volatile int broken;
static void on_signal(int signal) { broken += signal == SIGPIPE; }

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static socklen_t name(struct sockaddr_un *at, const char *text, int length) {
    memset(at, 0, sizeof *at);
    at->sun_family = AF_UNIX;
    memcpy(at->sun_path, text, length);
    return offsetof(struct sockaddr_un, sun_path) + length;
}

static void show(const char *what, int (*get)(int, struct sockaddr *, socklen_t *), int fd) {
    struct sockaddr_un at;
    memset(&at, 'x', sizeof at);
    socklen_t length = sizeof at;
    int got = get(fd, (struct sockaddr *)&at, &length);
    if (got < 0) {
        result(what, got);
        return;
    }
    printf("%s: %d %u ", what, at.sun_family == AF_UNIX, length);
    for (unsigned i = 0; i + offsetof(struct sockaddr_un, sun_path) < length; i++)
        printf(at.sun_path[i] ? "%c" : "\\%d", at.sun_path[i]);
    printf("\n");
}

static int option(int fd, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, option, &value, &length)) return -errno;
    return value;
}

static void poll_one(const char *what, int fd) {
    struct pollfd set = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    poll(&set, 1, 0);
    printf("%s:%s%s%s%s%s\n", what, set.revents & POLLIN ? " in" : "", set.revents & POLLOUT ? " out" : "",
           set.revents & POLLRDHUP ? " rdhup" : "", set.revents & POLLHUP ? " hup" : "",
           set.revents & POLLERR ? " err" : "");
}

static void pairs(void) {
    char bytes[256];
    int pair[2], waiting = -1;
    result("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    printf("%d %d\n", fcntl(pair[0], F_GETFD), option(pair[0], SO_TYPE) == SOCK_STREAM);
    poll_one("new", pair[0]);
    result("write", write(pair[0], "hello ", 6));
    result("send", send(pair[0], "stream", 6, 0));
    ioctl(pair[1], FIONREAD, &waiting);
    printf("%d\n", waiting);
    poll_one("there", pair[1]);
    result("peek", recv(pair[1], bytes, 3, MSG_PEEK));
    result("all", recv(pair[1], bytes, 9, MSG_WAITALL));
    printf("%.9s\n", bytes);
    struct iovec pieces[2] = {{bytes, 2}, {bytes + 10, 20}};
    result("readv", readv(pair[1], pieces, 2));
    printf("%.2s%.1s\n", bytes, bytes + 10);
    result("empty", recv(pair[1], bytes, 1, MSG_DONTWAIT));
    show("name", getsockname, pair[0]);
    show("peer", getpeername, pair[0]);
    // As much as fits, and no more.
    static char block[8192];
    long total = 0, some;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    while ((some = write(pair[0], block, sizeof block)) > 0) total += some;
    printf("%d %s\n", total >= 65536, strerrorname_np(errno));
    poll_one("full", pair[0]);
    while ((some = recv(pair[1], block, sizeof block, MSG_DONTWAIT)) > 0) total -= some;
    printf("%ld\n", total);
    poll_one("room", pair[0]);
    // Ends.
    result("shut", shutdown(pair[0], SHUT_WR));
    poll_one("half", pair[1]);
    result("end", read(pair[1], bytes, 1));
    result("back", write(pair[1], "b", 1));
    result("shut", shutdown(pair[1], SHUT_WR));
    poll_one("both", pair[0]);
    result("rest", read(pair[0], bytes, 8));
    result("end", read(pair[0], bytes, 8));
    signal(SIGPIPE, on_signal);
    result("broken", write(pair[0], "x", 1));
    result("quiet", send(pair[0], "x", 1, MSG_NOSIGNAL));
    printf("%d\n", broken);
    close(pair[0]);
    close(pair[1]);
    // What was not read is an error for the sender.
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return;
    if (write(pair[0], "lost", 4) != 4) return;
    close(pair[1]);
    poll_one("lost", pair[0]);
    printf("%d\n", option(pair[0], SO_ERROR) == ECONNRESET);
    result("after", read(pair[0], bytes, 1));
    close(pair[0]);
}

static void streams(void) {
    char bytes[64];
    struct sockaddr_un at;
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    poll_one("fresh", server);
    result("listen", listen(server, 1));
    socklen_t length = name(&at, "server", 7);
    result("bind", bind(server, (struct sockaddr *)&at, length));
    result("again", bind(server, (struct sockaddr *)&at, length));
    struct stat about;
    result("stat", stat("server", &about));
    printf("%d\n", S_ISSOCK(about.st_mode));
    result("open", open("server", O_RDWR));
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    result("taken", bind(client, (struct sockaddr *)&at, length));
    result("refused", connect(client, (struct sockaddr *)&at, length));
    result("accept", accept(server, NULL, NULL));
    result("listen", listen(server, 1));
    printf("%d %d\n", option(server, SO_ACCEPTCONN), option(client, SO_ACCEPTCONN));
    poll_one("listening", server);
    result("connect", connect(client, (struct sockaddr *)&at, length));
    result("twice", connect(client, (struct sockaddr *)&at, length));
    poll_one("waiting", server);
    result("early", write(client, "early", 5));
    show("server", getsockname, server);
    show("peer", getpeername, client);
    show("none", getpeername, server);
    struct sockaddr_un from;
    socklen_t room = sizeof from;
    int end = accept4(server, (struct sockaddr *)&from, &room, SOCK_CLOEXEC | SOCK_NONBLOCK);
    printf("%d %u %d %d\n", end >= 0, room, fcntl(end, F_GETFD), !!(fcntl(end, F_GETFL) & O_NONBLOCK));
    show("end", getsockname, end);
    result("read", read(end, bytes, 64));
    struct ucred who;
    room = sizeof who;
    result("who", getsockopt(end, SOL_SOCKET, SO_PEERCRED, &who, &room));
    printf("%d %d\n", who.pid == getpid(), who.uid == getuid());
    // A backlog of one lets two wait.
    int more[3];
    for (int i = 0; i < 3; i++) {
        more[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        result("more", connect(more[i], (struct sockaddr *)&at, length));
    }
    int wrong = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    result("wrong", connect(wrong, (struct sockaddr *)&at, length));
    close(server);
    poll_one("dropped", more[0]);
    result("dropped", read(more[0], bytes, 1));
    result("gone", connect(wrong, (struct sockaddr *)&at, length));
    close(client);
    poll_one("closed", end);
    result("end", read(end, bytes, 1));
    result("unlink", unlink("server"));
    result("gone", connect(wrong, (struct sockaddr *)&at, length));
    int file = open("plain", O_CREAT | O_WRONLY, 0600);
    length = name(&at, "plain", 6);
    result("plain", connect(wrong, (struct sockaddr *)&at, length));
    result("not a socket", connect(file, (struct sockaddr *)&at, length));
    result("send", send(wrong, "x", 1, 0));
    result("receive", recv(wrong, bytes, 1, 0));
}

static void datagrams(void) {
    char bytes[64];
    struct sockaddr_un at, from;
    int one = socket(AF_UNIX, SOCK_DGRAM, 0), two = socket(AF_UNIX, SOCK_DGRAM, 0);
    poll_one("datagram", one);
    socklen_t length = name(&at, "\0abstract\0name", 14), room;
    result("bind", bind(one, (struct sockaddr *)&at, length));
    result("taken", bind(two, (struct sockaddr *)&at, length));
    show("name", getsockname, one);
    result("nowhere", send(two, "x", 1, 0));
    result("sendto", sendto(two, "first message", 13, 0, (struct sockaddr *)&at, length));
    result("empty", sendto(two, "", 0, 0, (struct sockaddr *)&at, length));
    room = sizeof from;
    result("cut", recvfrom(one, bytes, 5, 0, (struct sockaddr *)&from, &room));
    printf("%u\n", room);
    result("empty", recv(one, bytes, 5, 0));
    socklen_t any = name(&from, "", 0);
    result("any", bind(two, (struct sockaddr *)&from, any));
    room = sizeof from;
    getsockname(two, (struct sockaddr *)&from, &room);
    printf("%u %d\n", room, from.sun_path[0]);
    result("connect", connect(two, (struct sockaddr *)&at, length));
    result("send", send(two, "second", 6, 0));
    room = sizeof from;
    result("true length", recvfrom(one, bytes, 2, MSG_TRUNC | MSG_PEEK, (struct sockaddr *)&from, &room));
    printf("%u\n", room);
    result("reply", sendto(one, "reply", 5, 0, (struct sockaddr *)&from, room));
    result("read", read(two, bytes, 64));
    // Who is connected hears nobody else.
    int three = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    result("deaf", sendto(three, "x", 1, 0, (struct sockaddr *)&from, room));
    result("deaf", connect(three, (struct sockaddr *)&from, room));
    // Eleven messages of strangers fit.
    int count = 0;
    while (recv(one, bytes, 64, MSG_DONTWAIT) >= 0) continue;
    while (sendto(three, "x", 1, 0, (struct sockaddr *)&at, length) == 1) count++;
    printf("%d %s\n", count, strerrorname_np(errno));
    struct sockaddr nothing = {.sa_family = AF_UNSPEC};
    result("apart", connect(two, &nothing, sizeof nothing));
    show("peer", getpeername, two);
    result("connect", connect(three, (struct sockaddr *)&at, length));
    close(one);
    result("gone", send(three, "x", 1, 0));
    result("again", sendto(three, "x", 1, 0, (struct sockaddr *)&at, length));
    static char big[300000];
    result("big", sendto(two, big, sizeof big, 0, (struct sockaddr *)&at, length));
}

static void packets(void) {
    char bytes[64];
    int pair[2];
    result("packets", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
    result("one", send(pair[0], "one", 3, 0));
    result("two", send(pair[0], "number two", 10, 0));
    result("one", recv(pair[1], bytes, 64, 0));
    struct iovec piece = {bytes, 6};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    result("two", recvmsg(pair[1], &header, 0));
    printf("%d %u\n", header.msg_flags == MSG_TRUNC, header.msg_namelen);
    close(pair[0]);
    result("end", recv(pair[1], bytes, 64, 0));
    broken = 0;
    result("broken", send(pair[1], "x", 1, 0));
    printf("%d\n", broken);
}

static void options(void) {
    char bytes[8];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return;
    int value = 10000;
    result("sndbuf", setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
    printf("%d %d\n", option(pair[0], SO_SNDBUF), option(pair[1], SO_SNDBUF));
    value = 1;
    result("reuse", setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &value, sizeof value));
    printf("%d %d %d\n", option(pair[0], SO_REUSEADDR), option(pair[0], SO_DOMAIN), option(pair[0], SO_PROTOCOL));
    result("short", setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &value, 2));
    result("unknown", setsockopt(pair[0], SOL_SOCKET, 9999, &value, sizeof value));
    struct timeval time = {0, 30000}, got;
    result("timeout", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    socklen_t room = sizeof got;
    getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &got, &room);
    printf("%ld %u\n", (long)got.tv_sec, (unsigned)(room == sizeof got));
    result("late", recv(pair[0], bytes, 8, 0));
    result("late", read(pair[0], bytes, 8));
    // A handler interrupts a call that may time out, whatever SA_RESTART says.
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    time = (struct timeval){60, 0};
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    struct itimerval soon = {{0, 0}, {0, 200000}};
    setitimer(ITIMER_REAL, &soon, NULL);
    result("interrupted", recv(pair[0], bytes, 8, 0));
    result("family", socket(AF_UNIX, 7, 0));
    result("protocol", socket(AF_UNIX, SOCK_STREAM, 5));
    result("type", socket(AF_UNIX, 12, 0));
    result("file", listen(0, 1));
    result("descriptor", listen(99, 1));
    result("seek", lseek(pair[0], 0, SEEK_CUR));
    result("how", shutdown(pair[0], 3));
    result("flags", accept4(pair[0], NULL, NULL, 3));
    result("datagram", listen(socket(AF_UNIX, SOCK_DGRAM, 0), 1));
}

int main(void) {
    pairs();
    streams();
    datagrams();
    packets();
    options();
    return 0;
}

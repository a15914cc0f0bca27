// connect(2) once more: what a socket that did not wait is told when it asks again.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static struct sockaddr_in at;

static int bound(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t length = sizeof at;
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bind(fd, (struct sockaddr *)&at, sizeof at), getsockname(fd, (struct sockaddr *)&at, &length);
    return fd;
}

static void ask(const char *what, int fd) { result(what, connect(fd, (struct sockaddr *)&at, sizeof at)); }

static void settle(int fd) {
    struct pollfd one = {fd, POLLOUT, 0};
    printf("poll: %d\n", poll(&one, 1, 1000));
}

static void error_of(int fd) {
    int value = -1;
    socklen_t length = sizeof value;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length);
    printf("error: %s\n", value ? strerrorname_np(value) : "none");
}

// Nobody listens at first; the error is told by the next call, or by SO_ERROR.
static void refused(int asks_option) {
    int listener = bound(), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ask("refused", fd), settle(fd);
    if (asks_option) error_of(fd);
    ask("again", fd);
    listen(listener, 1);
    ask("listening", fd), settle(fd), error_of(fd);
    ask("connected", fd), ask("connected", fd);
    close(fd), close(listener);
}

// One that waits is told at once.
static void waiting(void) {
    int listener = bound(), fd = socket(AF_INET, SOCK_STREAM, 0);
    ask("refused", fd), error_of(fd);
    listen(listener, 1);
    ask("listening", fd), ask("connected", fd);
    close(fd), close(listener);
}

int main(void) {
    refused(0);
    refused(1);
    waiting();
    return 0;
}

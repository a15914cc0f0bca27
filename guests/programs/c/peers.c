// Who has a peer: TCP connections of which one end or both have gone, or that broke.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static int client, server;
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

static void peer(const char *what, int fd) {
    struct sockaddr_in at;
    socklen_t length = sizeof at;
    result(what, getpeername(fd, (struct sockaddr *)&at, &length));
}

int main(void) {
    char text[16];
    connection();
    // Nothing can be sent to whoever has gone.
    close(client), usleep(20000);
    result("end", recv(server, text, sizeof text, 0));
    result("nothing", send(server, "", 0, MSG_NOSIGNAL));
    peer("left", server);
    result("shut", shutdown(server, SHUT_WR));
    usleep(20000);
    peer("over", server);
    close(server);
    connection();
    result("shut", shutdown(client, SHUT_RDWR)), usleep(20000);
    peer("shut", client), peer("left", server);
    close(server), usleep(20000);
    peer("over", client);
    close(client);
    // What a connection brought before it broke can be read still.
    connection();
    struct linger none = {1, 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    send(client, "last", 4, 0), close(client), usleep(20000);
    peer("broken", server);
    result("read", recv(server, text, sizeof text, 0));
    result("read", recv(server, text, sizeof text, 0));
    result("read", recv(server, text, sizeof text, 0));
    close(server);
    return 0;
}

// TCP and UDP over the loopback interface: what connections, ports, options and errors are.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct sockaddr_storage any;

static const char *name(int result) { return result < 0 ? strerrorname_np(errno) : "ok"; }

static socklen_t at(any *address, const char *text, int port) {
    memset(address, 0, sizeof *address);
    struct sockaddr_in *four = (void *)address;
    struct sockaddr_in6 *six = (void *)address;
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET, four->sin_port = htons((unsigned short)port);
        return sizeof *four;
    }
    inet_pton(AF_INET6, text, &six->sin6_addr);
    six->sin6_family = AF_INET6, six->sin6_port = htons((unsigned short)port);
    return sizeof *six;
}

static int port_of(const any *address) {
    return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)address)->sin6_port);
}

static int own_port(int fd) {
    any address;
    socklen_t length = sizeof address;
    getsockname(fd, (void *)&address, &length);
    return port_of(&address);
}

static void show(const char *what, int fd, int peer) {
    any address;
    socklen_t length = sizeof address;
    int result = peer ? getpeername(fd, (void *)&address, &length) : getsockname(fd, (void *)&address, &length);
    char text[64] = "";
    if (result == 0) {
        if (address.ss_family == AF_INET) inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text, sizeof text);
        else inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, text, sizeof text);
    }
    printf("%s: %s %s family %d length %u port %s\n", what, name(result), text, result ? 0 : address.ss_family,
           result ? 0 : (unsigned)length, result ? "-" : port_of(&address) ? "some" : "none");
}

static int tcp(int family) { return socket(family, SOCK_STREAM, 0); }
static int udp(int family) { return socket(family, SOCK_DGRAM, 0); }

static int bind_to(int fd, const char *text, int port) {
    any address;
    socklen_t length = at(&address, text, port);
    return bind(fd, (void *)&address, length);
}

static int connect_to(int fd, const char *text, int port) {
    any address;
    socklen_t length = at(&address, text, port);
    return connect(fd, (void *)&address, length);
}

static int send_to(int fd, const char *bytes, const char *text, int port) {
    any address;
    socklen_t length = at(&address, text, port);
    return (int)sendto(fd, bytes, strlen(bytes), 0, (void *)&address, length);
}

static int events(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    poll(&wait, 1, 0);
    return wait.revents;
}

static int option(int fd, int level, int number) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, number, &value, &length) ? -errno : value;
}

// A listener, and both ends of a connection to it.
static int listener, client, server;
static void pair(int family, const char *from, const char *to) {
    listener = tcp(family);
    if (bind_to(listener, from, 0) || listen(listener, 5)) exit(1);
    client = tcp(family);
    if (connect_to(client, to, own_port(listener))) exit(2);
    server = accept(listener, NULL, NULL);
}

static void unpair(void) { close(listener), close(client), close(server); }

static void addresses(void) {
    int fd = tcp(AF_INET);
    show("new", fd, 0), show("new peer", fd, 1);
    printf("new events %#x, type %d, protocol %d, domain %d\n", events(fd), option(fd, SOL_SOCKET, SO_TYPE),
           option(fd, SOL_SOCKET, SO_PROTOCOL), option(fd, SOL_SOCKET, SO_DOMAIN));
    printf("unconnected: recv %s", name((int)recv(fd, &fd, 1, 0)));
    printf(", send %s", name((int)send(fd, "x", 1, MSG_NOSIGNAL)));
    printf(", shutdown %s", name(shutdown(fd, SHUT_RD)));
    printf(", accept %s\n", name(accept(fd, NULL, NULL)));
    printf("bind elsewhere %s", name(bind_to(fd, "192.0.2.1", 0)));
    any short_one;
    at(&short_one, "127.0.0.1", 0);
    printf(", short %s", name(bind(fd, (void *)&short_one, 8)));
    struct sockaddr local = {.sa_family = AF_UNIX};
    printf(", of another family %s", name(bind(fd, &local, sizeof(struct sockaddr_in))));
    printf(", right %s", name(bind_to(fd, "127.0.0.1", 0)));
    printf(", twice %s\n", name(bind_to(fd, "127.0.0.1", 0)));
    close(fd);
    pair(AF_INET, "0.0.0.0", "127.0.0.1");
    show("listener", listener, 0), show("client", client, 0), show("client peer", client, 1);
    show("server", server, 0), show("server peer", server, 1);
    printf("listening %d %d, its peer %s\n", option(listener, SOL_SOCKET, SO_ACCEPTCONN), option(server, SOL_SOCKET, SO_ACCEPTCONN), name(getpeername(listener, (void *)&short_one, &(socklen_t){sizeof short_one})));
    printf("again %s, listen on it %s\n", name(connect_to(client, "127.0.0.1", own_port(listener))), name(listen(client, 1)));
    unpair();
    pair(AF_INET6, "::1", "::1");
    show("six client", client, 0), show("six server peer", server, 1);
    unpair();
    pair(AF_INET6, "::", "::ffff:127.0.0.1");
    show("mapped client", client, 0), show("mapped server peer", server, 1);
    int four = tcp(AF_INET);
    printf("four to both %s\n", name(connect_to(four, "127.0.0.1", own_port(listener))));
    int six = accept(listener, NULL, NULL);
    show("four as six", six, 1);
    close(four), close(six), unpair();
    int only = tcp(AF_INET6), one = 1;
    setsockopt(only, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    printf("only six: mapped %s", name(connect_to(only, "::ffff:127.0.0.1", 9)));
    bind_to(only, "::", 0), listen(only, 1);
    four = tcp(AF_INET);
    printf(", four %s", name(connect_to(four, "127.0.0.1", own_port(only))));
    int same = tcp(AF_INET);
    printf(", same port in four %s", name(bind_to(same, "0.0.0.0", own_port(only))));
    printf(", late %s\n", name(setsockopt(only, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one)));
    close(only), close(four), close(same);
}

static void ports(void) {
    int one = tcp(AF_INET), other = tcp(AF_INET), yes = 1;
    bind_to(one, "127.0.0.1", 0);
    int port = own_port(one);
    printf("same port %s", name(bind_to(other, "127.0.0.1", port)));
    printf(", as all %s", name(bind_to(other, "0.0.0.0", port)));
    printf(", elsewhere %s\n", name(bind_to(other, "127.0.0.2", port)));
    close(other), other = tcp(AF_INET);
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    printf("reused %s", name(bind_to(other, "127.0.0.1", port)));
    printf(", listens %s", name(listen(one, 1)));
    int third = tcp(AF_INET);
    setsockopt(third, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    printf(", while one listens %s\n", name(bind_to(third, "127.0.0.1", port)));
    close(one), close(other), close(third);
    one = tcp(AF_INET), other = tcp(AF_INET);
    setsockopt(one, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    bind_to(one, "127.0.0.1", 0);
    printf("shared port %s", name(bind_to(other, "127.0.0.1", own_port(one))));
    printf(", both listen %s", name(listen(one, 1)));
    printf(" %s\n", name(listen(other, 1)));
    close(one), close(other);
    one = udp(AF_INET), other = udp(AF_INET6);
    bind_to(one, "127.0.0.1", 0);
    printf("udp: same port in six, all %s", name(bind_to(other, "::", own_port(one))));
    printf(", one %s\n", name(bind_to(other, "::1", own_port(one))));
    close(one), close(other);
}

static void connections(void) {
    int fd = tcp(AF_INET), free_port;
    bind_to(fd, "127.0.0.1", 0), free_port = own_port(fd), close(fd);
    fd = tcp(AF_INET);
    printf("nobody %s", name(connect_to(fd, "127.0.0.1", free_port)));
    printf(", error then %d, of the wrong family %s\n", option(fd, SOL_SOCKET, SO_ERROR), name(connect_to(fd, "::1", free_port)));
    close(fd), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    printf("without waiting %s", name(connect_to(fd, "127.0.0.1", free_port)));
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    poll(&wait, 1, 2000);
    printf(", then %#x, an error %d", wait.revents, option(fd, SOL_SOCKET, SO_ERROR) > 0);
    printf(", told once %d\n", option(fd, SOL_SOCKET, SO_ERROR));
    close(fd);
    listener = tcp(AF_INET), bind_to(listener, "127.0.0.1", 0), listen(listener, 5);
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    printf("without waiting %s", name(connect_to(client, "127.0.0.1", own_port(listener))));
    wait = (struct pollfd){.fd = client, .events = POLLOUT};
    poll(&wait, 1, 2000);
    printf(", then %#x, error %d\n", wait.revents, option(client, SOL_SOCKET, SO_ERROR));
    printf("listener events %#x\n", events(listener));
    server = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    char bytes[64];
    printf("events %#x %#x, nothing yet %s\n", events(client), events(server), name((int)read(server, bytes, 64)));
    (void)!write(client, "hello, ", 7), (void)!write(client, "you", 3);
    int pending = 0;
    ioctl(server, FIONREAD, &pending);
    printf("pending %d, peeked %d, read %d: %.10s\n", pending, (int)recv(server, bytes, 4, MSG_PEEK), (int)read(server, bytes, 64), bytes);
    shutdown(client, SHUT_WR);
    printf("half closed: %#x %#x, read %d, still writes %d\n", events(client), events(server), (int)read(server, bytes, 64), (int)write(server, "late", 4));
    printf("write of who shut %s, read %d\n", name((int)send(client, "x", 1, MSG_NOSIGNAL)), (int)read(client, bytes, 64));
    close(server);
    usleep(1000);
    printf("both closed: %#x, read %d\n", events(client), (int)read(client, bytes, 64));
    unpair();
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    close(server);
    usleep(1000);
    printf("peer closed: %#x, read %d", events(client), (int)read(client, bytes, 64));
    printf(", first write %s", name((int)send(client, "x", 1, MSG_NOSIGNAL)));
    usleep(1000);
    printf(", then %#x", events(client));
    printf(", second %s\n", name((int)send(client, "x", 1, MSG_NOSIGNAL)));
    close(client), close(listener);
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    (void)!write(client, "unread", 6);
    usleep(1000);
    close(server);
    usleep(1000);
    printf("closed with bytes unread: %#x, read %s", events(client), name((int)read(client, bytes, 64)));
    printf(", then %d, write %s\n", (int)read(client, bytes, 64), name((int)send(client, "x", 1, MSG_NOSIGNAL)));
    close(client), close(listener);
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    struct linger linger = {1, 0};
    setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(server);
    usleep(1000);
    printf("reset: %#x, read %s\n", events(client), name((int)read(client, bytes, 64)));
    close(client), close(listener);
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    shutdown(client, SHUT_RD);
    printf("not reading: read %d, peer writes %d, %#x\n", (int)recv(client, bytes, 64, MSG_DONTWAIT), (int)write(server, "x", 1), events(server));
    unpair();
}

static void *serve(void *nothing) {
    char bytes[4096];
    int fd = accept(listener, NULL, NULL);
    for (long count; (count = read(fd, bytes, sizeof bytes)) > 0;)
        for (long done = 0; done < count;) done += write(fd, bytes + done, (size_t)(count - done));
    close(fd);
    return nothing;
}

static void flow(void) {
    listener = tcp(AF_INET), bind_to(listener, "127.0.0.1", 0), listen(listener, 1);
    pthread_t thread;
    pthread_create(&thread, NULL, serve, NULL);
    client = tcp(AF_INET);
    connect_to(client, "127.0.0.1", own_port(listener));
    unsigned long sent = 0, received = 0, sum = 0;
    fcntl(client, F_SETFL, O_NONBLOCK);
    unsigned char bytes[30000];
    const unsigned long all = 3000000;
    while (received < all) {
        struct pollfd wait = {.fd = client, .events = (short)(POLLIN | (sent < all ? POLLOUT : 0))};
        poll(&wait, 1, -1);
        if (wait.revents & POLLOUT) {
            for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)((sent + i) * 7 >> 3);
            size_t count = sizeof bytes < all - sent ? sizeof bytes : all - sent;
            long done = write(client, bytes, count);
            if (done > 0) sent += (unsigned long)done;
            if (sent == all) shutdown(client, SHUT_WR);
        }
        if (wait.revents & POLLIN) {
            long count = read(client, bytes, sizeof bytes);
            if (count <= 0) break;
            for (long i = 0; i < count; i++) sum += bytes[i] != (unsigned char)((received + (unsigned long)i) * 7 >> 3);
            received += (unsigned long)count;
        }
    }
    printf("flowed %lu, wrong %lu, end %d\n", received, sum, (int)read(client, bytes, 1) <= 0);
    pthread_join(thread, NULL);
    close(client), close(listener);
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    fcntl(client, F_SETFL, O_NONBLOCK);
    while (write(client, bytes, sizeof bytes) > 0) {}
    int full = events(client);
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET}, told;
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
    int before = epoll_wait(epoll, &told, 1, 0);
    for (fcntl(server, F_SETFL, O_NONBLOCK); read(server, bytes, sizeof bytes) > 0;) {}
    printf("full %#x, room %#x, told %d %d\n", full, events(client), before, epoll_wait(epoll, &told, 1, 2000));
    close(epoll), unpair();
}

static void backlog(void) {
    listener = tcp(AF_INET), bind_to(listener, "127.0.0.1", 0), listen(listener, 0);
    int first = tcp(AF_INET), port = own_port(listener), done = 0;
    connect_to(first, "127.0.0.1", port);
    pid_t child = fork();
    if (!child) {
        // There is room for one more, but not for two.
        int a = tcp(AF_INET), b = tcp(AF_INET);
        int all = connect_to(a, "127.0.0.1", port) || connect_to(b, "127.0.0.1", port);
        _exit(all ? 1 : 7);
    }
    for (int i = 0; i < 3; i++) {
        int fd = accept(listener, NULL, NULL);
        done += fd >= 0;
        close(fd);
    }
    int status;
    waitpid(child, &status, 0);
    printf("accepted %d, the child %d\n", done, WEXITSTATUS(status));
    close(first);
    first = tcp(AF_INET);
    connect_to(first, "127.0.0.1", port);
    close(listener);
    usleep(1000);
    char byte;
    printf("never accepted: %#x, read %s\n", events(first), name((int)read(first, &byte, 1)));
    close(first);
}

static void messages(void) {
    int one = udp(AF_INET), other = udp(AF_INET);
    char bytes[64] = "";
    any from;
    socklen_t length = sizeof from;
    printf("udp events %#x, nobody named %s", events(one), name((int)send(one, "x", 1, 0)));
    bind_to(other, "127.0.0.1", 0);
    int port = own_port(other);
    printf(", sent %d", send_to(one, "first", "127.0.0.1", port));
    show(", from", one, 0);
    send_to(one, "", "127.0.0.1", port), send_to(one, "third one", "127.0.0.1", port);
    int count = (int)recvfrom(other, bytes, 64, 0, (void *)&from, &length);
    printf("received %d %s from %s, the right port %d\n", count, bytes, inet_ntoa(((struct sockaddr_in *)&from)->sin_addr), port_of(&from) == own_port(one));
    printf("an empty one %d", (int)recv(other, bytes, 64, 0));
    printf(", cut %d", (int)recv(other, bytes, 3, MSG_TRUNC));
    printf(", none left %s\n", name((int)recv(other, bytes, 64, MSG_DONTWAIT)));
    printf("connected %s", name(connect_to(one, "127.0.0.1", port)));
    show(", to", one, 1);
    printf("to its peer %d, to another %s\n", (int)send(one, "x", 1, 0), name(send_to(one, "x", "127.0.0.2", port)));
    int stranger = udp(AF_INET);
    send_to(stranger, "who?", "127.0.0.1", own_port(one));
    usleep(1000);
    printf("a stranger %s\n", name((int)recv(one, bytes, 64, MSG_DONTWAIT)));
    close(other);
    printf("nobody there %d", (int)send(one, "x", 1, 0));
    usleep(1000);
    printf(", events %#x, then %s", events(one) & ~POLLIN, name((int)recv(one, bytes, 64, MSG_DONTWAIT)));
    printf(", then %s\n", name((int)recv(one, bytes, 64, MSG_DONTWAIT)));
    static char big[70000];
    printf("too long %s", name((int)send(one, big, sizeof big, 0)));
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    printf(", disconnected %s", name(connect(one, &none, sizeof none)));
    printf(", peer %s, to port 0 %s\n", name(getpeername(one, (void *)&from, &length)), name(send_to(one, "x", "127.0.0.1", 0)));
    int six = udp(AF_INET6);
    bind_to(six, "::", 0);
    send_to(one, "four", "127.0.0.1", own_port(six));
    length = sizeof from;
    count = (int)recvfrom(six, bytes, 64, 0, (void *)&from, &length);
    char text[64];
    printf("to six %d from %s\n", count, inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from)->sin6_addr, text, sizeof text));
    struct mmsghdr many[3] = {0};
    struct iovec parts[3];
    any to;
    socklen_t to_length = at(&to, "127.0.0.1", own_port(six));
    for (int i = 0; i < 3; i++) {
        parts[i] = (struct iovec){bytes + i, 1u + (unsigned)i};
        many[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = to_length, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(one, many, 3, 0);
    int lengths = 0;
    for (int i = 0; i < 3; i++) lengths = lengths * 10 + (int)recv(six, bytes, 64, 0);
    printf("several %d, lengths %d\n", sent, lengths);
    close(one), close(six), close(stranger);
}

static void options(void) {
    int fd = tcp(AF_INET), yes = 1, no = 0;
    printf("nodelay %d", option(fd, IPPROTO_TCP, TCP_NODELAY));
    printf(" %s", name(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes)));
    printf(" %d", option(fd, IPPROTO_TCP, TCP_NODELAY));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no, sizeof no);
    printf(" %d\n", option(fd, IPPROTO_TCP, TCP_NODELAY));
    int idle = 33;
    printf("keepidle %d %s", option(fd, IPPROTO_TCP, TCP_KEEPIDLE), name(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle)));
    printf(" %d, intvl %d, cnt %d\n", option(fd, IPPROTO_TCP, TCP_KEEPIDLE), option(fd, IPPROTO_TCP, TCP_KEEPINTVL), option(fd, IPPROTO_TCP, TCP_KEEPCNT));
    printf("ttl %d, tos %d, short %s, unknown %s", option(fd, IPPROTO_IP, IP_TTL), option(fd, IPPROTO_IP, IP_TOS),
           name(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, 1)), name(setsockopt(fd, IPPROTO_TCP, 99, &yes, sizeof yes)));
    printf(", six of four %d, udp of tcp %d\n", option(fd, IPPROTO_IPV6, IPV6_V6ONLY), option(fd, IPPROTO_UDP, 1));
    char text[16] = "";
    socklen_t length = sizeof text;
    printf("congestion %s", name(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, text, &length)));
    printf(", level 77 %s\n", name(setsockopt(fd, 77, 1, &yes, sizeof yes)));
    close(fd), fd = tcp(AF_INET6);
    printf("v6only %d, hops %d\n", option(fd, IPPROTO_IPV6, IPV6_V6ONLY), option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) > 0);
    close(fd);
    pair(AF_INET, "127.0.0.1", "127.0.0.1");
    struct { unsigned char state; unsigned char rest[231]; } info;
    length = sizeof info;
    printf("info %s", name(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length)));
    struct { int pid, uid, gid; } who;
    length = sizeof who;
    printf(", peer's credentials %s", name(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length)));
    printf(" %d %d\n", who.pid, who.uid);
    struct timeval soon = {0, 20000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    printf("timeout %s\n", name((int)read(client, text, 1)));
    unpair();
    printf("kinds: %s", name(socket(AF_INET, SOCK_SEQPACKET, 0)));
    printf(" %s", name(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)));
    printf(" %s", name(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP)));
    int ends[2];
    printf(" %s %s\n", name(socket(AF_INET, 0, 0)), name(socketpair(AF_INET, SOCK_STREAM, 0, ends)));
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGPIPE, SIG_IGN);
    addresses(), ports(), connections(), flow(), backlog(), messages(), options();
    return 0;
}

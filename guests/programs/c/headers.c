// What headers of messages say: ancillary data of UDP over IPv4 and IPv6, and options for it; UDP-Lite.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef UDPLITE_SEND_CSCOV
#define UDPLITE_SEND_CSCOV 10
#define UDPLITE_RECV_CSCOV 11
#endif

typedef struct sockaddr_storage any;

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static int set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value); }

static void show(const char *what, int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    int got = getsockopt(fd, level, option, &value, &length);
    result(what, got ? got : value);
}

static socklen_t loopback(int family, any *at) {
    memset(at, 0, sizeof *at);
    at->ss_family = (sa_family_t)family;
    if (family == AF_INET) {
        ((struct sockaddr_in *)at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof(struct sockaddr_in);
    }
    ((struct sockaddr_in6 *)at)->sin6_addr = in6addr_loopback;
    return sizeof(struct sockaddr_in6);
}

static int bound(int family, int type, int protocol, any *at, socklen_t *length) {
    int fd = socket(family, type, protocol);
    *length = loopback(family, at);
    if (bind(fd, (void *)at, *length)) result("bind", -1);
    getsockname(fd, (void *)at, length);
    return fd;
}

// A message with one number beside it, of so many bytes.
static void send_with(const char *what, int fd, int level, int type, int value, int bytes) {
    char space[CMSG_SPACE(sizeof value)];
    memset(space, 0, sizeof space);
    struct iovec piece = {"x", 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = level, control->cmsg_type = type, control->cmsg_len = CMSG_LEN((size_t)bytes);
    memcpy(CMSG_DATA(control), &value, sizeof value);
    result(what, sendmsg(fd, &message, 0));
}

static void print_data(const struct cmsghdr *control, size_t bytes) {
    struct in_pktinfo four;
    struct in6_pktinfo six;
    char text[64] = "";
    int value = 0;
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
        memcpy(&four, CMSG_DATA(control), sizeof four);
        printf(" %d %s", four.ipi_ifindex, inet_ntoa(four.ipi_spec_dst));
        printf(" %s", inet_ntoa(four.ipi_addr));
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
        memcpy(&six, CMSG_DATA(control), sizeof six);
        printf(" %d %s", (int)six.ipi6_ifindex, inet_ntop(AF_INET6, &six.ipi6_addr, text, sizeof text));
    } else if (bytes == 1 || bytes == sizeof value) {
        if (bytes == 1) value = *CMSG_DATA(control);
        else memcpy(&value, CMSG_DATA(control), bytes);
        printf(" %d", value);
    }
}

static void receive(int fd, size_t room) {
    char text[16], space[256];
    memset(space, 0, sizeof space);
    struct iovec piece = {text, sizeof text};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = room};
    long got = recvmsg(fd, &message, MSG_DONTWAIT);
    if (got < 0) {
        result("receive", got);
        return;
    }
    printf("receive: %ld%s", got, message.msg_flags & MSG_CTRUNC ? " cut" : "");
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
        size_t bytes = control->cmsg_len - CMSG_LEN(0);
        printf(", level %d type %d bytes %d", control->cmsg_level, control->cmsg_type, (int)bytes);
        print_data(control, bytes);
    }
    printf("\n");
}

static void four(void) {
    any at;
    socklen_t length;
    int receiver = bound(AF_INET, SOCK_DGRAM, 0, &at, &length), sender = socket(AF_INET, SOCK_DGRAM, 0);
    connect(sender, (void *)&at, length);
    send(sender, "x", 1, 0), receive(receiver, 256);
    set(receiver, IPPROTO_IP, IP_RECVTTL, 1), set(receiver, IPPROTO_IP, IP_RECVTOS, 1), set(receiver, IPPROTO_IP, IP_PKTINFO, 1);
    send(sender, "x", 1, 0), receive(receiver, 256);
    result("ttl", set(sender, IPPROTO_IP, IP_TTL, 9)), result("tos", set(sender, IPPROTO_IP, IP_TOS, 0x10));
    send(sender, "x", 1, 0), receive(receiver, 256);
    send_with("with ttl", sender, IPPROTO_IP, IP_TTL, 3, 4), receive(receiver, 256);
    send_with("ttl 0", sender, IPPROTO_IP, IP_TTL, 0, 4);
    send_with("ttl 256", sender, IPPROTO_IP, IP_TTL, 256, 4);
    send_with("other level", sender, IPPROTO_IPV6, IPV6_HOPLIMIT, 3, 4), receive(receiver, 256);
    result("no ttl", set(sender, IPPROTO_IP, IP_TTL, 0)), result("usual ttl", set(sender, IPPROTO_IP, IP_TTL, -1));
    show("ttl", sender, IPPROTO_IP, IP_TTL);
    close(sender), close(receiver);
}

static void six(void) {
    any at;
    socklen_t length;
    int receiver = bound(AF_INET6, SOCK_DGRAM, 0, &at, &length), sender = socket(AF_INET6, SOCK_DGRAM, 0);
    connect(sender, (void *)&at, length);
    set(receiver, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1), set(receiver, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    send(sender, "x", 1, 0), receive(receiver, 256);
    set(receiver, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    result("hops", set(sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7)), result("class", set(sender, IPPROTO_IPV6, IPV6_TCLASS, 0x20));
    send(sender, "x", 1, 0), receive(receiver, 256);
    send_with("with hops", sender, IPPROTO_IPV6, IPV6_HOPLIMIT, 2, 4), receive(receiver, 256);
    send_with("with class", sender, IPPROTO_IPV6, IPV6_TCLASS, 4, 4), receive(receiver, 256);
    send_with("usual hops", sender, IPPROTO_IPV6, IPV6_HOPLIMIT, -1, 4), receive(receiver, 256);
    send_with("hops 256", sender, IPPROTO_IPV6, IPV6_HOPLIMIT, 256, 4);
    send_with("three bytes", sender, IPPROTO_IPV6, IPV6_HOPLIMIT, 2, 3);
    send_with("unknown", sender, IPPROTO_IPV6, 99, 2, 4);
    // What does not fit is cut.
    set(receiver, IPPROTO_IPV6, IPV6_RECVPKTINFO, 0);
    send(sender, "x", 1, 0), receive(receiver, 0);
    send(sender, "x", 1, 0), receive(receiver, CMSG_LEN(0));
    send(sender, "x", 1, 0), receive(receiver, CMSG_LEN(3));
    send(sender, "x", 1, 0), receive(receiver, CMSG_SPACE(4));
    send(sender, "x", 1, 0), receive(receiver, CMSG_SPACE(4) + CMSG_LEN(2));
    result("usual hops", set(sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1)), result("256 hops", set(sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256));
    show("hops", sender, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
    result("usual class", set(sender, IPPROTO_IPV6, IPV6_TCLASS, -1));
    show("class", sender, IPPROTO_IPV6, IPV6_TCLASS);
    close(sender), close(receiver);
}

static void lite(void) {
    any at;
    socklen_t length;
    int receiver = bound(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, &at, &length);
    int sender = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), usual = socket(AF_INET, SOCK_DGRAM, 0);
    show("protocol", sender, SOL_SOCKET, SO_PROTOCOL);
    // Its ports are its own.
    result("same port", bind(usual, (void *)&at, length));
    result("send", sendto(sender, "lite", 4, 0, (void *)&at, length));
    char text[16];
    result("usual", recv(usual, text, sizeof text, MSG_DONTWAIT));
    result("lite", recv(receiver, text, sizeof text, MSG_DONTWAIT));
    int again = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
    result("taken", bind(again, (void *)&at, length));
    show("coverage", sender, IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV);
    int coverages[] = {20, 3, 0, -1, 70000};
    for (int index = 0; index < 5; index++) {
        result("set", set(sender, IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV, coverages[index]));
        show("coverage", sender, IPPROTO_UDPLITE, UDPLITE_SEND_CSCOV);
    }
    result("stream", socket(AF_INET, SOCK_STREAM, IPPROTO_UDPLITE));
    close(sender), close(usual), close(receiver), close(again);
}

int main(void) {
    four();
    six();
    lite();
    return 0;
}

// What goes with messages: descriptors and credentials; several messages at once.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static long send_fds(int to, const char *text, int length, const int *fds, int count) {
    static char space[4096];
    memset(space, 0, sizeof space);
    struct iovec piece = {(void *)text, length};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (count) {
        header.msg_control = space;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(control), fds, count * sizeof(int));
    }
    return sendmsg(to, &header, 0);
}

// Receives and prints; gives the last descriptor that came.
static int receive(int from, int length, int room, int flags) {
    static char space[4096], text[4096];
    memset(text, 0, sizeof text);
    struct iovec piece = {text, length};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = room};
    long got = recvmsg(from, &header, flags);
    if (got < 0) {
        result("receive", got);
        return -1;
    }
    printf("receive: %ld %.*s%s%s", got, (int)(got < 40 ? got : 40), text, header.msg_flags & MSG_CTRUNC ? " ctrunc" : "",
           header.msg_flags & MSG_TRUNC ? " trunc" : "");
    int last = -1;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&header); control; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_type == SCM_RIGHTS) {
            int count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(&last, CMSG_DATA(control) + (count - 1) * sizeof(int), sizeof last);
            printf(" rights=%d cloexec=%d", count, fcntl(last, F_GETFD));
        } else if (control->cmsg_type == SCM_CREDENTIALS) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(control), sizeof who);
            printf(" who=%d%d%d", who.pid == getpid(), who.uid == getuid(), who.gid == getgid());
        }
    }
    printf("\n");
    return last;
}

int main(void) {
    int pair[2], ends[2];
    char text[64] = "";
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(ends)) return 1;
    result("send", send_fds(pair[0], "abc", 3, ends, 2));
    int writer = receive(pair[1], 64, 256, MSG_CMSG_CLOEXEC);
    result("write", write(writer, "through", 7));
    result("read", read(ends[0], text, 64));
    printf("%s\n", text);
    // Reading stops behind descriptors; they go with the first of their bytes.
    send(pair[0], "before ", 7, 0);
    send_fds(pair[0], "with", 4, ends, 1);
    send(pair[0], " after", 6, 0);
    close(receive(pair[1], 64, 256, MSG_PEEK));
    close(receive(pair[1], 9, 256, 0));
    receive(pair[1], 64, 256, 0);
    // No room, or too little.
    send_fds(pair[0], "x", 1, ends, 2);
    receive(pair[1], 64, 0, 0);
    send_fds(pair[0], "x", 1, ends, 2);
    close(receive(pair[1], 64, CMSG_LEN(sizeof(int)), 0));
    // read(2) loses them.
    send_fds(pair[0], "x", 1, ends, 2);
    result("read", read(pair[1], text, 64));
    int wrong[2] = {ends[0], 99};
    result("wrong", send_fds(pair[0], "x", 1, wrong, 2));
    static int many[254];
    result("many", send_fds(pair[0], "x", 1, many, 254));
    result("most", send_fds(pair[0], "x", 1, many, 253));
    result("read", read(pair[1], text, 64));
    // A descriptor that is sent and closed lives on.
    close(ends[1]), close(writer);
    int other[2];
    if (pipe(other)) return 1;
    send_fds(pair[0], "x", 1, &other[0], 1);
    close(other[0]);
    result("alive", write(other[1], "alive", 5));
    int reader = receive(pair[1], 1, 256, 0);
    result("read", read(reader, text, 64));
    printf("%.5s\n", text);
    // Sockets through sockets, and through themselves.
    int inner[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, inner)) return 1;
    send_fds(inner[0], "self", 4, &inner[1], 1);
    send_fds(inner[0], "peer", 4, &inner[0], 1);
    close(inner[0]);
    int self = receive(inner[1], 64, 256, 0);
    close(inner[1]);
    int peer = receive(self, 64, 256, 0);
    result("send", send(peer, "round", 5, 0));
    receive(self, 64, 256, 0);
    // Credentials.
    int on = 1;
    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    send_fds(pair[0], "who", 3, NULL, 0);
    receive(pair[1], 64, 256, 0);
    send_fds(pair[0], "both", 4, &self, 1);
    close(receive(pair[1], 64, 256, 0));
    send_fds(pair[0], "cut", 3, NULL, 0);
    receive(pair[1], 64, 0, 0);
    char space[CMSG_SPACE(sizeof(struct ucred))] = "";
    struct iovec piece = {"said", 4};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *control = CMSG_FIRSTHDR(&header);
    struct ucred who = {getpid(), getuid(), getgid()};
    control->cmsg_level = SOL_SOCKET, control->cmsg_type = SCM_CREDENTIALS, control->cmsg_len = CMSG_LEN(sizeof who);
    memcpy(CMSG_DATA(control), &who, sizeof who);
    result("said", sendmsg(pair[0], &header, 0));
    receive(pair[1], 64, 256, 0);
    control->cmsg_len = 4;
    result("short", sendmsg(pair[0], &header, 0));
    control->cmsg_len = CMSG_LEN(sizeof who), control->cmsg_type = 77;
    result("unknown", sendmsg(pair[0], &header, 0));
    // Several at once.
    struct mmsghdr list[4];
    struct iovec pieces[4];
    char parts[4][8] = {"a", "bb", "ccc", "dddd"};
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, inner)) return 1;
    memset(list, 0, sizeof list);
    for (int i = 0; i < 4; i++) {
        pieces[i] = (struct iovec){parts[i], i + 1};
        list[i].msg_hdr.msg_iov = &pieces[i], list[i].msg_hdr.msg_iovlen = 1;
    }
    result("sendmmsg", sendmmsg(inner[0], list, 4, 0));
    printf("%u %u\n", list[0].msg_len, list[3].msg_len);
    result("recvmmsg", recvmmsg(inner[1], list, 3, 0, NULL));
    printf("%u %.3s\n", list[2].msg_len, parts[2]);
    result("recvmmsg", recvmmsg(inner[1], list, 4, MSG_WAITFORONE, NULL));
    printf("%u\n", list[0].msg_len);
    result("recvmmsg", recvmmsg(inner[1], list, 4, MSG_DONTWAIT, NULL));
    // Empty messages fill an inbox, too.
    while (send(inner[0], "", 0, MSG_DONTWAIT) == 0) continue;
    result("empty", send(inner[0], "", 0, MSG_DONTWAIT));
    // A long chain of sockets, each on its way through the next, which nobody will receive.
    int last = dup(0);
    for (int i = 0; i < 900; i++) {
        int link[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, link)) return 1;
        if (send_fds(link[0], "x", 1, &last, 1) != 1) return 1;
        close(last), close(link[0]);
        last = link[1];
    }
    result("chain", close(last));
    return 0;
}

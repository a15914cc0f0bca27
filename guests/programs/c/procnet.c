// What /proc tells of sockets, of System V objects, and of how the system is set: of one's own, as proc(5) has it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static unsigned long inode(int fd) {
    struct stat about;
    fstat(fd, &about);
    return about.st_ino;
}

static int port(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at;
    socklen_t length = sizeof at;
    getsockname(fd, &at.any, &length);
    return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

// The first line of a file, and whether all are as long.
static void head(const char *name) {
    FILE *file = fopen(name, "r");
    char line[512];
    size_t first = 0, same = 1;
    while (file && fgets(line, sizeof line, file)) {
        if (first == 0) {
            first = strlen(line);
            int end = strcspn(line, "\n");
            while (end > 0 && line[end - 1] == ' ') end--;
            printf("%s: %.*s\n", name, end, line);
        }
        same &= strlen(line) == first;
    }
    printf("%zu %zu\n", first, same);
    if (file) fclose(file);
}

// What a file says of a socket: state, ports, what waits.
static void show(const char *what, const char *name, int fd, int other) {
    FILE *file = fopen(name, "r");
    char line[512];
    int found = 0;
    while (file && fgets(line, sizeof line, file)) {
        char local[64], peer[64];
        unsigned own, theirs, state, sent, waiting, uid;
        unsigned long number;
        if (sscanf(line, "%*d: %32[0-9A-F]:%X %32[0-9A-F]:%X %X %X:%X %*X:%*X %*X %u %*d %lu", local, &own, peer, &theirs, &state,
                   &sent, &waiting, &uid, &number) != 9 || number != inode(fd)) continue;
        found = 1;
        uint32_t words[4] = {0};
        for (size_t i = 0; i < strlen(local) / 8; i++) sscanf(local + 8 * i, "%8X", &words[i]);
        printf("%s: %zu %d %d %X %u %d", what, strlen(local), own == (unsigned)port(fd), theirs == (unsigned)(other < 0 ? 0 : port(other)),
               state, waiting, uid == getuid());
        if (strlen(local) == 8) printf(" %s\n", words[0] == htonl(INADDR_LOOPBACK) ? "127.0.0.1" : words[0] ? "?" : "0.0.0.0");
        else printf(" %d\n", memcmp(words, &in6addr_loopback, 16) == 0);
    }
    if (!found) printf("%s: nothing\n", what);
    if (file) fclose(file);
}

static int bound(int family, int kind) {
    int fd = socket(family, kind, 0);
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    if (family == AF_INET) bind(fd, (struct sockaddr *)&four, sizeof four);
    else bind(fd, (struct sockaddr *)&six, sizeof six);
    return fd;
}

static int connected(int family, int kind, int to) {
    int fd = socket(family, kind, 0);
    struct sockaddr_in6 at;
    socklen_t length = sizeof at;
    getsockname(to, (struct sockaddr *)&at, &length);
    if (connect(fd, (struct sockaddr *)&at, length)) printf("connect: %s\n", strerror(errno));
    return fd;
}

static void internet(int family, const char *tcp, const char *udp) {
    head(tcp), head(udp);
    int listener = bound(family, SOCK_STREAM);
    show("bound", tcp, listener, -1);
    listen(listener, 5);
    show("listening", tcp, listener, -1);
    int client = connected(family, SOCK_STREAM, listener);
    show("one waits", tcp, listener, -1);
    int server = accept(listener, NULL, NULL);
    show("client", tcp, client, server), show("server", tcp, server, client);
    if (write(client, "hello", 5) != 5) return;
    show("server", tcp, server, client);
    // The end counts as a byte until it is read.
    char text[8];
    if (read(server, text, sizeof text) != 5) return;
    shutdown(client, SHUT_WR);
    if (read(server, text, sizeof text) != 0) return;
    usleep(300000);
    show("client", tcp, client, server), show("server", tcp, server, client);
    int one = bound(family, SOCK_DGRAM), other = connected(family, SOCK_DGRAM, one);
    show("bound", udp, one, -1), show("connected", udp, other, one);
    close(client), close(server), close(listener), close(one), close(other);
}

static void local(void) {
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), datagrams = socket(AF_UNIX, SOCK_DGRAM, 0), pair[2];
    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "procnet-%d", getpid());
    bind(listener, (struct sockaddr *)&at, offsetof(struct sockaddr_un, sun_path) + 1 + length);
    listen(listener, 1);
    strcpy(at.sun_path, "/tmp/procnet");
    unlink(at.sun_path);
    bind(datagrams, (struct sockaddr *)&at, sizeof at);
    FILE *file = fopen("/proc/net/unix", "r");
    char line[512];
    if (!file || !fgets(line, sizeof line, file)) return;
    printf("%s", line);
    char shown[3][512] = {""};
    while (fgets(line, sizeof line, file)) {
        unsigned references, protocol, flags, kind, state;
        unsigned long number;
        char path[256] = "";
        if (sscanf(line, "%*[0-9a-f]: %X %X %X %X %X %lu %255s", &references, &protocol, &flags, &kind, &state, &number, path) < 6) {
            printf("strange: %s", line);
            continue;
        }
        int which = number == inode(listener) ? 0 : number == inode(datagrams) ? 1 : number == inode(pair[1]) ? 2 : 3;
        if (which == 3) continue;
        kind = kind == SOCK_STREAM ? 1 : kind == SOCK_DGRAM ? 2 : kind;
        snprintf(shown[which], sizeof *shown, "%X %X %X %X %X %.8s", references, protocol, flags, kind, state, path);
    }
    for (int i = 0; i < 3; i++) puts(shown[i]);
    fclose(file);
    unlink(at.sun_path);
    close(listener), close(datagrams), close(pair[0]), close(pair[1]);
}

// The fields of the line of an object.
static int line_of(const char *name, int key, long *fields, int count) {
    FILE *file = fopen(name, "r");
    char line[512], *at;
    int found = 0;
    while (file && fgets(line, sizeof line, file)) {
        at = line;
        if (strtol(line, &at, 10) != key) continue;
        found = 1;
        for (int i = 0; i < count; i++) fields[i] = i == 1 ? strtol(at, &at, 8) : strtol(at, &at, 10);
    }
    if (file) fclose(file);
    return found;
}

static void objects(void) {
    int key = 0x10000000 + getpid();
    long fields[15] = {0};
    int segment = shmget(key, 5000, IPC_CREAT | 0640), set = semget(key, 3, IPC_CREAT | 0600), queue = msgget(key, IPC_CREAT | 0622);
    void *at = shmat(segment, NULL, 0);
    int found = line_of("/proc/sysvipc/shm", key, fields, 15);
    printf("%d %d ", found, fields[0] == segment);
    printf("%lo %ld %d %d %ld %d\n", fields[1], fields[2], fields[3] == getpid(), fields[4] == getpid(), fields[5], fields[6] == getuid());
    found = line_of("/proc/sysvipc/sem", key, fields, 9);
    printf("%d %d ", found, fields[0] == set);
    printf("%lo %ld %d %ld\n", fields[1], fields[2], fields[3] == getuid(), fields[7]);
    struct { long kind; char text[4]; } message = {1, "abc"};
    msgsnd(queue, &message, 4, 0);
    found = line_of("/proc/sysvipc/msg", key, fields, 13);
    printf("%d %d ", found, fields[0] == queue);
    printf("%lo %ld %ld %d %ld\n", fields[1], fields[2], fields[3], fields[4] == getpid(), fields[5]);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], wanted[32];
    snprintf(wanted, sizeof wanted, "/SYSV%08x (deleted)\n", key);
    while (maps && fgets(line, sizeof line, maps)) if (strstr(line, wanted)) printf("%d %.4s\n", strtoul(line, NULL, 16) == (uintptr_t)at, strchr(line, ' ') + 1);
    if (maps) fclose(maps);
    shmctl(segment, IPC_RMID, NULL), semctl(set, 0, IPC_RMID), msgctl(queue, IPC_RMID, NULL);
}

static void number(const char *name) {
    FILE *file = fopen(name, "r");
    long long value = -1;
    if (!file || fscanf(file, "%lld", &value) != 1) printf("%s: %s\n", name, strerror(errno));
    else printf("%s: %d\n", name, value >= 0);
    if (file) fclose(file);
}

int main(void) {
    char text[64] = "";
    if (readlink("/proc/net", text, sizeof text - 1) > 0) printf("%s\n", text);
    internet(AF_INET, "/proc/net/tcp", "/proc/net/udp");
    internet(AF_INET6, "/proc/self/net/tcp6", "/proc/net/udp6");
    local();
    objects();
    static const char *const numbers[] = {
        "kernel/shmmax", "kernel/shmall", "kernel/shmmni", "kernel/msgmni", "kernel/msgmax", "kernel/msgmnb", "kernel/sem",
        "net/core/somaxconn", "net/core/rmem_max", "net/core/wmem_default", "net/ipv4/ip_local_port_range", "net/ipv4/tcp_rmem",
        "net/ipv4/tcp_keepalive_time", "net/ipv4/tcp_fin_timeout", "net/ipv4/tcp_max_syn_backlog", "vm/overcommit_memory",
        "net/unix/max_dgram_qlen", "vm/max_map_count", "fs/file-max",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char name[128];
        snprintf(name, sizeof name, "/proc/sys/%s", numbers[i]);
        number(name);
    }
    head("/proc/net/dev"), head("/proc/net/route");
    FILE *file = fopen("/proc/net/sockstat", "r");
    int used = -1, inuse = -1;
    if (!file || fscanf(file, "sockets: used %d TCP: inuse %d", &used, &inuse) != 2) printf("sockstat\n");
    printf("%d %d\n", used >= 0, inuse);
    return 0;
}

// Pipes, sockets and epolls that many threads and processes use at the same time: nothing is lost, doubled, torn or forgotten.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 3, READERS = 3, RECORDS = 1000, LENGTH = 24 };

// A record says whose it is, and which; the rest follows from that.
struct record { unsigned writer, number, rest[LENGTH / 4 - 2]; };

static struct record record(unsigned writer, unsigned number) {
    struct record it = {writer, number, {0}};
    for (unsigned i = 0; i < LENGTH / 4 - 2; i++) it.rest[i] = writer * 1000003 + number * 31 + i;
    return it;
}

// What has been read, by everybody: in memory that processes share.
static struct seen { atomic_uchar times[WRITERS][RECORDS]; atomic_int torn, late; } *seen;

static void note(const struct record *got, int *last) {
    if (got->writer >= WRITERS || got->number >= RECORDS) { seen->torn++; return; }
    struct record right = record(got->writer, got->number);
    if (memcmp(&right, got, sizeof right)) seen->torn++;
    seen->times[got->writer][got->number]++;
    // One reader sees each writer's in order.
    if (last[got->writer] >= (int)got->number) seen->late++;
    last[got->writer] = (int)got->number;
}

static void tell(const char *what) {
    int lost = 0, doubled = 0;
    for (int writer = 0; writer < WRITERS; writer++)
        for (int i = 0; i < RECORDS; i++) lost += seen->times[writer][i] == 0, doubled += seen->times[writer][i] > 1;
    printf("%s: lost %d, doubled %d, torn %d, late %d\n", what, lost, doubled, seen->torn, seen->late);
    memset(seen, 0, sizeof *seen);
}

static int to, from;

static void *write_all(void *me) {
    for (unsigned i = 0; i < RECORDS; i++) {
        struct record it = record((unsigned)(long)me, i);
        ssize_t wrote;
        while ((wrote = write(to, &it, sizeof it)) < 0 && errno == EAGAIN) sched_yield();
        if (wrote != sizeof it) seen->torn++;
    }
    return NULL;
}

static void *read_all(void *me) {
    int last[WRITERS] = {-1, -1, -1};
    struct record it;
    ssize_t got;
    while ((got = read(from, &it, sizeof it)) > 0 || (got < 0 && errno == EAGAIN)) {
        if (got < 0) { sched_yield(); continue; }
        if (got != sizeof it) { seen->torn++; continue; }
        note(&it, last);
    }
    return me;
}

// All write, all read, and the readers come to the end once the last writer is gone.
static void through(const char *what, int nonblocking) {
    pthread_t writers[WRITERS], readers[READERS];
    if (nonblocking) fcntl(to, F_SETFL, O_NONBLOCK), fcntl(from, F_SETFL, O_NONBLOCK);
    for (long i = 0; i < READERS; i++) pthread_create(&readers[i], NULL, read_all, (void *)i);
    for (long i = 0; i < WRITERS; i++) pthread_create(&writers[i], NULL, write_all, (void *)i);
    for (int i = 0; i < WRITERS; i++) pthread_join(writers[i], NULL);
    close(to);
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    close(from);
    tell(what);
}

static void through_processes(const char *what) {
    pid_t children[WRITERS + READERS];
    fflush(stdout);
    for (int i = 0; i < WRITERS + READERS; i++) {
        if ((children[i] = fork())) continue;
        if (i < WRITERS) close(from), write_all((void *)(long)i);
        else close(to), read_all(NULL);
        _exit(0);
    }
    close(to), close(from);
    for (int i = 0; i < WRITERS + READERS; i++) waitpid(children[i], NULL, 0);
    tell(what);
}

static void pair_of(int family, int type) {
    int ends[2];
    if (!family) {
        if (pipe(ends)) exit(9);
        from = ends[0], to = ends[1];
        return;
    }
    if (socketpair(family, type, 0, ends)) exit(9);
    from = ends[0], to = ends[1];
}

static void connected(int *client, int *server) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, length) || listen(listener, 8)) exit(9);
    getsockname(listener, (struct sockaddr *)&at, &length);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(*client, (struct sockaddr *)&at, length)) exit(9);
    *server = accept(listener, NULL, NULL);
    close(listener);
}

// A stream keeps no records apart: the sum of what is in it must be right, byte by byte, whoever sends and receives.
static atomic_uint sent, received;
enum { STREAMED = 60000 };
static void *send_some(void *me) {
    unsigned char bytes[700];
    unsigned seed = (unsigned)(long)me + 1;
    for (int left = STREAMED; left > 0;) {
        int length = 1 + (int)(rand_r(&seed) % sizeof bytes);
        if (length > left) length = left;
        for (int i = 0; i < length; i++) bytes[i] = (unsigned char)rand_r(&seed);
        for (int at = 0; at < length;) {
            ssize_t wrote = send(to, bytes + at, (size_t)(length - at), seed % 3 ? 0 : MSG_DONTWAIT);
            if (wrote < 0 && errno == EAGAIN) { sched_yield(); continue; }
            if (wrote <= 0) return NULL;
            for (int i = at; i < at + (int)wrote; i++) sent += bytes[i] * 257u + 1;
            at += (int)wrote;
        }
        left -= length;
    }
    return NULL;
}
static void *receive_some(void *me) {
    unsigned char bytes[900];
    unsigned seed = (unsigned)(long)me + 77;
    for (;;) {
        ssize_t got = recv(from, bytes, 1 + (size_t)(rand_r(&seed) % sizeof bytes), seed % 3 ? 0 : MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) { sched_yield(); continue; }
        if (got <= 0) return NULL;
        for (int i = 0; i < (int)got; i++) received += bytes[i] * 257u + 1;
    }
}
static void streamed(const char *what) {
    pthread_t threads[WRITERS + READERS];
    sent = received = 0;
    for (long i = 0; i < WRITERS; i++) pthread_create(&threads[i], NULL, send_some, (void *)i);
    for (long i = 0; i < READERS; i++) pthread_create(&threads[WRITERS + i], NULL, receive_some, (void *)i);
    for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    shutdown(to, SHUT_WR);
    for (int i = 0; i < READERS; i++) pthread_join(threads[WRITERS + i], NULL);
    close(to), close(from);
    printf("%s: %s\n", what, sent == received && sent ? "all of it" : "not the same");
}

// Tokens go around: who takes one from a socket hands it on to the next. All wait for one epoll, which tells of each once.
enum { RINGS = 16, TOKENS = 8, TURNS = 2000, WORKERS = 4 };
static int ring[RINGS][2], ep;
static unsigned how;
static atomic_int turns, stray, is_over;
static void arm(int i, int op) {
    struct epoll_event event = {.events = EPOLLIN | how, .data.u32 = (unsigned)i};
    if (epoll_ctl(ep, op, ring[i][0], &event)) stray++;
}
static void *go_around(void *me) {
    (void)me;
    struct epoll_event events[3];
    while (!is_over) {
        int count = epoll_wait(ep, events, 3, 100);
        for (int i = 0; i < count; i++) {
            int at = (int)events[i].data.u32;
            unsigned char token;
            ssize_t got;
            while ((got = read(ring[at][0], &token, 1)) == 1) {
                if (token >= TOKENS) stray++;
                if (atomic_fetch_add(&turns, 1) + 1 >= TURNS) is_over = 1;
                if (write(ring[(at + 1 + token) % RINGS][1], &token, 1) != 1) stray++;
            }
            if (got >= 0 || errno != EAGAIN) stray++;
            if (how & EPOLLONESHOT) arm(at, EPOLL_CTL_MOD);
        }
    }
    return NULL;
}
// Meanwhile somebody takes sockets out and puts them back, which must not lose anybody's token.
static void *meddle(void *me) {
    (void)me;
    for (unsigned i = 0; !is_over; i++) {
        int extra[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, extra)) { stray++; break; }
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = 0};
        if (epoll_ctl(ep, EPOLL_CTL_ADD, extra[0], &event)) stray++;
        if (i % 2 && epoll_ctl(ep, EPOLL_CTL_DEL, extra[0], NULL)) stray++;
        close(extra[0]), close(extra[1]);
        if (!(how & EPOLLONESHOT)) arm((int)(i % RINGS), EPOLL_CTL_MOD);
        sched_yield();
    }
    return NULL;
}
static void rings(const char *what, unsigned flags) {
    pthread_t threads[WORKERS + 1];
    how = flags;
    turns = is_over = stray = 0;
    ep = epoll_create1(0);
    for (int i = 0; i < RINGS; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ring[i])) exit(9);
        arm(i, EPOLL_CTL_ADD);
    }
    for (int i = 0; i < WORKERS; i++) pthread_create(&threads[i], NULL, go_around, NULL);
    pthread_create(&threads[WORKERS], NULL, meddle, NULL);
    for (unsigned char token = 0; token < TOKENS; token++)
        if (write(ring[token][1], &token, 1) != 1) stray++;
    for (int i = 0; i <= WORKERS; i++) pthread_join(threads[i], NULL);
    int left = 0;
    unsigned char token;
    for (int i = 0; i < RINGS; i++) {
        while (read(ring[i][0], &token, 1) == 1) left++;
        close(ring[i][0]), close(ring[i][1]);
    }
    close(ep);
    printf("%s: stray %d, left %d\n", what, stray, left);
}

// The other end goes while somebody waits for it, or is about to: each time he learns it.
static void *wait_for_end(void *end) {
    char byte;
    return (void *)read(*(int *)end, &byte, 1);
}
static void ends(void) {
    int others = 0;
    for (int i = 0; i < 300; i++) {
        int two[2];
        pthread_t thread;
        void *got;
        if (i % 3 == 0) connected(&two[0], &two[1]);
        else if (i % 3 == 1 ? pipe(two) : socketpair(AF_UNIX, SOCK_STREAM, 0, two)) exit(9);
        pthread_create(&thread, NULL, wait_for_end, &two[0]);
        for (int yields = i % 7; yields; yields--) sched_yield();
        close(two[1]);
        pthread_join(thread, &got);
        others += got != 0;
        close(two[0]);
    }
    printf("ends: other answers %d\n", others);
}

// A descriptor comes to mean another pipe while others write there: each byte goes to one of the two.
static int swapped, pipes[2][2];
static atomic_int written;
static void *write_bytes(void *me) {
    for (int i = 0; i < 1500; i++) written += (int)write(swapped, "x", 1);
    return me;
}
static void swaps(void) {
    pthread_t threads[WRITERS];
    static char bytes[65536];
    for (int i = 0; i < 2; i++) if (pipe(pipes[i])) exit(9);
    swapped = dup(pipes[0][1]);
    for (int i = 0; i < WRITERS; i++) pthread_create(&threads[i], NULL, write_bytes, NULL);
    for (int i = 0; i < 2000; i++) {
        if (dup2(pipes[i % 2][1], swapped) != swapped) stray++;
        if (i % 50 == 0) sched_yield();
    }
    for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    ssize_t there = 0;
    for (int i = 0; i < 2; i++) {
        fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
        ssize_t got;
        while ((got = read(pipes[i][0], bytes, sizeof bytes)) > 0) there += got;
        close(pipes[i][0]), close(pipes[i][1]);
    }
    close(swapped);
    printf("swaps: %d written, %s\n", written, there == written ? "all there" : "not all there");
}

int main(void) {
    alarm(300);
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pair_of(0, 0), through("pipe", 0);
    pair_of(0, 0), through("pipe, looked at", 1);
    pair_of(AF_UNIX, SOCK_SEQPACKET), through("packets", 0);
    pair_of(AF_UNIX, SOCK_SEQPACKET), through("packets, looked at", 1);
    pair_of(0, 0), through_processes("pipe of processes");
    pair_of(AF_UNIX, SOCK_SEQPACKET), through_processes("packets of processes");
    pair_of(AF_UNIX, SOCK_STREAM), streamed("stream");
    connected(&to, &from), streamed("connection");
    rings("edges", EPOLLET);
    rings("one at a time", EPOLLONESHOT);
    rings("one edge at a time", EPOLLET | EPOLLONESHOT);
    ends();
    swaps();
    return 0;
}

// Waits that another process ends: event descriptors, sockets, watches, semaphores, messages.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int counter, pair[2], ends[2], server, other, set, queue, timer;
static struct sockaddr_un at = {.sun_family = AF_UNIX};
static socklen_t length;

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void rest(void) {
    struct timespec time = {0, 30000000};
    nanosleep(&time, NULL);
}

// Has a child do something once its parent waits.
static pid_t later(void (*work)(void)) {
    pid_t pid = fork();
    if (pid == 0) {
        rest();
        work();
        _exit(0);
    }
    return pid;
}

static void over(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0) printf("child: %x\n", status);
}

static void count(void) { eventfd_write(counter, 7); }
static void hear(void) { if (send(pair[1], "hello", 5, 0) != 5) _exit(1); }
static void close_end(void) { close(pair[1]); }
static void write_end(void) { if (write(ends[1], "bytes", 5) != 5) _exit(1); }
static void arm(void) {
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    timerfd_settime(timer, 0, &soon, NULL);
}
static void drain(void) {
    static char bytes[1 << 20];
    long total = 0, some;
    while (total < 400000 && (some = read(pair[1], bytes, sizeof bytes)) > 0) total += some;
}
static void visit(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, length) || write(fd, "visit", 5) != 5) _exit(1);
    char byte;
    if (read(fd, &byte, 1) != 0) _exit(2);
}
static void let_in(void) {
    for (int i = 0; i < 3; i++)
        if (accept(server, NULL, NULL) < 0) _exit(1);
}
static void take_one(void) {
    char byte;
    if (recv(server, &byte, 1, 0) != 1) _exit(1);
}
static void make_file(void) { close(open("made", O_CREAT | O_WRONLY, 0600)); }
static void nothing(void) {}
static void post(void) {
    struct sembuf up = {0, 1, 0};
    if (semop(set, &up, 1)) _exit(1);
}
static void remove_set(void) { semctl(set, 0, IPC_RMID); }
static void post_undone(void) {
    struct sembuf down = {0, -1, SEM_UNDO};
    if (semop(set, &down, 1)) _exit(1);
    rest();
}
static void mail(void) {
    struct { long kind; char text[4]; } note = {4, "mail"};
    if (msgsnd(queue, &note, 4, 0)) _exit(1);
}
static void remove_queue(void) { msgctl(queue, IPC_RMID, NULL); }
static void pass(void) {
    struct iovec piece = {"f", 1};
    char space[CMSG_SPACE(sizeof(int))] = "";
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET, control->cmsg_type = SCM_RIGHTS, control->cmsg_len = CMSG_LEN(sizeof(int));
    int file = open("passed", O_CREAT | O_RDWR, 0600);
    if (write(file, "from the child", 14) != 14) _exit(1);
    memcpy(CMSG_DATA(control), &file, sizeof file);
    if (sendmsg(pair[1], &header, 0) != 1) _exit(1);
}
static int wait_on(int fd, int events) {
    int epoll = epoll_create1(0), outer = epoll_create1(0);
    struct epoll_event event = {events, {.u32 = 1}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    event.events = EPOLLIN;
    epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event);
    int nested = epoll_wait(outer, &event, 1, 10000);
    int found = epoll_wait(epoll, &event, 1, 0);
    close(epoll), close(outer);
    return nested == 1 && found == 1 ? (int)event.events : -1;
}

static void descriptors(void) {
    uint64_t value = 0;
    char bytes[64];
    pid_t pid = later(count);
    result("eventfd", read(counter, &value, 8));
    over(pid), printf("%llu\n", (unsigned long long)value);
    pid = later(count);
    result("epoll", wait_on(counter, EPOLLIN | EPOLLET));
    over(pid), eventfd_read(counter, &value);
    value = UINT64_MAX - 1;
    if (write(counter, &value, 8) != 8) return;
    pid = fork();
    if (pid == 0) rest(), _exit(read(counter, &value, 8) != 8);
    value = 5;
    result("full", write(counter, &value, 8));
    over(pid), eventfd_read(counter, &value);
    pid = later(arm);
    struct pollfd poll_set = {timer, POLLIN, 0};
    result("timer", poll(&poll_set, 1, 10000));
    over(pid);
    pid = later(write_end);
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(ends[0], &reads);
    result("pipe", select(ends[0] + 1, &reads, NULL, NULL, NULL));
    over(pid), result("read", read(ends[0], bytes, 64));
    pid = later(write_end);
    int into[2];
    if (pipe(into)) return;
    result("splice", splice(ends[0], NULL, into[1], NULL, 64, 0));
    over(pid);
    int watch = inotify_init();
    inotify_add_watch(watch, ".", IN_CREATE);
    pid = later(make_file);
    result("inotify", read(watch, bytes, 64));
    over(pid), printf("%s\n", ((struct inotify_event *)bytes)->name);
}

static void signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked), sigaddset(&blocked, SIGCHLD), sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    int fd = signalfd(-1, &blocked, 0);
    pid_t pid = later(nothing);
    struct signalfd_siginfo info;
    result("signalfd", read(fd, &info, sizeof info));
    printf("%d %d %d\n", info.ssi_signo == SIGCHLD, info.ssi_pid == (unsigned)pid, info.ssi_code == CLD_EXITED);
    over(pid);
    pid = fork();
    if (pid == 0) rest(), _exit(kill(getppid(), SIGUSR1));
    result("epoll", wait_on(fd, EPOLLIN));
    if (read(fd, &info, sizeof info) < 0) return;
    printf("%d %d\n", info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGCHLD, info.ssi_pid == (unsigned)pid);
    over(pid);
}

static void sockets(void) {
    char bytes[64];
    static char block[400000];
    pid_t pid = later(hear);
    result("recv", recv(pair[0], bytes, 64, 0));
    over(pid);
    pid = later(hear);
    result("epoll", wait_on(pair[0], EPOLLIN | EPOLLET));
    over(pid), result("all", recv(pair[0], bytes, 5, MSG_WAITALL));
    pid = later(drain);
    result("send", send(pair[0], block, sizeof block, 0));
    over(pid);
    pid = later(pass);
    char space[CMSG_SPACE(sizeof(int))];
    struct iovec piece = {bytes, 1};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    result("recvmsg", recvmsg(pair[0], &header, 0));
    int file;
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof file);
    over(pid), result("passed", pread(file, bytes, 64, 0));
    pid = later(visit);
    int end = accept(server, NULL, NULL);
    struct ucred who;
    socklen_t room = sizeof who;
    getsockopt(end, SOL_SOCKET, SO_PEERCRED, &who, &room);
    printf("accept: %d %d\n", end >= 0, who.pid == pid);
    result("read", recv(end, bytes, 5, MSG_WAITALL));
    close(end), over(pid);
    int visitors[3];
    for (int i = 0; i < 2; i++) {
        visitors[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(visitors[i], (struct sockaddr *)&at, length)) perror("connect");
    }
    pid = later(let_in);
    visitors[2] = socket(AF_UNIX, SOCK_STREAM, 0);
    result("connect", connect(visitors[2], (struct sockaddr *)&at, length));
    over(pid);
    result("gone", read(visitors[0], bytes, 1));
    pid = later(close_end);
    close(pair[1]);
    result("hang-up", wait_on(pair[0], EPOLLRDHUP));
    over(pid);
    // A stranger's inbox that is full.
    close(server), server = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
    at.sun_path[1]++;
    if (bind(server, (struct sockaddr *)&at, length)) perror("bind");
    for (int i = 0; i < 11; i++)
        if (sendto(other, "x", 1, 0, (struct sockaddr *)&at, length) != 1) perror("sendto");
    pid = later(take_one);
    result("sendto", sendto(other, "x", 1, 0, (struct sockaddr *)&at, length));
    over(pid);
}

static void system_v(void) {
    struct sembuf down = {0, -1, 0}, zero = {0, 0, 0}, up = {0, 1, 0};
    set = semget(IPC_PRIVATE, 1, 0600), queue = msgget(IPC_PRIVATE, 0600);
    pid_t pid = later(post);
    result("semop", semop(set, &down, 1));
    over(pid);
    pid = later(post);
    result("down", semop(set, &down, 1));
    over(pid);
    if (semop(set, &up, 1)) return;
    pid = later(post_undone);
    result("zero", semop(set, &zero, 1));
    over(pid), printf("%d\n", semctl(set, 0, GETVAL));
    if (semop(set, &down, 1)) return;
    pid = later(remove_set);
    result("removed", semop(set, &down, 1));
    over(pid);
    struct { long kind; char text[8]; } note;
    pid = later(mail);
    result("msgrcv", msgrcv(queue, &note, 8, 0, 0));
    over(pid);
    pid = later(remove_queue);
    result("removed", msgrcv(queue, &note, 8, 0, 0));
    over(pid);
}

int main(void) {
    counter = eventfd(0, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(ends)) return 1;
    snprintf(at.sun_path + 1, 32, "0wake-%d", getpid());
    length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(at.sun_path + 1);
    server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&at, length) || listen(server, 1)) return 1;
    descriptors();
    sockets();
    system_v();
    signals();
    return 0;
}

// Processes as descriptors: what pidfd_send_signal(2), poll(2) and waitid(2) take for one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void handle(int signal) {
    (void)signal;
    count++;
}

static void say(const char *what, long result) {
    printf("%s %ld%s%s, %d signals\n", what, result, result == -1 ? " " : "", result == -1 ? strerror(errno) : "", count);
}

static long send_to(int fd) {
    return syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0);
}

int main(void) {
    signal(SIGUSR1, handle);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", getpid());
    say("own", send_to(syscall(SYS_pidfd_open, getpid(), 0)));
    say("directory", send_to(open(path, O_DIRECTORY)));
    say("path", send_to(open(path, O_PATH)));
    say("proc", send_to(open("/proc", O_DIRECTORY)));
    say("file", send_to(open("/dev/null", O_RDONLY)));
    int ends[2];
    if (pipe(ends) != 0) return 1;
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 7 : 1);
    }
    struct pollfd watched = {.fd = syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    say("alive", poll(&watched, 1, 0));
    close(ends[1]);
    say("over", poll(&watched, 1, -1));
    siginfo_t info;
    say("waited", waitid((idtype_t)3, watched.fd, &info, WEXITED));
    say("status", info.si_status);
    say("gone", send_to(watched.fd));
    return 0;
}

// fork, wait in all its forms, memory and files of parent and child, groups, stops, orphans.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int told;
static void on_child(int signal) { (void)signal, told++; }

static const char *describe(int status) {
    static char text[64];
    if (WIFEXITED(status)) sprintf(text, "exited %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status)) sprintf(text, "killed by %s", sigabbrev_np(WTERMSIG(status)));
    else if (WIFSTOPPED(status)) sprintf(text, "stopped by %s", sigabbrev_np(WSTOPSIG(status)));
    else if (WIFCONTINUED(status)) sprintf(text, "continued");
    else sprintf(text, "%#x", status);
    return text;
}

static int variable = 1;
static char *volatile nowhere = (char *)16;

static void memory(void) {
    int *heap = malloc(1 << 20), ends[2];
    int *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    heap[100000] = 2, shared[0] = 3;
    if (pipe(ends)) exit(1);
    pid_t child = fork();
    if (child == 0) {
        variable += 10, heap[100000] += 10, shared[0] += 10, shared[1024] = 7;
        char text[64];
        int length = sprintf(text, "%d %d %d", variable, heap[100000], shared[0]);
        if (write(ends[1], text, length) != length) _exit(1);
        _exit(0);
    }
    int status;
    printf("waited for it: %d, %s\n", waitpid(child, &status, 0) == child, describe(status));
    char text[64] = "";
    if (read(ends[0], text, sizeof text - 1) < 0) exit(1);
    printf("child: %s; parent: %d %d %d %d\n", text, variable, heap[100000], shared[0], shared[1024]);
    free(heap);
}

static void files(void) {
    int file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    int own = open("file", O_RDONLY | O_CLOEXEC);
    if (write(file, "0123456789", 10) != 10) exit(1);
    lseek(file, 2, SEEK_SET);
    if (fork() == 0) {
        char two[2];
        if (read(file, two, 2) != 2) _exit(1);
        close(file);
        _exit(two[0]);
    }
    int status;
    wait(&status);
    printf("child read '%c'; offset %ld, still open %d\n", WEXITSTATUS(status), (long)lseek(file, 0, SEEK_CUR), fcntl(own, F_GETFD));
}

static void waits(void) {
    int status;
    printf("nobody: %d", wait(NULL));
    printf(" %d\n", errno == ECHILD);
    int ends[2];
    char byte;
    if (pipe(ends)) exit(1);
    pid_t child = fork();
    if (child == 0) raise(SIGSTOP), _exit(read(ends[0], &byte, 1) == 1 ? 5 : 1);
    printf("%d ", waitpid(child, &status, WUNTRACED) == child);
    printf("%s\n", describe(status));
    printf("not again: %d\n", waitpid(child, &status, WNOHANG | WUNTRACED));
    kill(child, SIGCONT);
    printf("%d ", waitpid(child, &status, WCONTINUED) == child);
    printf("%s\n", describe(status));
    if (write(ends[1], "x", 1) != 1) exit(1);
    siginfo_t info = {0};
    printf("%d ", waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    printf("%d %d %d %d\n", info.si_pid == child, info.si_status, info.si_code == CLD_EXITED, info.si_signo == SIGCHLD);
    struct rusage usage;
    printf("%d ", wait4(child, &status, 0, &usage) == child);
    printf("%s\n", describe(status));
    child = fork();
    if (child == 0) for (;;) pause();
    printf("%d", waitpid(child, &status, WNOHANG));
    kill(child, SIGTERM);
    printf(" %d ", waitpid(-1, &status, 0) == child);
    printf("%s\n", describe(status));
    child = fork();
    if (child == 0) for (volatile long i = 0;; i++);
    usleep(20000);
    kill(child, SIGKILL);
    wait(&status);
    printf("busy: %s\n", describe(status));
    child = fork();
    if (child == 0) *(volatile int *)nowhere = 1, _exit(0);
    wait(&status);
    printf("fault: %s\n", describe(status));
}

static void signals(void) {
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    int ends[2];
    char byte;
    if (pipe(ends)) exit(1);
    if (fork() == 0) _exit(0);
    // The handler restarts the read, which another child ends.
    if (fork() == 0) {
        usleep(100000);
        if (write(ends[1], "x", 1) != 1) _exit(1);
        _exit(0);
    }
    printf("read %zd\n", read(ends[0], &byte, 1));
    while (wait(NULL) > 0) ;
    printf("told %d\n", told >= 1);
    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0) _exit(3);
    printf("disowned: %d", wait(NULL));
    printf(" %d\n", errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void groups(void) {
    int status, ends[2];
    char byte;
    if (pipe(ends)) exit(1);
    pid_t leader = fork();
    if (leader == 0) {
        setpgid(0, 0);
        for (int i = 0; i < 2; i++)
            if (fork() == 0) {
                if (write(ends[1], "r", 1) != 1) _exit(1);
                for (;;) pause();
            }
        for (int i = 0; i < 2; i++) wait(NULL);
        _exit(9);
    }
    setpgid(leader, leader);
    for (int i = 0; i < 2; i++)
        if (read(ends[0], &byte, 1) != 1) exit(1);
    printf("group: %d %d\n", getpgid(leader) == leader, getpgrp() != leader);
    signal(SIGUSR1, SIG_DFL);
    kill(-leader, SIGUSR1);
    printf("%d ", waitpid(-leader, &status, 0) == leader);
    printf("%s\n", describe(status));
    errno = 0;
    printf("nobody there: %d", kill(leader, 0));
    printf(" %d\n", errno == ESRCH);
    pid_t child = fork();
    if (child == 0) {
        pid_t session = setsid();
        _exit(session == getpid() && getsid(0) == session && getpgrp() == session ? 0 : 1);
    }
    waitpid(child, &status, 0);
    printf("session: %s\n", describe(status));
}

static void orphans(void) {
    int ends[2], parent = 0;
    if (pipe(ends)) exit(1);
    pid_t child = fork();
    if (child == 0) {
        pid_t middle = getpid();
        if (fork() == 0) {
            while ((parent = getppid()) == middle) usleep(1000);
            if (write(ends[1], &parent, sizeof parent) < 0) _exit(1);
        }
        _exit(0);
    }
    waitpid(child, NULL, 0);
    printf("an orphan has %s parent\n", read(ends[0], &parent, sizeof parent) == sizeof parent && parent != child ? "another" : "no");
    // If we are the first process, orphans are ours.
    waitpid(-1, NULL, 0);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    memory();
    files();
    waits();
    signals();
    groups();
    orphans();
    fflush(stdout);
    // Many at once, each of which says so.
    int sum = 0, status;
    for (int i = 0; i < 40; i++)
        if (fork() == 0) _exit(i);
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    printf("sum %d\n", sum);
    return 0;
}

// Job control on a pseudoterminal: sessions, signals of the foreground, stops of the background, hang-up.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master;

static void say(const char *what, int status) {
    if (WIFEXITED(status)) printf("%s exited %d\n", what, WEXITSTATUS(status));
    else if (WIFSTOPPED(status)) printf("%s stopped: %s\n", what, strsignal(WSTOPSIG(status)));
    else if (WIFCONTINUED(status)) printf("%s continued\n", what);
    else printf("%s killed: %s\n", what, strsignal(WTERMSIG(status)));
    fflush(stdout);
}

// A child that leads a session on a new terminal, which is its standard input.
static pid_t session(void (*leader)(void)) {
    master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master), unlockpt(master);
    pid_t child = fork();
    if (child) return child;
    setsid();
    int slave = open(ptsname(master), O_RDWR);
    close(master);
    dup2(slave, 0);
    if (slave) close(slave);
    if (tcgetsid(0) >= 0 && tcgetpgrp(0) != getpgrp()) printf("not in the foreground\n");
    leader();
    _exit(0);
}

static void type(const char *text) {
    if (write(master, text, strlen(text)) < 0) perror("type");
}

// What the leader does is seen once it writes a line.
static void await(void) {
    char byte = 0;
    while (byte != '\n' && read(master, &byte, 1) == 1) {}
}

static void tell(void) {
    if (write(0, "ready\n", 6) != 6) perror("tell");
}

static void waits(void) {
    tell();
    for (;;) pause();
}

// A shell with one job, which reads the terminal before it is given it.
static void shell(void) {
    signal(SIGTTOU, SIG_IGN);
    pid_t job = fork();
    if (!job) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_DFL);
        char line[64];
        ssize_t count = read(0, line, sizeof line);
        printf("job read %zd: %.*s", count, (int)count, line);
        fflush(stdout);
        tell();
        for (;;) pause();
    }
    int status;
    setpgid(job, job);
    waitpid(job, &status, WUNTRACED);
    say("background job", status);
    printf("%d\n", tcsetpgrp(0, job));
    printf("%d\n", tcgetpgrp(0) == job);
    fflush(stdout);
    kill(-job, SIGCONT);
    waitpid(job, &status, WCONTINUED);
    say("job", status);
    tell();
    waitpid(job, &status, WUNTRACED);
    say("job", status);
    tcsetpgrp(0, getpgrp());
    printf("%d\n", tcgetpgrp(0) == getpgrp());
    struct termios settings;
    tcgetattr(0, &settings);
    settings.c_lflag |= TOSTOP;
    tcsetattr(0, TCSANOW, &settings);
    pid_t writer = fork();
    if (!writer) {
        signal(SIGTTOU, SIG_DFL);
        setpgid(0, 0);
        if (write(0, "no\n", 3) < 0) perror("write");
        _exit(1);
    }
    waitpid(writer, &status, WUNTRACED);
    say("writer", status);
    kill(writer, SIGKILL);
    waitpid(writer, &status, 0);
    say("writer", status);
    fflush(stdout);
    _exit(3);
}

// A background job that nobody could bring to the foreground is not stopped: it may not read.
static void orphan(void) {
    pid_t middle = fork();
    if (!middle) {
        pid_t parent = getpid();
        if (fork()) _exit(0);
        setpgid(0, 0);
        while (getppid() == parent) usleep(1000);
        char byte;
        ssize_t count = read(0, &byte, 1);
        printf("orphan reads %zd %s\n", count, strerror(errno));
        fflush(stdout);
        tell();
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    for (;;) pause();
}

int main(void) {
    alarm(30);
    int status;
    const char *keys[] = {"\x03", "\x1c"};
    for (int i = 0; i < 2; i++) {
        pid_t child = session(waits);
        await();
        type(keys[i]);
        waitpid(child, &status, 0);
        say("leader", status & ~0x80);
        close(master);
    }
    pid_t child = session(waits);
    await();
    close(master);
    waitpid(child, &status, 0);
    say("leader", status);
    child = session(shell);
    await();
    type("a line\n");
    await();  // the echo
    await();  // the job
    type("\x03");
    waitpid(child, &status, 0);
    say("shell", status);
    close(master);
    child = session(orphan);
    await();
    close(master);
    waitpid(child, &status, 0);
    say("leader", status);
    return 0;
}

// What is remembered of how a thread wants to be scheduled, and of how much a pipe shall hold.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// What a call gave, and why it failed.
static void say(const char *what, long result) {
    printf("%s %ld%s%s\n", what, result, result == -1 ? " " : "", result == -1 ? strerror(errno) : "");
}

static void niceness(void) {
    int before = getpriority(PRIO_PROCESS, 0);
    nice(3);
    say("nice", getpriority(PRIO_PROCESS, 0) - before);
    pid_t child = fork();
    if (child == 0) {
        say("inherited", getpriority(PRIO_PROCESS, 0) - before);
        say("set", setpriority(PRIO_PROCESS, getpid(), before + 5));
        say("more", getpriority(PRIO_PROCESS, getpid()) - before);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    say("own", getpriority(PRIO_PROCESS, 0) - before);
    say("nobody", getpriority(PRIO_PROCESS, 99999999));
    say("nothing", getpriority(7, 0));
    setpriority(PRIO_PROCESS, 0, 1000);
    say("highest", getpriority(PRIO_PROCESS, 0));
}

static void policy(void) {
    struct sched_param param = {0};
    say("policy", sched_getscheduler(0));
    say("batch", sched_setscheduler(0, SCHED_BATCH, &param));
    say("policy", sched_getscheduler(0));
    say("low", sched_setscheduler(0, SCHED_FIFO, &param));
    param.sched_priority = 1;
    say("wrong", sched_setscheduler(0, SCHED_OTHER, &param));
}

static void affinity(void) {
    cpu_set_t all, one, now;
    sched_getaffinity(0, sizeof all, &all);
    int first = 0;
    while (!CPU_ISSET(first, &all)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    say("affinity", sched_setaffinity(0, sizeof one, &one));
    sched_getaffinity(0, sizeof now, &now);
    say("same", CPU_EQUAL(&now, &one));
    CPU_ZERO(&one);
    say("none", sched_setaffinity(0, sizeof one, &one));
}

static void capacity(void) {
    static char bytes[20000];
    int ends[2];
    pipe2(ends, O_NONBLOCK);
    say("holds", fcntl(ends[0], F_GETPIPE_SZ));
    say("less", fcntl(ends[1], F_SETPIPE_SZ, 5000));
    say("holds", fcntl(ends[0], F_GETPIPE_SZ));
    say("more", fcntl(ends[1], F_SETPIPE_SZ, 1 << 18));
    say("wrote", write(ends[1], bytes, sizeof bytes));
    say("busy", fcntl(ends[1], F_SETPIPE_SZ, 4096));
    say("no pipe", fcntl(0, F_SETPIPE_SZ, 4096));
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    niceness();
    policy();
    affinity();
    capacity();
    return 0;
}

// POSIX message queues: names, priorities, limits, waiting and time, notification by signal and thread, polling, fork.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char name[64];
static char text[8192];

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void opened(const char *what, mqd_t queue) {
    if (queue < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: 0\n", what), mq_close(queue);
}

static void take(mqd_t queue) {
    unsigned priority = 99;
    long got = mq_receive(queue, text, sizeof text, &priority);
    if (got < 0) result("take", got);
    else printf("take: %ld %u %.*s\n", got, priority, (int)got, text);
}

static void names(void) {
    opened("none", mq_open(name, O_RDWR));
    opened("slash", mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
    opened("nothing", mq_open("/", O_RDWR | O_CREAT, 0600, NULL));
    opened("no slash", mq_open("name", O_RDWR | O_CREAT, 0600, NULL));
    opened("made", mq_open(name, O_RDWR | O_CREAT, 0640, NULL));
    opened("exclusive", mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL));
    opened("again", mq_open(name, O_RDONLY));
    result("unlink", mq_unlink(name));
    result("unlink", mq_unlink(name));
    struct mq_attr wrong = {.mq_maxmsg = 0, .mq_msgsize = 10};
    opened("no messages", mq_open(name, O_RDWR | O_CREAT, 0600, &wrong));
    wrong = (struct mq_attr){.mq_maxmsg = 10, .mq_msgsize = -1};
    opened("no bytes", mq_open(name, O_RDWR | O_CREAT, 0600, &wrong));
    wrong = (struct mq_attr){.mq_maxmsg = 100000, .mq_msgsize = 8};
    opened("too many", mq_open(name, O_RDWR | O_CREAT, 0600, &wrong));
    struct rlimit limit = {10000, 819200};
    setrlimit(RLIMIT_MSGQUEUE, &limit);
    wrong = (struct mq_attr){.mq_maxmsg = 10, .mq_msgsize = 8192};
    opened("over the limit", mq_open(name, O_RDWR | O_CREAT, 0600, &wrong));
    limit.rlim_cur = 819200;
    setrlimit(RLIMIT_MSGQUEUE, &limit);
}

static void messages(void) {
    struct mq_attr about = {.mq_maxmsg = 4, .mq_msgsize = 16};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0620, &about);
    result("attributes", mq_getattr(queue, &about));
    printf("%ld %ld %ld %ld\n", about.mq_flags, about.mq_maxmsg, about.mq_msgsize, about.mq_curmsgs);
    struct stat status;
    fstat(queue, &status);
    printf("%o %d\n", status.st_mode, (int)status.st_size);
    printf("%d\n", fcntl(queue, F_GETFD));
    result("low", mq_send(queue, "low", 3, 1));
    result("high", mq_send(queue, "high", 4, 31));
    result("low", mq_send(queue, "low again", 9, 1));
    result("long", mq_send(queue, text, 17, 0));
    result("priority", mq_send(queue, "x", 1, 32768));
    result("empty", mq_send(queue, "", 0, 32767));
    result("short", mq_receive(queue, text, 15, NULL));
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    when.tv_nsec += 20000000;
    if (when.tv_nsec >= 1000000000) when.tv_sec++, when.tv_nsec -= 1000000000;
    result("full", mq_timedsend(queue, "x", 1, 0, &when));
    when.tv_nsec = 1000000000;
    result("no time", mq_timedsend(queue, "x", 1, 0, &when));
    char line[128] = "";
    lseek(queue, 0, SEEK_SET);
    int count = read(queue, line, sizeof line);
    printf("%.*s", count, line);
    for (int i = 0; i < 4; i++) take(queue);
    struct mq_attr old, flags = {.mq_flags = O_NONBLOCK};
    result("not to wait", mq_setattr(queue, &flags, &old));
    mq_getattr(queue, &about);
    printf("%d %d %ld\n", old.mq_flags == 0, about.mq_flags == O_NONBLOCK, about.mq_curmsgs);
    flags.mq_flags = O_APPEND;
    result("other flags", mq_setattr(queue, &flags, NULL));
    take(queue);
    mqd_t reader = mq_open(name, O_RDONLY), writer = mq_open(name, O_WRONLY);
    result("to a reader", mq_send(reader, "x", 1, 0));
    result("from a writer", mq_receive(writer, text, sizeof text, NULL));
    result("closed", mq_send(999, "x", 1, 0));
    result("something else", mq_send(1, "x", 1, 0));
    mq_close(reader), mq_close(writer);
    result("unlink", mq_unlink(name));
    result("still there", mq_send(queue, "still", 5, 7));
    take(queue);
    mq_close(queue);
}

static void polling(void) {
    struct mq_attr about = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0600, &about);
    struct pollfd one = {queue, POLLIN | POLLOUT, 0};
    for (int i = 0; i < 3; i++) {
        int ready = poll(&one, 1, 0);
        printf("%d %d %d\n", ready, !!(one.revents & POLLIN), !!(one.revents & POLLOUT));
        if (i < 2) mq_send(queue, "x", 1, 0);
    }
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    epoll_ctl(epoll, EPOLL_CTL_ADD, queue, &event);
    for (int i = 0; i < 2; i++) printf("%d\n", epoll_wait(epoll, &event, 1, 0));
    take(queue);
    mq_send(queue, "y", 1, 0);
    printf("%d\n", epoll_wait(epoll, &event, 1, 0));
    fflush(stdout);
    take(queue), take(queue);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        mq_send(queue, "child", 5, 3);
        _exit(0);
    }
    one.events = POLLIN;
    printf("%d\n", poll(&one, 1, 5000));
    take(queue);
    waitpid(child, NULL, 0);
    close(epoll);
    mq_close(queue);
    mq_unlink(name);
}

static void on_alarm(int signal) { (void)signal; }

static void waiting(void) {
    struct mq_attr about = {.mq_maxmsg = 1, .mq_msgsize = 8};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0600, &about);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            long got = mq_receive(queue, text, 8, NULL);
            if (got != 1 || text[0] != 'a' + i) _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < 20; i++) mq_send(queue, (char[]){'a' + i}, 1, 0);
    int status;
    waitpid(child, &status, 0);
    printf("child: %d\n", status);
    // Who waits gets it: it was never in the queue.
    int ready[2];
    if (pipe(ready)) return;
    child = fork();
    if (child == 0) {
        if (write(ready[1], "r", 1) != 1) _exit(2);
        _exit(mq_receive(queue, text, 8, NULL) != 1);
    }
    if (read(ready[0], text, 1) != 1) return;
    usleep(500000);
    mq_send(queue, "z", 1, 0);
    mq_getattr(queue, &about);
    printf("%ld\n", about.mq_curmsgs);
    waitpid(child, &status, 0);
    printf("child: %d\n", status);
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    // Again and again: the first may come too soon.
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 50000}, {0, 50000}}, NULL);
    result("interrupted", mq_receive(queue, text, 8, NULL));
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    mq_close(queue);
    mq_unlink(name);
}

static volatile sig_atomic_t told;
static siginfo_t what;

static void on_message(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    what = *info, told++;
}

static sem_t done;

static void in_thread(union sigval value) {
    printf("thread: %d\n", value.sival_int);
    fflush(stdout);
    sem_post(&done);
}

static void notification(void) {
    struct mq_attr about = {.mq_maxmsg = 4, .mq_msgsize = 8};
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0600, &about);
    struct sigaction action = {.sa_sigaction = on_message, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    result("notify", mq_notify(queue, &event));
    result("busy", mq_notify(queue, &event));
    mq_send(queue, "x", 1, 0);
    printf("%d %d %d %d %d\n", (int)told, what.si_code == SI_MESGQ, what.si_pid == getpid(), what.si_uid == getuid(),
           what.si_value.sival_int);
    result("once", mq_notify(queue, &event));
    mq_send(queue, "y", 1, 0);
    printf("%d\n", (int)told);
    take(queue), take(queue);
    mq_send(queue, "z", 1, 0);
    printf("%d\n", (int)told);
    take(queue);
    result("notify", mq_notify(queue, &event));
    result("no more", mq_notify(queue, NULL));
    mq_send(queue, "z", 1, 0);
    printf("%d\n", (int)told);
    take(queue);
    event.sigev_signo = 1000;
    result("signal", mq_notify(queue, &event));
    event.sigev_notify = 77;
    result("kind", mq_notify(queue, &event));
    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    result("nothing", mq_notify(queue, &event));
    // A close takes it back.
    mqd_t other = mq_open(name, O_RDWR);
    mq_close(other);
    sem_init(&done, 0, 0);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread, .sigev_value.sival_int = 7};
    result("thread", mq_notify(queue, &event));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        result("child", mq_notify(queue, &(struct sigevent){.sigev_notify = SIGEV_NONE}));
        _exit(mq_send(queue, "t", 1, 0));
    }
    waitpid(child, NULL, 0);
    sem_wait(&done);
    take(queue);
    mq_close(queue);
    mq_unlink(name);
}

int main(void) {
    snprintf(name, sizeof name, "/strata-%d", (int)getpid());
    names();
    messages();
    polling();
    waiting();
    notification();
    return 0;
}

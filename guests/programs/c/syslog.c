// Logging: what is sent to /dev/log, a daemon of one's own there, and the kernel's log.
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
    fflush(stdout);
}

static void send_there(void) {
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
    result("sendto", sendto(fd, "<13>not connected", 17, 0, (struct sockaddr *)&at, sizeof at));
    result("connect", connect(fd, (struct sockaddr *)&at, sizeof at));
    // More than a queue would hold.
    long sent = 0;
    for (int i = 0; i < 100; i++) sent += send(fd, "<15>for debugging", 17, 0);
    result("sent", sent);
    result("empty", send(fd, "", 0, 0));
    result("stream", connect(stream, (struct sockaddr *)&at, sizeof at));
    close(fd), close(stream);
    openlog("strata", LOG_PID, LOG_DAEMON);
    syslog(LOG_WARNING, "a %s, and \033[31mred\n", "warning");
    closelog();
}

static void own_daemon(void) {
    int daemon = socket(AF_UNIX, SOCK_DGRAM, 0);
    unlink(at.sun_path);
    result("bind", bind(daemon, (struct sockaddr *)&at, sizeof at));
    openlog("own", LOG_NDELAY, LOG_LOCAL3);
    syslog(LOG_ERR, "number %d", 42);
    closelog();
    char text[256] = "";
    long got = recv(daemon, text, sizeof text - 1, MSG_DONTWAIT);
    // Behind priority and time of day.
    printf("%.5s %s\n", text, got > 20 ? text + 20 : "");
    close(daemon);
    unlink(at.sun_path);
}

static void check(const char *what, long value, long expected, int error) {
    if (value != expected || (value < 0 && errno != error)) result(what, value);
}

static void kernel_log(void) {
    char text[16];
    result("size", klogctl(10, NULL, 0) > 0);
    result("nowhere", klogctl(3, NULL, 10));
    result("less than nothing", klogctl(3, text, -1));
    result("nothing", klogctl(3, text, 0));
    if (geteuid() == 0) {
        check("unknown", klogctl(11, NULL, 0), -1, EINVAL);
        check("open", klogctl(1, NULL, 0), 0, 0);
        check("close", klogctl(0, NULL, 0), 0, 0);
        check("level", klogctl(8, NULL, 9), -1, EINVAL);
        check("read nowhere", klogctl(2, NULL, 10), -1, EINVAL);
        check("read nothing", klogctl(2, text, 0), 0, 0);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setresuid(1000, 1000, 1000)) _exit(1);
        int kinds[] = {0, 1, 2, 4, 5, 6, 7, 8, 9, 11};
        for (int i = 0; i < 10; i++) if (klogctl(kinds[i], text, 1) != -1 || errno != EPERM) printf("%d: %s\n", kinds[i], strerror(errno));
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

int main(void) {
    send_there();
    own_daemon();
    kernel_log();
    return 0;
}

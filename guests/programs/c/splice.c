// splice, tee and vmsplice between pipes, files and sockets.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile int broken;
static void on_pipe(int signal) { (void)signal, broken++; }

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static void drain(const char *what, int fd) {
    char bytes[256];
    long got = read(fd, bytes, sizeof bytes);
    printf("%s: %ld %.*s\n", what, got, got > 0 ? (int)got : 0, bytes);
}

int main(void) {
    int one[2], two[2], pair[2];
    if (pipe2(one, O_NONBLOCK) || pipe(two) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) return 1;
    int file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    if (write(file, "0123456789", 10) != 10) return 1;
    // From a file, where it stands and elsewhere.
    loff_t at = 4;
    result("file", splice(file, &at, one[1], NULL, 3, 0));
    printf("%lld %lld\n", (long long)at, (long long)lseek(file, 0, SEEK_CUR));
    lseek(file, 8, SEEK_SET);
    result("rest", splice(file, NULL, one[1], NULL, 100, 0));
    result("end", splice(file, NULL, one[1], NULL, 100, 0));
    result("tee", tee(one[0], two[1], 4, 0));
    drain("copy", two[0]);
    // From pipe to pipe, to a socket, to a file.
    result("pipe", splice(one[0], NULL, two[1], NULL, 2, 0));
    drain("two", two[0]);
    result("socket", splice(one[0], NULL, pair[0], NULL, 2, 0));
    drain("pair", pair[1]);
    at = 12;
    result("back", splice(one[0], NULL, file, &at, 100, 0));
    printf("%lld\n", (long long)at);
    lseek(file, 0, SEEK_SET);
    char bytes[64] = "";
    result("read", read(file, bytes, 64));
    printf("%.10s %d%d %c\n", bytes, bytes[10], bytes[11], bytes[12]);
    if (write(pair[1], "from the socket", 15) != 15) return 1;
    result("socket", splice(pair[0], NULL, two[1], NULL, 8, 0));
    drain("two", two[0]);
    drain("left", pair[0]);
    // From memory.
    struct iovec pieces[2] = {{"mem", 3}, {"ory", 3}};
    result("vmsplice", vmsplice(two[1], pieces, 2, 0));
    char here[8] = "";
    struct iovec into[2] = {{here, 2}, {here + 4, 2}};
    result("vmsplice", vmsplice(two[0], into, 2, 0));
    printf("%s %s\n", here, here + 4);
    drain("two", two[0]);
    // Refused.
    result("empty", splice(one[0], NULL, two[1], NULL, 5, 0));
    result("flag", splice(two[0], NULL, one[1], NULL, 5, SPLICE_F_NONBLOCK));
    result("offset", splice(one[0], &at, two[1], NULL, 5, 0));
    result("no pipe", splice(file, NULL, pair[0], NULL, 5, 0));
    result("same", splice(one[0], NULL, one[1], NULL, 5, 0));
    result("flags", splice(one[0], NULL, two[1], NULL, 5, 64));
    result("end", splice(one[1], NULL, two[1], NULL, 5, 0));
    result("tee", tee(one[0], file, 5, 0));
    result("memory", vmsplice(file, pieces, 2, 0));
    int append = open("file", O_WRONLY | O_APPEND);
    if (write(one[1], "x", 1) != 1) return 1;
    result("append", splice(one[0], NULL, append, NULL, 5, 0));
    signal(SIGPIPE, on_pipe);
    close(two[0]);
    result("broken", splice(one[0], NULL, two[1], NULL, 5, 0));
    int waiting = 0;
    ioctl(one[0], FIONREAD, &waiting);
    printf("%d %d\n", broken, waiting);
    close(one[1]);
    result("last", splice(one[0], NULL, file, NULL, 5, 0));
    result("end", splice(one[0], NULL, file, NULL, 5, 0));
    result("none", splice(one[0], NULL, file, NULL, 0, 0));
    return 0;
}

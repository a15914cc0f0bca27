// Pipes within one process: order, capacity, non-blocking ends, hang-up, SIGPIPE.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile int broken;
static void on_pipe(int signal) { (void)signal, broken++; }

int main(void) {
    int ends[2];
    printf("%d\n", pipe(ends));
    printf("%zd ", write(ends[1], "hello pipe", 10));
    int waiting = 0;
    ioctl(ends[0], FIONREAD, &waiting);
    char buffer[64] = "";
    printf("%d %zd ", waiting, read(ends[0], buffer, 5));
    printf("%s ", buffer);
    printf("%zd ", read(ends[0], buffer, 64));
    printf("%.5s\n", buffer);
    printf("%lld %d\n", (long long)lseek(ends[0], 0, SEEK_CUR), errno == ESPIPE);
    int quick[2];
    printf("%d ", pipe2(quick, O_NONBLOCK | O_CLOEXEC));
    printf("%d %zd %d\n", fcntl(quick[0], F_GETFD), read(quick[0], buffer, 1), errno == EAGAIN);
    static char block[4096];
    long total = 0;
    ssize_t some;
    while ((some = write(quick[1], block, sizeof block)) > 0) total += some;
    printf("%ld %d\n", total, errno == EAGAIN);
    while ((some = read(quick[0], block, sizeof block)) > 0) total -= some;
    printf("%ld\n", total);
    close(quick[1]);
    printf("%zd\n", read(quick[0], buffer, 1));
    signal(SIGPIPE, on_pipe);
    close(ends[0]);
    printf("%zd %d %d\n", write(ends[1], "x", 1), errno == EPIPE, broken);
    signal(SIGPIPE, SIG_IGN);
    printf("%zd %d %d\n", write(ends[1], "x", 1), errno == EPIPE, broken);
    int many[2];
    if (pipe(many)) perror("pipe");
    for (int i = 0; i < 1000; i++) {
        if (write(many[1], &i, sizeof i) != sizeof i) perror("write");
    }
    long sum = 0;
    for (int i = 0, got; i < 1000; i++)
        if (read(many[0], &got, sizeof got) == sizeof got) sum += got * (i & 1 ? -1 : 1);
    printf("%ld\n", sum);
    return 0;
}

// Special files and modes, in the private /tmp: set-uid and sticky bits, named pipes read and written by one process.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
    char folder[] = "/tmp/strata-special-XXXXXX", buffer[16] = "";
    struct stat info;
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    int fd = open("plain", O_CREAT | O_RDWR, 0644);
    chmod("plain", 04755), fstat(fd, &info);
    printf("%o\n", info.st_mode);
    printf("%d\n", mkfifo("fifo", 0600)), stat("fifo", &info);
    printf("%d %o\n", S_ISFIFO(info.st_mode), info.st_mode & 0777);
    printf("%d %d\n", mkfifo("fifo", 0600), errno == EEXIST);
    printf("%d %d\n", open("fifo", O_WRONLY | O_NONBLOCK), errno == ENXIO);
    int both = open("fifo", O_RDWR), reader = open("fifo", O_RDONLY | O_NONBLOCK);
    printf("%zd ", write(both, "through", 7));
    printf("%zd %s\n", read(reader, buffer, sizeof buffer), buffer);
    printf("%zd %d\n", read(reader, buffer, 1), errno == EAGAIN);
    printf("%d %d\n", unlink("fifo"), unlink("plain"));
    if (chdir("/")) return 1;
    printf("%d %d\n", rmdir(folder), access(folder, F_OK));
    return 0;
}

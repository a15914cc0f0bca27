// Offsets: lseek, readv, writev, pread, pwrite, append, holes, dup sharing an offset.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
    int fd = open("data", O_CREAT | O_RDWR | O_TRUNC, 0644);
    struct iovec parts[3] = {{"abc", 3}, {"", 0}, {"defghij", 7}};
    printf("%zd ", writev(fd, parts, 3));
    printf("%lld ", (long long)lseek(fd, 0, SEEK_CUR));
    printf("%lld ", (long long)lseek(fd, -4, SEEK_END));
    char buffer[64] = {0}, other[8] = {0};
    printf("%zd %s\n", read(fd, buffer, 10), buffer);
    printf("%zd %.3s ", pread(fd, buffer, 3, 2), buffer);
    printf("%zd %lld\n", pwrite(fd, "ZZ", 2, 4), (long long)lseek(fd, 0, SEEK_CUR));
    lseek(fd, 0, SEEK_SET);
    struct iovec into[2] = {{other, 4}, {buffer, 20}};
    printf("%zd [%.4s] [%.6s]\n", readv(fd, into, 2), other, buffer);
    printf("%lld %zd\n", (long long)lseek(fd, 5000000000ll, SEEK_SET), write(fd, "far", 3));
    printf("%lld ", (long long)lseek(fd, 0, SEEK_END));
    printf("%zd %d\n", pread(fd, buffer, 4, 4999999998ll), buffer[0] == 0 && buffer[2] == 'f');
    if (ftruncate(fd, 12)) perror("ftruncate");
    int again = dup(fd);
    lseek(fd, 3, SEEK_SET);
    printf("%lld %zd %.2s\n", (long long)lseek(again, 0, SEEK_CUR), read(again, buffer, 2), buffer);
    printf("%lld %d\n", (long long)lseek(fd, -1, SEEK_SET), errno == EINVAL);
    int append = open("data", O_WRONLY | O_APPEND);
    printf("%zd %zd ", write(append, "end", 3), pwrite(append, "x", 1, 0));
    printf("%lld\n", (long long)lseek(append, 0, SEEK_CUR));
    close(append);
    printf("%zd %d\n", read(append, buffer, 1), errno == EBADF);
    printf("%zd %d\n", write(open("data", O_RDONLY), "x", 1), errno == EBADF);
    int flags = fcntl(fd, F_GETFL);
    printf("%d %d\n", (flags & O_ACCMODE) == O_RDWR, fcntl(fd, F_SETFL, flags | O_NONBLOCK));
    printf("%d %d\n", fcntl(fd, F_GETFD), fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 50), F_GETFD));
    printf("%d %d %d\n", dup2(fd, 60), dup2(fd, fd) == fd, dup3(fd, 61, O_CLOEXEC));
    printf("%d %d\n", fcntl(61, F_GETFD), close(999));
    lseek(fd, 0, SEEK_SET);
    ssize_t bytes = read(fd, buffer, sizeof buffer);
    for (ssize_t i = 0; i < bytes; i++) printf("%02x", (unsigned char)buffer[i]);
    puts("");
    return 0;
}

// Metadata: stat and its variants, modes, umask, statx, statfs, device nodes.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int main(void) {
    umask(027);
    int fd = open("plain", O_CREAT | O_RDWR, 0777);
    if (write(fd, "0123456789", 10) != 10) return 1;
    struct stat info, same;
    fstat(fd, &info), stat("plain", &same);
    printf("%o %lld %u %d\n", info.st_mode, (long long)info.st_size, (unsigned)info.st_nlink, info.st_ino == same.st_ino);
    printf("%d %d %d\n", info.st_dev == same.st_dev, info.st_blksize > 0, info.st_uid == getuid());
    printf("%o\n", umask(0));
    const char *devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random"};
    for (int i = 0; i < 5; i++) {
        int result = stat(devices[i], &info);
        printf("%s %d %d %u:%u\n", devices[i], result, S_ISCHR(info.st_mode), major(info.st_rdev), minor(info.st_rdev));
    }
    struct statx extended;
    printf("%d ", statx(AT_FDCWD, "plain", 0, STATX_BASIC_STATS, &extended));
    printf("%o %llu %d\n", extended.stx_mode, (unsigned long long)extended.stx_size, (extended.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    printf("%d %d\n", stat("nothing", &info), errno == ENOENT);
    printf("%d %d\n", stat("", &info), errno == ENOENT);
    char name[300];
    memset(name, 'n', sizeof name - 1), name[sizeof name - 1] = 0;
    printf("%d %d\n", stat(name, &info), errno == ENAMETOOLONG);
    printf("%d %d\n", stat((char *)1, &info), errno == EFAULT);
    struct statfs system;
    printf("%d %d %d\n", statfs(".", &system), system.f_bsize > 0, system.f_namelen > 0);
    mkdir("sticky", 01777), stat("sticky", &info);
    printf("%o\n", info.st_mode);
    return 0;
}

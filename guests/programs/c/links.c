// Names: rename, link, unlink, symlink, readlink, chmod, utimens, truncate, access, the *at family.
#define _FILE_OFFSET_BITS 64
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const char *path) {
    struct stat info;
    if (lstat(path, &info)) {
        printf("%s: %s\n", path, strerror(errno));
        return;
    }
    printf("%s: %o links=%u size=%lld\n", path, info.st_mode, (unsigned)info.st_nlink,
           S_ISDIR(info.st_mode) ? 0ll : (long long)info.st_size);
}

static void say(const char *what, int result) { printf("%s: %d %s\n", what, result, result ? strerror(errno) : ""); }

int main(void) {
    umask(022);
    int fd = open("one", O_CREAT | O_RDWR | O_EXCL, 0666);
    if (write(fd, "hello world", 11) != 11) perror("write");
    say("excl", open("one", O_CREAT | O_EXCL, 0666));
    say("link", link("one", "two")), show("one"), show("two");
    say("symlink", symlink("one", "soft")), show("soft");
    char target[64] = "";
    printf("%zd %s\n", readlink("soft", target, sizeof target), target);
    say("rename", rename("two", "three")), show("two"), show("three");
    say("rename same", rename("one", "three")), show("one");
    say("truncate", truncate("one", 5)), show("three");
    say("extend", ftruncate(fd, 20)), show("one");
    say("chmod", chmod("one", 0640)), say("fchmod", fchmod(fd, 0400)), show("one");
    struct timespec times[2] = {{1000000000, 0}, {1234567890, 123456789}};
    say("utimens", utimensat(AT_FDCWD, "one", times, 0));
    struct stat info;
    stat("soft", &info);
    printf("%lld %ld %lld\n", (long long)info.st_atime, info.st_mtim.tv_nsec, (long long)info.st_mtime);
    say("unlink", unlink("three")), show("three"), show("one");
    say("unlink soft", unlink("soft")), show("soft");
    say("unlink none", unlink("none"));
    say("mkdir", mkdir("dir", 0777)), show("dir");
    int dir = open("dir", O_RDONLY | O_DIRECTORY);
    say("openat", openat(dir, "inner", O_CREAT | O_WRONLY, 0600) < 0);
    say("renameat", renameat(dir, "inner", AT_FDCWD, "outer")), show("outer");
    say("fstatat", fstatat(dir, "..", &info, 0)), printf("%d\n", S_ISDIR(info.st_mode));
    say("linkat", linkat(AT_FDCWD, "outer", dir, "back", 0)), show("dir/back");
    say("unlinkat", unlinkat(dir, "back", 0)), say("rmdir", unlinkat(AT_FDCWD, "dir", AT_REMOVEDIR));
    say("access", access("outer", R_OK | W_OK)), say("access none", access("nowhere", F_OK));
    say("loop", symlink("loop", "loop")), say("through loop", open("loop", O_RDONLY));
    say("not dir", open("outer/x", O_RDONLY)), say("is dir", open(".", O_WRONLY));
    say("dangling", symlink("missing", "dangling")), say("open", open("dangling", O_RDONLY)), show("dangling");
    return 0;
}

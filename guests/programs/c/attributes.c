/* Extended attributes, files without a name, and holes: in the current directory and in /tmp. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void show(const char *what, long result) {
    if (result < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
}

static void attributes(void) {
    char value[70000], names[100];
    memset(value, 'v', sizeof value);
    int fd = open("f", O_CREAT | O_RDWR, 0644);
    show("none", getxattr("f", "user.a", value, 10));
    show("set", setxattr("f", "user.a", "pear", 4, 0));
    show("create again", setxattr("f", "user.a", "fig", 3, XATTR_CREATE));
    show("replace", setxattr("f", "user.a", "fig", 3, XATTR_REPLACE));
    show("replace none", setxattr("f", "user.b", "fig", 3, XATTR_REPLACE));
    show("flags", setxattr("f", "user.a", "fig", 3, 8));
    show("size", fgetxattr(fd, "user.a", NULL, 0));
    show("too small", fgetxattr(fd, "user.a", value, 2));
    long got = fgetxattr(fd, "user.a", value, sizeof value);
    printf("%.*s\n", (int)got, value);
    memset(value, 'v', sizeof value);
    show("too big", fsetxattr(fd, "user.big", value, 65537, 0));
    show("empty value", fsetxattr(fd, "user.empty", "", 0, 0));
    show("empty size", fgetxattr(fd, "user.empty", value, 10));
    show("no name", setxattr("f", "", "x", 1, 0));
    show("no space", setxattr("f", "nowhere", "x", 1, 0));
    show("unknown space", setxattr("f", "mine.a", "x", 1, 0));
    show("nothing after the dot", setxattr("f", "user.", "x", 1, 0));
    char name[300] = "user.";
    memset(name + 5, 'n', 260);
    show("long name", setxattr("f", name, "x", 1, 0));
    show("remove", fremovexattr(fd, "user.empty"));
    show("remove again", fremovexattr(fd, "user.empty"));
    show("list size", flistxattr(fd, NULL, 0));
    show("list too small", flistxattr(fd, names, 3));
    show("list", listxattr("f", names, sizeof names));
    printf("%s\n", names);
    symlink("f", "l");
    show("through a link", getxattr("l", "user.a", value, 10));
    show("of a link", lsetxattr("l", "user.a", "x", 1, 0));
    show("of a link, got", lgetxattr("l", "user.a", value, 10));
    mkdir("d", 0755);
    show("of a directory", setxattr("d", "user.d", "x", 1, 0));
    show("of nothing", setxattr("nothing", "user.d", "x", 1, 0));
    rename("f", "g");
    show("renamed", getxattr("g", "user.a", value, 10));
    int path = open("g", O_PATH);
    show("of a path", fgetxattr(path, "user.a", value, 10));
    close(path);
    close(fd);
    unlink("g"), unlink("l"), rmdir("d");
}

static void unnamed(void) {
    char from[40], bytes[10] = "";
    struct stat stat;
    int fd = open(".", O_TMPFILE | O_RDWR, 0640);
    show("written", write(fd, "hello", 5));
    fstat(fd, &stat);
    printf("mode %o links %d\n", stat.st_mode, (int)stat.st_nlink);
    sprintf(from, "/proc/self/fd/%d", fd);
    show("named", linkat(AT_FDCWD, from, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    fstat(fd, &stat);
    printf("links %d\n", (int)stat.st_nlink);
    close(fd);
    fd = open("named", O_RDONLY);
    show("read", read(fd, bytes, sizeof bytes));
    printf("%s\n", bytes);
    close(fd);
    fd = open(".", O_TMPFILE | O_WRONLY | O_EXCL, 0600);
    sprintf(from, "/proc/self/fd/%d", fd);
    show("never named", linkat(AT_FDCWD, from, AT_FDCWD, "never", AT_SYMLINK_FOLLOW));
    close(fd);
    show("for reading", open(".", O_TMPFILE | O_RDONLY, 0600));
    show("in a file", open("named", O_TMPFILE | O_RDWR, 0600));
    unlink("named");
}

static void holes(void) {
    static char bytes[20000];
    struct stat stat;
    int fd = open("h", O_CREAT | O_RDWR, 0644);
    memset(bytes, 'x', sizeof bytes);
    write(fd, bytes, sizeof bytes);
    static const long ranges[][2] = {{100, 50}, {5000, 8000}, {4096, 4096}, {19000, 5000}, {16000, 100}, {30000, 10}};
    for (int i = 0; i < 6; i++) {
        show("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, ranges[i][0], ranges[i][1]));
        memset(bytes, 0, sizeof bytes);
        long got = pread(fd, bytes, sizeof bytes, 0), sum = 0;
        for (long at = 0; at < got; at++)
            sum = (sum * 31 + bytes[at]) % 1000003;
        fstat(fd, &stat);
        printf("%ld bytes, sum %ld, size %ld\n", got, sum, (long)stat.st_size);
    }
    show("punch only", fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
    show("nothing", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 0));
    close(fd);
    unlink("h");
}

int main(void) {
    char folder[] = "/tmp/attributesXXXXXX";
    attributes(), unnamed(), holes();
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    attributes(), unnamed(), holes();
    chdir("/"), rmdir(folder);
    return 0;
}

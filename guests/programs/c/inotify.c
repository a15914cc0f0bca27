// inotify: what is told of files and directories as they are made, used, moved and deleted.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static const struct { unsigned bit; const char *name; } names[] = {
    {IN_ACCESS, "access"}, {IN_MODIFY, "modify"}, {IN_ATTRIB, "attrib"}, {IN_CLOSE_WRITE, "close_write"},
    {IN_CLOSE_NOWRITE, "close_nowrite"}, {IN_OPEN, "open"}, {IN_MOVED_FROM, "moved_from"}, {IN_MOVED_TO, "moved_to"},
    {IN_CREATE, "create"}, {IN_DELETE, "delete"}, {IN_DELETE_SELF, "delete_self"}, {IN_MOVE_SELF, "move_self"},
    {IN_IGNORED, "ignored"}, {IN_ISDIR, "isdir"}, {IN_Q_OVERFLOW, "overflow"},
};

// Prints what came: watch, events, name; moves that belong together.
static void show(int fd, const char *what) {
    static char space[65536] __attribute__((aligned(8)));
    printf("-- %s\n", what);
    unsigned cookie = 0;
    ssize_t length = read(fd, space, sizeof space);
    for (char *at = space; at < space + length;) {
        struct inotify_event *event = (struct inotify_event *)at;
        printf("%d", event->wd);
        for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
            if (event->mask & names[i].bit) printf(" %s", names[i].name);
        if (event->len) printf(" %s (%u)", event->name, event->len);
        if (event->mask & IN_MOVED_FROM) cookie = event->cookie;
        if (event->mask & IN_MOVED_TO) printf(" %s", event->cookie == cookie && cookie ? "same" : "other");
        printf("\n");
        at += sizeof *event + event->len;
    }
}

static void make(const char *path, const char *text) {
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(path);
    close(fd);
}

int main(void) {
    char bytes[64];
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    mkdir("d", 0755), mkdir("e", 0755);
    make("d/old", "content");
    result("watch", inotify_add_watch(fd, "d", IN_ALL_EVENTS));
    result("watch", inotify_add_watch(fd, "d/old", IN_ALL_EVENTS));
    result("none", read(fd, bytes, sizeof bytes));
    make("d/new", "hello");
    struct pollfd set = {fd, POLLIN, 0};
    result("poll", poll(&set, 1, 0));
    int waiting = 0;
    ioctl(fd, FIONREAD, &waiting);
    printf("%d\n", waiting);
    result("small", read(fd, bytes, 8));
    show(fd, "make");
    int file = open("d/old", O_RDWR);
    if (read(file, bytes, 3) != 3 || read(file, bytes, 3) != 3) return 1;
    if (write(file, "x", 1) != 1) return 1;
    if (pread(file, bytes, 60, 100) != 0) return 1;
    fchmod(file, 0600);
    if (ftruncate(file, 2)) return 1;
    close(file);
    show(fd, "use");
    struct timespec times[2] = {{1, 0}, {0, UTIME_OMIT}};
    utimensat(AT_FDCWD, "d/old", times, 0);
    times[1] = (struct timespec){2, 0};
    utimensat(AT_FDCWD, "d/old", times, 0);
    times[0].tv_nsec = UTIME_OMIT;
    utimensat(AT_FDCWD, "d/old", times, 0);
    chmod("d/old", 0644);
    if (truncate("d/old", 1)) return 1;
    show(fd, "change");
    if (rename("d/old", "d/young") || rename("d/new", "e/new") || rename("e/new", "d/back")) return 1;
    show(fd, "move");
    make("d/young", "again");
    show(fd, "truncate");
    mkdir("d/sub", 0700);
    chmod("d/sub", 0755);
    if (symlink("young", "d/soft") || link("d/young", "d/hard") || symlink("x", "e/other")) return 1;
    show(fd, "links");
    unlink("d/hard"), unlink("d/soft"), rmdir("d/sub");
    show(fd, "remove");
    file = open("d/young", O_RDONLY);
    unlink("d/young");
    show(fd, "unlink");
    close(file);
    show(fd, "last");
    // Masks.
    result("again", inotify_add_watch(fd, "d", IN_CREATE));
    make("d/one", "1");
    show(fd, "create only");
    result("add", inotify_add_watch(fd, "d", IN_DELETE | IN_MASK_ADD));
    make("d/two", "2");
    unlink("d/two");
    show(fd, "create and delete");
    result("exists", inotify_add_watch(fd, "d", IN_CREATE | IN_MASK_CREATE));
    result("once", inotify_add_watch(fd, "d/one", IN_ATTRIB | IN_ONESHOT));
    chmod("d/one", 0600), chmod("d/one", 0644);
    show(fd, "once");
    result("directory", inotify_add_watch(fd, "d/one", IN_ALL_EVENTS | IN_ONLYDIR));
    result("nothing", inotify_add_watch(fd, "d/none", IN_ALL_EVENTS));
    result("no mask", inotify_add_watch(fd, "d", 0));
    result("not one", inotify_add_watch(0, "d", IN_CREATE));
    result("other", inotify_add_watch(fd, "e", IN_MOVED_TO));
    make("d/three", "3");
    if (rename("d/three", "d/one") || rename("d/one", "e/four")) return 1;
    show(fd, "over");
    unlink("e/four"), unlink("e/other");
    result("remove", inotify_rm_watch(fd, 1));
    result("gone", inotify_rm_watch(fd, 1));
    show(fd, "removed");
    rmdir("e");
    show(fd, "rmdir");
    result("write", write(fd, "x", 1));
    return 0;
}

// Locks of files between processes: fcntl, its open-file-description kind, flock; waiting for them; deadlock.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static int file;

static int set(int fd, int command, short kind, off_t from, off_t length) {
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = from, .l_len = length};
    return fcntl(fd, command, &lock) ? errno : 0;
}

static void show(const char *what, int errnum) { printf("%s: %s\n", what, errnum ? strerrorname_np(errnum) : "ok"); }



static int in_child(int (*work)(void)) {
    int status;
    fflush(stdout);
    if (fork() == 0) _exit(work());
    wait(&status);
    return WEXITSTATUS(status);
}

static int try_write(void) { return set(file, F_SETLK, F_WRLCK, 50, 10); }
static int try_read(void) { return set(file, F_SETLK, F_RDLCK, 50, 10); }
static int try_beyond(void) { return set(file, F_SETLK, F_WRLCK, 100, 0); }
static int who(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    fcntl(file, F_GETLK, &lock);
    printf("held: type %d from %ld length %ld by our parent %d\n", lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_pid == getppid());
    fflush(stdout);
    return 0;
}
static int try_flock(void) {
    int own = open("file", O_RDWR);
    return flock(own, LOCK_EX | LOCK_NB) ? errno : 0;
}
static int try_flock_inherited(void) { return flock(file, LOCK_EX | LOCK_NB) ? errno : 0; }
static int try_ofd(void) {
    int own = open("file", O_RDWR);
    return set(own, F_OFD_SETLK, F_WRLCK, 0, 0);
}

int main(void) {
    file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    if (ftruncate(file, 1000)) return 1;
    show("write lock", set(file, F_SETLK, F_WRLCK, 0, 100));
    show("child writes", in_child(try_write));
    show("child reads", in_child(try_read));
    show("child beyond", in_child(try_beyond));
    in_child(who);
    show("read lock", set(file, F_SETLK, F_RDLCK, 40, 30));
    show("child writes", in_child(try_write));
    show("child reads", in_child(try_read));
    in_child(who);
    // Any descriptor of the file that is closed takes all locks along.
    close(open("file", O_RDONLY));
    show("child writes", in_child(try_write));
    show("bad", set(file, F_SETLK, 9, 0, 0));
    int reader = open("file", O_RDONLY);
    show("write lock of a reader", set(reader, F_SETLK, F_WRLCK, 0, 0));

    // Waiting: the child gets it when we give it back.
    int ends[2];
    char byte;
    if (pipe(ends)) return 1;
    set(file, F_SETLK, F_WRLCK, 0, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int waited = set(file, F_SETLKW, F_WRLCK, 0, 0);
        if (write(ends[1], "g", 1) != 1) _exit(1);
        _exit(waited);
    }
    usleep(50000);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    printf("waits %d\n", read(ends[0], &byte, 1) < 0 && errno == EAGAIN);
    set(file, F_SETLK, F_UNLCK, 0, 0);
    int status;
    waitpid(child, &status, 0);
    printf("got it: %zd, %d\n", read(ends[0], &byte, 1), WEXITSTATUS(status));

    // Each waits for the other.
    fcntl(ends[0], F_SETFL, 0);
    set(file, F_SETLK, F_WRLCK, 0, 10);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        set(file, F_SETLK, F_WRLCK, 10, 10);
        if (write(ends[1], "r", 1) != 1) _exit(1);
        set(file, F_SETLKW, F_WRLCK, 0, 10);
        _exit(0);
    }
    if (read(ends[0], &byte, 1) != 1) return 1;
    usleep(50000);
    show("deadlock", set(file, F_SETLKW, F_WRLCK, 10, 10));
    set(file, F_SETLK, F_UNLCK, 0, 0);
    waitpid(child, &status, 0);

    show("flock", flock(file, LOCK_EX) ? errno : 0);
    show("another description", in_child(try_flock));
    show("the same description", in_child(try_flock_inherited));
    show("unlock", flock(file, LOCK_UN) ? errno : 0);
    show("another description", in_child(try_flock));
    show("of the description", set(file, F_OFD_SETLK, F_WRLCK, 0, 0));
    show("another description", in_child(try_ofd));
    show("a process", in_child(try_write));
    return 0;
}

// A pseudoterminal with both ends in one process: opening, settings, editing, echo, signals, size, hang-up.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

static int master, slave;
static volatile sig_atomic_t seen[128];
static void on_signal(int signal) { seen[signal]++; }

static void show(const char *what, const char *bytes, ssize_t count) {
    printf("%s %zd \"", what, count);
    for (ssize_t i = 0; i < count; i++) {
        unsigned char c = bytes[i];
        if (c < ' ' || c > '~') printf("\\x%02x", c);
        else putchar(c);
    }
    printf("\"%s\n", count < 0 ? strerror(errno) : "");
}

// The call is made before errno is looked at.
static void result(long value) { printf("%ld %s\n", value, value < 0 ? strerror(errno) : ""); }

static void drain(const char *what, int fd) {
    char bytes[256];
    show(what, bytes, read(fd, bytes, sizeof bytes));
}

static void type(const char *bytes) {
    if (write(master, bytes, strlen(bytes)) != (ssize_t)strlen(bytes)) perror("type");
    // What a slave with nothing to read is asked for, it has taken in by then.
    struct pollfd look = {slave, POLLIN, 0};
    for (int i = 0; i < 20 && poll(&look, 1, 1) == 0; i++) {}
}

static void settle(void) {
    struct pollfd look = {slave, POLLIN, 0};
    poll(&look, 1, 20);
}

static void readiness(const char *what, int fd) {
    struct pollfd look = {fd, POLLIN | POLLOUT, 0};
    poll(&look, 1, 0);
    printf("%s:%s%s%s%s\n", what, look.revents & POLLIN ? " in" : "", look.revents & POLLOUT ? " out" : "",
           look.revents & POLLHUP ? " hup" : "", look.revents & POLLERR ? " err" : "");
}

static void open_both(void) {
    master = posix_openpt(O_RDWR | O_NOCTTY);
    char name[64];
    result(open(ptsname(master), O_RDWR | O_NOCTTY));
    result(grantpt(master));
    result(unlockpt(master));
    result(ptsname_r(master, name, sizeof name));
    slave = open(name, O_RDWR | O_NOCTTY);
    struct stat status;
    fstat(slave, &status);
    printf("%s %d %d %d\n", strncmp(name, "/dev/pts/", 9) ? name : "in /dev/pts", major(status.st_rdev) == 136,
           (status.st_mode & 0600) == 0600, status.st_uid == geteuid());
    printf("%d %d %d\n", isatty(master), isatty(slave), strcmp(ttyname(slave), name));
    unsigned number;
    result(ioctl(slave, TIOCGPTN, &number));
}

static void settings(void) {
    struct termios now, later;
    tcgetattr(slave, &now);
    printf("%d %d ", now.c_iflag == (ICRNL | IXON), now.c_oflag == (OPOST | ONLCR));
    printf("%d ", (now.c_cflag & ~CBAUD) == (CS8 | CREAD));
    printf("%d\n", now.c_lflag == (ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN));
    int places[] = {VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2};
    for (int i = 0; i < 16; i++) printf("%d ", now.c_cc[places[i]]);
    printf("\n");
    later = now;
    later.c_lflag &= ~ECHO;
    later.c_cflag |= PARENB;
    result(tcsetattr(slave, TCSADRAIN, &later));
    tcgetattr(master, &later);
    printf("%d %d\n", later.c_lflag == (now.c_lflag & ~ECHO), later.c_cflag == now.c_cflag);
    tcsetattr(master, TCSANOW, &now);
    struct winsize size = {24, 80, 640, 480}, found;
    result(ioctl(slave, TIOCGWINSZ, &found));
    printf("%d %d\n", found.ws_row, found.ws_col);
    result(ioctl(master, TIOCSWINSZ, &size));
    ioctl(slave, TIOCGWINSZ, &found);
    printf("%d %d %d %d\n", found.ws_row, found.ws_col, found.ws_xpixel, found.ws_ypixel);
}

static void editing(void) {
    type("hellp\x7fo world\x17you\n");
    drain("echo", master);
    drain("line", slave);
    type("gone\x15tab\there\x7f\x7f\x7f\x7f\x7f!\x16\x03\x12\r");
    drain("echo", master);
    drain("line", slave);
    type("two\nlines\npart\x04");
    settle();
    int waiting;
    ioctl(slave, FIONREAD, &waiting);
    printf("%d\n", waiting);
    drain("echo", master);
    for (int i = 0; i < 3; i++) drain("line", slave);
    type("\x04");
    drain("end", slave);
    result(write(slave, "one\n\ttwo\r\n", 10));
    drain("shown", master);
    readiness("slave", slave);
    readiness("master", master);
}

static void raw(void) {
    struct termios before, raw;
    tcgetattr(slave, &before);
    raw = before;
    cfmakeraw(&raw);
    tcsetattr(slave, TCSAFLUSH, &raw);
    type("\x03\r\n\x7f");
    drain("raw", slave);
    raw.c_cc[VMIN] = 0, raw.c_cc[VTIME] = 1;
    tcsetattr(slave, TCSANOW, &raw);
    drain("in time", slave);
    raw.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSANOW, &raw);
    drain("at once", slave);
    raw.c_cc[VMIN] = 5, raw.c_cc[VTIME] = 1;
    tcsetattr(slave, TCSANOW, &raw);
    type("abc");
    drain("three of five", slave);
    type("abcdefg");
    settle();
    drain("seven", slave);
    raw.c_cc[VMIN] = 1, raw.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSANOW, &raw);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    drain("not waiting", slave);
    fcntl(slave, F_SETFL, O_RDWR);
    write(slave, "a\nb", 3);
    drain("shown", master);
    type("unread");
    settle();
    result(tcflush(slave, TCIFLUSH));
    int waiting;
    ioctl(slave, FIONREAD, &waiting);
    printf("%d\n", waiting);
    tcsetattr(slave, TCSANOW, &before);
}

static void flow(void) {
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    type("\x13");
    result(write(slave, "held", 4));
    readiness("held", slave);
    type("\x11");
    result(write(slave, "free", 4));
    drain("shown", master);
    result(tcflow(slave, TCOOFF));
    result(write(slave, "x", 1));
    result(tcflow(slave, TCOON));
    result(write(slave, "y", 1));
    drain("shown", master);
    result(tcflow(slave, TCIOFF));
    result(tcflow(slave, 9));
    drain("shown", master);
    result(tcdrain(slave));
    result(tcsendbreak(slave, 0));
    fcntl(slave, F_SETFL, O_RDWR);
    fcntl(master, F_SETFL, O_RDWR);
}

static void jobs(void) {
    setsid();  // whoever started us may have made us a leader already
    result(tcgetpgrp(slave));
    result(open("/dev/tty", O_RDWR));
    result(ioctl(slave, TIOCSCTTY, 0));
    printf("%d %d\n", tcgetpgrp(slave) == getpgrp(), tcgetpgrp(master) == getpgrp());
    int own = open("/dev/tty", O_RDWR);
    printf("%d %d\n", own >= 0, isatty(own));
    result(tcsetpgrp(own, getpgrp()));
    result(tcsetpgrp(own, 999999));
    result(tcsetpgrp(own, -1));
    int signals[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP, SIGCONT};
    for (int i = 0; i < 6; i++) signal(signals[i], on_signal);
    type("kept\x03");
    settle();
    drain("echo", master);
    type("\x1c\x1a");
    settle();
    drain("echo", master);
    struct winsize size = {50, 132, 0, 0};
    ioctl(master, TIOCSWINSZ, &size);
    ioctl(master, TIOCSWINSZ, &size);
    printf("%d %d %d %d\n", seen[SIGINT], seen[SIGQUIT], seen[SIGTSTP], seen[SIGWINCH]);
    type("next\n");
    drain("line", slave);
    drain("echo", master);
    close(own);
}

static void closing(void) {
    close(slave);
    drain("left", master);
    readiness("left", master);
    char name[64];
    ptsname_r(master, name, sizeof name);
    slave = open(name, O_RDWR | O_NOCTTY);
    readiness("again", master);
    close(master);
    printf("%d %d\n", seen[SIGHUP], seen[SIGCONT]);
    drain("hung up", slave);
    result(write(slave, "x", 1));
    readiness("hung up", slave);
    struct termios settings;
    result(tcgetattr(slave, &settings));
    result(open(name, O_RDWR | O_NOCTTY));
    result(open("/dev/tty", O_RDWR));
}

int main(void) {
    alarm(20);
    open_both();
    settings();
    editing();
    raw();
    flow();
    jobs();
    closing();
    return 0;
}

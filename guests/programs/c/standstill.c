// A process tree with one of everything, which waits for a line of input: what is then left of it. Snapshots are tested with it.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char directory[] = "/tmp/standstill-XXXXXX";
static volatile sig_atomic_t handled;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int signalled;
static uint32_t *shared;

static const char *text_of(int fd) {
    static char text[256];
    ssize_t count = read(fd, text, sizeof text - 1);
    text[count < 0 ? 0 : count] = 0;
    return count < 0 ? strerror(errno) : text;
}

static int make(const char *name, const char *text, int flags) {
    int fd = open(name, O_CREAT | O_RDWR | flags, 0640);
    if (write(fd, text, strlen(text)) < 0) return -1;
    return fd;
}

static void *waiter(void *name) {
    pthread_mutex_lock(&mutex);
    while (!signalled) pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return name;
}

static void handler(int signal) {
    handled += signal == SIGUSR1;
}

static int discard(const char *path, const struct stat *about, int kind, struct FTW *at) {
    (void)about, (void)kind, (void)at;
    return remove(path);
}

static pid_t child(int kind) {
    pid_t pid = fork();
    if (pid) return pid;
    if (kind == 0) _exit(7);
    if (kind == 1) syscall(SYS_futex, shared, FUTEX_WAIT, 5, NULL, NULL, 0);
    if (kind == 2) nanosleep(&(struct timespec){0, 300000000}, NULL);
    if (kind == 3) raise(SIGSTOP);
    _exit(10 + kind + (kind == 1 ? *shared == 6 : 0));
}

static int send_descriptor(int to, int fd) {
    char space[CMSG_SPACE(sizeof fd)] = {0}, byte = 'd';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS, header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return (int)sendmsg(to, &message, 0);
}

static int receive_descriptor(int from) {
    char space[CMSG_SPACE(sizeof(int))], byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    int fd = -1;
    if (recvmsg(from, &message, 0) == 1) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (!mkdtemp(directory) || chdir(directory)) return 1;

    // Files
    int plain = make("plain", "0123456789", 0), append = make("append", "one ", O_APPEND), gone = make("gone", "unlinked", 0);
    unlink("gone");
    link("plain", "other"), symlink("plain", "symbolic"), mkdir("below", 0711), rename("other", "below/moved");
    lseek(plain, 4, SEEK_SET), lseek(gone, 2, SEEK_SET);
    chmod("append", 0604);
    int memory = memfd_create("anything", MFD_CLOEXEC);
    dprintf(memory, "in memory"), lseek(memory, 3, SEEK_SET);
    int holes = make("holes", "x", 0);
    ftruncate(holes, 1 << 20), pwrite(holes, "y", 1, 1 << 19);
    for (int i = 0; i < 50; i++) {
        char name[16];
        sprintf(name, "below/%d", i), close(make(name, "", 0));
    }
    DIR *list = opendir("below");
    for (int i = 0; i < 20; i++) readdir(list);
    int lock = make("lock", "", 0);
    flock(lock, LOCK_EX);
    fcntl(plain, F_SETLK, &(struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3});
    mkdir("left", 0700);
    int left = open("left", O_RDONLY | O_DIRECTORY);
    rmdir("left");

    // Pipes, sockets, events
    int ends[2], pair[2], packets[2];
    pipe(ends), write(ends[1], "in the pipe", 11);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair), socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets);
    write(pair[0], "in the socket", 13), write(packets[0], "first", 5), write(packets[0], "second", 6);
    int travelling = make("travelling", "arrived", 0);
    lseek(travelling, 0, SEEK_SET), send_descriptor(packets[0], travelling), close(travelling);
    int listening = socket(AF_UNIX, SOCK_STREAM, 0), connecting = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    bind(listening, (struct sockaddr *)&address, sizeof address), listen(listening, 4);
    connect(connecting, (struct sockaddr *)&address, sizeof address), write(connecting, "before accept", 13);
    int count = eventfd(41, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), watch = inotify_init();
    timerfd_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 200000000}}, NULL);
    inotify_add_watch(watch, "below", IN_CREATE);
    close(make("below/new", "", 0));
    int level = epoll_create(1);
    epoll_ctl(level, EPOLL_CTL_ADD, count, &(struct epoll_event){EPOLLIN | EPOLLET, {.u32 = 1}});
    epoll_ctl(level, EPOLL_CTL_ADD, ends[0], &(struct epoll_event){EPOLLIN, {.u32 = 2}});
    struct epoll_event seen[4];
    epoll_wait(level, seen, 4, 0);

    // A terminal
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(master), unlockpt(master);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios settings;
    tcgetattr(slave, &settings), settings.c_lflag &= ~ECHO, tcsetattr(slave, TCSANOW, &settings);
    write(master, "typed\nhalf a li", 15), write(slave, "shown\n", 6);

    // Memory
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared[0] = 5, shared[1] = 99;
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, plain, 0);
    mapped[9] = 'M';
    char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, append, 0);
    own[0] = 'P';
    char *hidden = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(hidden + 4096, "hidden"), mprotect(hidden, 8192, PROT_NONE);
    volatile double real = 1.0 / 3;
    char *heap = strcpy((char *)malloc(100000) + 99000, "heap");

    // Signals and timers
    sigset_t blocked;
    sigemptyset(&blocked), sigaddset(&blocked, SIGUSR2), sigaddset(&blocked, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler}, NULL);
    raise(SIGUSR2);
    for (int i = 1; i <= 3; i++) sigqueue(getpid(), SIGRTMIN + 1, (union sigval){i});
    int signals = signalfd(-1, &blocked, 0);
    timer_t late;
    timer_create(CLOCK_MONOTONIC, &(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1}, &late);
    timer_settime(late, 0, &(struct itimerspec){{0, 0}, {0, 250000000}}, NULL);

    // System V
    int queue = msgget(IPC_PRIVATE, 0600 | IPC_CREAT), set = semget(IPC_PRIVATE, 2, 0600 | IPC_CREAT);
    struct { long kind; char text[8]; } message = {3, "message"};
    msgsnd(queue, &message, sizeof message.text, 0);
    semop(set, &(struct sembuf){1, 4, 0}, 1);
    int segment = shmget(IPC_PRIVATE, 8192, 0600 | IPC_CREAT), alone = shmget(IPC_PRIVATE, 4096, 0600 | IPC_CREAT);
    char *attached = shmat(segment, NULL, 0), *once = shmat(alone, NULL, 0);
    strcpy(attached + 5000, "attached"), strcpy(once, "alone"), shmdt(once);
    shmctl(segment, IPC_RMID, NULL);
    char posix[32];
    sprintf(posix, "/standstill-%d", getpid());
    mqd_t posted = mq_open(posix, O_RDWR | O_CREAT, 0600, &(struct mq_attr){.mq_maxmsg = 4, .mq_msgsize = 8});
    mq_send(posted, "low", 3, 1), mq_send(posted, "high", 4, 9);

    // Threads and processes
    pthread_t threads[2];
    for (intptr_t i = 0; i < 2; i++) pthread_create(&threads[i], NULL, waiter, (void *)(i + 20));
    pid_t children[4];
    for (int i = 0; i < 4; i++) children[i] = child(i);
    siginfo_t what;
    waitid(P_PID, children[0], &what, WEXITED | WNOWAIT);
    waitid(P_PID, children[3], &what, WSTOPPED | WNOWAIT);
    umask(027);
    setenv("ADDED", "later", 1);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);

    puts("ready");
    char byte = 0;
    ssize_t got;
    do got = read(0, &byte, 1);
    while ((got < 0 && errno == EINTR) || (got == 1 && byte != '\n'));

    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("clock %d\n", after.tv_sec >= before.tv_sec && after.tv_sec < before.tv_sec + 60);
    printf("offsets %ld %ld %ld\n", (long)lseek(plain, 0, SEEK_CUR), (long)lseek(gone, 0, SEEK_CUR), (long)lseek(memory, 0, SEEK_CUR));
    printf("gone %s\n", text_of(gone));
    printf("memory %s\n", text_of(memory));
    dprintf(append, "two"), lseek(append, 0, SEEK_SET);
    printf("append %s\n", text_of(append));
    struct stat about, other;
    stat("symbolic", &about), stat("below/moved", &other);
    printf("links %d %d %d\n", about.st_ino == other.st_ino, (int)about.st_nlink, access("other", F_OK));
    stat("append", &about), stat("below", &other);
    printf("modes %o %o\n", about.st_mode & 07777, other.st_mode & 07777);
    printf("holes %ld %ld\n", (long)lseek(holes, 0, SEEK_END), (long)lseek(holes, 1, SEEK_DATA) / 4096);
    int entries = 0;
    while (readdir(list)) entries++;
    printf("entries %d\n", entries);
    int again = open("lock", O_RDWR);
    printf("locked %d\n", flock(again, LOCK_EX | LOCK_NB));
    fstat(left, &about);
    printf("left %d\n", (int)about.st_nlink);
    printf("pipe %s\n", text_of(ends[0]));
    printf("socket %s\n", text_of(pair[1]));
    printf("packet %s\n", text_of(packets[1]));
    printf("packet %s\n", text_of(packets[1]));
    printf("arrived %s\n", text_of(receive_descriptor(packets[1])));
    int accepted = accept(listening, NULL, NULL);
    printf("accepted %s\n", text_of(accepted));
    write(accepted, "answer", 6), printf("connected %s\n", text_of(connecting));
    printf("epoll %d\n", epoll_wait(level, seen, 4, 0));
    uint64_t number = 0;
    read(count, &number, 8), printf("count %d\n", (int)number);
    write(count, &number, 8), printf("epoll %d %u\n", epoll_wait(level, seen, 4, 0), seen[0].data.u32);
    read(timer, &number, 8), printf("timer %d\n", (int)number);
    char space[256];
    struct inotify_event *event = (struct inotify_event *)space;
    read(watch, space, sizeof space), printf("watched %s\n", event->name);
    close(make("below/newer", "", 0)), read(watch, space, sizeof space), printf("watched %s\n", event->name);
    printf("terminal %s", text_of(slave));
    write(master, "ne\n", 3), printf("terminal %s", text_of(slave));
    printf("shown %s", text_of(master));
    tcgetattr(slave, &settings), printf("echo %d\n", (settings.c_lflag & ECHO) != 0);
    printf("shared %u %c\n", shared[1], mapped[9]);
    pread(plain, space, 10, 0), printf("file %.10s, own %.3s\n", space, own);
    mprotect(hidden, 8192, PROT_READ), printf("%s %s %f\n", hidden + 4096, heap, real);
    struct signalfd_siginfo signal;
    read(signals, &signal, sizeof signal), printf("signal %d\n", (int)signal.ssi_signo == SIGUSR2);
    for (int i = 0; i < 3; i++) read(signals, &signal, sizeof signal), printf("queued %d\n", signal.ssi_int);
    while (!handled) poll(NULL, 0, 10);
    printf("handled %d\n", (int)handled);
    message.kind = 0, msgrcv(queue, &message, sizeof message.text, 3, 0), printf("message %s\n", message.text);
    printf("semaphore %d\n", semctl(set, 1, GETVAL));
    msgctl(queue, IPC_RMID, NULL), semctl(set, 0, IPC_RMID);
    mqd_t other_end = mq_open(posix, O_RDONLY);
    for (int i = 0; i < 2; i++) {
        unsigned priority = 0;
        got = mq_receive(other_end, space, 8, &priority), printf("posted %.*s %u\n", (int)got, space, priority);
    }
    mq_unlink(posix);
    once = shmat(alone, NULL, SHM_RDONLY);
    printf("segments %s %s\n", attached + 5000, once);
    shmctl(alone, IPC_RMID, NULL);
    pthread_mutex_lock(&mutex), signalled = 1, pthread_cond_broadcast(&condition), pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 2; i++) {
        void *result;
        pthread_join(threads[i], &result), printf("thread %d\n", (int)(intptr_t)result);
    }
    shared[0] = 6, syscall(SYS_futex, shared, FUTEX_WAKE, 1, NULL, NULL, 0);
    kill(children[3], SIGCONT);
    for (int i = 0; i < 4; i++) {
        int status = 0, is_it = waitpid(children[i], &status, 0) == children[i];
        printf("child %d %d\n", is_it, WEXITSTATUS(status));
    }
    struct shmid_ds segment_status = {0};
    shmctl(segment, IPC_STAT, &segment_status);
    printf("attached %d\n", (int)segment_status.shm_nattch);
    printf("umask %o, %s\n", umask(0), getenv("ADDED"));
    printf("here %d\n", strcmp(getcwd(space, sizeof space), directory));
    return chdir("/") || nftw(directory, discard, 8, FTW_DEPTH | FTW_PHYS);
}

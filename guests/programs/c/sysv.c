// System V semaphores and message queues: keys, operations, kinds of messages, limits, removal.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void on_alarm(int signal) { (void)signal; }

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static void values(int set) {
    unsigned short list[3];
    union semun all = {.array = list};
    result("all", semctl(set, 0, GETALL, all));
    printf("%d %d %d\n", list[0], list[1], list[2]);
}

static void semaphores(key_t key) {
    result("none", semget(key, 3, 0600));
    int set = semget(key, 3, IPC_CREAT | 0600);
    printf("%d %d\n", set >= 0, semget(key, 2, 0600) == set);
    result("exclusive", semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
    result("too many", semget(key, 4, 0600));
    result("none", semget(IPC_PRIVATE, 0, 0600));
    values(set);
    struct sembuf three[] = {{0, 2, 0}, {1, 1, SEM_UNDO}, {2, 0, 0}};
    result("three", semop(set, three, 3));
    values(set);
    struct sembuf both[] = {{0, -1, 0}, {1, -2, IPC_NOWAIT}};
    result("both", semop(set, both, 2));
    struct sembuf zero = {0, 0, IPC_NOWAIT}, far = {3, 1, 0}, high = {0, 32767, 0};
    result("zero", semop(set, &zero, 1));
    result("far", semop(set, &far, 1));
    result("high", semop(set, &high, 1));
    result("nothing", semop(set, &zero, 0));
    values(set);
    printf("%d %d\n", semctl(set, 0, GETVAL), semctl(set, 1, GETPID) == getpid());
    union semun value = {.val = 5};
    result("set", semctl(set, 2, SETVAL, value));
    value.val = 40000;
    result("range", semctl(set, 2, SETVAL, value));
    result("index", semctl(set, 7, GETVAL));
    unsigned short list[3] = {7, 8, 9};
    value.array = list;
    result("set all", semctl(set, 0, SETALL, value));
    values(set);
    struct semid_ds about;
    value.buf = &about;
    result("stat", semctl(set, 0, IPC_STAT, value));
    printf("%d %d %o %d %d\n", (int)about.sem_nsems, about.sem_perm.__key == key, about.sem_perm.mode & 0777,
           about.sem_otime > 0, about.sem_ctime > 0);
    about.sem_perm.mode = 0640;
    result("change", semctl(set, 0, IPC_SET, value));
    semctl(set, 0, IPC_STAT, value);
    printf("%o\n", about.sem_perm.mode & 0777);
    struct sembuf wait = {0, -100, 0};
    struct timespec soon = {0, 20000000};
    result("late", semtimedop(set, &wait, 1, &soon));
    struct itimerval alarm = {{0, 0}, {0, 200000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    result("interrupted", semop(set, &wait, 1));
    result("command", semctl(set, 0, 99));
    result("remove", semctl(set, 0, IPC_RMID));
    result("gone", semop(set, &wait, 1));
    result("gone", semctl(set, 0, GETVAL));
}

struct note {
    long kind;
    char text[64];
};

static void put(int queue, long kind, const char *text) {
    struct note note = {kind, ""};
    strcpy(note.text, text);
    if (msgsnd(queue, &note, strlen(text), 0)) perror("msgsnd");
}

static void take(int queue, long kind, int size, int flags) {
    struct note note = {0, ""};
    long got = msgrcv(queue, &note, size, kind, flags | IPC_NOWAIT);
    if (got < 0) result("take", got);
    else printf("take: %ld %ld %.*s\n", got, note.kind, (int)got, note.text);
}

static void messages(key_t key) {
    int queue = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    printf("%d %d\n", queue >= 0, msgget(key, 0) == queue);
    result("exclusive", msgget(key, IPC_CREAT | IPC_EXCL | 0600));
    put(queue, 5, "five");
    put(queue, 3, "three");
    put(queue, 9, "nine");
    put(queue, 3, "three again");
    struct msqid_ds about;
    result("stat", msgctl(queue, IPC_STAT, &about));
    printf("%d %d %d %d %d\n", (int)about.msg_qnum, (int)about.__msg_cbytes, about.msg_lspid == getpid(), about.msg_lrpid,
           about.msg_stime > 0 && about.msg_rtime == 0);
    take(queue, 9, 64, 0);
    take(queue, 9, 64, 0);
    take(queue, -4, 64, 0);
    take(queue, 3, 4, 0);
    take(queue, 3, 4, MSG_NOERROR);
    put(queue, 6, "six");
    take(queue, 5, 64, MSG_EXCEPT);
    take(queue, 0, 64, 0);
    take(queue, 0, 64, 0);
    struct note wrong = {0, ""};
    result("kind", msgsnd(queue, &wrong, 1, 0));
    wrong.kind = 1;
    result("long", msgsnd(queue, &wrong, 9000, 0));
    result("empty", msgsnd(queue, &wrong, 0, 0));
    take(queue, 0, 0, 0);
    static struct { long kind; char text[8192]; } big = {1, ""};
    int count = 0;
    while (msgsnd(queue, &big, sizeof big.text, IPC_NOWAIT) == 0) count++;
    printf("%d %s\n", count, strerrorname_np(errno));
    struct itimerval alarm = {{0, 0}, {0, 200000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    result("interrupted", msgsnd(queue, &big, sizeof big.text, 0));
    result("remove", msgctl(queue, IPC_RMID, NULL));
    result("gone", msgsnd(queue, &big, 1, 0));
}

int main(void) {
    // Somebody else's restart is not ours: these calls are never made again.
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    key_t key = 0x5a000000 ^ getpid();
    semaphores(key);
    messages(key);
    return 0;
}

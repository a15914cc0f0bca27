// System V shared memory: keys, sizes, where it is attached, who has it, forked and not, removal, end of processes.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

// A result, or why there is none.
static void result(const char *what, long value) {
    if (value < 0) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: %ld\n", what, value);
}

static void *attach(const char *what, int id, const void *at, int flags) {
    void *got = shmat(id, at, flags);
    if (got == (void *)-1) printf("%s: %s\n", what, strerrorname_np(errno));
    else printf("%s: 0\n", what);
    return got;
}

static int attached(int id) {
    struct shmid_ds about;
    if (shmctl(id, IPC_STAT, &about)) return -1;
    return about.shm_nattch;
}

static void keys(key_t key) {
    result("none", shmget(key, 100, 0600));
    result("empty", shmget(key, 0, IPC_CREAT | 0600));
    int id = shmget(key, 10000, IPC_CREAT | 0640);
    printf("%d %d %d\n", id >= 0, shmget(key, 10000, 0) == id, shmget(key, 0, 0600) == id);
    result("exclusive", shmget(key, 10000, IPC_CREAT | IPC_EXCL | 0600));
    result("too large", shmget(key, 10001, 0));
    struct shmid_ds about;
    result("stat", shmctl(id, IPC_STAT, &about));
    printf("%zu %o %d %d %d %d\n", about.shm_segsz, about.shm_perm.mode, about.shm_perm.__key == key, about.shm_cpid == getpid(),
           about.shm_lpid, (int)about.shm_nattch);
    printf("%d %d %d\n", about.shm_atime != 0, about.shm_dtime != 0, about.shm_ctime != 0);
    about.shm_perm.mode = 0600;
    result("set", shmctl(id, IPC_SET, &about));
    shmctl(id, IPC_STAT, &about);
    printf("%o\n", about.shm_perm.mode);
    result("command", shmctl(id, 99, &about));
    result("remove", shmctl(id, IPC_RMID, NULL));
    result("gone", shmctl(id, IPC_STAT, &about));
    attach("gone", id, NULL, 0);
    result("none", shmget(key, 100, 0));
}

static void places(void) {
    int id = shmget(IPC_PRIVATE, 3 * 4096, IPC_CREAT | 0600);
    char *one = attach("anywhere", id, NULL, 0);
    printf("%d\n", (uintptr_t)one % 4096 == 0 && one[0] == 0 && one[3 * 4096 - 1] == 0);
    char *other = attach("again", id, NULL, SHM_RDONLY);
    strcpy(one + 5000, "seen twice");
    printf("%s, %d\n", other + 5000, attached(id));
    result("write", mprotect(other, 4096, PROT_READ | PROT_WRITE));
    char *fixed = (char *)0x20000000;
    printf("%d\n", attach("fixed", id, fixed, 0) == fixed);
    attach("taken", id, fixed, 0);
    attach("odd", id, fixed + 0x80000 + 1, 0);
    printf("%d\n", attach("rounded", id, fixed + 0x80000 + 1, SHM_RND) == fixed + 0x80000);
    printf("%d\n", attach("replaced", id, fixed, SHM_REMAP) == fixed);
    attach("replaced nothing", id, NULL, SHM_REMAP);
    printf("%d\n", attached(id));
    // A hole makes two areas of one.
    munmap(fixed + 4096, 4096);
    printf("%d %s\n", attached(id), one + 5000);
    result("detach", shmdt(fixed));
    printf("%d\n", attached(id));
    result("detach", shmdt(fixed));
    result("detach odd", shmdt(one + 1));
    result("detach within", shmdt(one + 4096));
    result("detach", shmdt(one));
    result("detach", shmdt(other));
    printf("%d\n", attached(id));
    result("lock", shmctl(id, SHM_LOCK, NULL));
    struct shmid_ds about;
    shmctl(id, IPC_STAT, &about);
    printf("%o %d %d\n", about.shm_perm.mode, about.shm_lpid == getpid(), about.shm_dtime != 0);
    result("unlock", shmctl(id, SHM_UNLOCK, NULL));
    result("remove", shmctl(id, IPC_RMID, NULL));
    result("doomed", shmctl(id, IPC_STAT, &about));
    printf("%o %d %d\n", about.shm_perm.mode, about.shm_perm.__key, (int)about.shm_nattch);
    printf("%s\n", fixed + 0x80000 + 5000);
    result("detach", shmdt(fixed + 0x80000));
    result("gone", shmctl(id, IPC_STAT, &about));
}

// Waits for a child and says what became of it.
static void reap(pid_t child) {
    int status;
    waitpid(child, &status, 0);
    printf("child: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    fflush(stdout);
}

static void processes(key_t key) {
    int id = shmget(key, 8192, IPC_CREAT | 0600);
    volatile int *words = shmat(id, NULL, 0);
    words[0] = 1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        words[1] = words[0] + 1;
        words[2] = attached(id);
        shmdt((void *)words);
        _exit(attached(id));
    }
    reap(child);
    printf("%d %d %d\n", words[1], words[2], attached(id));
    struct shmid_ds about;
    shmctl(id, IPC_STAT, &about);
    printf("%d\n", about.shm_lpid == child);
    // Exit detaches, and so does exec.
    child = fork();
    if (child == 0) _exit(attached(id));
    reap(child);
    printf("%d\n", attached(id));
    child = fork();
    if (child == 0) {
        char text[16];
        snprintf(text, sizeof text, "%d", key);
        execl("/proc/self/exe", "sharedmem", "stranger", text, NULL);
        _exit(99);
    }
    reap(child);
    printf("%d %d\n", words[3], attached(id));
    // The last one to go takes it along.
    child = fork();
    if (child == 0) {
        shmctl(id, IPC_RMID, NULL);
        shmdt((void *)words);
        _exit(0);
    }
    reap(child);
    printf("%d %d\n", words[0], attached(id));
    result("key", shmget(key, 8192, 0));
    child = fork();
    if (child == 0) {
        words[4] = 5;
        _exit(0);
    }
    reap(child);
    printf("%d %d\n", words[4], attached(id));
    shmdt((void *)words);
    printf("%d\n", attached(id));
}

// What a program sees that knows nothing but the key.
static int stranger(key_t key) {
    int id = shmget(key, 0, 0);
    int before = attached(id);
    int *words = shmat(id, NULL, 0);
    words[3] = words[0] + 41;
    return before * 10 + attached(id);
}

static void all(void) {
    struct shminfo most;
    struct shm_info now;
    int last = shmctl(0, IPC_INFO, (struct shmid_ds *)&most);
    printf("%d %d %d\n", last >= 0, (int)most.shmmin, most.shmmni >= 1 && most.shmall > 0 && most.shmmax > 1 << 20);
    last = shmctl(0, SHM_INFO, (struct shmid_ds *)&now);
    int before = now.used_ids;
    unsigned long pages = now.shm_tot;
    int id = shmget(IPC_PRIVATE, 5000, IPC_CREAT | 0600);
    last = shmctl(0, SHM_INFO, (struct shmid_ds *)&now);
    printf("%d %d\n", now.used_ids - before, (int)(now.shm_tot - pages));
    int found = 0;
    for (int place = 0; place <= last; place++) {
        struct shmid_ds about;
        if (shmctl(place, SHM_STAT, &about) == id) found += about.shm_segsz == 5000;
    }
    printf("%d\n", found);
    shmctl(id, IPC_RMID, NULL);
}

int main(int count, char **arguments) {
    if (count > 2 && strcmp(arguments[1], "stranger") == 0) return stranger(atoi(arguments[2]));
    key_t key = 0x5a000000 ^ getpid();
    keys(key);
    places();
    processes(key);
    all();
    return 0;
}

// What processes share: memory, mutexes and conditions in it, semaphores with and without names.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    sem_t turn;
    int counter, state;
    char text[5000];
};

int main(void) {
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t mutexes;
    pthread_condattr_t conditions;
    pthread_mutexattr_init(&mutexes), pthread_mutexattr_setpshared(&mutexes, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&conditions), pthread_condattr_setpshared(&conditions, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->lock, &mutexes), pthread_cond_init(&shared->changed, &conditions);
    sem_init(&shared->turn, 1, 0);
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            for (int n = 0; n < 1000; n++) {
                pthread_mutex_lock(&shared->lock);
                shared->counter++;
                pthread_mutex_unlock(&shared->lock);
            }
            _exit(0);
        }
    while (wait(NULL) > 0) ;
    printf("counted %d\n", shared->counter);
    if (fork() == 0) {
        sem_wait(&shared->turn);
        strcpy(shared->text + 4500, "from the child");
        pthread_mutex_lock(&shared->lock);
        shared->state = 1;
        pthread_cond_signal(&shared->changed);
        pthread_mutex_unlock(&shared->lock);
        _exit(0);
    }
    sem_post(&shared->turn);
    pthread_mutex_lock(&shared->lock);
    while (!shared->state) pthread_cond_wait(&shared->changed, &shared->lock);
    pthread_mutex_unlock(&shared->lock);
    printf("state %d, %s\n", shared->state, shared->text + 4500);
    wait(NULL);
    // A file's pages are shared by all who map it.
    int file = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    if (ftruncate(file, 8192)) return 1;
    char *mine = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    int ends[2];
    char byte;
    if (pipe(ends)) return 1;
    if (fork() == 0) {
        char *theirs = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        strcpy(mine + 10, "inherited");
        strcpy(theirs + 5000, "mapped anew");
        if (write(ends[1], "x", 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    if (read(ends[0], &byte, 1) != 1) return 1;
    printf("%s, %s\n", mine + 10, mine + 5000);
    char text[16] = "";
    if (pread(file, text, 9, 10) < 0) return 1;
    printf("read: %s\n", text);
    if (pwrite(file, "written", 8, 100) != 8) return 1;
    printf("seen: %s\n", mine + 100);
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    return 0;
}

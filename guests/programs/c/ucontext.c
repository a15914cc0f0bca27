// Contexts by hand: generators and a round-robin of coroutines, with floating point kept across switches.
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

enum { TASKS = 4, STACK_BYTES = 65536 };
static ucontext_t tasks[TASKS], scheduler;
static int finished[TASKS];

static void work(int id, int rounds) {
    double sum = id;
    for (int i = 0; i < rounds; i++) {
        sum = sum * 1.5 + i;
        printf("task %d round %d sum %.6f\n", id, i, sum);
        swapcontext(&tasks[id], &scheduler);
    }
    finished[id] = 1;
}

static ucontext_t producer, consumer;
static int produced;

static void produce(void) {
    for (int a = 0, b = 1;; b += a, a = b - a) {
        produced = a;
        swapcontext(&producer, &consumer);
    }
}

int main(void) {
    for (int id = 0; id < TASKS; id++) {
        getcontext(&tasks[id]);
        tasks[id].uc_stack.ss_sp = malloc(STACK_BYTES);
        tasks[id].uc_stack.ss_size = STACK_BYTES;
        tasks[id].uc_link = &scheduler;
        makecontext(&tasks[id], (void (*)(void))work, 2, id, id + 2);
    }
    for (int left = TASKS; left > 0;) {
        left = 0;
        for (int id = 0; id < TASKS; id++)
            if (!finished[id]) swapcontext(&scheduler, &tasks[id]), left++;
    }
    getcontext(&producer);
    producer.uc_stack.ss_sp = malloc(STACK_BYTES);
    producer.uc_stack.ss_size = STACK_BYTES;
    makecontext(&producer, produce, 0);
    for (int i = 0; i < 30; i++) swapcontext(&consumer, &producer), printf("%d ", produced);
    volatile int again = 0;
    ucontext_t loop;
    getcontext(&loop);
    if (again++ < 3) setcontext(&loop);
    printf("\n%d\n", again);
    return 0;
}

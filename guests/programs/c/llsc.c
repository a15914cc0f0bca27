// LL and SC by hand: success, loops, and a lock.
#include <stdint.h>
#include <stdio.h>

static int add(volatile int *at, int by) {
    int old, result;
    __asm__ volatile(
        ".set push\n\t.set noreorder\n"
        "1:\tll %0, %2\n\taddu %1, %0, %3\n\tsc %1, %2\n\tbeqz %1, 1b\n\tnop\n\t.set pop"
        : "=&r"(old), "=&r"(result), "+m"(*at) : "r"(by) : "memory");
    return old;
}

static int swap(volatile int *at, int expected, int desired) {
    int old, done;
    __asm__ volatile(
        ".set push\n\t.set noreorder\n"
        "1:\tll %0, %2\n\tbne %0, %3, 2f\n\tmove %1, %4\n\tsc %1, %2\n\tbeqz %1, 1b\n\tnop\n2:\tsync\n\t.set pop"
        : "=&r"(old), "=&r"(done), "+m"(*at) : "r"(expected), "r"(desired) : "memory");
    return old;
}

int main(void) {
    volatile int word = 5, sum = 0;
    for (int i = 0; i < 1000; i++) sum += add(&word, i);
    printf("%d %d\n", word, sum);
    printf("%d %d\n", swap(&word, 1, 2), word);
    printf("%d %d\n", swap(&word, word, 2), word);
    volatile int lock = 0, counter = 0;
    for (int i = 0; i < 100; i++) {
        while (swap(&lock, 0, 1)) continue;
        counter += i;
        __asm__ volatile("sync");
        lock = 0;
    }
    printf("%d\n", counter);
    int result;
    __asm__ volatile(".set push\n\t.set noreorder\n\tll %0, %1\n\tli %0, 42\n\tsc %0, %1\n\t.set pop" : "=&r"(result), "+m"(word));
    printf("%d %d\n", result, word);
    return 0;
}

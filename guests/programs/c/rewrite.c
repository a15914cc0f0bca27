// Text that a process changes is its own: parent, children, and whoever starts the same program later differ, hot or not.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/cachectl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 30000, PAGE = 4096 };

// Alone in its page.
__attribute__((noinline, aligned(4096))) int answer(int number) {
    __asm__ volatile("");
    return number + 1;
}

__attribute__((noinline)) static int ask(void) {
    int sum = 0;
    for (int i = 0; i < TURNS; i++) sum += answer(i) - i;
    return sum / TURNS;
}

// The function at `text` returns `value` from now on.
static void change(void *text, int value) {
    uint32_t *code = (uint32_t *)((uintptr_t)text & ~3);
    void *page = (void *)((uintptr_t)code & ~(PAGE - 1));
    mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    if ((uintptr_t)text & 1) {
        uint16_t *half = (uint16_t *)code;
        half[0] = 0x6a00 | value;  // li v0, value
        half[1] = 0xe820;          // jr ra
        half[2] = 0x6500;          // nop, in its slot
    } else {
        code[0] = 0x03e00008;          // jr ra
        code[1] = 0x24020000 | value;  // li v0, value, in its slot
    }
    cacheflush(code, 8, BCACHE);
}

// What a child finds, which changes the answer first if there is a value.
static int in_child(int value) {
    pid_t child = fork();
    if (child == 0) {
        if (value) change(answer, value);
        int changed = 0;
        for (int i = 0; i < TURNS; i++) changed += answer(i) == (value ? value : i + 1);
        _exit(changed == TURNS ? 100 + value : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int anew(const char *word) {
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "self", word, NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    if (argc > 1 && argv[1][0] == '=') {
        if (argv[1][1]) change(answer, atoi(argv[1] + 1));
        int value = answer(40), same = 0;
        for (int i = 0; i < TURNS; i++) same += answer(40) == value;
        return same == TURNS ? value : 1;
    }
    printf("%d\n", ask());
    for (int round = 0; round < 3; round++) printf("%d %d %d\n", in_child(7 + round), in_child(0), ask());
    for (int round = 0; round < 3; round++) printf("%d %d\n", anew("=9"), anew("="));
    // A function of the library.
    pid_t child = fork();
    if (child == 0) {
        change(abs, 5);
        int (*volatile absolute)(int) = abs;
        int sum = 0;
        for (int i = 0; i < TURNS; i++) sum += absolute(-i);
        _exit(sum == 5 * TURNS);
    }
    int status;
    waitpid(child, &status, 0);
    int (*volatile absolute)(int) = abs;
    printf("%d %d\n", WEXITSTATUS(status), absolute(-3));
    change(answer, 11);
    int sum = 0;
    for (int i = 0; i < TURNS; i++) sum += answer(i) == 11;
    printf("%d %d %d %d\n", sum, in_child(3), anew("=9"), anew("="));
    return 0;
}

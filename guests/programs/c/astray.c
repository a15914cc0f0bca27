// Jumps to where no instruction can be: each raises a signal, SIGBUS or SIGSEGV as the processor has 16-bit code or not.
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

static sigjmp_buf back;

static void handler(int signal) {
    siglongjmp(back, signal == SIGBUS || signal == SIGSEGV ? 1 : 2);
}

int main(void) {
    signal(SIGBUS, handler), signal(SIGSEGV, handler);
    static const uintptr_t places[] = {0, 1, 2, 3, 4, 0x10000002, 0x7ffffffe, 0x80000000, 0xfffffffd};
    for (unsigned turn = 0; turn < 3000; turn++)
        for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
            int how = sigsetjmp(back, 1);
            if (how == 0) ((void (*)(void))places[i])();
            if (how != 1 || turn == 0) printf("%u: %d\n", i, how);
        }
    return 0;
}

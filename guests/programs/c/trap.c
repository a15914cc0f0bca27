// SIGTRAP and SIGILL: breakpoints, traps and reserved instructions; the handler moves the PC on through its context.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

static volatile int count, last_signal, last_code;
static volatile uintptr_t last_at;

static void handler(int signal, siginfo_t *info, void *raw) {
    ucontext_t *context = raw;
    count++, last_signal = signal, last_code = info->si_code, last_at = (uintptr_t)info->si_addr;
    context->uc_mcontext.pc += 4;
    context->uc_mcontext.gregs[2] = 0x1234;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, NULL), sigaction(SIGILL, &action, NULL);
    register int changed __asm__("$2") = 0;
    __asm__ volatile("break" : "+r"(changed));
    int seen = changed;
    printf("break: %s %x\n", last_signal == SIGTRAP ? "SIGTRAP" : "other", seen);
    changed = 0;
    __asm__ volatile("teq $0, $0" : "+r"(changed));
    seen = changed;
    printf("teq: %s %x\n", last_signal == SIGTRAP ? "SIGTRAP" : "other", seen);
    changed = 0;
    uintptr_t at;
    __asm__ volatile("bal 1f\n\tnop\n1:\taddiu %1, $31, 8\n\t.word 0x0000003d\n\t" : "+r"(changed), "=r"(at)::"$31");
    seen = changed;
    printf("reserved: %s %x\n", last_signal == SIGILL ? "SIGILL" : "other", seen);
    __asm__ volatile("tne $0, $0\n\ttlt $0, $0\n\ttltu $0, $0");
    printf("untaken: %d\n", count);
    for (int i = 0; i < 1000; i++) {
        changed = i;
        __asm__ volatile("tgei $0, 0" : "+r"(changed));
        if (changed != 0x1234) puts("lost");
    }
    printf("%d\n", count);
    (void)at;
    return 0;
}

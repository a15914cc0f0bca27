// Loops that end by a signal only: whoever stops them sees the registers that were set before.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <ucontext.h>

static sigjmp_buf back;
static unsigned long long seen[4];
static volatile int spins;

static void arm(void) {
    struct itimerval soon = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void on_alarm(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    if (!spins) return arm();
    spins = 0;
    ucontext_t *at = context;
    for (int i = 0; i < 4; i++) seen[i] = at->uc_mcontext.gregs[8 + i];
    siglongjmp(back, 1);
}

static void __attribute__((noinline)) spin(int from) {
    __asm__ volatile(
        ".set push\n.set noreorder\n"
        "addiu $8, %0, 1\n"
        "addiu $9, %0, 2\n"
        "addiu $10, %0, 3\n"
        "addiu $11, %0, 4\n"
        "sw %0, 0(%1)\n"
        "1: b 1b\n"
        "addiu $11, %0, 4\n"
        ".set pop" ::"r"(from), "r"(&spins)
        : "$8", "$9", "$10", "$11");
}

// The same behind a loop that is warm by then, and with an inner loop that writes one of them in each turn.
static void __attribute__((noinline)) spin_late(int from) {
    __asm__ volatile(
        ".set push\n.set noreorder\n"
        "addiu $8, %0, 10\n"
        "li $9, 3000000\n"
        "1: addiu $9, $9, -1\n"
        "bnez $9, 1b\n"
        "addu $10, $9, $8\n"
        "addiu $11, %0, 40\n"
        "sw %0, 0(%1)\n"
        "2: li $12, 100\n"
        "3: addiu $12, $12, -1\n"
        "bnez $12, 3b\n"
        "nop\n"
        "b 2b\n"
        "nop\n"
        ".set pop" ::"r"(from), "r"(&spins)
        : "$8", "$9", "$10", "$11", "$12");
}

int main(void) {
    struct sigaction action = {0};
    action.sa_sigaction = on_alarm;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGALRM, &action, NULL);
    for (int turn = 1; turn <= 3; turn++) {
        if (!sigsetjmp(back, 1)) {
            arm();
            spin(100 * turn);
        }
        printf("%llu %llu %llu %llu\n", seen[0], seen[1], seen[2], seen[3]);
        if (!sigsetjmp(back, 1)) {
            arm();
            spin_late(100 * turn);
        }
        printf("%llu %llu %llu %llu\n", seen[0], seen[1], seen[2], seen[3]);
    }
    return 0;
}

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

// Writes nothing but the high half of a double.
static void __attribute__((noinline)) spin_high(int from) {
    __asm__ volatile(
        ".set push\n.set noreorder\n"
        "or $8, %0, $0\n"
        "li $9, 0\n"
        "li $10, 0\n"
        "li $11, 0\n"
        "sw %0, 0(%1)\n"
        "1: mthc1 $12, $f0\n"
        "addiu $12, $12, 1\n"
        "b 1b\n"
        "mfhc1 $13, $f0\n"
        ".set pop" ::"r"(from), "r"(&spins)
        : "$8", "$9", "$10", "$11", "$12", "$13", "$f0");
}

// Eight blocks of which each may lead to any, and all of which are entered: no loops that could be told apart.
void knot(unsigned from, const unsigned *next, volatile int *ready);
__asm__(
    ".text\n.align 2\n.set push\n.set noreorder\n.set noat\n"
    ".macro way number\n"
    "li $2, \\number\n"
    "beq $4, $2, .Lknot\\number\n"
    "nop\n"
    ".endm\n"
    ".macro ways\n"
    "way 0\nway 1\nway 2\nway 3\nway 4\nway 5\nway 6\n"
    "b .Lknot7\n"
    "nop\n"
    ".endm\n"
    ".globl knot\n.ent knot\n.type knot,@function\n"
    "knot: or $8, $4, $0\n"
    "li $9, 0\nli $10, 0\nli $11, 0\n"
    "sw $5, 0($6)\n"
    "ways\n"
    ".irp number, 0, 1, 2, 3, 4, 5, 6, 7\n"
    ".Lknot\\number: sll $3, $4, 2\n"
    "addu $3, $3, $5\n"
    "lw $4, 0($3)\n"
    ".rept 20\nxor $7, $7, $3\n.endr\n"
    "ways\n"
    ".endr\n"
    ".end knot\n.size knot,.-knot\n.set pop\n");

static void run(void (*how)(int), int from) {
    if (!sigsetjmp(back, 1)) {
        arm();
        how(from);
    }
    printf("%llu %llu %llu %llu\n", seen[0], seen[1], seen[2], seen[3]);
}

int main(void) {
    struct sigaction action = {0};
    action.sa_sigaction = on_alarm;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGALRM, &action, NULL);
    for (int turn = 1; turn <= 3; turn++) {
        run(spin, 100 * turn);
        run(spin_late, 100 * turn);
        run(spin_high, 100 * turn);
    }
    for (unsigned a = 0; a < 8; a++)
        for (unsigned b = a + 1; b < 8; b += 2) {
            unsigned next[8] = {0};
            next[a] = b, next[b] = a;
            if (!sigsetjmp(back, 1)) {
                arm();
                knot(a, next, &spins);
            }
            printf("%llu %llu\n", seen[0], seen[3]);
        }
    return 0;
}

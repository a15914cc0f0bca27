// Integer division by zero: SIGFPE from the trap the compiler adds, and from BREAK 6 and 7. QEMU 7.2 raises SIGTRAP, so
// divide.out says what Linux does (arch/mips/kernel/traps.c, do_trap_or_bp).
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static sigjmp_buf back;
static volatile int code;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    code = info->si_code;
    siglongjmp(back, 1);
}

static const char *name(int code) {
    switch (code) {
        case FPE_INTDIV: return "INTDIV";
        case FPE_INTOVF: return "INTOVF";
        default: return "other";
    }
}

#define TRY(what, action)                          \
    do {                                           \
        if (!sigsetjmp(back, 1)) {                 \
            action;                                \
            puts(what ": no trap");                \
        } else                                     \
            printf("%s: %s\n", what, name(code));  \
    } while (0)

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &action, NULL);
    volatile int zero = 0, one = 1, result;
    TRY("1 / 0", result = one / zero);
    TRY("1 % 0", result = one % zero);
    TRY("1u / 0u", result = (unsigned)one / (unsigned)zero);
    TRY("break 7", __asm__ volatile("break 7"));
    TRY("break 6", __asm__ volatile("break 6"));
    (void)result;
    return 0;
}

// SIGFPE: signed overflow as the instructions raise it, and floating-point traps.
#define _GNU_SOURCE
#include <fenv.h>
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
        case FPE_INTOVF: return "INTOVF";
        case FPE_FLTDIV: return "FLTDIV";
        case FPE_FLTINV: return "FLTINV";
        case FPE_FLTOVF: return "FLTOVF";
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
    volatile int one = 1, biggest = 0x7fffffff, result;
    volatile double none = 0, some = 1, quotient;
    TRY("add", __asm__ volatile("add %0, %1, %2" : "=r"(result) : "r"(biggest), "r"(one)));
    TRY("addu", __asm__ volatile("addu %0, %1, %2" : "=r"(result) : "r"(biggest), "r"(one)));
    TRY("sub", __asm__ volatile("sub %0, %1, %2" : "=r"(result) : "r"(-biggest), "r"(one + one)));
    TRY("addi", __asm__ volatile("addi %0, %1, 1" : "=r"(result) : "r"(biggest)));
    TRY("1.0 / 0.0", quotient = some / none);
    feclearexcept(FE_ALL_EXCEPT), feenableexcept(FE_DIVBYZERO);
    TRY("enabled 1.0 / 0.0", quotient = some / none);
    fedisableexcept(FE_ALL_EXCEPT), feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_INVALID);
    TRY("enabled 0.0 / 0.0", quotient = none / none);
    fedisableexcept(FE_ALL_EXCEPT), feclearexcept(FE_ALL_EXCEPT);
    TRY("disabled", quotient = some / none);
    (void)result, (void)quotient;
    return 0;
}

// setjmp, longjmp and their signal-mask variants: out of deep calls, out of handlers, many times.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

static jmp_buf here;
static sigjmp_buf there;

static void deep(int depth) {
    volatile char frame[100];
    frame[depth % 100] = depth;
    if (depth == 0) longjmp(here, 42);
    deep(depth - 1);
    frame[0]++;
}

static void handler(int signal) { siglongjmp(there, signal); }

int main(void) {
    volatile int kept = 1;
    register int saved = 5;
    int value = setjmp(here);
    if (value == 0) {
        kept = 2;
        deep(200);
        puts("not reached");
    }
    printf("%d %d %d\n", value, kept, saved);

    volatile int round = 0;
    value = setjmp(here);
    if (round < 5) {
        round++;
        longjmp(here, 0);
    }
    printf("%d %d\n", round, value);

    signal(SIGUSR1, handler);
    for (volatile int i = 0; i < 3; i++) {
        int caught = sigsetjmp(there, 1);
        if (caught == 0) raise(SIGUSR1);
        sigset_t mask;
        sigprocmask(SIG_SETMASK, NULL, &mask);
        printf("%d %d %d\n", i, caught == SIGUSR1, sigismember(&mask, SIGUSR1));
    }
    volatile double precise = 1.0 / 3;
    if (setjmp(here) == 0) {
        precise *= 3;
        longjmp(here, 1);
    }
    printf("%.17g\n", precise);
    return 0;
}

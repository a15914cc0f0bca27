// An alternate signal stack: used, reported, and the way out of a stack overflow.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

static char *stack;
static sigjmp_buf back;
static volatile int on_it, reported;
enum { BYTES = 65536 };

static int is_inside(void *address) { return (char *)address >= stack && (char *)address < stack + BYTES; }

static void handler(int signal) {
    (void)signal;
    int local;
    stack_t now;
    sigaltstack(NULL, &now);
    on_it = is_inside(&local), reported = !!(now.ss_flags & SS_ONSTACK);
}

static void overflow(int signal) {
    int local;
    (void)signal;
    on_it = is_inside(&local);
    siglongjmp(back, 1);
}

static int recurse(int depth) {
    volatile char frame[4096];
    frame[depth & 4095] = depth;
    return recurse(depth + 1) + frame[depth & 4095];
}

int main(void) {
    stack = malloc(BYTES);
    stack_t alternate = {.ss_sp = stack, .ss_size = BYTES}, old;
    printf("%d\n", sigaltstack(&alternate, &old));
    printf("%d\n", !!(old.ss_flags & SS_DISABLE));
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("%d %d\n", on_it, reported);
    action.sa_flags = 0;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("%d %d\n", on_it, reported);
    action.sa_handler = overflow, action.sa_flags = SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL);
    if (!sigsetjmp(back, 1)) printf("%d\n", recurse(0));
    printf("overflow caught on the alternate stack: %d\n", on_it);
    alternate.ss_flags = SS_DISABLE;
    printf("%d\n", sigaltstack(&alternate, NULL));
    return 0;
}

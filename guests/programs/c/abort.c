// Death by a signal: what was flushed is seen, a handler for SIGABRT runs once, then the process is killed by it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int signal) {
    (void)signal;
    if (write(1, "handled\n", 8) != 8) _exit(9);
}

int main(void) {
    puts("before");
    fflush(stdout);
    printf("never flushed");
    signal(SIGABRT, handler);
    abort();
}

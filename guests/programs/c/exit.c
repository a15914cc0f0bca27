// Leaving: atexit handlers in reverse order, buffers flushed, destructors run, the low byte of the status kept.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static void first(void) { puts("registered first"); }
static void second(void) { puts("registered second"); }
static void status(int code, void *text) { printf("%s %d\n", (char *)text, code); }
__attribute__((constructor)) static void before(void) { puts("constructor"); }
__attribute__((destructor)) static void after(void) { puts("destructor"); }

int main(void) {
    atexit(first), atexit(second), on_exit(status, "status");
    printf("no newline before the end: ");
    exit(0x12a);
}

// What the demo programs have instead of a C library: a start, three system calls, text and numbers.
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

int main(int argc, char **argv);

enum { SYS_EXIT = 4001, SYS_READ = 4003, SYS_WRITE = 4004 };

static inline int call(int number, int a, const void *b, int c) {
    register int v0 __asm__("$2") = number;
    register int a0 __asm__("$4") = a, a2 __asm__("$6") = c;
    register int a3 __asm__("$7");
    register const void *a1 __asm__("$5") = b;
    __asm__ volatile("syscall"
                     : "+r"(v0), "=r"(a3)
                     : "r"(a0), "r"(a1), "r"(a2)
                     : "memory", "hi", "lo", "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25");
    return a3 ? -v0 : v0;
}

static char text[4096];
static int filled;

static void flush(void) {
    for (int at = 0; at < filled;) {
        int written = call(SYS_WRITE, 1, text + at, filled - at);
        if (written <= 0) break;
        at += written;
    }
    filled = 0;
}

static void put(char c) {
    if (filled == sizeof text) flush();
    text[filled++] = c;
}

static void say(const char *string) {
    while (*string) put(*string++);
}

static void pad(int count, char with) {
    while (count-- > 0) put(with);
}

static void number(u32 value, int width, char with) {
    char digits[10];
    int count = 0;
    do digits[count++] = '0' + value % 10;
    while (value /= 10);
    pad(width - count, with);
    while (count) put(digits[--count]);
}

static void hex(u32 value) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void real(double value, int places) {
    if (value < 0) put('-'), value = -value;
    u32 whole = (u32)value;
    double rest = value - whole;
    number(whole, 1, '0'), put('.');
    while (places-- > 0) {
        rest *= 10;
        int digit = (int)rest;
        put('0' + digit);
        rest -= digit;
    }
}

// The compiler writes calls to these for structures it copies or clears.
void *memcpy(void *to, const void *from, u32 bytes) {
    for (u8 *t = to; bytes--;) *t++ = *(*(const u8 **)&from)++;
    return to;
}

void *memset(void *to, int with, u32 bytes) {
    for (u8 *t = to; bytes--;) *t++ = with;
    return to;
}

__attribute__((used, noreturn)) static void enter(int *stack) {
    int status = main(stack[0], (char **)(stack + 1));
    flush();
    for (;;) call(SYS_EXIT, status, 0, 0);
}

__asm__(".globl __start\n.ent __start\n__start:\n\t.set push\n\t.set noreorder\n\tmove $4, $29\n\tli $2, -8\n\tand $29, $29, $2\n"
        "\taddiu $29, $29, -32\n\tj enter\n\tmove $31, $0\n\t.set pop\n.end __start\n");

// Each program uses some of these, and none is left unused for the compiler's sake.
static inline void unused(void) { (void)say, (void)number, (void)hex, (void)real; }

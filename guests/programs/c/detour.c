// Functions that do not come back to where they were called, or are not what they were the last time.
#include <setjmp.h>
#include <stdio.h>

// Skips the instruction behind the call and its slot in every `which`th call.
__asm__(
    ".text\n.align 2\n.set push\n.set noreorder\n"
    ".globl skip\n.ent skip\n.type skip,@function\n"
    "skip: bnez $4, 1f\n"
    "nop\n"
    "addiu $31, $31, 4\n"
    "1: jr $31\n"
    "addiu $2, $2, 1\n"
    ".end skip\n.size skip,.-skip\n"
    // Returns by another register, ra being lost.
    ".globl astray\n.ent astray\n.type astray,@function\n"
    "astray: or $3, $31, $0\n"
    "li $31, 0\n"
    "jr $3\n"
    "addiu $2, $2, 3\n"
    ".end astray\n.size astray,.-astray\n"
    // Calls inside: a leaf that is called with another link register.
    ".globl other_link\n.ent other_link\n.type other_link,@function\n"
    "other_link: jr $15\n"
    "addiu $2, $2, 5\n"
    ".end other_link\n.size other_link,.-other_link\n"
    ".set pop\n");

static unsigned __attribute__((noinline)) calls(unsigned which, unsigned sum) {
    __asm__ volatile(
        ".set push\n.set noreorder\n"
        "or $2, %0, $0\n"
        "or $4, %1, $0\n"
        "bal skip\n"
        "addiu $2, $2, 100\n"
        "addiu $2, $2, 1000\n"
        "bal astray\n"
        "nop\n"
        "la $8, other_link\n"
        "jalr $15, $8\n"
        "nop\n"
        "or %0, $2, $0\n"
        ".set pop"
        : "+r"(sum)
        : "r"(which)
        : "$2", "$3", "$4", "$8", "$15", "$31", "memory");
    return sum;
}

static int add(int a, int b) { return a + b; }
static int less(int a, int b) { return a - b; }
static int times(int a, int b) { return a * b; }
static int (*volatile operation)(int, int);

static jmp_buf out;
static int __attribute__((noinline)) perhaps_out(int n) {
    if (n % 1000 == 999) longjmp(out, n);
    return n + 1;
}

static unsigned __attribute__((noinline)) fibonacci(unsigned n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
static unsigned __attribute__((noinline)) odd(unsigned n);
static unsigned __attribute__((noinline)) even(unsigned n) { return n == 0 ? 1 : odd(n - 1); }
static unsigned __attribute__((noinline)) odd(unsigned n) { return n == 0 ? 0 : even(n - 1); }

int main(void) {
    unsigned sum = 0;
    for (unsigned i = 0; i < 300000; i++) sum = calls(i % 7, sum);
    printf("%u\n", sum);
    int value = 1;
    for (int i = 0; i < 300000; i++) {
        operation = i % 1000 < 900 ? add : i % 2 ? less : times;
        value = operation(value, i);
    }
    printf("%d\n", value);
    volatile int outs = 0, n = 0;
    setjmp(out);
    while (n < 300000) {
        n++;
        outs += perhaps_out(n) != n + 1 ? 100 : n % 1000 == 998;
    }
    printf("%d %d\n", outs, n);
    printf("%u %u %u\n", fibonacci(24), even(5000), odd(20001));
    for (int i = 0; i < 200; i++) sum += even(1000 + i);
    printf("%u\n", sum);
    return 0;
}

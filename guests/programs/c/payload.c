// NaNs with something in them, in loops that may or may not calculate with them.
#include <stdio.h>
#include <string.h>

static double of_bits(unsigned long long bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}
static unsigned long long bits_of(double value) {
    unsigned long long bits;
    memcpy(&bits, &value, 8);
    return bits;
}
static unsigned bits_of_single(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static double __attribute__((noinline)) sum_of(const double *values, const char *chosen, int n, double start) {
    double sum = start;
    for (int i = 0; i < n; i++)
        if (chosen[i]) sum += values[i];
    return sum;
}

static float __attribute__((noinline)) product_of(const float *values, const char *chosen, int n, float start) {
    float product = start, last = start;
    for (int i = 0; i < n; i++)
        if (chosen[i]) {
            last = product;
            product *= values[i];
        }
    return chosen[0] ? product : last;
}

// A register that was zero is something else behind a call, or behind an instruction that flags make slow; and then comes
// a loop that calculates with it.
void after_call(unsigned *out);
void after_conversion(unsigned *out);
__asm__(
    ".text\n.align 2\n.set push\n.set noreorder\n"
    ".globl after_call\n.ent after_call\n.type after_call,@function\n"
    "after_call: addiu $sp, $sp, -32\n"
    "sw $ra, 28($sp)\n"
    "sw $16, 24($sp)\n"
    "sw $17, 20($sp)\n"
    "or $16, $4, $0\n"
    "li $17, 3\n"
    "mtc1 $0, $f2\n"
    "mtc1 $0, $f4\n"
    "mtc1 $0, $f0\n"
    "bal .Lbits\n"
    "nop\n"
    "1: swc1 $f0, 0($16)\n"
    "addiu $16, $16, 4\n"
    "add.s $f0, $f2, $f4\n"
    "addiu $17, $17, -1\n"
    "bnez $17, 1b\n"
    "nop\n"
    "lw $ra, 28($sp)\n"
    "lw $16, 24($sp)\n"
    "lw $17, 20($sp)\n"
    "jr $ra\n"
    "addiu $sp, $sp, 32\n"
    ".end after_call\n.size after_call,.-after_call\n"
    ".globl after_conversion\n.ent after_conversion\n.type after_conversion,@function\n"
    "after_conversion: li $8, 3\n"
    "lui $9, 0x7149\n"
    "mtc1 $9, $f2\n"
    "mtc1 $0, $f0\n"
    "cvt.w.s $f0, $f2\n"
    "1: swc1 $f0, 0($4)\n"
    "addiu $4, $4, 4\n"
    "mtc1 $0, $f0\n"
    "addiu $8, $8, -1\n"
    "bnez $8, 1b\n"
    "nop\n"
    "jr $ra\n"
    "nop\n"
    ".end after_conversion\n.size after_conversion,.-after_conversion\n"
    // Too big to be inlined.
    ".Lbits: lui $8, 0x7fff\n"
    "ori $8, $8, 0xffff\n"
    "mtc1 $8, $f0\n"
    ".rept 60\nnop\n.endr\n"
    "jr $ra\n"
    "nop\n"
    ".set pop\n");

int main(void) {
    enum { N = 64 };
    double values[N];
    float singles[N];
    char none[N] = {0}, all[N], last[N] = {0};
    memset(all, 1, N);
    last[N - 1] = 1;
    for (int i = 0; i < N; i++) values[i] = i * 0.5, singles[i] = 1.0f + i / 64.0f;
    // Quiet and signalling ones, the default one, an infinity and a number.
    const unsigned long long starts[] = {0x7ff123456789abcdull, 0x7ff7ffffffffffffull, 0xfff0000000000001ull,
                                         0x7ff8000000000000ull, 0x7ff0000000000000ull, 0x3ff0000000000000ull};
    for (int turn = 0; turn < 3000; turn++) {
        int tell = turn == 0 || turn == 2999;
        for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) {
            double start = of_bits(starts[i]);
            double got[3] = {sum_of(values, none, N, start), sum_of(values, last, N, start), sum_of(values, all, N, start)};
            if (tell) printf("%016llx %016llx %016llx\n", bits_of(got[0]), bits_of(got[1]), bits_of(got[2]));
        }
        unsigned bits[] = {0x7f812345, 0x7fbfffff, 0xff800001, 0x7fc00000, 0x3f800000};
        for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
            float start;
            memcpy(&start, &bits[i], 4);
            float got[2] = {product_of(singles, none, N, start), product_of(singles, all, N, start)};
            if (tell) printf("%08x %08x\n", bits_of_single(got[0]), bits_of_single(got[1]));
        }
        singles[turn % N] = turn % 5 ? 1.0f : 0.5f;
        unsigned out[3];
        after_call(out);
        if (tell) printf("%08x %08x %08x\n", out[0], out[1], out[2]);
    }
    __asm__ volatile("ctc1 $0, $31");
    for (int turn = 0; turn < 3000; turn++) {
        unsigned out[3];
        after_conversion(out);
        if (turn == 0 || turn == 2999) printf("%08x %08x %08x\n", out[0], out[1], out[2]);
    }
    return 0;
}

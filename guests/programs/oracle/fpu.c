/* An FPU to ask: executes one COP1 or COP1X instruction a record, under the FCSR the record brings.
 *
 * Freestanding, so that one source serves legacy NaN and NaN2008 with no libc for either. Built with FR=1, so that
 * the 64-bit integer format works on Release 2. Records come on standard input, answers go to standard output:
 *   in:  u32 instruction, u32 fcsr, u64 f2, u64 f4, u64 f6       (the instruction's destination is f0)
 *   out: u64 f0, u32 fcsr, u32 zero
 *
 *   mipsel-linux-gnu-gcc -O1 -static -nostdlib -march=mips32r2 -mfp64 -mno-abicalls -fno-pic [-mnan=2008] fpu.c
 */

typedef unsigned int u32;
typedef unsigned long long u64;

enum { EXIT = 4001, READ = 4003, WRITE = 4004, MMAP = 4090, CACHEFLUSH = 4147 };
enum { RECORDS = 1024 };

struct question {
    u32 insn, fcsr;
    u64 a, b, c;
};
struct answer {
    u64 result;
    u32 fcsr, zero;
};

static struct question questions[RECORDS];
static struct answer answers[RECORDS];

static long call(long number, long a0, long a1, long a2)
{
    register long v0 __asm__("$2") = number;
    register long r4 __asm__("$4") = a0;
    register long r5 __asm__("$5") = a1;
    register long r6 __asm__("$6") = a2;
    register long r7 __asm__("$7");
    __asm__ volatile("syscall"
                     : "+r"(v0), "=r"(r7)
                     : "r"(r4), "r"(r5), "r"(r6)
                     : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "memory");
    return r7 ? -v0 : v0;
}

/* Six arguments: the last two lie on the stack. */
static u32 *map_code(void)
{
    register long v0 __asm__("$2") = MMAP;
    register long r4 __asm__("$4") = 0;
    register long r5 __asm__("$5") = 4096;
    register long r6 __asm__("$6") = 7;
    register long r7 __asm__("$7") = 0x802;
    __asm__ volatile("addiu $sp, $sp, -32\n\t"
                     "li $8, -1\n\t"
                     "sw $8, 16($sp)\n\t"
                     "sw $0, 20($sp)\n\t"
                     "syscall\n\t"
                     "addiu $sp, $sp, 32"
                     : "+r"(v0), "+r"(r7)
                     : "r"(r4), "r"(r5), "r"(r6)
                     : "$1", "$3", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "memory");
    return r7 ? 0 : (u32 *)v0;
}

static void ask(u32 *code, const struct question *q, struct answer *a)
{
    __asm__ volatile("mtc1 $0, $f0\n\t"
                     "mthc1 $0, $f0\n\t"
                     "ldc1 $f2, 8(%1)\n\t"
                     "ldc1 $f4, 16(%1)\n\t"
                     "ldc1 $f6, 24(%1)\n\t"
                     "lw $8, 4(%1)\n\t"
                     "ctc1 $8, $31\n\t"
                     "jalr %0\n\t"
                     "cfc1 $8, $31\n\t"
                     "ctc1 $0, $31\n\t"
                     "sdc1 $f0, 0(%2)\n\t"
                     "sw $8, 8(%2)"
                     :
                     : "r"(code), "r"(q), "r"(a)
                     : "$8", "$31", "$f0", "$f2", "$f4", "$f6", "memory");
}

/* Reads whole records; the number of them, 0 at the end. */
static long fill(void)
{
    long have = 0;
    for (;;) {
        long got = call(READ, 0, (long)questions + have, sizeof questions - have);
        if (got <= 0)
            break;
        have += got;
        if (have % sizeof(struct question) == 0)
            break;
    }
    return have / sizeof(struct question);
}

static int drain(long bytes)
{
    long done = 0;
    while (done < bytes) {
        long put = call(WRITE, 1, (long)answers + done, bytes - done);
        if (put <= 0)
            return 0;
        done += put;
    }
    return 1;
}

void __start(void)
{
    u32 *code = map_code();
    long count;
    if (!code)
        call(EXIT, 1, 0, 0);
    code[0] = 0;
    code[1] = 0x03e00008; /* jr ra */
    code[2] = 0;
    while ((count = fill()) > 0) {
        for (long i = 0; i < count; i++) {
            if (code[0] != questions[i].insn) {
                code[0] = questions[i].insn;
                call(CACHEFLUSH, (long)code, 4096, 3);
            }
            ask(code, &questions[i], &answers[i]);
        }
        if (!drain(count * sizeof(struct answer)))
            call(EXIT, 2, 0, 0);
    }
    call(EXIT, 0, 0, 0);
}

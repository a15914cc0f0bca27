// Little functions that are copied, and changed where they lie: by nested functions, closures, signal handlers, themselves.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cachectl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

enum { PAGE = 4096, ALL = PROT_READ | PROT_WRITE | PROT_EXEC, TURNS = 2500 };
enum { NOP = 0, BREAK = 0xd, JR_RA = 0x03e00008 };
typedef uint32_t (*Unary)(uint32_t);
static uint32_t *pages;  // two of them

static uint32_t mix(uint32_t sum, uint32_t value) { return (sum ^ value) * 2654435761u + 1; }
static uint16_t half(uint32_t *seed) { return (*seed = *seed * 1664525 + 1013904223) >> 16; }
static uint32_t call(void *code, uint32_t value) { return ((Unary)code)(value); }

static void put(uint32_t *to, const uint32_t *words, size_t bytes) {
    memcpy(to, words, bytes);
    cacheflush(to, bytes, BCACHE);
}
static void put_word(uint32_t *to, uint32_t word) { put(to, &word, 4); }

// Pointers to nested functions lead through code that the compiler puts on the stack.
static uint32_t __attribute__((noinline)) repeat(Unary step, uint32_t value, int times) {
    while (times--) value = step(value);
    return value;
}

static uint32_t captures(uint32_t constant) {
    uint32_t calls = 0;
    uint32_t step(uint32_t value) { return calls++, value * 5 + constant; }
    uint32_t twice(uint32_t value) { return step(repeat(step, value, 2)); }
    return repeat(step, 1, TURNS) + repeat(twice, 2, 100) + calls;
}

static int man_or_boy(int k, int (*a)(void), int (*b)(void), int (*c)(void), int (*d)(void), int (*e)(void)) {
    int self(void) { return k--, man_or_boy(k, self, a, b, c, d); }
    return k <= 0 ? d() + e() : self();
}
static int one(void) { return 1; }
static int minus_one(void) { return -1; }
static int zero(void) { return 0; }

static uint32_t sorted(uint32_t key) {
    uint32_t numbers[300], seed = key, sum = 0, compared = 0;
    int compare(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a ^ key, y = *(const uint32_t *)b ^ key;
        return compared++, (x > y) - (x < y);
    }
    for (int i = 0; i < 300; i++) numbers[i] = half(&seed);
    qsort(numbers, 300, sizeof *numbers, compare);
    for (int i = 0; i < 300; i++) sum = mix(sum, numbers[i]);
    return sum + (compared > 0);
}

static void nested(void) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 8; i++) sum = mix(sum, captures(i));
    printf("captured: %08x\n", sum);
    printf("man or boy: %d\n", man_or_boy(11, one, minus_one, minus_one, one, zero));
    for (uint32_t i = 0; i < 10; i++) sum = mix(sum, sorted(i * 7919));
    printf("sorted: %08x\n", sum);
}

// A function of which copies are made that have other constants.
extern const uint32_t pattern[];
__asm__(
    ".text\n.align 2\n.set push\n.set noreorder\n"
    ".globl pattern\npattern: lui $2, 0\n"
    "ori $2, $2, 0\n"
    "jr $31\n"
    "xor $2, $2, $4\n"
    ".set pop\n");

static void close_over(uint32_t *to, uint32_t constant) {
    memcpy(to, pattern, 16);
    to[0] |= constant >> 16, to[1] |= constant & 0xffff;
    cacheflush(to, 16, BCACHE);
}

// Closures lie side by side; each in turn is copied over.
static void copies(const char *where, uint32_t *to, int rounds) {
    uint32_t constants[8], seed = 5, sum = 0;
    int wrong = 0;
    for (int i = 0; i < 8; i++) close_over(to + 4 * i, constants[i] = i * 0x01010101);
    for (int round = 0; round < rounds; round++) {
        int which = half(&seed) % 8;
        close_over(to + 4 * which, constants[which] = seed);
        for (uint32_t i = 0; i < TURNS; i++) {
            uint32_t got = call(to + 4 * (i % 8), i);
            wrong += got != (constants[i % 8] ^ i), sum = mix(sum, got);
        }
    }
    printf("closures in %s: %08x, %d wrong\n", where, sum, wrong);
}

static void __attribute__((noinline)) on_stack(int depth) {
    uint32_t room[32 + 8 * depth];
    uintptr_t from = (uintptr_t)room & -PAGE;
    if (mprotect((void *)from, (uintptr_t)(room + 32) - from, ALL)) perror("mprotect");
    copies("the stack", room, 4);
}

static void closures(void) {
    copies("fresh memory", pages, 16);
    uint32_t *heap = aligned_alloc(PAGE, PAGE);
    if (mprotect(heap, PAGE, ALL)) perror("mprotect");
    copies("the heap", heap, 16);
    free(heap);
    for (int depth = 0; depth < 3; depth++) on_stack(depth);
}

// Calls what `where` says with a number that counts up, as long as the answer is not zero.
static void put_loop(uint32_t *to, uint32_t (*where)(uint32_t), uint16_t step) {
    uint32_t high = (uintptr_t)where >> 16, low = (uintptr_t)where & 0xffff;
    const uint32_t words[] = {
        0x27bdffe8,           // addiu sp, sp, -24
        0xafbf0014,           // sw ra, 20(sp)
        0xafb00010,           // sw s0, 16(sp)
        0x00808025,           // or s0, a0, zero
        0x3c190000 | high,    // lui t9, high
        0x37390000 | low,     // ori t9, t9, low
        0x0320f809,           // jalr t9
        0x02002025,           // or a0, s0, zero
        0x1440fffb,           // bnez v0, to the lui
        0x26100000 | step,    // addiu s0, s0, step
        0x02001025,           // or v0, s0, zero
        0x8fb00010,           // lw s0, 16(sp)
        0x8fbf0014,           // lw ra, 20(sp)
        JR_RA,
        0x27bd0018,           // addiu sp, sp, 24
    };
    put(to, words, sizeof words);
}
enum { LOOP_BRANCH = 8, LOOP_STEP = 9 };

// Signal handlers that change what they interrupted.
static volatile uint32_t traps, loads;

static void end_call_loop(int signal) { put_word(pages + LOOP_BRANCH, NOP); }
static void end_tight_loop(int signal) { put_word(pages + 1, NOP); }

static void fill_in(int signal, siginfo_t *info, void *context) {
    uint32_t *at = (uint32_t *)(uintptr_t)((ucontext_t *)context)->uc_mcontext.pc;
    // Of one in a delay slot, the branch is said.
    put_word(*at == BREAK ? at : at + 1, 0x24420000 | ++traps);  // addiu v0, v0, traps
}

static void load_page(int signal, siginfo_t *info, void *context) {
    if (info->si_addr != pages + 4) _Exit(9);
    mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
    close_over(pages + 4, ++loads * 0x10001);
    mprotect(pages, PAGE, PROT_READ | PROT_EXEC);
}

static void on(int signal, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static uint32_t raise_at_last(uint32_t n) {
    if (n >= 5000) raise(SIGUSR1);
    return 1;
}

static void interrupted(void) {
    uint32_t sum = 0;
    signal(SIGUSR1, end_call_loop);
    for (uint32_t step = 1; step < 6; step++) {
        put_loop(pages, raise_at_last, step);
        sum = mix(sum, call(pages, step));
    }
    printf("ended by a signal: %08x\n", sum);
    signal(SIGALRM, end_tight_loop);
    for (uint32_t i = 0; i < 3; i++) {
        const uint32_t words[] = {0x24020000 | i, 0x1000ffff, 0x24840001, JR_RA, NOP};
        put(pages, words, sizeof words);
        const struct itimerval soon = {.it_value = {.tv_usec = 3000}};
        setitimer(ITIMER_REAL, &soon, NULL);
        sum = mix(sum, call(pages, 0));
    }
    printf("ended by the clock: %08x\n", sum);
}

static void filled_in(void) {
    uint32_t sum = 0;
    on(SIGTRAP, fill_in);
    for (uint32_t round = 0; round < 20; round++) {
        const uint32_t words[] = {0x00801025, BREAK, BREAK, JR_RA, BREAK};  // or v0, a0, zero
        put(pages, words, sizeof words);
        for (uint32_t i = 0; i < TURNS; i++) sum = mix(sum, call(pages, i));
    }
    printf("filled in: %08x, %u traps\n", sum, (unsigned)traps);
    on(SIGSEGV, load_page);
    for (uint32_t round = 0; round < 10; round++) {
        mprotect(pages, PAGE, PROT_NONE);
        for (uint32_t i = 0; i < TURNS; i++) sum = mix(sum, call(pages + 4, i));
    }
    mprotect(pages, PAGE, ALL);
    printf("loaded: %08x, %u times\n", sum, (unsigned)loads);
}

// A function on both sides of a page's end: the branch of its loop is the first page's last word, with the slot behind.
typedef struct { uint16_t high, flip, low, add; } Constants;

static void put_first(const Constants *k) {
    const uint32_t words[] = {
        0x3c090000 | k->high,  // lui t1, high
        0x00001025,            // or v0, zero, zero
        0x00441021,            // addu v0, v0, a0
        0x38420000 | k->flip,  // xori v0, v0, flip
        0x1480fffd,            // bnez a0, to the addu
    };
    memcpy(pages + PAGE / 4 - 5, words, sizeof words);
}

static void put_second(const Constants *k) {
    const uint32_t words[] = {
        0x2484ffff,            // addiu a0, a0, -1
        0x35290000 | k->low,   // ori t1, t1, low
        0x00491026,            // xor v0, v0, t1
        JR_RA,
        0x24420000 | k->add,   // addiu v0, v0, add
    };
    memcpy(pages + PAGE / 4, words, sizeof words);
}

static uint32_t expected(const Constants *k, uint32_t value) {
    uint32_t result = 0;
    do result = (result + value) ^ k->flip;
    while (value--);
    return (result ^ (k->high << 16 | k->low)) + (int16_t)k->add;
}

// Writes one page: in place; between two calls of mprotect(2) and without a flush; or after mapping it anew.
static void rewrite(const Constants *k, int is_second, int how) {
    uint32_t *page = pages + (is_second ? PAGE / 4 : 0);
    if (how == 1) mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    if (how == 2) mmap(page, PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (is_second) put_second(k);
    else put_first(k);
    if (how == 1) mprotect(page, PAGE, PROT_READ | PROT_EXEC);
    else cacheflush(is_second ? page : page + PAGE / 4 - 5, 20, BCACHE);
}

static void across(void) {
    uint32_t seed = 3, sum = 0;
    int wrong = 0;
    Constants k = {1, 2, 3, 4};
    rewrite(&k, 0, 0), rewrite(&k, 1, 0);
    for (int round = 0; round < 36; round++) {
        if (round & 1) k.low = half(&seed), k.add = half(&seed);
        else k.high = half(&seed), k.flip = half(&seed);
        mprotect(pages, 2 * PAGE, ALL);
        rewrite(&k, round & 1, round / 2 % 3);
        for (uint32_t i = 0; i < 150; i++) {
            uint32_t got = call(pages + PAGE / 4 - 5, i % 64);
            wrong += got != expected(&k, i % 64), sum = mix(sum, got);
        }
    }
    mprotect(pages, 2 * PAGE, ALL);
    printf("across pages: %08x, %d wrong\n", sum, wrong);
}

// Writes the instruction that is its argument behind its own cacheflush(2), where it runs at once.
static uint32_t *put_behind(uint32_t *to) {
    uint32_t target = (uintptr_t)(to + 8);
    const uint32_t words[] = {
        0x3c080000 | target >> 16,       // lui t0, target
        0x35080000 | (uint16_t)target,   // ori t0, t0, target
        0xad040000,                      // sw a0, 0(t0)
        0x01002025,                      // or a0, t0, zero
        0x24050004,                      // li a1, 4
        0x24060003,                      // li a2, BCACHE
        0x24021033,                      // li v0, cacheflush
        0x0000000c,                      // syscall
        NOP,                             // what is written
        JR_RA, NOP,
    };
    put(to, words, sizeof words);
    return to + sizeof words / 4;
}

// The same by SYNCI, which needs a hazard barrier; what is written is in the slot of the jump that returns.
static void put_behind_synci(uint32_t *to) {
    uint32_t target = (uintptr_t)(to + 9);
    const uint32_t words[] = {
        0x3c080000 | target >> 16,       // lui t0, target
        0x35080000 | (uint16_t)target,   // ori t0, t0, target
        0xad040000,                      // sw a0, 0(t0)
        0x051f0000,                      // synci 0(t0)
        0x0000000f,                      // sync
        0x2509fffc,                      // addiu t1, t0, -4
        0x01200408, NOP,                 // jr.hb t1
        JR_RA,
        NOP,                             // what is written
    };
    put(to, words, sizeof words);
}

static void behind(void) {
    uint32_t sum = 0;
    uint32_t *second = put_behind(pages);
    put_behind_synci(second);
    for (uint32_t i = 0; i < 150; i++) {
        sum = mix(sum, call(pages, 0x24020000 | i * 3));
        sum = mix(sum, call(second, 0x24020000 | i * 5));
    }
    printf("behind itself: %08x\n", sum);
}

// Generated code that is left for good by longjmp(3), and is other code then.
static jmp_buf out;
static uint32_t leave_at;
static uint32_t leave(uint32_t n) {
    if (n >= leave_at) longjmp(out, 1 + (n - leave_at));
    return 1;
}

static void left(void) {
    static uint32_t sum, round;
    put_loop(pages, leave, 1);
    for (round = 0; round < 60; round++) {
        put_word(pages + LOOP_STEP, 0x26100000 | (1 + round % 7));
        leave_at = 500 + round;
        int over = setjmp(out);
        if (!over) sum = mix(sum, call(pages, 0));
        else sum = mix(sum, over);
    }
    printf("left: %08x\n", sum);
}

int main(void) {
    pages = mmap(NULL, 2 * PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    nested();
    closures();
    interrupted();
    filled_in();
    across();
    behind();
    left();
    return 0;
}

// A just-in-time compiler: bytecode of a stack machine becomes machine code, which is overwritten, patched while it is hot
// and on the call stack, appended to, moved and mapped anew. An interpreter of the bytecode says what is right.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/cachectl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BYTES = 1 << 16, INSNS = 2048, VARIABLES = 8, CODE = PROT_READ | PROT_EXEC, DATA = PROT_READ | PROT_WRITE };
enum { V0 = 2, A0 = 4, A1 = 5, T0 = 8, S0 = 16, T9 = 25, SP = 29, RA = 31 };
typedef uint32_t (*Entry)(uint32_t, uint32_t, uint32_t, uint32_t);

// The bytecode. Operands are on a stack, at most eight; it is empty where jumps start and lead.
enum { ADD, SUB, MUL, AND, OR, XOR, SHL, SHR, SAR, LESS, BELOW, SAME,
       PUSH, GET, SET, JUMP, UNLESS, WHILE, CALL, CALL_C, CACHED, RETURN };
typedef struct { int op; int32_t value; } Insn;
typedef struct { Insn code[INSNS]; int length, arguments; } Function;
static Function functions[8];

static uint32_t stir(uint32_t a, uint32_t b) { return (a ^ b) * 2654435761u + (b >> 9); }

// What a cached call site calls depends on the class of its argument: the low two bits.
static uint32_t classified(uint32_t value) {
    uint32_t constant = 0x1234 * (1 + (value & 3));
    return value & 1 ? value + constant : value ^ constant;
}

static uint32_t calculate(int op, uint32_t a, uint32_t b) {
    switch (op) {
    case ADD: return a + b;
    case SUB: return a - b;
    case MUL: return a * b;
    case AND: return a & b;
    case OR: return a | b;
    case XOR: return a ^ b;
    case SHL: return a << (b & 31);
    case SHR: return a >> (b & 31);
    case SAR: return (int32_t)a >> (b & 31);
    case LESS: return (int32_t)a < (int32_t)b;
    case BELOW: return a < b;
    default: return a == b;
    }
}

static uint32_t interpret(const Function *f, const uint32_t *arguments) {
    uint32_t stack[9], *top = stack, variables[VARIABLES] = {0};
    memcpy(variables, arguments, 4 * f->arguments);
    for (const Insn *insn = f->code;; insn++) {
        switch (insn->op) {
        case PUSH: *++top = insn->value; break;
        case GET: *++top = variables[insn->value]; break;
        case SET: variables[insn->value] = *top--; break;
        case JUMP: insn = f->code + insn->value - 1; break;
        case UNLESS: if (!*top--) insn = f->code + insn->value - 1; break;
        case WHILE: if (*top--) insn = f->code + insn->value - 1; break;
        case CALL:
            top -= functions[insn->value].arguments - 1;
            *top = interpret(&functions[insn->value], top);
            break;
        case CALL_C: top--, *top = stir(top[0], top[1]); break;
        case CACHED: *top = classified(*top); break;
        case RETURN: return *top;
        default: top--, *top = calculate(insn->op, top[0], top[1]);
        }
    }
}

// Ways of getting code to run: it is written where `open` says, and runs at `code` when it is published.
typedef struct {
    const char *name;
    uint32_t *(*open)(void);
    void (*publish)(void *from, size_t bytes);
} Way;
static uint32_t *code, *draft;
static int file;

static void *map(void *where, int prot, int flags, int fd) {
    void *got = mmap(where, BYTES, prot, flags, fd, 0);
    if (got == MAP_FAILED) perror("mmap"), exit(1);
    return got;
}

static uint32_t *in_place(void) { return code; }
static void flush(void *from, size_t bytes) { cacheflush(from, bytes, BCACHE); }

// SYNCI line by line, one of them in a delay slot; SYNC and a jump with hazard barrier come behind.
static void synci(void *from, size_t bytes) {
    uintptr_t step, line, end = (uintptr_t)from + bytes, link;
    __asm__ volatile(".set push\n.set mips32r2\nrdhwr %0, $1\n.set pop" : "=r"(step));
    for (line = (uintptr_t)from & -step; step && line < end; line += step)
        __asm__ volatile(".set push\n.set mips32r2\nsynci 0(%0)\n.set pop" : : "r"(line) : "memory");
    __asm__ volatile(
        ".set push\n.set mips32r2\n.set noreorder\n"
        "b 1f\nsynci 0(%1)\n"
        "1: sync\nlui %0, %%hi(2f)\naddiu %0, %0, %%lo(2f)\njr.hb %0\nnop\n"
        "2:\n.set pop"
        : "=&r"(link) : "r"(from) : "memory");
}

// Write or execute, never both, and nobody but mprotect(2) is told.
static uint32_t *unlock(void) { return mprotect(code, BYTES, DATA) ? NULL : code; }
static void lock(void *from, size_t bytes) { if (mprotect(code, BYTES, CODE)) perror("mprotect"); }

static uint32_t *replace(void) {
    munmap(code, BYTES);
    return map(code, DATA | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
}

static uint32_t *aside(void) { return draft = map(NULL, DATA | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1); }
static void move(void *from, size_t bytes) {
    if (mremap(draft, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, code) != code) perror("mremap");
    flush(from, bytes);
}

// Code in a file: mapped anew each time; read over the old one; or written through another mapping of it.
static void to_file(void) {
    if (pwrite(file, draft, BYTES, 0) != BYTES) perror("pwrite");
    munmap(draft, BYTES);
}
static void map_file(void *from, size_t bytes) { to_file(), map(code, CODE, MAP_PRIVATE | MAP_FIXED, file); }
static void read_file(void *from, size_t bytes) {
    to_file();
    if (pread(file, from, bytes, (char *)from - (char *)code) != (ssize_t)bytes) perror("pread");
    flush(from, bytes);
}
static uint32_t *through_another(void) { return draft = map(NULL, DATA, MAP_SHARED, file); }
static void share(void *from, size_t bytes) {
    msync(draft, BYTES, MS_SYNC);
    map(code, CODE, MAP_PRIVATE | MAP_FIXED, file);
    flush(from, bytes);
    munmap(draft, BYTES);
}

static const Way ways[] = {
    {"cacheflush", in_place, flush}, {"synci", in_place, synci}, {"mprotect", unlock, lock},
    {"replace", replace, flush}, {"mremap", aside, move}, {"map file", aside, map_file},
    {"read file", aside, read_file}, {"share file", through_another, share},
};

static void fresh(void) { map(code, DATA | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1); }

// The assembler. What is before `barrier` is a jump's target or slot and stays where it is.
static uint32_t *at, *barrier;
static intptr_t from_here_to_run;
static void emit(uint32_t word) { *at++ = word; }
static void three(uint32_t op, int rd, int rs, int rt) { emit(op | rs << 21 | rt << 16 | rd << 11); }
static void immediate(uint32_t op, int rt, int rs, int value) { emit(op << 26 | rs << 21 | rt << 16 | (uint16_t)value); }
static void addiu(int rt, int rs, int value) { immediate(9, rt, rs, value); }
static void lw(int rt, int offset) { immediate(0x23, rt, SP, offset); }
static void sw(int rt, int offset) { immediate(0x2b, rt, SP, offset); }
static void copy(int rd, int rs) { three(0x25, rd, rs, 0); }
static uint32_t near(uintptr_t target) { return 0x0c000000 | (target >> 2 & 0x3ffffff); }
static uintptr_t here(void) { return (uintptr_t)at + from_here_to_run; }

static void constant(int rt, uint32_t value) {
    immediate(0xf, rt, 0, value >> 16);
    immediate(0xd, rt, rt, value);
}

static void begin(const Way *way) {
    at = barrier = way->open();
    from_here_to_run = (intptr_t)code - (intptr_t)at;
}

static void call(uintptr_t target, int first, int arguments, int is_far) {
    for (int i = 0; i + 1 < arguments; i++) copy(A0 + i, first + i);
    if (is_far) constant(T9, target);
    if (is_far) three(9, RA, T9, 0);
    else emit(near(target));
    if (arguments) copy(A0 + arguments - 1, first + arguments - 1);
    else emit(0);
    barrier = at;
    copy(first, V0);
}

// The compiler: operands are in s0 to s7, variables in the frame.
static uintptr_t entries[8], miss_entry, class_entries[4];
static int is_far;
static struct { uint32_t *site; int target; } fixes[INSNS];
static int fixes_length;
enum { AT_VARIABLES = 16, AT_SAVED = 48, AT_RA = 80, FRAME = 88 };

static int growth(Insn insn) {
    switch (insn.op) {
    case PUSH: case GET: return 1;
    case JUMP: case CACHED: return 0;
    case CALL: return 1 - functions[insn.value].arguments;
    default: return -1;
    }
}

static void branch(uint32_t word, int target) {
    fixes[fixes_length].site = at, fixes[fixes_length++].target = target;
    emit(word);
}

// What stands before an unconditional jump can as well stand in its slot.
static void jump(int target) {
    uint32_t slot = at > barrier ? *--at : 0;
    branch(0x10000000, target);
    emit(slot);
    barrier = at;
}

static void binary(int op, int a, int b) {
    static const uint32_t words[] = {0x21, 0x23, 0x70000002, 0x24, 0x25, 0x26, 4, 6, 7, 0x2a, 0x2b, 0x26};
    if (op == SHL || op == SHR || op == SAR) three(words[op], a, b, a);
    else three(words[op], a, a, b);
    if (op == SAME) immediate(0xb, a, a, 1);
}

static void translate(const Function *f, Insn insn, int top) {
    switch (insn.op) {
    case PUSH: constant(top + 1, insn.value); break;
    case GET: lw(top + 1, AT_VARIABLES + 4 * insn.value); break;
    case SET: sw(top, AT_VARIABLES + 4 * insn.value); break;
    case JUMP: jump(insn.value); break;
    case UNLESS: case WHILE:
        branch((insn.op == UNLESS ? 0x10000000 : 0x14000000) | top << 21, insn.value);
        emit(0);
        barrier = at;
        break;
    case CALL:
        call(entries[insn.value], top - functions[insn.value].arguments + 1, functions[insn.value].arguments, is_far);
        break;
    case CALL_C: call((uintptr_t)stir, top - 1, 2, 1); break;
    case CACHED: call(miss_entry, top, 1, is_far); break;
    case RETURN: copy(V0, top), jump(f->length); break;
    default: binary(insn.op, top - 1, top);
    }
}

static int frame(const Function *f) {
    int depth = 0, deepest = 0;
    for (int i = 0; i < f->length; i++) {
        depth += growth(f->code[i]);
        if (depth > deepest) deepest = depth;
    }
    addiu(SP, SP, -FRAME);
    sw(RA, AT_RA);
    for (int i = 0; i < deepest; i++) sw(S0 + i, AT_SAVED + 4 * i);
    for (int i = 0; i < VARIABLES; i++) sw(i < f->arguments ? A0 + i : 0, AT_VARIABLES + 4 * i);
    return deepest;
}

static void compile(int number) {
    static uint32_t *labels[INSNS + 1];
    static char is_target[INSNS + 1];
    const Function *f = &functions[number];
    entries[number] = here();
    fixes_length = 0;
    memset(is_target, 0, sizeof is_target);
    for (int i = 0; i < f->length; i++)
        if (f->code[i].op >= JUMP && f->code[i].op <= WHILE) is_target[f->code[i].value] = 1;
    int deepest = frame(f), top = S0 - 1;
    for (int i = 0; i < f->length; i++) {
        labels[i] = at;
        if (is_target[i]) barrier = at;
        translate(f, f->code[i], top);
        top += growth(f->code[i]);
    }
    labels[f->length] = barrier = at;
    for (int i = 0; i < deepest; i++) lw(S0 + i, AT_SAVED + 4 * i);
    lw(RA, AT_RA);
    three(8, 0, RA, 0);
    addiu(SP, SP, FRAME);
    for (int i = 0; i < fixes_length; i++)
        *fixes[i].site |= (uint16_t)(labels[fixes[i].target] - fixes[i].site - 1);
}

static uint32_t run(int number, const uint32_t *a) { return ((Entry)entries[number])(a[0], a[1], a[2], a[3]); }

// Random functions. Variables 6 and 7 count the turns of loops.
static uint32_t seed;
static uint32_t below(uint32_t limit) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % limit;
}
static void put(Function *f, int op, int32_t value) {
    if (f->length == INSNS) puts("too long"), exit(1);
    f->code[f->length++] = (Insn){op, value};
}

static void expression(Function *f, int callable, int depth) {
    uint32_t kind = below(depth ? 10 : 2), count = 2, callee = callable ? below(callable) : 0;
    int32_t high = below(65536) << 16;
    if (kind == 0) put(f, PUSH, high >> below(31));
    if (kind == 1) put(f, GET, below(6));
    if (kind < 2) return;
    if (kind == 2 && callable) count = functions[callee].arguments;
    while (count--) expression(f, callable, depth - 1);
    if (kind == 2 && callable) put(f, CALL, callee);
    else if (kind == 3) put(f, CALL_C, 0);
    else put(f, ADD + below(SAME + 1), 0);
}

static void statement(Function *f, int callable, int nest) {
    uint32_t kind = below(nest < 2 ? 4 : 1);
    if (kind == 0) {
        expression(f, callable, 3);
        put(f, SET, below(6));
    } else if (kind == 1) {
        expression(f, callable, 2);
        int test = f->length;
        put(f, UNLESS, 0);
        statement(f, callable, nest + 1);
        int jump = f->length;
        put(f, JUMP, 0);
        f->code[test].value = f->length;
        statement(f, callable, nest + 1);
        f->code[jump].value = f->length;
    } else {
        put(f, PUSH, 1 + below(4)), put(f, SET, 6 + nest);
        int top = f->length;
        statement(f, callable, nest + 1);
        statement(f, callable, nest + 1);
        put(f, GET, 6 + nest), put(f, PUSH, 1), put(f, SUB, 0), put(f, SET, 6 + nest), put(f, GET, 6 + nest);
        put(f, WHILE, top);
    }
}

static void invent(int number) {
    Function *f = &functions[number];
    f->length = 0, f->arguments = 1 + below(4);
    for (uint32_t i = 2 + below(2); i; i--) statement(f, number, number ? 1 : 0);
    expression(f, number, 3);
    put(f, RETURN, 0);
}

static void report(const char *part, const char *way, uint32_t sum, int wrong) {
    printf("%s, %s: %08x, %d wrong\n", part, way, sum, wrong);
}

// Written by hand: a hot loop with calls, and recursion.
static const Insn LOOP[] = {
    {GET, 1}, {PUSH, 31}, {MUL, 0}, {GET, 0}, {GET, 1}, {PUSH, 3}, {SHR, 0}, {XOR, 0}, {ADD, 0}, {SET, 1},
    {GET, 0}, {PUSH, 7}, {AND, 0}, {UNLESS, 20}, {GET, 1}, {PUSH, 0x9e3779b9}, {XOR, 0}, {SET, 1}, {JUMP, 24}, {JUMP, 0},
    {GET, 1}, {GET, 0}, {CALL_C, 0}, {SET, 1},
    {GET, 0}, {PUSH, 1}, {SUB, 0}, {SET, 0}, {GET, 0}, {WHILE, 0}, {GET, 1}, {RETURN, 0},
};
static const Insn FIBONACCI[] = {
    {GET, 0}, {PUSH, 2}, {LESS, 0}, {UNLESS, 6}, {GET, 0}, {RETURN, 0}, {GET, 0}, {PUSH, 1}, {SUB, 0}, {CALL, 1},
    {GET, 0}, {PUSH, 2}, {SUB, 0}, {CALL, 1}, {ADD, 0}, {RETURN, 0},
};
static const Insn CACHES[] = {
    {GET, 0}, {PUSH, -4}, {AND, 0}, {GET, 0}, {PUSH, 12}, {SHR, 0}, {PUSH, 3}, {AND, 0}, {OR, 0}, {CACHED, 0},
    {GET, 1}, {XOR, 0}, {PUSH, 5}, {MUL, 0}, {SET, 1},
    {GET, 0}, {PUSH, -4}, {AND, 0}, {GET, 0}, {PUSH, 13}, {SHR, 0}, {PUSH, 3}, {AND, 0}, {OR, 0}, {CACHED, 0},
    {GET, 1}, {ADD, 0}, {SET, 1}, {GET, 0}, {PUSH, 1}, {SUB, 0}, {SET, 0}, {GET, 0}, {WHILE, 0}, {GET, 1}, {RETURN, 0},
};

static void take(int number, const Insn *insns, size_t length, int arguments) {
    memcpy(functions[number].code, insns, length * sizeof *insns);
    functions[number].length = length, functions[number].arguments = arguments;
}

// These are the same in every way of getting code to run, and interpreted once.
static const uint32_t inputs[3][4] = {{100000, 7}, {17}, {100000, 9}};
static uint32_t right[3];
static void take_samples(void) {
    take(0, LOOP, sizeof LOOP / sizeof *LOOP, 2);
    take(1, FIBONACCI, sizeof FIBONACCI / sizeof *FIBONACCI, 1);
    take(2, CACHES, sizeof CACHES / sizeof *CACHES, 2);
    for (int i = 0; i < 3 && !right[2]; i++) right[i] = interpret(&functions[i], inputs[i]);
}

static void samples(const Way *way) {
    uint32_t sum = 0;
    int wrong = 0;
    take_samples();
    for (is_far = 0; is_far < 2; is_far++) {
        begin(way);
        compile(0), compile(1);
        way->publish(code, here() - (uintptr_t)code);
        for (int i = 0; i < 2; i++) {
            uint32_t got = run(i, inputs[i]);
            wrong += got != right[i], sum = stir(sum, got);
        }
    }
    report("samples", way->name, sum, wrong);
}

// One buffer for many generations of functions, some of which are hot.
static void generations(const Way *way) {
    uint32_t sum = 0;
    int wrong = 0;
    for (int generation = 0; generation < 8; generation++) {
        begin(way);
        is_far = generation & 1;
        for (int i = 0; i < 3; i++) invent(i), compile(i);
        way->publish(code, here() - (uintptr_t)code);
        for (int i = 0; i < 12; i++) {
            uint32_t a[4] = {seed + i, i, -i, 1 << i}, got = run(i % 3, a);
            wrong += got != interpret(&functions[i % 3], a), sum = stir(sum, got);
        }
        for (uint32_t i = 0; generation % 4 == 3 && i < 2500; i++) sum = stir(sum, run(2, (uint32_t[4]){i, sum, 1, 2}));
    }
    report("generations", way->name, sum, wrong);
}

// Inline caches: a call site expects a class. What it calls checks that, and if it is another, the site is patched.
static const Way *patching;
static uint32_t misses;

static uint32_t miss(uint32_t value, uint32_t *after) {
    uintptr_t target = class_entries[value & 3];
    int words = is_far ? 4 : 2;
    patching->open();
    at = after - words;
    if (is_far) constant(T9, target);
    else emit(near(target));
    patching->publish(after - words, is_far ? 8 : 4);
    misses++;
    return ((Entry)target)(value, 0, 0, 0);
}

static void classes(void) {
    miss_entry = here();
    constant(T9, (uintptr_t)miss);
    three(8, 0, T9, 0);
    copy(A1, RA);
    for (int class = 0; class < 4; class++) {
        class_entries[class] = here();
        immediate(0xc, T0, A0, 3);
        immediate(0xe, T0, T0, class);
        immediate(5, 0, T0, (int)((miss_entry - here()) / 4) - 1);
        immediate(0xd, T0, 0, 0x1234 * (1 + class));
        three(8, 0, RA, 0);
        three(class & 1 ? 0x21 : 0x26, V0, A0, T0);
    }
}

static void caches(const Way *way) {
    uint32_t sum = 0;
    int wrong = 0;
    patching = way, misses = 0;
    take_samples();
    for (is_far = 0; is_far < 2; is_far++) {
        begin(way);
        classes(), compile(2);
        way->publish(code, here() - (uintptr_t)code);
        uint32_t got = run(2, inputs[2]);
        wrong += got != right[2], sum = stir(sum, got);
    }
    report("inline caches", way->name, sum + misses, wrong);
}

// Recursion whose callers all return into code that was changed since they called. What is called by `far` is C code, which
// calls the generated one again.
static uint32_t *patched, added, wanted;
static uint32_t change(void) {
    if (wanted == added) return 0;
    patching->open();
    at = patched, added = wanted;
    addiu(V0, V0, added);
    patching->publish(patched, 4);
    return 0;
}
static uint32_t again(uint32_t n) { return ((Entry)code)(n, 0, 0, 0); }

static void descend(int through_c) {
    addiu(SP, SP, -24);
    sw(RA, 20);
    immediate(4, 0, A0, through_c ? 10 : 7);
    sw(A0, 16);
    if (through_c) constant(T9, (uintptr_t)again), three(9, RA, T9, 0);
    else emit(near((uintptr_t)code));
    addiu(A0, A0, -1);
    patched = (uint32_t *)here();
    addiu(V0, V0, 0);
    lw(T0, 16);
    immediate(4, 0, 0, 5);
    three(0x21, V0, V0, T0);
    if (through_c) emit(0);
    constant(T9, (uintptr_t)change);
    three(9, RA, T9, 0);
    emit(0);
    lw(RA, 20);
    three(8, 0, RA, 0);
    addiu(SP, SP, 24);
}

static void recursion(const Way *way) {
    uint32_t sum = 0;
    int wrong = 0;
    patching = way;
    for (int through_c = 0; through_c < 2; through_c++) {
        begin(way);
        descend(through_c);
        way->publish(code, here() - (uintptr_t)code);
        added = 0;
        for (uint32_t i = 0; i < 3000; i++) {
            wanted = i / 200;
            uint32_t got = again(i % 50);
            wrong += got != i % 50 * wanted + i % 50 * (i % 50 + 1) / 2, sum = stir(sum, got);
        }
    }
    report("recursion", way->name, sum, wrong);
}

// Functions of 32 bytes each, every one calling the one before it, appended while the others are hot, and patched; only
// what was written is flushed: of an immediate's low byte, one byte.
enum { APPENDED = 18 };
static uint8_t adds[APPENDED], flips[APPENDED];

static uint32_t chain(int last, uint32_t value) {
    for (int i = last; i >= 0; i--) value += adds[i];
    for (int i = 0; i <= last; i++) value ^= flips[i];
    return value;
}

static void append(const Way *way, int i) {
    uint32_t *start = code + 8 * i;
    way->open();
    at = start;
    addiu(SP, SP, -24);
    sw(RA, 20);
    emit(i ? near((uintptr_t)(start - 8)) : 0);
    addiu(i ? A0 : V0, A0, adds[i] = below(256));
    immediate(0xe, V0, V0, flips[i] = below(256));
    lw(RA, 20);
    three(8, 0, RA, 0);
    addiu(SP, SP, 24);
    way->publish(start, 32);
}

static void patch_byte(const Way *way, int i) {
    const uint16_t one = 1;
    int is_big = !*(const uint8_t *)&one;
    uint8_t *byte = (uint8_t *)(code + 8 * i + 4) + (is_big ? 3 : 0);
    way->open();
    *byte = flips[i] = below(256);
    way->publish(byte, 1);
}

static void appending(const Way *way) {
    uint32_t sum = 0;
    int wrong = 0;
    for (int i = 0; i < APPENDED; i++) {
        append(way, i);
        if (i % 3 == 2) patch_byte(way, below(i));
        for (uint32_t n = 0; n < 1200; n++) {
            int last = n % 4 ? i : n / 4 % (i + 1);
            uint32_t got = ((Entry)(code + 8 * last))(n, 0, 0, 0);
            wrong += got != chain(last, n), sum = stir(sum, got);
        }
    }
    report("appending", way->name, sum, wrong);
}

int main(void) {
    // Aligned to its length, so that all of it can be reached by jal.
    uintptr_t room = (uintptr_t)mmap(NULL, 2 * BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code = (uint32_t *)((room + BYTES - 1) & -BYTES);
    file = memfd_create("code", 0);
    if (ftruncate(file, BYTES)) perror("ftruncate");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        fresh(), samples(&ways[i]);
        seed = i, generations(&ways[i]);
    }
    for (int i = 0; i < 3; i++) {
        fresh(), caches(&ways[i]);
        fresh(), recursion(&ways[i]);
        fresh(), appending(&ways[i]);
    }
    return 0;
}

/* A switch in a loop: a stack machine's bytecode, one jump table that goes everywhere. */
#include "kernel.h"

enum Code { PUSH, LOAD, STORE, ADD, MULTIPLY, AND, XOR, SHIFT, LESS, JUMP, UNLESS, HALT };

static u8 code[128];
static u32 length;

static u32 emit(u32 operation, u32 operand) {
    code[length++] = operation;
    code[length++] = operand;
    return length - 1;
}

/* sum = 0; for (n = 1; n < limit; n++) for (m = n; 1 < m; steps) { m = odd(m) ? 3 m + 1 : m / 2; sum = sum + 1 ^ m } */
static void assemble(void) {
    enum { LIMIT, N, M, SUM };
    length = 0;
    emit(PUSH, 0), emit(STORE, SUM), emit(PUSH, 1), emit(STORE, N);
    u32 outer = length;
    emit(LOAD, N), emit(LOAD, LIMIT), emit(LESS, 0);
    u32 end = emit(UNLESS, 0);
    emit(LOAD, N), emit(STORE, M);
    u32 inner = length;
    emit(PUSH, 1), emit(LOAD, M), emit(LESS, 0);
    u32 done = emit(UNLESS, 0);
    emit(LOAD, M), emit(PUSH, 1), emit(AND, 0);
    u32 even = emit(UNLESS, 0);
    emit(LOAD, M), emit(PUSH, 3), emit(MULTIPLY, 0), emit(PUSH, 1), emit(ADD, 0), emit(STORE, M);
    u32 join = emit(JUMP, 0);
    code[even] = length;
    emit(LOAD, M), emit(PUSH, 1), emit(SHIFT, 0), emit(STORE, M);
    code[join] = length;
    emit(LOAD, SUM), emit(PUSH, 1), emit(ADD, 0), emit(LOAD, M), emit(XOR, 0), emit(STORE, SUM);
    emit(JUMP, inner);
    code[done] = length;
    emit(LOAD, N), emit(PUSH, 1), emit(ADD, 0), emit(STORE, N);
    emit(JUMP, outer);
    code[end] = length;
    emit(LOAD, SUM), emit(HALT, 0);
}

static NOINLINE u32 run(u32 limit) {
    u32 stack[16], slots[4] = {limit}, *top = stack;
    const u8 *at = code;
    for (;;) {
        u32 operation = at[0], operand = at[1];
        at += 2;
        switch (operation) {
        case PUSH: *top++ = operand; break;
        case LOAD: *top++ = slots[operand]; break;
        case STORE: slots[operand] = *--top; break;
        case ADD: top--; top[-1] += top[0]; break;
        case MULTIPLY: top--; top[-1] *= top[0]; break;
        case AND: top--; top[-1] &= top[0]; break;
        case XOR: top--; top[-1] ^= top[0]; break;
        case SHIFT: top--; top[-1] >>= top[0]; break;
        case LESS: top--; top[-1] = top[-1] < top[0]; break;
        case JUMP: at = code + operand; break;
        case UNLESS: if (!*--top) at = code + operand; break;
        case HALT: return *--top;
        default: return 0;
        }
    }
}

u32 kernel(u32 repetitions) {
    u32 sum = 0;
    assemble();
    for (u32 i = 0; i < repetitions; i++)
        sum = mix(sum, run(200 + i % 64));
    return sum;
}

// Computed goto: a small stack machine whose dispatch is an indirect jump per instruction.
#include <stdio.h>

enum { PUSH, ADD, MUL, SUB, DUP, SWAP, JNZ, LOAD, STORE, PRINT, HALT };

static int run(const int *code, int *cells) {
    static const void *const labels[] = {&&push, &&add, &&mul, &&sub, &&dup, &&swap, &&jnz, &&load, &&store, &&print, &&halt};
    int stack[64], *top = stack - 1, steps = 0;
    const int *at = code;
#define NEXT         \
    do {             \
        steps++;     \
        goto *labels[*at++]; \
    } while (0)
    NEXT;
push: *++top = *at++; NEXT;
add: top[-1] += *top, top--; NEXT;
mul: top[-1] *= *top, top--; NEXT;
sub: top[-1] -= *top, top--; NEXT;
dup: top[1] = *top, top++; NEXT;
swap: top[1] = *top, *top = top[-1], top[-1] = top[1]; NEXT;
jnz: at = *top-- ? code + *at : at + 1; NEXT;
load: *++top = cells[*at++]; NEXT;
store: cells[*at++] = *top--; NEXT;
print: printf("%d ", *top--); NEXT;
halt: return steps;
}

int main(void) {
    // Factorials: cell 0 counts down, cell 1 is the product.
    const int factorial[] = {PUSH, 1, STORE, 1, LOAD, 1, LOAD, 0, MUL, STORE, 1, LOAD, 0, PUSH, 1, SUB, DUP, STORE, 0, JNZ, 4, LOAD, 1, PRINT, HALT};
    int cells[4], steps = 0;
    for (int n = 1; n <= 12; n++) cells[0] = n, steps += run(factorial, cells);
    const int loop[] = {PUSH, 0, STORE, 1, LOAD, 1, LOAD, 0, DUP, MUL, PUSH, 3, SWAP, SUB, ADD, STORE, 1, LOAD, 0, PUSH, 1, SUB, DUP, STORE, 0, JNZ, 4, LOAD, 1, PRINT, HALT};
    cells[0] = 100000;
    steps += run(loop, cells);
    printf("\n%d\n", steps);
    return 0;
}

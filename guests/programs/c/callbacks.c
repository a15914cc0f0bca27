// Calls through pointers that call one thing for long, then another, and things of many kinds in turn. An argument says how
// often the last of them are called: one long before the other, by a loop that nobody else uses.
#include <stdio.h>
#include <stdlib.h>

typedef unsigned (*Step)(unsigned);
static unsigned one(unsigned x) { return x * 5 + 1; }
static unsigned two(unsigned x) { return x ^ x >> 7; }
static unsigned three(unsigned x) { return (x << 3) - x; }
static unsigned four(unsigned x) { return one(two(x)); }
static unsigned five(unsigned x) { return x + 0x9e3779b9u; }
static unsigned six(unsigned x) { return x & 1 ? five(x) : x >> 1; }
static Step steps[] = {one, two, three, four, five, six};

static __attribute__((noinline)) unsigned repeat(Step step, unsigned x, unsigned times) {
    while (times--) x = step(x) + times;
    return x;
}

static __attribute__((noinline)) unsigned twice(Step first, Step second, unsigned x, unsigned times) {
    for (unsigned i = 0; i < times; i++) x = first(x) ^ second(i);
    return x;
}

static __attribute__((noinline)) unsigned in_turn(unsigned x, unsigned times) {
    for (unsigned i = 0; i < times; i++) x = steps[x % 6](x + i);
    return x;
}

static __attribute__((noinline)) unsigned settled(Step step, unsigned x, unsigned times) {
    for (unsigned i = 0; i < times; i++) x = step(x) + i;
    return x;
}

static unsigned nested(unsigned x) { return repeat(two, x, 20); }

int main(int count, char **words) {
    unsigned times = count > 1 ? strtoul(words[1], NULL, 0) : 200000;
    unsigned x = 1;
    for (int i = 0; i < 6; i++) printf("%u: %08x\n", i, x = repeat(steps[i], x, 60000));
    for (int i = 0; i < 6; i++) printf("%u: %08x\n", i, x = twice(steps[i], steps[5 - i], x, 30000));
    printf("in turn: %08x\n", x = in_turn(x, 700000));
    printf("nested: %08x\n", x = repeat(nested, x, 8000));
    for (int i = 0; i < 3; i++) printf("again: %08x\n", x = repeat(steps[i], x, 200000));
    for (int i = 0; i < 2; i++) printf("settled: %08x\n", x = settled(steps[i], x, times));
    return 0;
}

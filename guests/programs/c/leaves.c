// Small functions that are called all the time and go one way, and then another that nobody went before: what was translated in
// place of their calls is left in the middle, up to three calls deep, and comes back, or jumps away. An argument says how often
// they are called each time.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned rare, x = 1, done, jumps, mended;
static jmp_buf away;

static __attribute__((noinline)) unsigned mend(unsigned x) {
    mended++;
    return x * 7 + 3;
}

static __attribute__((noinline)) unsigned inner(unsigned x) {
    if ((x >> 9 & 7) < rare) {
        x = mend(x) ^ 1;
        if (x % 4000 == 0) longjmp(away, 1);
    }
    return x + 1;
}

static __attribute__((noinline)) unsigned middle(unsigned x) {
    unsigned y = inner(x);
    if ((y >> 5 & 15) < rare) y += mend(y);
    return y ^ x >> 3;
}

static __attribute__((noinline)) unsigned outer(unsigned x) {
    unsigned y = middle(x);
    if ((y >> 7 & 31) < rare) y = mend(middle(y));
    return y + inner(x + 1);
}

static __attribute__((noinline)) void repeat(unsigned times) {
    if (setjmp(away)) x += 0x9e3779b9u * ++jumps;
    while (done < times) {
        done++;
        x = outer(x) * 5 + done;
    }
}

int main(int count, char **words) {
    unsigned times = count > 1 ? strtoul(words[1], NULL, 0) : 20000;
    for (rare = 0; rare < 4; rare++) {
        done = 0;
        repeat(times);
        printf("%u: %08x, %u mended, %u jumps\n", rare, x, mended, jumps);
    }
    return 0;
}

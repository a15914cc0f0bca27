/* Recursion: Fibonacci numbers and Takeuchi's function. */
#include "kernel.h"

static NOINLINE u32 fibonacci(u32 n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static NOINLINE i32 takeuchi(i32 x, i32 y, i32 z) {
    if (y >= x)
        return z;
    return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

u32 kernel(u32 repetitions) {
    u32 sum = 0;
    for (u32 i = 0; i < repetitions; i++) {
        sum = mix(sum, fibonacci(20 + i % 4));
        sum = mix(sum, takeuchi(12, 8 - i % 4, 4));
    }
    return sum;
}

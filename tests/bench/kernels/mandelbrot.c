/* Single precision: how fast points leave the Mandelbrot set; comparisons decide. */
#include "kernel.h"

enum { SIZE = 64, STEPS_MAX = 200 };

static NOINLINE u32 steps(float x, float y) {
    float a = 0, b = 0;
    u32 n = 0;
    while (n < STEPS_MAX && a * a + b * b < 4.0f) {
        float t = a * a - b * b + x;
        b = 2.0f * a * b + y;
        a = t;
        n++;
    }
    return n;
}

u32 kernel(u32 repetitions) {
    u32 sum = 0;
    for (u32 i = 0; i < repetitions; i++)
        for (u32 row = 0; row < SIZE; row++)
            for (u32 column = 0; column < SIZE; column++) {
                float x = (float)column * (2.5f / SIZE) - 2.0f + (float)(i % 16) * 0.001f;
                float y = (float)row * (2.0f / SIZE) - 1.0f;
                sum = mix(sum, steps(x, y));
            }
    return sum;
}

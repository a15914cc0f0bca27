// Single precision: arithmetic, comparison with NaN and infinities, denormals, bits.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static volatile float values[] = {0.f,       -0.f,      1.f,       -1.5f,    0.1f,   3.14159274f, 1e-45f, 1.17549435e-38f,
                                  3.4e38f, -3.4e38f, INFINITY, -INFINITY, 16777216.f, 1e10f, -7.25e-20f};
#define COUNT (sizeof values / sizeof *values)

static uint32_t bits(float x) {
    uint32_t raw;
    memcpy(&raw, &x, sizeof raw);
    return raw;
}

int main(void) {
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            float a = values[i], b = values[j];
            printf("%a %a: %08x %08x %08x", a, b, bits(a + b), bits(a - b), bits(a * b));
            float quotient = a / b;
            if (!isnan(quotient)) printf(" %08x", bits(quotient));
            printf(" %d%d%d%d%d%d", a < b, a <= b, a == b, a != b, a > b, !!isunordered(a, b));
            printf(" %08x %08x\n", bits(fmaxf(a, b)), bits(copysignf(a, b)));
        }
    volatile float nan = NAN;
    printf("%d%d%d%d\n", nan < 1, nan > 1, nan == nan, nan != nan);
    for (size_t i = 0; i < COUNT; i++)
        printf("%.9g %.9g %.9g %.9g\n", sqrtf(fabsf(values[i])), floorf(values[i]), truncf(values[i]), rintf(values[i]));
    float sum = 0;
    for (int i = 1; i < 100000; i++) sum += 1.f / i;
    printf("%.9g %08x\n", sum, bits(sum));
    return 0;
}
